// A photo of a paper is 3–8 MB; on a 400 kbps line that is minutes. Shrink it to at most 300 KB here,
// and leave PDFs and everything that the browser cannot decode untouched.
const LIMIT = 300 * 1024;
const SIDES = [2000, 1600, 1280, 1024];
const QUALITIES = [0.82, 0.7, 0.58];

export function shrinkPhotos(): void {
  if (!("createImageBitmap" in window) || typeof DataTransfer === "undefined") return;
  for (const input of document.querySelectorAll<HTMLInputElement>('input[type="file"][data-nb-photo]')) {
    input.addEventListener("change", () => void replace(input));
  }
}

async function replace(input: HTMLInputElement): Promise<void> {
  const files = [...(input.files ?? [])];
  if (!files.some(large)) return;
  const box = input.closest(".nb-upload");
  const status = box?.querySelector<HTMLElement>("[data-nb-shrinking]");
  const bar = status?.querySelector("progress");
  const done = box?.querySelector<HTMLElement>("[data-nb-shrunk]");
  if (done) done.textContent = "";
  const submits = [...(input.form?.querySelectorAll<HTMLButtonElement>('button:not([type="button"])') ?? [])];
  submits.forEach((button) => (button.disabled = true));
  if (status) status.hidden = false;
  const transfer = new DataTransfer();
  let before = 0;
  let after = 0;
  for (const [index, file] of files.entries()) {
    if (bar) {
      bar.max = files.length;
      bar.value = index + 0.5;
    }
    const small = large(file) ? await shrink(file) : file;
    before += file.size;
    after += small.size;
    transfer.items.add(small);
  }
  input.files = transfer.files;
  if (status) status.hidden = true;
  submits.forEach((button) => (button.disabled = false));
  if (done?.dataset.nbShrunk && after < before) {
    done.textContent = done.dataset.nbShrunk.replace("%1", kilobytes(before)).replace("%2", kilobytes(after));
  }
}

const large = (file: File): boolean => /^image\/(jpeg|png|webp|heic|heif)$/.test(file.type) && file.size > LIMIT;
const kilobytes = (size: number): string => Math.ceil(size / 1024).toLocaleString(document.documentElement.lang || "vi");

async function shrink(file: File): Promise<File> {
  try {
    const image = await createImageBitmap(file, { imageOrientation: "from-image" });
    const canvas = document.createElement("canvas");
    let best: Blob | null = null;
    search: for (const side of SIDES) {
      const scale = Math.min(1, side / Math.max(image.width, image.height));
      canvas.width = Math.max(1, Math.round(image.width * scale));
      canvas.height = Math.max(1, Math.round(image.height * scale));
      const pen = canvas.getContext("2d");
      if (!pen) break;
      pen.fillStyle = "#fff"; // a transparent scan would turn black in JPEG
      pen.fillRect(0, 0, canvas.width, canvas.height);
      pen.drawImage(image, 0, 0, canvas.width, canvas.height);
      for (const quality of QUALITIES) {
        best = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", quality));
        if (best && best.size <= LIMIT) break search;
      }
    }
    image.close();
    if (!best || best.size >= file.size) return file;
    return new File([best], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg", lastModified: file.lastModified });
  } catch {
    return file; // unknown format or no memory: the server takes the original
  }
}
