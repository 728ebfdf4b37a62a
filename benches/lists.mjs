// The officer's inbox and the public tracking page at 2 million dossiers (DOSSIERS=n for another number), 50 clients for 20 s each,
// beside single-row reads of pgbench on the same cluster. The goal: p99 of 50 ms at the most, plans that use an index.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { accounts, client, freshData, pgbench, print, sql, start } from './harness/program.mjs';

const wanted = Number(process.env.DOSSIERS || 2_000_000);
const clients = 50;
const data = process.env.DATA || freshData();
const program = await start(data);
const clerk = accounts(data).find(account => account.role === 'clerk');

// Invented rows, spread over all agencies and the days of some years, the newest twentieth still open.
const have = Number(sql(data, 'SELECT count(*) FROM dossiers.dossier'));
if (have < wanted) {
  const began = Date.now();
  sql(data, fs.readFileSync(new URL('./harness/dossiers.sql', import.meta.url), 'utf8').replaceAll(':wanted', String(wanted - have)));
  sql(data, 'VACUUM ANALYZE');
  console.log(`${wanted - have} rows made in ${((Date.now() - began) / 1000).toFixed(0)} s, ${sql(data, "SELECT pg_size_pretty(pg_database_size('ngabay'))")}`);
}
const codes = sql(data, 'SELECT code FROM dossiers.dossier TABLESAMPLE SYSTEM (0.2) LIMIT 2000').split('\n');
const call = await client(program.address);
const { token } = await call('POST', '/api/v1/sessions', { login: clerk.name, password: clerk.password });

/** wrk with 50 clients, each request from an address of its own and, where there are several, of the next route. */
function load(name, routes, authorization) {
  const script = path.join(path.dirname(data), `${name}.lua`);
  fs.writeFileSync(script, `
local routes = {${routes.map(route => JSON.stringify(route)).join(',')}}
local n = 0
request = function()
  n = n + 1
  local headers = { ["X-Forwarded-For"] = "10." .. math.random(0, 255) .. "." .. math.random(0, 255) .. "." .. math.random(1, 254) }
  ${authorization ? `headers["Authorization"] = "Bearer ${authorization}"` : ''}
  return wrk.format("GET", routes[math.random(#routes)], headers)
end
done = function(summary, latency, requests)
  io.write(string.format("RESULT %d %.2f %.2f %.2f %d\\n", summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, summary.errors.status + summary.errors.read + summary.errors.timeout))
end`);
  const out = execFileSync('wrk', ['-t2', `-c${clients}`, '-d20s', '-s', script, program.address], { encoding: 'utf8' });
  const [, requests, seconds, p50, p99, errors] = /RESULT (\d+) ([\d.]+) ([\d.]+) ([\d.]+) (\d+)/.exec(out);
  return `${(requests / seconds).toFixed(0)}/s, p50 ${p50} ms, p99 ${p99} ms, ${errors} errors`;
}

const peer = pgbench(data, { script: 'select-only', clients, seconds: 10 });
print([
  ['dossiers', sql(data, 'SELECT count(*) FROM dossiers.dossier')],
  ['open tasks', sql(data, 'SELECT count(*) FROM dossiers.work')],
  ['inbox of a clerk (API)', load('inbox', ['/api/v1/inbox', '/api/v1/inbox?box=mine', '/api/v1/inbox?box=waiting'], token)],
  ['tracking by code (page)', load('track', codes.map(code => `/tra-cuu?ma=${code}`))],
  ['tracking by code (API)', load('track-api', codes.map(code => `/api/v1/track/${code}`))],
  ['peer: pgbench select-only', `${peer.tps.toFixed(0)}/s, mean ${peer.latency.toFixed(2)} ms`],
]);
await program.stop();
if (!process.env.DATA) fs.rmSync(path.dirname(data), { recursive: true, force: true });
