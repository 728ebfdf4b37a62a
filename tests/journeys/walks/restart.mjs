// The plug is pulled, again and again, while programs hand in dossiers and officials decide them: nothing that was answered is lost,
// nothing is done twice. Then the same with the database under the program, and with a database that stays away for a while.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { Town } from '../town.mjs';
import { Asker, papersHold, sql, trailHolds, whole } from '../api.mjs';
import { answer, begin, goOn } from '../citizen.mjs';
import { extract } from '../cases.mjs';
import { phone, plain, says, words } from '../browse.mjs';

// shows: R024 R072
export const walks = [
  { name: 'program', what: 'the program is killed fourteen times under load: no answered action lost, none done twice', walk: program },
  { name: 'database', what: 'PostgreSQL is killed under load: the program starts it again and goes on', walk: database },
  { name: 'away', what: 'a database that is stopped for a while: pages say so, nothing typed is lost, the service resumes by itself', walk: away },
  { name: 'first', what: 'a program that is killed while it makes its data directory finds its way the next time', walk: first },
  { name: 'end', what: 'an orderly end leaves nothing running', walk: end },
];

const pause = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds));
const between = (low, high) => low + Math.floor(Math.random() * (high - low));
const postmaster = town => Number(fs.readFileSync(path.join(town.data, 'postgres/postmaster.pid'), 'utf8').split('\n')[0]);

/** Programs at work. Each asks until it is answered, with the same key, and keeps a ledger of what it was told. */
class Load {
  constructor(town, photo) {
    Object.assign(this, { town, photo, ledger: [], going: true, serial: 0, stamp: Date.now().toString(36) });
  }

  async start(clients) {
    this.lan = await Asker.of(this.town, 'congdan');
    this.clerk = await Asker.of(this.town, 'motcua.ngabay');
    this.workers = Array.from({ length: clients }, (_, index) => this.work(index));
  }

  async stop() {
    this.going = false;
    await Promise.all(this.workers);
  }

  /** Waits until so many more were answered. */
  async answers(count) {
    for (const goal = this.ledger.length + count; this.ledger.length < goal;) await Promise.race([pause(20), ...this.workers]);
  }

  async work(index) {
    const deeds = [['nothing'], ['withdraw'], ['accept'], ['refuse', 'rate'], ['nothing']];
    for (let round = index; this.going; round++) {
      const key = `${this.stamp}-${index}-${this.serial++}`;
      // One commune has all those cases that its clerk works on; others have series of their own.
      const ward = round % deeds.length === 4 ? '31341' : '31340';
      const { status, answer } = await this.lan.insist('POST', '/api/v1/dossiers', () => whole(key, this.photo, ward));
      assert.equal(status, 201, JSON.stringify(answer));
      const entry = { key, ...answer, done: [] };
      this.ledger.push(entry);
      for (const deed of deeds[round % deeds.length]) {
        if (deed === 'nothing') continue;
        await this[deed](entry);
        entry.done.push(deed);
      }
    }
  }

  /** What goes unanswered may have happened: then the second try says so, and only then may it be refused. */
  async certain(asker, address, body, already) {
    const { status, answer, again } = await asker.insist('POST', address, body);
    const known = again && status === 409 && already.includes(answer.code);
    assert.ok(known || status < 300, `${address}: ${status} ${JSON.stringify(answer)}`);
  }

  withdraw({ id }) {
    return this.certain(this.lan, `/api/v1/dossiers/${id}/withdrawal`, { reason: 'Nộp nhầm' }, ['dossiers.not_withdrawable']);
  }

  rate({ id }) {
    return this.certain(this.lan, `/api/v1/dossiers/${id}/rating`, { score: 4, comment: 'Rõ ràng' }, ['dossiers.rated_already']);
  }

