// Warm start of `ngabay serve` to its first page, and the memory of the idle server, beside PostgreSQL alone.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { freshData, start, print, percentile } from './harness/program.mjs';

const data = freshData();
const first = await start(data);
await fetch(first.address);
const cold = first.seconds();
await first.stop();

const starts = [];
let memory;
for (let round = 0; round < 5; round++) {
  const program = await start(data);
  await (await fetch(program.address)).text();
  starts.push(program.seconds());
  if (round === 4) {
    await new Promise(resolve => setTimeout(resolve, 5000));
    const status = fs.readFileSync(`/proc/${program.child.pid}/status`, 'utf8');
    memory = Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024;
  }
  await program.stop();
}

// The peer: the same cluster started by PostgreSQL's own tool, to its first answer.
const bin = `/usr/lib/postgresql/${fs.readdirSync('/usr/lib/postgresql').sort((a, b) => a - b).pop()}/bin`;
const as = process.getuid() === 0 ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups'] : [];
const run = (...words) => execFileSync([...as, ...words][0], [...as, ...words].slice(1), { stdio: 'ignore', cwd: '/' });
const peers = [];
for (let round = 0; round < 5; round++) {
  const began = process.hrtime.bigint();
  run(`${bin}/pg_ctl`, 'start', '-w', '-D', `${data}/postgres`, '-o', `-k ${data}/socket -c listen_addresses=`, '-l', '/dev/null');
  execFileSync('psql', ['-h', `${data}/socket`, '-U', 'ngabay', '-d', 'ngabay', '-qAtc', 'SELECT 1'], { stdio: 'ignore' });
  peers.push(Number(process.hrtime.bigint() - began) / 1e9);
  run(`${bin}/pg_ctl`, 'stop', '-w', '-m', 'fast', '-D', `${data}/postgres`);
}
const warm = percentile(starts, 0.5);
const peer = percentile(peers, 0.5);
print([
  ['first start, province loaded', `${cold.toFixed(1)} s`],
  ['warm start to the first page', `${warm.toFixed(2)} s (goal 3 s)`],
  ['PostgreSQL alone to the first answer', `${peer.toFixed(2)} s, ratio ${(warm / peer).toFixed(1)}`],
  ['resident memory of the idle server', `${memory.toFixed(0)} MiB (goal 150)`],
]);
fs.rmSync(data, { recursive: true, force: true });
