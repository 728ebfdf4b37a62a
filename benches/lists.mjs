// Lists at two million dossiers, with fifty clients on two cores, of which the clients themselves and the database take their part.
// The goal for the officer's inbox and for public tracking: p99 at most 50 ms, and an index in the plan. Each list is asked for twice:
// by fifty people, who look at what they got for 0.2 to 0.6 s, and by fifty programs that ask again at once, which shows what two cores
// give at the most: then nobody waits for less than fifty times the cost of a request, divided by two.
//
// The peer of each list, from the same run: the same statements with the same values by pgbench over as many connections. They are
// taken from the server's log of one request, less what every request asks (whose session it is, BEGIN), so the ratio says what
// the program adds to its database. `SELECT 1` by pgbench and `/healthz` say what this machine gives at the most at that moment.
//
// DATA keeps the filled data directory; DOSSIERS, CLIENTS, DURATION, PEER (seconds of a load and of a peer) change the run, ONLY is a pattern of
// names. Clients come from many addresses, as people do, so that the limit an address is not what is measured.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { accounts, freshData, print, start } from './harness/program.mjs';
import { bare, signIn, sql, sqlFile, wrk } from './harness/load.mjs';
import { explained, inlined, statementsOf } from './harness/statements.mjs';

const wanted = Number(process.env.DOSSIERS || 2_000_000);
const clients = Number(process.env.CLIENTS || 50);
const seconds = Number(process.env.DURATION || 8);
const peerSeconds = Number(process.env.PEER || 4);
const only = new RegExp(process.env.ONLY || '.');
const data = process.env.DATA || freshData();
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ngabay-lists-'));
const here = path.dirname(fileURLToPath(import.meta.url));
const started = Date.now();
const said = name => console.log(`${((Date.now() - started) / 1000).toFixed(0).padStart(5)} s  ${name}`);

const program = await start(data);
const people = accounts(data);
const citizen = people.find(account => account.role === 'citizen');
const officials = people.filter(account => account.name.endsWith('.tpngabay'));
const [largest] = new Set(officials.map(account => account.agency));
const ward = people.find(account => account.name === 'motcua.ngabay').agency;
fill();
// Two million invented cases lie in plain, as an older program wrote them; sealing them takes an hour and is not what is measured.
sql(data, "UPDATE op.job SET run_at = now() + interval '1 year' WHERE kind = 'dossiers.seal'");

function fill() {
  const there = Number(sql(data, 'SELECT count(*) FROM dossiers.dossier'));
  if (there >= wanted) {
    // What a new version changed in its migrations is cleaned up, as the server would have done by itself after a while.
    sql(data, 'VACUUM (ANALYZE) dossiers.work');
    return said(`${there} dossiers are there`);
  }
  const person = sql(data, `SELECT account.person FROM identity.account WHERE account.login = '${citizen.name}'`);
  sqlFile(data, path.join(here, 'lists/dossiers.sql'), { wanted, largest, ward, person });
  said(`${wanted} dossiers written, indexes made`);
  sql(data, 'VACUUM (ANALYZE)');
  sql(data, 'CHECKPOINT');
  said('vacuumed and analysed');
}
const size = sql(data, "SELECT pg_size_pretty(pg_database_size('ngabay')), pg_size_pretty(pg_table_size('dossiers.dossier')), pg_size_pretty(pg_indexes_size('dossiers.dossier'))").split('|');
const open = sql(data, `SELECT count(*), count(*) FILTER (WHERE agency.name = '${largest}') FROM dossiers.work JOIN identity.agency ON agency.id = work.agency_id`).split('|');

// --- who asks what ---------------------------------------------------------------------------------------------------------------
const tokens = new Map();
for (const account of [citizen, ...officials]) tokens.set(account.name, await signIn(program.address, account));
const nobody = [null];
const desk = officials.map(account => account.name);
const [clerk] = desk;
const codes = sql(data, 'SELECT code FROM dossiers.dossier TABLESAMPLE SYSTEM (0.2)').split('\n').filter((_, n) => n % 3 === 0).slice(0, 500);
const unknown = codes.map(code => code.replace(/\d{4}$/, '9999'));
const number = sql(data, `SELECT code FROM dossiers.dossier WHERE receiving_name = '${largest}' OFFSET 5000 LIMIT 1`);
const day = back => new Date(Date.now() - back * 86_400_000).toISOString().slice(0, 10);
const words = text => encodeURIComponent(text);

const headers = (name, page, request) => ({
  'X-Real-IP': `10.${(request >> 14) & 63}.${(request >> 7) & 127}.${request & 127}`,
  'Accept-Encoding': 'gzip',
  ...(name && (page ? { Cookie: `phien=${tokens.get(name)}` } : { Authorization: `Bearer ${tokens.get(name)}` })),
});
const ask = (address, name) => fetch(program.address + address, { headers: headers(name, !address.startsWith('/api/'), 1) });