  async act({ code }, outcome, more) {
    const { answer: list } = await this.clerk.insist('GET', `/api/v1/inbox?hop=all&q=${code}`);
    assert.equal(list.items.length, 1, `${code}: ${JSON.stringify(list)}`);
    const address = `/api/v1/tasks/${list.items[0].task}`;
    const { answer: desk } = await this.clerk.insist('GET', address);
    const act = { outcome, note: '', papers: [{ paper: 'old_copy', fits: true }], ...more };
    await this.certain(this.clerk, `${address}/act`, { version: desk.dossier.version, act }, ['workflow.task_taken', 'workflow.task_cancelled']);
  }

  accept(entry) {
    return this.act(entry, 'accept');
  }

  refuse(entry) {
    return this.act(entry, 'refuse', { refusal_reasons: [extract.refusal] });
  }

  /** The town's books against the ledger. */
  check() {
    const { town, ledger } = this;
    // Answers are sealed; the key of a request lies beside what came of it.
    const made = `SELECT (value ->> 'id')::uuid FROM op.outcome WHERE key LIKE 'dossiers.submit_whole:%:${this.stamp}-%'`;
    const kept = new Map(sql(town, `SELECT dossier.id, code, substring(key FROM '${this.stamp}-.*$'), status FROM dossiers.dossier
        JOIN op.outcome ON value ->> 'id' = dossier.id::text WHERE key LIKE 'dossiers.submit_whole:%:${this.stamp}-%'`)
      .map(([id, code, key, status]) => [id, { code, key, status: Number(status) }]));
    assert.equal(kept.size, ledger.length, 'a dossier for each that was answered, and no other');
    const lines = new Map();
    for (const [id, action, count] of sql(town, `SELECT dossier_id, action, count(*) FROM dossiers.history WHERE dossier_id IN (${made}) GROUP BY 1, 2`)) {
      lines.set(`${id} ${action}`, Number(count));
    }
    const words = { withdraw: 'withdrawn', accept: 'received', refuse: 'refused', rate: 'rated' };
    for (const { id, code, key, done } of ledger) {
      assert.deepEqual({ code: kept.get(id)?.code, key: kept.get(id)?.key }, { code, key });
      assert.equal(lines.get(`${id} submitted`), 1, code);
      for (const [deed, word] of Object.entries(words)) assert.equal(lines.get(`${id} ${word}`) ?? 0, done.includes(deed) ? 1 : 0, `${code}: ${deed}`);
    }
    const doubled = (what, text) => assert.deepEqual(sql(town, text), [], what);
    doubled('codes without gaps or doubles', `SELECT receiving_code, day, count(*), max(number) FROM (
      SELECT receiving_code, split_part(code, '-', 2) AS day, split_part(code, '-', 3)::int AS number FROM dossiers.dossier) AS codes
      GROUP BY 1, 2 HAVING count(*) <> max(number) OR count(DISTINCT number) <> count(*)`);
    doubled('the series stand at the last code', `SELECT dossier.receiving_agency, period, last FROM dossiers.number_series AS series
      JOIN dossiers.dossier ON receiving_agency = agency_id AND split_part(code, '-', 2) = period
      WHERE series = 'dossier' GROUP BY 1, 2, 3 HAVING max(split_part(code, '-', 3)::int) <> last`);
    for (const [deed, word] of [['submitted', 'dossiers.submitted'], ['withdrawn', 'dossiers.withdrawn'], ['rated', 'dossiers.rated']]) {
      doubled(`${deed} twice in the trail`, `SELECT subject FROM op.audit_entry WHERE action = '${word}' GROUP BY 1 HAVING count(*) > 1`);
    }
    doubled('a dossier without its audit entry', `SELECT code FROM dossiers.dossier WHERE NOT EXISTS (
      SELECT FROM op.audit_entry WHERE action = 'dossiers.submitted' AND subject = 'dossier:' || dossier.id)`);
    doubled('a message twice', `SELECT account, kind, link FROM notify.message
      WHERE link ~ '[0-9a-f-]{36}$' AND right(link, 36) IN (SELECT id::text FROM dossiers.dossier WHERE id IN (${made}))
      GROUP BY 1, 2, 3 HAVING count(*) > 1`);
    // Programs hand a paper in once; people of other walks hand the same one in again when it was asked for.
    doubled('a paper twice', `SELECT dossier_id, paper FROM dossiers.paper WHERE dossier_id IN (${made}) GROUP BY 1, 2 HAVING count(*) > 1`);
    doubled('a paper whose file is gone', `SELECT file_id FROM dossiers.paper WHERE NOT EXISTS (SELECT FROM files.file WHERE file.id = file_id)`);
    doubled('a document twice', `SELECT dossier_id, kind FROM dossiers.document WHERE kind IN ('reception', 'refusal') GROUP BY 1, 2 HAVING count(*) > 1`);
    const strays = papersHold(town);
    trailHolds(town);
    return strays;
  }
}

