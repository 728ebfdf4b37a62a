// Zoom and turn a scanned page by classes and attributes only: the policy forbids inline styles.
export function zoomViewers(): void {
  for (const viewer of document.querySelectorAll<HTMLElement>("[data-nb-viewer]")) {
    const step = (name: "zoom" | "turn", by: number): void => {
      const now = Number(viewer.dataset[name] ?? 0);
      viewer.dataset[name] = String(name === "turn" ? (now + by + 4) % 4 : Math.min(3, Math.max(0, now + by)));
    };
    for (const button of viewer.querySelectorAll<HTMLButtonElement>("button[data-nb-do]")) {
      button.hidden = false;
      button.addEventListener("click", () => {
        if (button.dataset.nbDo === "in") step("zoom", 1);
        else if (button.dataset.nbDo === "out") step("zoom", -1);
        else step("turn", 1);
      });
    }
  }
}
