// Builds dist/: hashed files, and manifest.json that maps a logical name to its hashed file.
// `node build.mjs --sizes` also prints gzip sizes; a file above its budget fails the build.
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "dist");
const budgets = { "citizen.css": 12, "citizen.js": 8, "officer.css": 14, "officer.js": 8 }; // KiB, gzip -9

const result = await build({
  entryPoints: ["citizen.css", "officer.css", "citizen.ts", "officer.ts"].map((name) => join(here, "src", name)),
  bundle: true,
  minify: true,
  write: false,
  outdir: out,
  target: ["chrome80", "firefox78", "safari14.1"],
  legalComments: "none",
});
const worker = await build({ entryPoints: [join(here, "src/sw.js")], minify: true, write: false, outdir: out, target: ["chrome80"] });

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
const manifest = {};
const keep = async (name, bytes) => {
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 10);
  const extension = extname(name);
  const hashed = `${basename(name, extension)}.${hash}${extension}`;
  manifest[name] = hashed;
  await writeFile(join(out, hashed), bytes);
};
for (const file of result.outputFiles) await keep(basename(file.path), file.contents);
const statics = join(here, "src/static");
for (const name of (await readdir(statics)).sort()) await keep(name, await readFile(join(statics, name)));
// The worker must keep its name: browsers look for it at /sw.js.
await writeFile(join(out, "sw.js"), worker.outputFiles[0].contents);
manifest["sw.js"] = "sw.js";
await writeFile(join(out, "manifest.json"), JSON.stringify(Object.fromEntries(Object.entries(manifest).sort()), null, 2) + "\n");

let over = false;
for (const [name, file] of Object.entries(manifest)) {
  const bytes = await readFile(join(out, file));
  const size = gzipSync(bytes, { level: 9 }).length / 1024;
  const budget = budgets[name];
  if (budget && size > budget) {
    over = true;
    console.error(`${name}: ${size.toFixed(2)} KiB gz is above its budget of ${budget} KiB`);
  }
  if (process.argv.includes("--sizes")) console.log(`${name.padEnd(14)} ${(bytes.length / 1024).toFixed(1).padStart(6)} KiB  ${size.toFixed(2).padStart(6)} KiB gz`);
}
if (over) process.exit(1);
