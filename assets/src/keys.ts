// j and k walk the rows of a list, Enter opens the row. Never while somebody types.
export function listKeys(): void {
  const list = document.querySelector<HTMLElement>("[data-nb-keys]");
  if (!list) return;
  const rows = [...list.querySelectorAll<HTMLElement>("tbody tr, li")].filter((row) => row.querySelector("a[href]"));
  let here = -1;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if ((event.target as Element).closest("input,select,textarea,[contenteditable]")) return;
    if (event.key === "j") go(here + 1);
    else if (event.key === "k") go(here - 1);
    else if (event.key === "/") {
      const search = document.querySelector<HTMLInputElement>('input[type="search"]');
      if (!search) return;
      search.focus();
    } else return;
    event.preventDefault();
  });
  function go(to: number): void {
    if (to < 0 || to >= rows.length) return;
    rows[here]?.classList.remove("nb-row--here");
    here = to;
    rows[here].classList.add("nb-row--here");
    // The link takes the focus, so Enter is the browser's own.
    rows[here].querySelector<HTMLElement>("a[href]")?.focus();
    rows[here].scrollIntoView({ block: "nearest" });
  }
}