/** The address of the second page of a list of the API; none where there is one page only. */
async function second(address, name) {
  const { next } = await (await ask(address, name)).json();
  return next ? [`${address}${address.includes('?') ? '&' : '?'}sau=${encodeURIComponent(next)}`] : [];
}
const asPage = (address, from, to) => address.replace(from, to).replace('he-thong', 'thu-tuc');

const inbox = [
  ['open', '?hop=open'], ['mine', '?hop=mine'], ['all', '?hop=all'], ['waiting', '?hop=waiting'],
  ['one procedure', '?hop=all&he-thong=household-business'],
  ['a frequent name', `?hop=all&q=${words('nguyen thi')}`], ['a rare name', `?hop=all&q=${words('thach diem ut')}`],
];
const next = await second('/api/v1/inbox?hop=all', clerk);
const late = ['/can-bo?hop=late', '/api/v1/inbox?hop=open&qua-han=1'];
const cases = [
  ...inbox.flatMap(([name, query]) => [
    { name: `inbox, ${name}: page`, goal: true, who: desk, paths: [asPage(`/can-bo${query}`)] },
    { name: `inbox, ${name}: API`, goal: true, who: desk, paths: [`/api/v1/inbox${query}`] },
  ]),
  { name: 'inbox, late: page', goal: true, who: desk, paths: [late[0]] },
  { name: 'inbox, late: API', goal: true, who: desk, paths: [late[1]] },
  { name: 'inbox, page 2: page', goal: true, who: [clerk], paths: next.map(path => asPage(path, '/api/v1/inbox', '/can-bo')) },
  { name: 'inbox, page 2: API', goal: true, who: [clerk], paths: next },
  { name: 'inbox, counts: API', goal: true, who: desk, paths: ['/api/v1/inbox/counts'] },
  { name: 'results to hand over: page', goal: true, who: [clerk], paths: ['/can-bo/tra-ket-qua'] },
  { name: 'tracking, known: page', goal: true, who: nobody, paths: codes.map(code => `/tra-cuu?ma=${code}`) },
  { name: 'tracking, known: API', goal: true, who: nobody, paths: codes.map(code => `/api/v1/tracking/${code}`) },
  { name: 'tracking, unknown: page', goal: true, who: nobody, status: 404, paths: unknown.map(code => `/tra-cuu?ma=${code}`) },
  { name: 'tracking, unknown: API', goal: true, who: nobody, status: 404, paths: unknown.map(code => `/api/v1/tracking/${code}`) },
  { name: "citizen's own: page", who: [citizen.name], paths: ['/ho-so-cua-toi'] },
  { name: "citizen's own: API", who: [citizen.name], paths: ['/api/v1/dossiers'] },
  ...[['a frequent name', 'nguyen'], ['two frequent words', 'tran thi'], ['a full name', 'thach diem ut'], ['one letter', 't'], ['a code', number], ['nobody', 'nguyen zoa']].flatMap(([name, q]) => [
    { name: `search, ${name}: page`, who: desk, paths: [`/can-bo/tim?q=${words(q)}`] },
    { name: `search, ${name}: API`, who: desk, paths: [`/api/v1/dossier-search?q=${words(q)}`] },
  ]),
  { name: 'ledger, a month: page', who: desk, paths: [`/can-bo/so-theo-doi?tu=${day(40)}&den=${day(10)}`] },
  { name: 'ledger, a year: API', who: desk, paths: [`/api/v1/ledger?tu=${day(364)}&den=${day(0)}`] },
  { name: 'ledger, page 2: API', who: [clerk], paths: await second(`/api/v1/ledger?tu=${day(364)}&den=${day(0)}`, clerk) },
].filter(({ name, paths }) => only.test(name) && paths.length);

/** Lua that goes round the addresses and the people, each request from another address. */
function script({ paths, who, status = 200 }, pause = false) {
  const page = !paths[0].startsWith('/api/');
  const sets = who.map(name => `{${Object.entries(headers(name, page, 0)).filter(([key]) => key !== 'X-Real-IP').map(([key, value]) => `["${key}"]="${value}"`).join(',')}}`);
  return `
local paths = {${paths.map(text => JSON.stringify(text)).join(',')}}
local sets = {${sets.join(',')}}
local n = math.random(1, 100000)
local threads = 0
setup = function(thread) thread:set("n", threads * 7919); threads = threads + 1 end
request = function()
  n = n + 1
  local set = sets[1 + n % #sets]
  set["X-Real-IP"] = "10." .. (math.floor(n / 16384) % 64) .. "." .. (math.floor(n / 128) % 128) .. "." .. (n % 128)
  return wrk.format("GET", paths[1 + n % #paths], set)
end
${pause ? 'delay = function() return math.random(200, 600) end' : ''}
local wrong = 0
response = function(status) if status ~= ${status} then wrong = wrong + 1; if wrong == 1 then print("answered " .. status) end end end`;
}

