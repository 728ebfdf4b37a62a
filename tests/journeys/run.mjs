// Journeys through the real program in a real browser. NGABAY_BIN names the program; `--only NAME` walks those whose name holds NAME.
// Screenshots of every page and state stay in shots/.
import { Browsers } from './browse.mjs';
import { drawPapers } from './papers.mjs';
import { Town } from './town.mjs';

const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : '';
// Those that end the program come last.
const files = ['doors', 'whole', 'ends', 'counter', 'interrupted', 'hostile', 'strangers', 'keyboard', 'english', 'restart'];
const walks = [];
for (const file of files) walks.push(...(await import(`./walks/${file}.mjs`)).walks.map(walk => ({ ...walk, name: `${file}/${walk.name}` })));
const chosen = walks.filter(walk => walk.name.includes(only));

const began = Date.now();
const town = new Town();
await town.start();
const browsers = new Browsers(town);
await browsers.start();
const world = { town, browsers, papers: await drawPapers(browsers.chromium) };
const started = Date.now();
console.log(`the town stands after ${((started - began) / 1000).toFixed(1)} s`);
let failed = 0;
/** A walk that hangs is told, not waited for. */
const tooLong = () => new Promise((_, reject) => setTimeout(reject, 600_000, new Error('this walk takes too long')).unref());
for (const { name, what, walk } of chosen) {
  const from = Date.now();
  try {
    await Promise.race([walk(world), tooLong()]);
    await browsers.leave();
    console.log(`ok      ${name}: ${what} (${((Date.now() - from) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failed++;
    await browsers.picture(`failed-${name.replace('/', '-')}`);
    console.log(`FAILED  ${name}: ${what}\n${error.stack}`);
    await browsers.leave().catch(() => {});
  }
}
await browsers.stop();
await town.stop();
town.remove();
console.log(`${chosen.length - failed} passed, ${failed} failed, ${browsers.looked.size} pages and states looked at, ${((Date.now() - began) / 1000).toFixed(0)} s`);
process.exit(failed || !chosen.length ? 1 : 0);
