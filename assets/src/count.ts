// Characters left. The reader hears it only after a pause, so that typing is not talked over.
export function countCharacters(): void {
  for (const area of document.querySelectorAll<HTMLTextAreaElement>("textarea[data-nb-max]")) {
    const line = document.getElementById(`${area.id}-count`);
    if (!line) continue;
    const max = Number(area.dataset.nbMax);
    const spoken = line.cloneNode() as HTMLElement;
    spoken.className = "nb-hide";
    spoken.id = `${area.id}-count-live`;
    spoken.setAttribute("aria-live", "polite");
    line.after(spoken);
    let timer = 0;
    const show = (): void => {
      // NFC and code points: what the server counts.
      const left = max - [...area.value.normalize("NFC")].length;
      const words = left < 0 ? line.dataset.nbOver : line.dataset.nbLeft;
      line.textContent = (words ?? "%1").replace("%1", String(Math.abs(left)));
      line.classList.toggle("nb-count--over", left < 0);
      clearTimeout(timer);
      timer = window.setTimeout(() => (spoken.textContent = line.textContent), 1000);
    };
    area.addEventListener("input", show);
    show();
  }
}
