// Print buttons exist only where a script can press them.
export function printButtons(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>("button[data-nb-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => window.print());
  }
}
