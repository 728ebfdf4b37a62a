// The inbox of an officer with twenty roles behind the second wall against the same statement without rights: goal at most 1.2 times as long.
// DOSSIERS, CLIENTS, ROUNDS and DURATION (seconds of one round) change the run, DATA keeps the data directory. The settings that say who asks are made once a
// connection here, as the program makes them once an operation; what they cost there is in the third line.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { accounts, freshData, percentile, print, start } from './harness/program.mjs';
import { bare, sql, sqlFile } from './harness/load.mjs';

const wanted = Number(process.env.DOSSIERS || 200_000);
const load = { clients: Number(process.env.CLIENTS || 8), seconds: Number(process.env.DURATION || 4) };
const rounds = Number(process.env.ROUNDS || 5);
const data = process.env.DATA || freshData();
const here = path.dirname(fileURLToPath(import.meta.url));

const program = await start(data);
const people = accounts(data);
const largest = people.find(account => account.name === 'motcua.tpngabay').agency;
const ward = people.find(account => account.name === 'motcua.ngabay').agency;
const citizen = people.find(account => account.role === 'citizen').name;
const person = sql(data, `SELECT person FROM identity.account WHERE login = '${citizen}'`);
if (Number(sql(data, 'SELECT count(*) FROM dossiers.dossier')) < wanted) {
  sqlFile(data, path.join(here, 'lists/dossiers.sql'), { wanted, largest, ward, person });
}
sql(data, 'ANALYZE dossiers.work; ANALYZE dossiers.dossier');
const agency = sql(data, 'SELECT agency_id FROM dossiers.work WHERE ready GROUP BY agency_id ORDER BY count(*) DESC LIMIT 1');
const account = sql(data, "SELECT id FROM identity.account WHERE login = 'motcua.tpngabay'");
const official = sql(data, `SELECT person FROM identity.account WHERE id = '${account}'`);
const given = sql(data, 'SELECT DISTINCT role FROM dossiers.work').split('\n');
const roles = [...given, ...Array.from({ length: 20 - given.length }, (_, number) => `role_${number}`)];

// As `dossiers.inbox` sends it: what is open and nobody else's, the most urgent first.
const statement = `
  SELECT task_id, dossier_id, code, app, title, owner_name, node, role, assignee_id, assignee_name, ready, task_due_at, due_at, order_at, status
    FROM dossiers.work
   WHERE agency_id = '${agency}' AND role = ANY ('{${roles}}') AND ready AND (assignee_id IS NULL OR assignee_id = '${account}')
   ORDER BY order_at, task_id LIMIT 26`.replace(/\s+/g, ' ');
const settings = {
  person: official, account, holder: `official:${account}`, dossiers: `{${agency}}`, dossiers_everywhere: 'off', forms: `{${agency}}`, forms_everywhere: 'off',
};
const folder = path.dirname(data);
const wall = ['role=ngabay_walled', ...Object.entries(settings).map(([name, value]) => `ngabay.${name}=${value}`)].map(one => `-c ${one}`).join(' ');
// In turn, so that what else runs on the machine weighs on both alike: each round behind the wall stands beside the two without around it.
const free = [bare(data, folder, [[statement]], load)];
const walled = [];
for (let round = 0; round < rounds; round++) {
  process.env.PGOPTIONS = wall;
  walled.push(bare(data, folder, [[statement]], load));
  delete process.env.PGOPTIONS;
  free.push(bare(data, folder, [[statement]], load));
}
const set = `SELECT ${Object.entries(settings).map(([name, value]) => `set_config('ngabay.${name}', '${value}', false)`).join(', ')}`;
const said = bare(data, folder, [['SET ROLE ngabay_walled', set, statement, 'RESET ROLE']], load);
const told = (...runs) => {
  const middle = name => percentile(runs.map(run => run[name]), 0.5);
  return `${middle('perSecond').toFixed(0)}/s, mean ${middle('mean').toFixed(2)} ms, p99 ${middle('p99').toFixed(2)} ms`;
};
const ratios = walled.map((run, round) => run.mean / ((free[round].mean + free[round + 1].mean) / 2));
const ratio = percentile(ratios, 0.5);
print([
  ['dossiers', sql(data, 'SELECT count(*) FROM dossiers.dossier')],
  ['steps open in the office', sql(data, `SELECT count(*) FROM dossiers.work WHERE ready AND agency_id = '${agency}'`)],
  ['rounds', `${rounds} of ${load.seconds} s, ${load.clients} clients; medians`],
  ['without rights', told(...free)],
  ['behind the wall, 20 roles', `${told(...walled)}, ${ratio.toFixed(2)} times (${percentile(ratios, 0).toFixed(2)}–${percentile(ratios, 1).toFixed(2)}; goal 1.2: ${ratio <= 1.2 ? 'met' : 'MISSED'})`],
  ['with the settings made anew each time', told(said)],
]);
await program.stop();
