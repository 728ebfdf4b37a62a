// People and accounts at the size of a province: 730,000 citizens and 13,000 officials. Sealing them, changing the key of all of them online, sign-ins of
// people drawn from all of them beside sign-ins of a handful, search at the desk of accounts by name and number beside the first page, what is left in plain afterwards (nothing). CITIZENS,
// OFFICIALS, CLIENTS and DURATION change the run; DATA keeps the directory, on which `reorganise.mjs` can go on.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { accounts, binary, freshData, percentile, print, start } from './harness/program.mjs';
import { signIn, sql, sqlFile, wrk } from './harness/load.mjs';

const citizens = Number(process.env.CITIZENS || 730_000);
const officials = Number(process.env.OFFICIALS || 13_000);
const clients = Number(process.env.CLIENTS || 8);
const seconds = Number(process.env.DURATION || 8);
const data = process.env.DATA || freshData();
const here = path.dirname(fileURLToPath(import.meta.url));

const program = await start(data);
const people = accounts(data);
const like = people.find(one => one.role === 'citizen');
const timed = work => {
  const began = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - began) / 1e9;
};
const rows = [];
const say = (name, value) => { rows.push([name, value]); print([[name, value]]); };
const many = () => Number(sql(data, 'SELECT count(*) FROM identity.account'));
if (many() < citizens) {
  const written = timed(() => sqlFile(data, path.join(here, 'accounts/people.sql'), { citizens, officials, like: like.name }));
  say('people written by PostgreSQL alone', `${many()} accounts in ${written.toFixed(1)} s`);
}
const left = () => Number(sql(data, "SELECT count(*) FROM identity.person WHERE sealed IS NULL AND num_nonnulls(personal_number, birth_date, phone, email) > 0"));
const rotate = () => execFileSync(binary, ['keys', 'rotate', '--data', data], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 26 });
const plain = left();
const first = timed(rotate);
say('sealed by keys rotate, the program at work', `${plain} people in ${first.toFixed(1)} s (${(plain / first).toFixed(0)}/s), ${left()} left in plain`);
const second = timed(rotate);
say('the key of all changed once more', `${second.toFixed(1)} s (${(2 * (citizens + officials) / second).toFixed(0)} rows/s)`);

// The same load once over a handful and once over everybody: what size costs. Short rounds in turn, so that both meet the same machine.
const password = JSON.stringify(like.password).slice(1, -1);
const script = (from, to) => `
local n = 0
local mine = 0
setup = function(thread) mine = mine + 1; thread:set("mine", mine) end
init = function() math.randomseed(os.time() * 10 + mine) end
request = function()
  n = n + 1
  local address = string.format("10.%d.%d.%d", mine + math.random(0, 200), math.random(0, 250), math.random(1, 250))
  local login = string.format("999%09d", math.random(${from}, ${to}))
  return wrk.format("POST", "/api/v1/sessions", { ["Content-Type"] = "application/json", ["X-Real-IP"] = address }, '{"login":"' .. login .. '","password":"${password}"}')
end`;
const folder = path.dirname(data);
const rounds = { few: [], all: [] };
for (let round = 0; round < 3; round += 1) {
  rounds.few.push(wrk(program.address, folder, script(1, 64), { clients, seconds, expected: 201 }));
  rounds.all.push(wrk(program.address, folder, script(1, citizens), { clients, seconds, expected: 201 }));
}
const faults = [...rounds.few, ...rounds.all].reduce((sum, one) => sum + one.errors, 0);
if (faults) throw new Error(`${faults} sign-ins failed`);
const mean = of => of.reduce((sum, one) => sum + one.perSecond, 0) / of.length;
const worst = of => Math.max(...of.map(one => one.p99));
say('sign-ins of 64 people', `${mean(rounds.few).toFixed(1)}/s, p99 ${worst(rounds.few).toFixed(0)} ms`);
say(`sign-ins of ${citizens} people`, `${mean(rounds.all).toFixed(1)}/s, p99 ${worst(rounds.all).toFixed(0)} ms, ratio ${(mean(rounds.all) / mean(rounds.few)).toFixed(2)}`);

const administrator = people.find(one => one.role === 'admin');
const token = await signIn(program.address, administrator);
const ask = async query => {
  const began = process.hrtime.bigint();
  const response = await fetch(`${program.address}/api/v1/accounts${query}`, { headers: { Authorization: `Bearer ${token}` } });
  const body = await response.json();
  if (!response.ok) throw new Error(`${response.status} ${JSON.stringify(body)}`);
  return [Number(process.hrtime.bigint() - began) / 1e6, body.items.length];
};
const questions = {
  'the first page': () => '',
  'a frequent name': () => `?q=${encodeURIComponent('nguyen van')}`,
  'a given name': () => '?q=phuong',
  'a personal number': n => `?q=999${String(1 + (n * 7919) % citizens).padStart(9, '0')}`,
  'a login': n => `?q=cb.${citizens + 1 + (n * 31) % officials}`,
  'those with much power': () => '?show=privileged',
  'those unused for 90 days': () => '?show=dormant&days=90',
};
for (const [name, question] of Object.entries(questions)) {
  const times = [];
  let found = 0;
  for (let n = 0; n < 100; n += 1) {
    const [time, items] = await ask(question(n));
    times.push(time);
    found = items;
  }
  say(`search: ${name}`, `p50 ${percentile(times, 0.5).toFixed(1)} ms, p99 ${percentile(times, 0.99).toFixed(1)} ms, ${found} on the page`);
}
await program.stop();
if (!process.env.DATA) fs.rmSync(folder, { recursive: true, force: true });
