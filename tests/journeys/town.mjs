// The real program with the demonstration in a folder of its own: starts, ends, is killed, comes back.
import { spawn, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';

export const program = process.env.NGABAY_BIN;
if (!program) { console.error('NGABAY_BIN is not set'); process.exit(2); }

/** Whether this build knows an option of a command. */
const knows = (command, option) => execFileSync(program, [...command, '--help'], { encoding: 'utf8' }).includes(option);

export class Town {
  constructor() {
    this.home = fs.mkdtempSync(path.join(os.tmpdir(), 'ngabay-journey-'));
    fs.chmodSync(this.home, 0o755);
    this.data = path.join(this.home, 'data');
  }

  /** How the program is called, with what else it is told. */
  command(more = []) {
    const quiet = knows(['serve'], '--no-history') ? ['--no-history'] : [];
    // The address stays the same over a restart: papers and open pages carry it.
    const listen = this.address ? new URL(this.address).host : '127.0.0.1:0';
    return [program, 'serve', '--data', this.data, '--listen', listen, '--demo', ...quiet, ...more];
  }

  /** Starts the program and waits for its line of JSON. */
  async start(more = []) {
    const [file, ...words] = this.command(more);
    const child = spawn(file, words, { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    child.stderr.on('data', chunk => { said = (said + chunk).slice(-20_000); });
    const lines = readline.createInterface({ input: child.stdout });
    const ended = once(child, 'exit').then(() => { throw new Error(`the program ended: ${said}`); });
    const [line] = await Promise.race([once(lines, 'line'), ended]);
    ended.catch(() => {});
    this.process = child;
    this.said = () => said;
    this.address = JSON.parse(line).address;
    this.accounts ??= JSON.parse(execFileSync(program, ['demo', 'accounts', '--data', this.data, '--json'], { encoding: 'utf8' }));
  }

  account(name) {
    const account = this.accounts.find(one => one.name === name);
    if (!account) throw new Error(`nobody is called ${name}`);
    return account;
  }

  /** Pulls the plug, then starts it again. */
  async kill() {
    this.process.kill('SIGKILL');
    await once(this.process, 'exit');
    await this.start();
  }

  /** Ends it as an operator would; gives the exit code. */
  async stop() {
    if (this.process.exitCode !== null) return this.process.exitCode;
    this.process.kill('SIGTERM');
    const [code] = await once(this.process, 'exit');
    return code;
  }

  /** The trail as the program checks it; `where` names the database while another program holds the data directory. */
  audit(where = []) {
    return JSON.parse(execFileSync(program, ['audit', 'verify', '--data', this.data, '--json', ...where], { encoding: 'utf8' }));
  }

  /** Every file under the folder of papers, with its size: nothing may be left there by an upload that was refused. */
  stored() {
    const folder = path.join(this.data, 'files');
    if (!fs.existsSync(folder)) return [];
    return fs.readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter(entry => entry.isFile())
      .map(entry => path.join(entry.parentPath ?? entry.path, entry.name))
      .sort();
  }

  remove() {
    fs.rmSync(this.home, { recursive: true, force: true, maxRetries: 5 });
  }
}
