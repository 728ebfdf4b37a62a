// Drawing a register: whatever is changed is kept at once, and the check, the form and the list beside it follow. Without this the
// button "save" does the same.
export function drawLive(): void {
  // The heading row of a table comes with tabulators, which no form carries: a cell a line.
  document.querySelector<HTMLTextAreaElement>('textarea[name="lines"]')?.addEventListener("input", (event) => {
    const area = event.target as HTMLTextAreaElement;
    if (area.value.includes("\t")) area.value = area.value.replace(/\t/g, "\n");
  });
  const form = document.querySelector<HTMLFormElement>("form[data-nb-draw]");
  if (!form) return;
  let changes = 0;
  let running = false;
  let waiting: HTMLElement | null = null;
  const told = form.querySelector<HTMLElement>("[data-nb-kept]");
  const tell = (text = ""): void => {
    if (told) told.textContent = text;
  };

  const keep = async (): Promise<void> => {
    running = true;
    const seen = changes;
    const sent = new URLSearchParams();
    // What is tried is not judged by this.
    for (const [name, value] of new FormData(form)) if (typeof value === "string" && !name.startsWith("v.") && name !== "lines") sent.append(name, value);
    sent.set("do", "save");
    let fresh: HTMLFormElement | null = null;
    const patience = new AbortController();
    const end = setTimeout(() => patience.abort(), 10_000);
    try {
      const answer = await fetch(form.action, { method: "POST", body: sent, headers: { accept: "text/html" }, signal: patience.signal });
      // Another window was faster, or the drawing is gone: the next press tells it.
      if (answer.ok && new URL(answer.url).pathname === new URL(form.action).pathname) {
        fresh = new DOMParser().parseFromString(await answer.text(), "text/html").querySelector("form[data-nb-draw]");
      }
    } catch {
      // The line is away: the next change or the button tries again.
    }
    clearTimeout(end);
    running = false;
    const other = fresh?.querySelector<HTMLInputElement>('input[name="seen"]');
    const own = form.querySelector<HTMLInputElement>('input[name="seen"]');
    if (own && other) own.value = other.value;
    if (waiting) {
      const pressed = waiting;
      waiting = null;
      pressed.click();
      return;
    }
    if (!fresh) return tell(told?.dataset.nbLostText);
    // What was typed meanwhile is not taken away: the next turn brings everything.
    if (changes !== seen) return void keep();
    follow(form, fresh);
    tell(told?.dataset.nbKeptText);
  };

  // A press while something is being kept comes after it, or the server would take this window for another.
  form.addEventListener("submit", (event) => {
    if (!running) return;
    event.preventDefault();
    waiting ??= event.submitter;
  });
  form.addEventListener("input", (event) => {
    if (drawn(event.target)) {
      changes++;
      tell();
    }
  });
  form.addEventListener("change", (event) => {
    if (!drawn(event.target) || form.dataset.nbSent) return;
    changes++;
    if (!running) void keep();
  });
}

function drawn(target: EventTarget | null): boolean {
  const name = (target as HTMLInputElement).name;
  return !name.startsWith("v.") && name !== "lines";
}

// Everything but the field and the control in which somebody is; what was typed to be tried stays.
function follow(form: HTMLFormElement, fresh: HTMLFormElement): void {
  const here = document.activeElement;
  const tried = new Map<string, string[]>();
  for (const [name, value] of new FormData(form)) if (name.startsWith("v.") && typeof value === "string") tried.set(name, [...(tried.get(name) ?? []), value]);
  for (const part of form.querySelectorAll<HTMLElement>("fieldset[id^='o-'], #cac-o, #ket-qua, #thu, #nut")) {
    const other = fresh.querySelector<HTMLElement>(`#${part.id}`);
    if (!other) continue;
    if (!part.contains(here)) {
      for (const [index, details] of [...part.querySelectorAll("details")].entries()) {
        const same = other.querySelectorAll("details")[index];
        if (same && details.open) same.open = true;
      }
      part.replaceWith(other);
    } else if (part.matches("fieldset")) {
      // The choices of a type stand below it as soon as it is chosen.
      const [old, now] = [part, other].map((one) => one.querySelector<HTMLElement>("[data-nb-kind]"));
      if (old && now && old.dataset.nbKind !== now.dataset.nbKind) old.replaceWith(now);
    }
  }
  for (const control of form.querySelectorAll<HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement>("#thu [name^='v.']")) {
    const values = tried.get(control.name);
    if (!values) continue;
    if (control instanceof HTMLInputElement && /^(checkbox|radio)$/.test(control.type)) control.checked = values.includes(control.value);
    else if (!(control instanceof HTMLInputElement && control.type === "file")) control.value = values[0] ?? "";
  }
}