async function program({ town, papers }) {
  const load = new Load(town, papers.photo.buffer);
  await load.start(6);
  for (let turn = 0; turn < 12; turn++) {
    // Some turns end while the program is still starting, some with the first requests, most in the middle of the work.
    if (turn % 5 === 3) await killWhileStarting(town, between(20, 1500));
    if (turn % 5 !== 4) await load.answers(between(2, 10));
    await pause(between(0, 300));
    town.process.kill('SIGKILL');
    // Every third time the machine goes, not only the program.
    if (turn % 3 === 1) process.kill(postmaster(town), 'SIGKILL');
    await once(town.process, 'exit');
    await town.start();
  }
  await pause(300);
  await load.stop();
  const strays = load.check();
  console.log(`        ${load.ledger.length} dossiers, ${load.ledger.reduce((sum, entry) => sum + entry.done.length, 0)} further acts, ${strays} contents without a row`);
}

/** Kills the program and its successor before that is ready. */
async function killWhileStarting(town, after) {
  town.process.kill('SIGKILL');
  await once(town.process, 'exit');
  const [file, ...words] = town.command();
  const child = spawn(file, words, { stdio: 'ignore' });
  await pause(after);
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  await town.start();
}

async function database({ town, papers }) {
  const load = new Load(town, papers.photo.buffer);
  await load.start(6);
  const { pid } = town.process;
  for (let turn = 0; turn < 3; turn++) {
    const server = postmaster(town);
    await load.answers(between(2, 10));
    process.kill(server, turn === 2 ? 'SIGINT' : 'SIGKILL');
    await load.answers(8);
    assert.notEqual(postmaster(town), server, 'the program started another');
  }
  await load.stop();
  assert.equal(town.process.pid, pid);
  assert.equal(town.process.exitCode, null, 'the program itself never ended');
  load.check();
}

/** The same data, but PostgreSQL is somebody else's: it stays away until they start it again. */
async function away(world) {
  const { town, browsers } = world;
  const page = await browsers.as('congdan', plain(phone));
  const scripted = await browsers.as('congdan2', phone);
  await town.stop();
  const server = new Server(town);
  await server.start();
  await town.start(['--database-url', server.address]);
  try {
    await begin(page, extract);
    await answer(page, 'extract_kind', 'birth_certificate');
    await scripted.goto('/ho-so-cua-toi');
    await server.stop();
    // Health is the program's own, readiness is not.
    assert.equal((await fetch(`${town.address}/healthz`)).status, 200);
    assert.equal((await fetch(`${town.address}/readyz`)).status, 503);
    const api = await fetch(`${town.address}/api/v1/procedures`);
    assert.deepEqual([api.status, api.headers.get('content-type'), api.headers.get('retry-after')], [503, 'application/problem+json', '5']);
    for (const address of ['/', '/thu-tuc', '/ho-so-cua-toi', '/tra-cuu?ma=H30.31-260302-0001']) {
      const response = await page.goto(address);
      assert.equal(response.status(), 503, address);
      assert.equal(response.headers()['retry-after'], '5');
      await says(page, 'Hệ thống tạm thời chưa phục vụ được', 'Thử lại');
    }
    await browsers.examine(page, 'database-away');
    const response = await scripted.goto('/ho-so-cua-toi');
    assert.equal(response.status(), 503);
    await browsers.examine(scripted, 'database-away-scripts');
    await server.start();
    await page.goto('/ho-so-cua-toi');
    await says(page, 'Hồ sơ');
    // What is typed meanwhile is not lost: the page that says so sends it again.
    await typedWhileAway(browsers, page, server);
    assert.equal((await fetch(`${town.address}/readyz`)).status, 200);
  } finally {
    await town.stop();
    await server.stop();
    await town.start();
  }
}