const every = /^(BEGIN|COMMIT|ROLLBACK|SET |SELECT 1$)|FROM identity\.|FROM notify\./;
const results = [];
const plans = [];
for (const one of cases) {
  const variants = [];
  let all = [];
  // One statement as it is prepared the first time, then as it is later.
  for (const name of one.who) {
    for (const address of one.paths.slice(0, 40)) {
      if (variants.length && one.paths.length > 1) { await ask(address, name); }
      const statements = await statementsOf(data, async () => {
        const answer = await ask(address, name);
        if (answer.status !== (one.status ?? 200)) throw new Error(`${one.name}: ${answer.status} ${await answer.text()}`);
        await answer.arrayBuffer();
      });
      if (!all.length) all = statements;
      const lists = statements.filter(({ text }) => !every.test(text));
      variants.push(lists);
      if (variants.length >= 8) break;
    }
  }
  for (const statement of variants[0]) {
    plans.push({ name: one.name, statement, custom: explained(data, statement, 'custom'), generic: explained(data, statement, 'generic') });
  }
  const answered = { clients, seconds, expected: one.status };
  wrk(program.address, folder, script(one), { ...answered, seconds: 1 });
  const people = wrk(program.address, folder, script(one, true), answered);
  const ours = wrk(program.address, folder, script(one), answered);
  const peer = bare(data, folder, variants.map(list => list.map(inlined)), { clients, seconds: peerSeconds });
  const [load] = os.loadavg();
  results.push({ ...one, people, ours, peer, statements: all.length, lists: variants[0].length, load });
  said(`${one.name.padEnd(36)} people p50 ${people.p50.toFixed(1).padStart(5)}  p99 ${people.p99.toFixed(1).padStart(5)} ms | no pause ${ours.perSecond.toFixed(0).padStart(6)}/s  p50 ${ours.p50.toFixed(1).padStart(6)}  p99 ${ours.p99.toFixed(1).padStart(6)} ms  ${people.errors + ours.errors} errors`
    + `  | bare ${peer.perSecond.toFixed(0).padStart(6)}/s  p50 ${peer.p50.toFixed(1).padStart(6)}  p99 ${peer.p99.toFixed(1).padStart(6)} ms | ratio ${(ours.perSecond / peer.perSecond).toFixed(2)}`
    + ` | ${variants[0].length} of ${all.length} statements | load ${load.toFixed(1)}`);
}

const most = bare(data, folder, [['SELECT 1']], { clients, seconds: peerSeconds });
const healthy = wrk(program.address, folder, script({ paths: ['/healthz'], who: nobody }), { clients, seconds: peerSeconds });
await program.stop();

console.log('\nstatement of a list                   plan for these values | plan for any values (prepared statements may come to it)');
const told = plan => `${plan.scanned.length ? `SEQ SCAN ${plan.scanned}` : 'index'} ${plan.indexes.join('+') || '-'}${plan.sorted ? ' sort' : ''}, ${plan.rows} rows, ${plan.pages} pages, ${plan.milliseconds.toFixed(2)} ms`;
const seen = new Set();
for (const { name, statement, custom, generic } of plans) {
  const table = /FROM ([a-z]+\.[a-z_]+)/.exec(statement.text)?.[1] ?? '?';
  const line = `${table.padEnd(20)} ${told(custom)} | ${told(generic)}`;
  const key = `${statement.text} ${statement.values}`;
  if (!seen.has(key)) console.log(`${name.padEnd(36)} ${line}`);
  seen.add(key);
}
const goals = results.filter(({ goal }) => goal);
const slow = kind => goals.filter(one => one[kind].p99 > 50).map(one => `${one.name} ${one[kind].p99.toFixed(0)} ms`);
const verdict = kind => (slow(kind).length ? `missed by ${slow(kind).join(', ')}` : `met by all ${goals.length} of inbox and tracking`);
const scanning = plans.filter(({ custom, generic }) => custom.scanned.length || generic.scanned.length).map(({ name }) => name);
console.log('');
print([
  ['dossiers', `${wanted}, database ${size[0]}, table ${size[1]}, its indexes ${size[2]}; ${open[0]} open steps, ${open[1]} in the largest office`],
  ['load', `${clients} clients, ${seconds} s each, ${os.cpus().length} cores shared by clients, program and database`],
  ['most of this machine', `SELECT 1: ${most.perSecond.toFixed(0)}/s, p99 ${most.p99.toFixed(1)} ms; /healthz: ${healthy.perSecond.toFixed(0)}/s, p99 ${healthy.p99.toFixed(1)} ms`],
  ['goal p99 ≤ 50 ms, people', verdict('people')],
  ['goal p99 ≤ 50 ms, no pause', verdict('ours')],
  ['goal: an index', scanning.length ? `read from the beginning: ${[...new Set(scanning)].join(', ')}` : 'in every plan'],
]);
fs.rmSync(folder, { recursive: true, force: true });
if (!process.env.DATA) fs.rmSync(path.dirname(data), { recursive: true, force: true });
