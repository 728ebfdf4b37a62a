// Passkeys: the browser makes or shows one, and the form carries it to the server. Nothing else here needs a script.
type Json = Record<string, unknown>;

export function passkeys(): void {
  for (const form of document.querySelectorAll<HTMLFormElement>("form[data-nb-passkey]")) {
    const able = "PublicKeyCredential" in window && window.isSecureContext;
    form.hidden = !able;
    const missing = form.nextElementSibling;
    if (missing instanceof HTMLElement && missing.matches("[data-nb-passkey-missing]")) missing.hidden = able;
    if (!able) continue;
    const field = form.querySelector<HTMLInputElement>('input[name="mat_khau.khoa"]')!;
    const failed = form.querySelector<HTMLElement>("[data-nb-passkey-failed]")!;
    let asked = false;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (asked) return;
      asked = true;
      failed.hidden = true;
      answer(form)
        .then((credential) => {
          field.value = JSON.stringify(credential);
          form.submit();
        })
        // Put away, timed out, or no passkey for this site: the same words for all, and the button once more.
        .catch(() => {
          failed.hidden = false;
          asked = false;
        });
    });
    // Coming back with the browser's Back button: the button asks again.
    window.addEventListener("pageshow", () => {
      field.value = "";
      asked = false;
    });
  }
}

async function answer(form: HTMLFormElement): Promise<Json> {
  const options = form.dataset.nbOptions ? (JSON.parse(form.dataset.nbOptions) as Json) : await fetched(form);
  const made = form.dataset.nbPasskey === "create";
  const publicKey = read(options);
  const credential = made
    ? await navigator.credentials.create({ publicKey: publicKey as unknown as PublicKeyCredentialCreationOptions })
    : await navigator.credentials.get({ publicKey: publicKey as unknown as PublicKeyCredentialRequestOptions });
  const { id, type, response } = credential as PublicKeyCredential;
  const said: Json = { clientDataJSON: text(response.clientDataJSON) };
  if (response instanceof AuthenticatorAttestationResponse) {
    said.attestationObject = text(response.attestationObject);
    said.transports = response.getTransports?.() ?? [];
  } else if (response instanceof AuthenticatorAssertionResponse) {
    said.authenticatorData = text(response.authenticatorData);
    said.signature = text(response.signature);
    said.userHandle = response.userHandle ? text(response.userHandle) : null;
  }
  return { id, rawId: id, type, response: said };
}

async function fetched(form: HTMLFormElement): Promise<Json> {
  const half = form.querySelector<HTMLInputElement>('input[name="mat_khau.nua"]')?.value;
  const response = await fetch(form.dataset.nbAsk!, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(half ? { half } : {}),
  });
  if (!response.ok) throw new Error(String(response.status));
  return (await response.json()) as Json;
}

// What the server writes as text the browser wants as bytes.
function read(options: Json): Json {
  const named = (list: unknown): unknown => (list as Json[] | undefined)?.map((one) => ({ ...one, id: bytes(one.id as string) }));
  const user = options.user as Json | undefined;
  const known: Json = { ...options, challenge: bytes(options.challenge as string) };
  if (user) known.user = { ...user, id: bytes(user.id as string) };
  for (const list of ["excludeCredentials", "allowCredentials"]) if (options[list]) known[list] = named(options[list]);
  return known;
}

function bytes(base64url: string): ArrayBuffer {
  const letters = atob(base64url.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(letters, (letter) => letter.charCodeAt(0)).buffer;
}

function text(buffer: ArrayBuffer): string {
  const letters = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(letters).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}
