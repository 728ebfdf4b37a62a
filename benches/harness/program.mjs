// The program under measurement: started on a data directory of its own, with its accounts, its database and its JSON API.
import { spawn, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';

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
  const child = spawn(binary, ['serve', '--data', data, '--listen', '127.0.0.1:0', '--demo', '--no-history', ...more], { stdio: ['ignore', 'pipe', 'pipe'] });
  process.once('exit', () => child.kill('SIGINT'));
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

/** The value below which this share of the sorted values lies. */
export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

export function print(rows) {
  const width = Math.max(...rows.map(([name]) => name.length));
  for (const [name, value] of rows) console.log(`${name.padEnd(width)}  ${value}`);
}
