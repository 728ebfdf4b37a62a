// What another program does by the JSON API, and what the books of the town say: its database, its papers on the disk.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import assert from 'node:assert/strict';

const pause = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds));

/** One statement on the town's database; rows as arrays of texts. */
export function sql(town, text) {
  const said = execFileSync('psql', ['-h', path.join(town.data, 'socket'), '-U', 'ngabay', '-d', 'ngabay', '-qAt', '-F', '\t', '-v', 'ON_ERROR_STOP=1', '-c', text], { encoding: 'utf8', maxBuffer: 1 << 26, stdio: ['ignore', 'pipe', 'pipe'] });
  return said.split('\n').filter(Boolean).map(line => line.split('\t'));
}

/** Somebody who asks the API. */
export class Asker {
  constructor(town, token) {
    this.town = town;
    this.token = token;
  }

  static async of(town, name) {
    const { name: login, password } = town.account(name);
    const asker = new Asker(town, '');
    const { status, answer } = await asker.ask('POST', '/api/v1/sessions', { login, password });
    assert.equal(status, 201, JSON.stringify(answer));
    asker.token = answer.token;
    return asker;
  }

  /** One request. `body` is JSON, a form with files, or bytes. */
  async ask(method, address, body) {
    const headers = this.token ? { authorization: `Bearer ${this.token}` } : {};
    let sent = body;
    if (body !== undefined && !(body instanceof FormData) && !Buffer.isBuffer(body)) {
      headers['content-type'] = 'application/json';
      sent = JSON.stringify(body);
    }
    const response = await fetch(this.town.address + address, { method, headers, body: sent, redirect: 'manual' });
    const text = await response.text();
    return { status: response.status, headers: response.headers, answer: text.startsWith('{') ? JSON.parse(text) : text };
  }

  /** The same, and it must work. */
  async done(method, address, body) {
    const { status, answer } = await this.ask(method, address, body);
    assert.ok(status >= 200 && status < 300, `${method} ${address}: ${status} ${JSON.stringify(answer)}`);
    return answer;
  }

  /** Asks until there is an answer, as a program does that may not lose anything. `again` tells that an earlier try went unanswered. */
  async insist(method, address, body) {
    for (let again = false; ; again = true) {
      try {
        const said = await this.ask(method, address, body instanceof Function ? body() : body);
        if (said.status !== 503) return { ...said, again };
      } catch (error) {
        // The line broke or nobody listens: undici says so with a TypeError.
        if (!(error instanceof TypeError)) throw error;
      }
      await pause(30);
    }
  }
}

/** A JPEG with other contents each time: a comment in front. */
export function another(photo, mark) {
  const comment = Buffer.from(mark);
  const head = Buffer.from([0xff, 0xd8, 0xff, 0xfe, (comment.length + 2) >> 8, (comment.length + 2) & 255]);
  return Buffer.concat([head, comment, photo.subarray(2)]);
}

/** A whole dossier as `POST /api/v1/dossiers` takes it: an extract of one's own, with a photograph. */
export function whole(key, photo, ward = '31340') {
  const form = new FormData();
  const answers = {
    extract_kind: 'birth_certificate', whose: 'mine', registered_at: { ward }, registered_year: 1990, record_number: key, copies: 2,
    requester_name: 'Lê Thị Thu Ngân', requester_number: '999192000017', requester_residence: { ward, detail: 'số 5, khu vực 1' }, phone: '0912345678', email: '',
  };
  form.append('dossier', JSON.stringify({ key, procedure: '2.000635', answers, confirmed: true }));
  form.append('old_copy', new Blob([another(photo, key)], { type: 'image/jpeg' }), 'bản cũ.jpg');
  return form;
}

/** The open step of a dossier, with the version of the case. */
export async function step(official, code) {
  const { items } = await official.done('GET', `/api/v1/inbox?hop=all&q=${code}`);
  assert.equal(items.length, 1, code);
  const desk = await official.done('GET', `/api/v1/tasks/${items[0].task}`);
  return { task: items[0].task, version: desk.dossier.version };
}

/** Does the open step of a dossier. */
export async function act(official, code, outcome, more = {}) {
  const { task, version } = await step(official, code);
  const papers = [{ paper: 'old_copy', fits: true }];
  return official.done('POST', `/api/v1/tasks/${task}/act`, { version, act: { outcome, note: 'Đã xem.', papers, ...more } });
}

/** What is refused is in the audit trail: the entries of one subject, oldest first. */
export const trail = (town, subject) => sql(town, `SELECT actor, action, detail FROM op.audit_entry WHERE subject = '${subject}' ORDER BY id`)
  .map(([actor, action, detail]) => ({ actor, action, detail: JSON.parse(detail) }));

/** The trail as the program itself checks it, while it is serving. */
export function trailHolds(town) {
  const report = town.audit(['--database-url', `postgres://ngabay@localhost/ngabay?host=${encodeURIComponent(path.join(town.data, 'socket'))}`]);
  assert.deepEqual(report.broken, []);
  assert.ok(report.checked > 0);
}

/** Every content that a row names lies on the disk, whole; what lies there without a row is whole too. Gives how many have no row. */
export function papersHold(town) {
  const known = new Map(sql(town, "SELECT encode(sha256, 'hex'), size FROM files.blob").map(([name, size]) => [name, Number(size)]));
  let strays = 0;
  const there = new Set();
  for (const file of town.stored().filter(file => !file.includes('/incoming/'))) {
    const name = path.basename(file);
    const bytes = fs.readFileSync(file);
    assert.equal(createHash('sha256').update(bytes).digest('hex'), name, 'half a file');
    if (known.has(name)) assert.equal(bytes.length, known.get(name));
    else strays += 1;
    there.add(name);
  }
  for (const name of known.keys()) assert.ok(there.has(name), `${name} has a row and no content`);
  return strays;
}
