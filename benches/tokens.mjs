// Tokens a second: client credentials at the token endpoint, introspection, and refusals of a wrong secret. The peers of the same run: the
// page that says "ok" (`/healthz`, what the server alone can answer) and the signatures a second of this machine (`openssl speed`).
// CLIENTS and DURATION (seconds) change the load.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { binary, freshData, print, start } from './harness/program.mjs';
import { wrk } from './harness/load.mjs';

const clients = Number(process.env.CLIENTS || 32);
const seconds = Number(process.env.DURATION || 15);
const data = freshData();
const program = await start(data, []);
const add = (...options) => JSON.parse(execFileSync(binary, ['oidc', 'client', 'add', '--data', data, '--json', ...options], { encoding: 'utf8' }));
const app = add('--name', 'Máy', '--scope', 'kho.doc');
const guard = add('--name', 'Kho', '--introspects');
const basic = ({ client_id: id, client_secret: secret }) => `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`;
const answer = await fetch(`${program.address}/openid/token`, { method: 'POST', headers: { authorization: basic(app) }, body: new URLSearchParams({ grant_type: 'client_credentials' }) });
const { access_token: token } = await answer.json();

const post = (where, who, body) => `
local headers = { ["Authorization"] = "${who}", ["Content-Type"] = "application/x-www-form-urlencoded" }
request = function() return wrk.format("POST", "${where}", headers, "${body}") end`;
// Where a refusal is expected, everything else stops the load.
const only = status => `
response = function(status) if status ~= ${status} then io.stderr:write("status " .. status .. "\\n"); os.exit(1) end end`;
const run = (script, expected = 200) => {
  const whole = expected === 200 ? script : script + only(expected);
  wrk(program.address, path.dirname(data), whole, { clients, seconds: 3, expected });
  return wrk(program.address, path.dirname(data), whole, { clients, seconds, expected });
};
const [, signs, verifies] = /nistp256.*?\)?\s+[\d.]+s\s+[\d.]+s\s+([\d.]+)\s+([\d.]+)/.exec(execFileSync('openssl', ['speed', '-seconds', '3', 'ecdsap256'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })).map(Number);
const bare = run('request = function() return wrk.format("GET", "/healthz") end');
const given = run(post('/openid/token', basic(app), 'grant_type=client_credentials'));
const seen = run(post('/openid/introspect', basic(guard), `token=${token}`));
const refused = run(post('/openid/token', basic({ ...app, client_secret: 'sai' }), 'grant_type=client_credentials'), 401);
for (const one of [given, seen, refused]) if (one.errors) throw new Error(`${one.errors} of ${one.requests} requests failed`);
const told = (one, goal) => `${one.perSecond.toFixed(0)}/s, p50 ${one.p50.toFixed(1)} ms, p99 ${one.p99.toFixed(1)} ms, ${(one.perSecond / bare.perSecond).toFixed(2)} of the peer${goal ? ` (goal ${goal}/s)` : ''}`;
print([
  ['clients', clients],
  ['client credentials', told(given, 2000)],
  ['introspection', told(seen, 5000)],
  ['a wrong secret', told(refused)],
  ['peer: /healthz', `${bare.perSecond.toFixed(0)}/s`],
  ['one core: P-256', `${signs.toFixed(0)} signatures/s, ${verifies.toFixed(0)} verifications/s (openssl speed)`],
]);
await program.stop();
fs.rmSync(path.dirname(data), { recursive: true, force: true });
