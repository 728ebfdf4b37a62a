// One press, one request: a second press on a slow line must not send the form again.
export function guardSubmit(): void {
  document.addEventListener("submit", (event) => {
    const form = event.target as HTMLFormElement;
    if (event.defaultPrevented || form.method === "dialog" || form.method === "get") return;
    // A file comes and the page stays: it may be asked for again.
    if (form.hasAttribute("data-nb-download")) return;
    if (form.dataset.nbSent || tooLarge(form)) {
      event.preventDefault();
      return;
    }
    form.dataset.nbSent = "1";
    // After this turn: a button disabled earlier would not send its own name and value.
    setTimeout(() => {
      for (const button of buttons(form)) {
        button.setAttribute("aria-disabled", "true");
      }
      const progress = form.querySelector<HTMLElement>("[data-nb-sending]");
      const files = [...form.querySelectorAll<HTMLInputElement>('input[type="file"]')];
      if (progress && files.some((input) => input.files?.length)) progress.hidden = false;
    });
  });
  // Coming back with the browser's Back button shows the page as it was left: open it again.
  window.addEventListener("pageshow", () => {
    for (const form of document.querySelectorAll<HTMLFormElement>("form[data-nb-sent]")) {
      delete form.dataset.nbSent;
      for (const button of buttons(form)) button.removeAttribute("aria-disabled");
      for (const progress of form.querySelectorAll<HTMLElement>("[data-nb-sending]")) progress.hidden = true;
    }
  });
}

// What the server would refuse after minutes on a slow line is told before anything is sent.
function tooLarge(form: HTMLFormElement): boolean {
  let found = false;
  for (const input of form.querySelectorAll<HTMLInputElement>('input[type="file"][data-nb-most]')) {
    const most = Number(input.dataset.nbMost) * 1024 * 1024;
    const file = [...(input.files ?? [])].find((one) => one.size > most);
    const told = input.closest(".nb-upload")?.querySelector<HTMLElement>("[data-nb-too-large]");
    if (told) {
      told.hidden = !file;
      told.textContent = file ? (told.dataset.nbTooLarge ?? "").replace("%1", file.name) : "";
    }
    found ||= file !== undefined;
  }
  return found;
}

function buttons(form: HTMLFormElement): HTMLButtonElement[] {
  return [...form.elements].filter((e): e is HTMLButtonElement => e instanceof HTMLButtonElement && e.type === "submit");
}
