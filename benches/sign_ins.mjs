// Interactive sign-ins a second: name and password to a session, by the API, from addresses of their own. Goal: 0.8 of what Argon2id alone allows on
// the same cores (`argon2.rs`, the peer of the same run). CLIENTS and DURATION (seconds) change the load.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { accounts, freshData, print, start } from './harness/program.mjs';
import { wrk } from './harness/load.mjs';

const clients = Number(process.env.CLIENTS || 8);
const seconds = Number(process.env.DURATION || 15);
const alone = Number(execFileSync('cargo', ['bench', '-q', '-p', 'op', '--bench', 'argon2'], { encoding: 'utf8', env: { ...process.env, SECONDS: String(seconds) }, stdio: ['ignore', 'pipe', 'inherit'] }).trim());
const data = freshData();
const program = await start(data);
const people = accounts(data).map(one => JSON.stringify(JSON.stringify({ login: one.name, password: one.password })));
const signIn = `
local people = { ${people.join(', ')} }
local n = 0
local from = 0
setup = function(thread) from = from + 1; thread:set("from", from) end
request = function()
  n = n + 1
  local address = string.format("10.%d.%d.%d", from, math.floor(n / 250) % 250, n % 250)
  return wrk.format("POST", "/api/v1/sessions", { ["Content-Type"] = "application/json", ["X-Real-IP"] = address }, people[n % #people + 1])
end`;
wrk(program.address, path.dirname(data), signIn, { clients, seconds: 2, expected: 201 });
const done = wrk(program.address, path.dirname(data), signIn, { clients, seconds, expected: 201 });
if (done.errors) throw new Error(`${done.errors} of ${done.requests} sign-ins failed`);
const ratio = done.perSecond / alone;
print([
  ['clients', clients],
  ['sign-ins', `${done.perSecond.toFixed(1)}/s, p50 ${done.p50.toFixed(0)} ms, p99 ${done.p99.toFixed(0)} ms`],
  ['peer: Argon2id alone', `${alone.toFixed(1)}/s`],
  ['ratio', `${ratio.toFixed(2)} (goal 0.8: ${ratio >= 0.8 ? 'met' : 'MISSED'})`],
]);
await program.stop();
fs.rmSync(path.dirname(data), { recursive: true, force: true });
