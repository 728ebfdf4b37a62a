// Interactive sign-ins a second: name and password to a session, by the API, from addresses of their own. Goal: 0.8 of what Argon2id alone allows on
// the same cores (`argon2.rs`). Both are measured in short rounds in turn, and each round is compared with the two of the peer around it, so that what else
// runs on the machine weighs on both alike; the ratio is the median of the rounds. CLIENTS, ROUNDS and DURATION (seconds of one round) change the run;
// ARGON2 names the program of the peer if it is built already.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { accounts, freshData, percentile, print, start } from './harness/program.mjs';
import { wrk } from './harness/load.mjs';

const clients = Number(process.env.CLIENTS || 8);
const rounds = Number(process.env.ROUNDS || 5);
const seconds = Number(process.env.DURATION || 4);
const peer = process.env.ARGON2 || peerProgram();
const alone = () => Number(execFileSync(peer, [], { encoding: 'utf8', env: { ...process.env, SECONDS: String(seconds) } }).trim());
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
// The program serves nobody while the peer computes.
const hashes = [alone()];
const served = [];
for (let round = 0; round < rounds; round++) {
  const done = wrk(program.address, path.dirname(data), signIn, { clients, seconds, expected: 201 });
  if (done.errors) throw new Error(`${done.errors} of ${done.requests} sign-ins failed`);
  served.push(done);
  hashes.push(alone());
}
const ratios = served.map((done, round) => done.perSecond / ((hashes[round] + hashes[round + 1]) / 2));
const ratio = percentile(ratios, 0.5);
const told = (values, digits = 1) => {
  const [least, middle, most] = [0, 0.5, 1].map(share => percentile(values, share).toFixed(digits));
  return `${middle} (${least}–${most})`;
};
print([
  ['rounds', `${rounds} of ${seconds} s, ${clients} clients; median, least and most`],
  ['sign-ins', `${told(served.map(done => done.perSecond))}/s, p50 ${told(served.map(done => done.p50), 0)} ms, p99 ${told(served.map(done => done.p99), 0)} ms`],
  ['peer: Argon2id alone', `${told(hashes)}/s`],
  ['ratio', `${told(ratios, 2)} (goal 0.8: ${ratio >= 0.8 ? 'met' : 'MISSED'})`],
]);
await program.stop();
fs.rmSync(path.dirname(data), { recursive: true, force: true });

/** Builds the peer once and names its program: a round must not wait for the compiler. */
function peerProgram() {
  const built = execFileSync('cargo', ['bench', '-q', '-p', 'op', '--bench', 'argon2', '--no-run', '--message-format', 'json'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'], maxBuffer: 1 << 28 });
  const one = built.split('\n').filter(line => line.startsWith('{')).map(line => JSON.parse(line)).find(line => line.executable && line.target?.name === 'argon2');
  return one.executable;
}
