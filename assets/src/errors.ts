// A page that comes back with errors: bring the reader to the summary, and from a summary line to its field.
export function focusErrors(): void {
  const summary = document.querySelector<HTMLElement>("[data-nb-errors]");
  if (!summary) return;
  summary.focus();
  summary.addEventListener("click", (event) => {
    const link = (event.target as Element).closest<HTMLAnchorElement>('a[href^="#"]');
    const field = link && document.getElementById(decodeURIComponent(link.hash.slice(1)));
    if (!field) return;
    event.preventDefault();
    const control = field.matches("input,select,textarea,button") ? field : field.querySelector<HTMLElement>("input,select,textarea");
    // Scroll to the question, not only the box, so that its label and error are read together.
    (field.closest(".nb-field") ?? field).scrollIntoView();
    (control ?? field).focus({ preventScroll: true });
  });
}
