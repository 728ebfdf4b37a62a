// Journeys through the real program in a real browser. NGABAY_BIN names the program; `--only NAME` walks those whose name holds NAME.
// Screenshots of every page and state stay in shots/.
import { Browsers } from './browse.mjs';
import { drawPapers } from './papers.mjs';
import { Town } from './town.mjs';

const only = process.argv.includes('--only') ? process.argv[process.argv.indexOf('--only') + 1] : '';
// Two lanes side by side, each with a citizen of its own; then, alone, those that look into the folders of the program or end it.
const beside = [['doors', 'whole/extract', 'whole/birth', 'english'], ['whole/shop', 'ends', 'counter', 'keyboard']];
const alone = ['account', 'rights', 'accounts_desk', 'people', 'joined', 'passkeys', 'federation', 'sign_on', 'certificates', 'organisation', 'registers', 'registers_drawing', 'scim', 'own_data', 'trail', 'interrupted', 'hostile', 'strangers', 'restart'];
const walks = [];
for (const file of new Set([...beside.flat().map(name => name.split('/')[0]), ...alone])) {
  walks.push(...(await import(`./walks/${file}.mjs`)).walks.map(walk => ({ ...walk, name: `${file}/${walk.name}` })));
}
const chosen = walks.filter(walk => walk.name.includes(only));
const under = names => names.flatMap(name => chosen.filter(walk => `${walk.name}/`.startsWith(`${name}/`)));

const began = Date.now();
const seconds = from => ((Date.now() - from) / 1000).toFixed(1);
const town = new Town();
await town.start();
const browsers = new Browsers(town);
await browsers.start();
const papers = await drawPapers(browsers.chromium);
console.log(`the town stands after ${seconds(began)} s`);
let failed = 0;
/** A walk that hangs is told, not waited for. */
const tooLong = () => new Promise((_, reject) => setTimeout(reject, 600_000, new Error('this walk takes too long')).unref());

async function goOneByOne(walks) {
  const world = { town, browsers: browsers.lane(), papers };
  for (const { name, what, walk } of walks) {
    const from = Date.now();
    try {
      await Promise.race([walk(world), tooLong()]);
      await world.browsers.leave();
      console.log(`ok      ${name}: ${what} (${seconds(from)} s)`);
    } catch (error) {
      failed++;
      await world.browsers.picture(`failed-${name.replace('/', '-')}`);
      console.log(`FAILED  ${name}: ${what}\n${error.stack}`);
      await world.browsers.leave().catch(() => {});
    }
  }
}
await Promise.all(beside.map(names => goOneByOne(under(names))));
await goOneByOne(under(alone));
await browsers.stop();
await town.stop();
town.remove();
console.log(`${chosen.length - failed} passed, ${failed} failed, ${browsers.looked.size} pages and states looked at, ${seconds(began)} s`);
process.exit(failed || !chosen.length ? 1 : 0);
