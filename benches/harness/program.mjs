// The program under measurement: started on a data directory of its own, with its accounts, its database and its JSON API.
import { spawn, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';

const owner = 'ngabay';
export const binary = process.env.NGABAY_BIN;
if (!binary) { console.error('NGABAY_BIN is not set'); process.exit(2); }

/** A new data directory that the database user can reach. */
export function freshData() {
  const home = fs.mkdtempSync(path.join(os.tmpdir(), 'ngabay-bench-'));
  fs.chmodSync(home, 0o755);
  return path.join(home, 'data');
}

/** Starts the program; `--behind-gateway` lets each client of a measurement come from its own address. */
export async function start(data, more = ['--behind-gateway']) {
  const began = process.hrtime.bigint();
  const child = spawn(binary, ['serve', '--data', data, '--listen', '127.0.0.1:0', '--demo', ...more], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', chunk => { said += chunk; });
  const [line] = await Promise.race([
    once(readline.createInterface({ input: child.stdout }), 'line'),
    once(child, 'exit').then(() => { throw new Error(`the program ended: ${said}`); }),
  ]);
  const { address } = JSON.parse(line);
  const seconds = () => Number(process.hrtime.bigint() - began) / 1e9;
  return { child, address, data, seconds, stop: async () => { const gone = once(child, 'exit'); child.kill('SIGINT'); await gone; } };
}

/** Demo accounts by role; `citizen` is the first citizen. */
export function accounts(data) {
  return JSON.parse(execFileSync(binary, ['demo', 'accounts', '--data', data, '--json'], { encoding: 'utf8' }));
}

/** Where the private database listens. */
export function socket(data) {
  const near = path.join(data, 'socket');
  if (!fs.existsSync(near)) throw new Error('the socket of the database lies elsewhere: choose a shorter data directory');
  return near;
}

/** Runs SQL in the private database and gives what psql prints. */
export function sql(data, text, database = 'ngabay') {
  return execFileSync('psql', ['-h', socket(data), '-U', owner, '-d', database, '-v', 'ON_ERROR_STOP=1', '-qAtc', text], { encoding: 'utf8', maxBuffer: 1 << 28 }).trim();
}

/** pgbench on a database of its own in the same cluster; gives its transactions per second and mean latency in ms. */
export function pgbench(data, { script, clients, seconds }) {
  const at = ['-h', socket(data), '-U', owner];
  sql(data, 'DROP DATABASE IF EXISTS peer');
  sql(data, 'CREATE DATABASE peer');
  execFileSync('pgbench', [...at, '-i', '-s', '20', '-q', 'peer'], { stdio: 'ignore' });
  const out = execFileSync('pgbench', [...at, '-b', script, '-c', String(clients), '-j', '2', '-T', String(seconds), 'peer'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  sql(data, 'DROP DATABASE peer');
  return { tps: Number(/tps = ([\d.]+)/.exec(out)[1]), latency: Number(/latency average = ([\d.]+)/.exec(out)[1]) };
}

let clients = 0;
/** A client of the JSON API, signed in when given an account, coming from an address of its own. */
export async function client(address, account) {
  clients++;
  const from = `10.${(clients >> 16) & 255}.${(clients >> 8) & 255}.${clients & 255}`;
  const headers = { 'x-forwarded-for': from };
  const call = async (method, route, body) => {
    const form = body instanceof FormData;
    const answer = await fetch(address + route, {
      method,
      headers: { ...headers, ...(body && !form ? { 'content-type': 'application/json' } : {}) },
      body: body === undefined ? undefined : form ? body : JSON.stringify(body),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${route}: ${answer.status} ${text.slice(0, 400)}`);
    return text ? JSON.parse(text) : null;
  };
  if (account) {
    const session = await call('POST', '/api/v1/sessions', { login: account.name, password: account.password });
    headers.authorization = `Bearer ${session.token}`;
  }
  return call;
}

/** The value below which this share of the sorted values lies. */
export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

export function print(rows) {
  const width = Math.max(...rows.map(([name]) => name.length));
  for (const [name, value] of rows) console.log(`${name.padEnd(width)}  ${value}`);
}