async function typedWhileAway(browsers, page, server) {
  await begin(page, extract);
  const question = page.url();
  await answer(page, 'extract_kind', 'marriage');
  await server.stop();
  await goOn(page);
  await says(page, 'Những gì bạn vừa điền vẫn còn nguyên ở đây');
  await browsers.examine(page, 'database-away-typed');
  // Pressed too early it says the same once more.
  await page.getByRole('button', { name: 'Gửi lại' }).click();
  await says(page, 'Những gì bạn vừa điền vẫn còn nguyên ở đây');
  await server.start();
  await page.getByRole('button', { name: 'Gửi lại' }).click();
  assert.notEqual(page.url(), question, await words(page));
  await page.goto(question);
  assert.ok(await page.isChecked('input[name=extract_kind][value=marriage]'));
}

/** PostgreSQL on the town's data, started and stopped by an operator. */
class Server {
  constructor(town) {
    this.town = town;
    const versions = fs.readdirSync('/usr/lib/postgresql').sort((one, other) => Number(one) - Number(other));
    this.program = `/usr/lib/postgresql/${versions.at(-1)}/bin/postgres`;
    this.socket = path.join(town.data, 'socket');
    this.address = `postgres://ngabay@localhost/ngabay?host=${encodeURIComponent(this.socket)}`;
  }

  async start() {
    const data = path.join(this.town.data, 'postgres');
    const { uid, gid } = fs.statSync(data);
    this.process = spawn(this.program, ['-D', data, '-k', this.socket, '-c', 'listen_addresses='], { uid, gid, cwd: '/', env: { LC_ALL: 'C.UTF-8' }, stdio: 'ignore' });
    for (;;) {
      try {
        return sql(this.town, 'SELECT 1');
      } catch (error) {
        if (this.process.exitCode !== null) throw error;
        await pause(20);
      }
    }
  }

  async stop() {
    if (this.process.exitCode !== null) return;
    this.process.kill('SIGINT');
    await once(this.process, 'exit');
  }
}

/** A town of its own, whose first start ends again and again before it is ready. */
async function first() {
  const town = new Town();
  for (const after of [between(100, 900), between(900, 2500), between(2500, 6000)]) {
    const [file, ...words] = town.command();
    const child = spawn(file, words, { stdio: 'ignore' });
    await pause(after);
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
  await town.start();
  try {
    const lan = await Asker.of(town, 'congdan');
    assert.equal((await lan.done('GET', '/api/v1/me')).name, town.account('congdan').display_name ?? 'Lê Thị Thu Ngân');
    assert.deepEqual(sql(town, 'SELECT login FROM identity.account WHERE sealed IS NULL GROUP BY 1 HAVING count(*) > 1'), []);
    trailHolds(town);
  } finally {
    await town.stop();
    town.remove();
  }
}

async function end({ town }) {
  const server = postmaster(town);
  assert.equal(await town.stop(), 0, town.said());
  assert.ok(!fs.existsSync(`/proc/${server}`), 'PostgreSQL went with the program');
  assert.deepEqual(town.audit().broken, []);
}
