// Load on the program and on its database: wrk with a script of its own, pgbench, and questions to the database of a data directory.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { percentile } from './program.mjs';

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

/** Runs wrk. `script` is Lua and defines `request`; files that it reads lie in `folder`. Where a fault is `expected`, the script itself
 * has to look for others. */
export function wrk(address, folder, script, { clients, seconds, expected = 200 }) {
  const file = path.join(folder, 'load.lua');
  fs.writeFileSync(file, `${script}
done = function(summary, latency, requests)
  local errors = ${expected < 400 ? 'summary.errors.status' : '0'} + summary.errors.read + summary.errors.write + summary.errors.timeout + summary.errors.connect
  io.write(string.format("RESULT %d %.3f %.3f %.3f %.3f %d\\n", summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency.max / 1e3, errors))
end`);
  const out = execFileSync('wrk', ['-t2', `-c${clients}`, `-d${seconds}s`, '-s', file, address], { encoding: 'utf8' });
  const [, requests, duration, p50, p99, most, errors] = /RESULT (\d+) ([\d.]+) ([\d.]+) ([\d.]+) ([\d.]+) (\d+)/.exec(out).map(Number);
  return { requests, perSecond: requests / duration, p50, p99, most, errors };
}

/** The peer of every write: PostgreSQL's own benchmark in a database of its own on the same cluster. */
export function pgbench(data, { script, clients, seconds }) {
  if (sql(data, "SELECT count(*) FROM pg_database WHERE datname = 'peer'") === '0') {
    sql(data, 'CREATE DATABASE peer');
    benchmark(data, 'peer', ['-i', '-s', '20', '-q']);
  }
  return summary(benchmark(data, 'peer', ['-b', script, '-n', '-c', String(clients), '-j', '2', '-T', String(seconds)]));
}

/** The peer of a read: the same statements by pgbench over as many connections, prepared. Each of `variants` is a list of statements
 * that one transaction of pgbench runs. Latencies come from its own log. */
export function bare(data, folder, variants, { clients, seconds }) {
  const dir = fs.mkdtempSync(path.join(folder, 'bare-'));
  const files = variants.flatMap((statements, number) => {
    const file = path.join(dir, `${number}.sql`);
    fs.writeFileSync(file, statements.map(text => `${forPgbench(text)};\n`).join(''));
    return ['-f', file];
  });
  const out = benchmark(data, 'ngabay', [...files, '-n', '-M', 'prepared', '-c', String(clients), '-j', '2', '-T', String(seconds), '-l', '--log-prefix', path.join(dir, 'log')]);
  const times = fs.readdirSync(dir).filter(name => name.startsWith('log')).flatMap(name => fs.readFileSync(path.join(dir, name), 'utf8').trim().split('\n').map(line => Number(line.split(' ')[2]) / 1e3));
  fs.rmSync(dir, { recursive: true });
  return { ...summary(out), p50: percentile(times, 0.5), p99: percentile(times, 0.99) };
}

/** pgbench takes `:name` for a variable, in texts too: there the colon is written by its number. */
function forPgbench(text) {
  return text.replace(/'(?:[^']|'')*'/g, quoted => (quoted.includes(':') ? `U&${quoted.replaceAll('\\', '\\\\').replaceAll(':', '\\003A')}` : quoted));
}

function benchmark(data, database, words) {
  return execFileSync('pgbench', ['-h', `${data}/socket`, '-U', 'ngabay', ...words, database], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1 << 28 });
}

function summary(out) {
  const [, perSecond] = /tps = ([\d.]+|inf)/.exec(out);
  return { perSecond: Number(perSecond), mean: Number(/latency average = ([\d.]+)/.exec(out)[1]) };
}
