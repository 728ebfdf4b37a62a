// A part of a page that goes on in the background looks again by itself; without a script a link does it. It stops when nothing goes on
// any more, and while nobody looks.
export function lookAgain(): void {
  const part = document.querySelector<HTMLElement>("[data-nb-live][data-nb-again]");
  if (!part) return;
  setTimeout(() => void look(part), Number(part.dataset.nbAgain) * 1000);
}

async function look(part: HTMLElement): Promise<void> {
  if (document.hidden) {
    document.addEventListener("visibilitychange", () => void look(part), { once: true });
    return;
  }
  let fresh: HTMLElement | null = null;
  try {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (answer.ok) {
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      fresh = page.getElementById(part.id);
    }
  } catch {
    // The line is away: the next look finds it, or the person does.
  }
  if (!fresh) {
    setTimeout(() => void look(part), Number(part.dataset.nbAgain) * 2000);
    return;
  }
  if (!fresh.dataset.nbAgain) {
    // It has ended: the whole page says what can be done now.
    location.reload();
    return;
  }
  part.replaceWith(fresh);
  lookAgain();
}
