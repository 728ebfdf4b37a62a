// Load on the program and on its database: wrk with a script of its own, pgbench, and questions to the database of a data directory.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

/** One statement on the platform's database; rows as lines, columns parted by `|`. */
export function sql(data, text, database = 'ngabay') {
  return execFileSync('psql', ['-h', `${data}/socket`, '-U', 'ngabay', '-d', database, '-qAtc', text], { encoding: 'utf8', maxBuffer: 1 << 28 }).trim();
}

/** A file of statements, with psql variables. */
export function sqlFile(data, file, variables) {
  const set = Object.entries(variables).flatMap(([name, value]) => ['-v', `${name}=${value}`]);
  execFileSync('psql', ['-h', `${data}/socket`, '-U', 'ngabay', '-d', 'ngabay', '-q1', '-v', 'ON_ERROR_STOP=1', ...set, '-f', file], { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** Signs in by the API and gives the token. */
export async function signIn(address, account) {
  const response = await fetch(`${address}/api/v1/sessions`, {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ login: account.name, password: account.password }),
  });
  if (!response.ok) throw new Error(`sign-in: ${response.status} ${await response.text()}`);
  return (await response.json()).token;
}

/** Runs wrk. `script` is Lua and defines `request`; files that it reads lie in `folder`. */
export function wrk(address, folder, script, { clients, seconds }) {
  const file = path.join(folder, 'load.lua');
  fs.writeFileSync(file, `${script}
done = function(summary, latency, requests)
  local errors = summary.errors.status + summary.errors.read + summary.errors.write + summary.errors.timeout + summary.errors.connect
  io.write(string.format("RESULT %d %.3f %.3f %.3f %.3f %d\\n", summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3, errors))
end`);
  const out = execFileSync('wrk', ['-t2', `-c${clients}`, `-d${seconds}s`, '-s', file, address], { encoding: 'utf8' });
  const [, requests, duration, p50, p99, most, errors] = /RESULT (\d+) ([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+) (\d+)/.exec(out).map(Number);
  return { requests, perSecond: requests / duration, p50, p99, most, errors };
}

/** The peer of every write: PostgreSQL's own benchmark in a database of its own on the same cluster. */
export function pgbench(data, { script, clients, seconds }) {
  const tool = words => execFileSync('pgbench', ['-h', `${data}/socket`, '-U', 'ngabay', ...words, 'peer'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  if (sql(data, "SELECT count(*) FROM pg_database WHERE datname = 'peer'") === '0') {
    sql(data, 'CREATE DATABASE peer');
    tool(['-i', '-s', '20', '-q']);
  }
  const out = tool(['-b', script, '-n', '-c', String(clients), '-j', '2', '-T', String(seconds)]);
  return { perSecond: Number(/tps = ([\d.]+)/.exec(out)[1]), mean: Number(/latency average = ([\d.]+)/.exec(out)[1]) };
}
