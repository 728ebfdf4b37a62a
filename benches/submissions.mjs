// Whole dossiers per second by POST /api/v1/dossiers: twelve answers and one photograph of 100 KB, each another one, spread over all
// communes of the demonstration, everything on the disk when the answer is sent. The peer: `pgbench -N` (simple update, one row
// changed and one added a transaction) on the same cluster with as many clients, in turns. The goal: a quarter of it.
// CLIENTS, DURATION (seconds) and ROUNDS change the load; DATA keeps the data directory.
import fs from 'node:fs';
import path from 'node:path';
import { accounts, freshData, percentile, print, start } from './harness/program.mjs';
import { pgbench, signIn, sql, wrk } from './harness/load.mjs';
import { photo } from './harness/photo.mjs';

const clients = Number(process.env.CLIENTS || 16);
const seconds = Number(process.env.DURATION || 15);
const rounds = Number(process.env.ROUNDS || 3);
const data = process.env.DATA || freshData();
const folder = path.dirname(data);
const program = await start(data, []);
const token = await signIn(program.address, accounts(data).find(account => account.role === 'citizen'));
const wards = sql(data, "SELECT code FROM identity.area WHERE level = 'ward' AND valid_to IS NULL ORDER BY code").split('\n');
const picture = await photo(100 * 1024);
fs.writeFileSync(path.join(folder, 'photo.jpg'), picture);

/** Lua that sends dossiers; `run` keeps the keys of one run apart from those of another. */
const script = run => `
local threads = 0
setup = function(thread) thread:set("id", threads); threads = threads + 1 end
local file = io.open("${path.join(folder, 'photo.jpg')}", "rb"); local picture = file:read("*a"):sub(3); file:close()
local wards = {${wards.map(ward => `"${ward}"`).join(',')}}
local n = 0
local kind = "multipart/form-data; boundary=edge-of-the-bench"
local headers = { ["Authorization"] = "Bearer ${token}", ["Content-Type"] = kind }
request = function()
  n = n + 1
  local key = string.format("${run}-%d-%08d", id, n)
  local ward = wards[1 + (n * 2 + id) % #wards]
  local body = table.concat({
    '--edge-of-the-bench\\r\\nContent-Disposition: form-data; name="dossier"\\r\\nContent-Type: application/json\\r\\n\\r\\n',
    '{"key":"', key, '","procedure":"2.000635","confirmed":true,"answers":{"extract_kind":"birth_certificate","whose":"mine",',
    '"registered_at":{"ward":"', ward, '"},"registered_year":1990,"record_number":"', tostring(n), '","copies":2,',
    '"requester_name":"Lê Thị Thu Ngân","requester_number":"999192000017","requester_residence":{"ward":"', ward, '","detail":"số 5, khu vực 1"},',
    '"phone":"0912345678","email":"ngan@example.com"}}\\r\\n',
    '--edge-of-the-bench\\r\\nContent-Disposition: form-data; name="old_copy"; filename="ban-cu.jpg"\\r\\nContent-Type: image/jpeg\\r\\n\\r\\n',
    -- A comment in front makes every photograph another content.
    "\\255\\216\\255\\254", string.char(0, #key + 2), key, picture,
    "\\r\\n--edge-of-the-bench--\\r\\n" })
  return wrk.format("POST", "/api/v1/dossiers", headers, body)
end`;

const load = (run, seconds) => wrk(program.address, folder, script(run), { clients, seconds });
const stamp = Date.now().toString(36);
const warm = load(`${stamp}-warm`, 5);
if (warm.errors) throw new Error(`${warm.errors} of ${warm.requests} requests failed`);
pgbench(data, { script: 'simple-update', clients, seconds: 3 });
const results = [];
for (let round = 0; round < rounds; round++) {
  const before = Number(sql(data, 'SELECT count(*) FROM dossiers.dossier'));
  const ours = load(`${stamp}-${round}`, seconds);
  const kept = Number(sql(data, 'SELECT count(*) FROM dossiers.dossier')) - before;
  const peer = pgbench(data, { script: 'simple-update', clients, seconds });
  if (kept < ours.requests - ours.errors) throw new Error(`${ours.requests} answered, ${kept} kept`);
  results.push({ ...ours, peer: peer.perSecond, mean: peer.mean, ratio: ours.perSecond / peer.perSecond });
  console.log(`round ${round + 1}: ${ours.perSecond.toFixed(0)}/s, p50 ${ours.p50.toFixed(1)} ms, p99 ${ours.p99.toFixed(1)} ms, ${ours.errors} errors; peer ${peer.perSecond.toFixed(0)}/s`);
}
const middle = pick => percentile(results.map(pick), 0.5);
print([
  ['clients', clients],
  ['photograph', `${picture.length} bytes`],
  ['submissions', `${middle(r => r.perSecond).toFixed(0)}/s, p50 ${middle(r => r.p50).toFixed(1)} ms, p99 ${middle(r => r.p99).toFixed(1)} ms, ${results.reduce((sum, r) => sum + r.errors, 0)} errors`],
  ['peer: pgbench -N', `${middle(r => r.peer).toFixed(0)}/s, mean ${middle(r => r.mean).toFixed(1)} ms`],
  ['ratio', `${middle(r => r.ratio).toFixed(3)} (goal 0.25)`],
]);
await program.stop();
if (!process.env.DATA) fs.rmSync(folder, { recursive: true, force: true });
