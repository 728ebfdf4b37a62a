// The audit trail for people outside, and the change of keys under a program that serves.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { Asker, sql } from '../api.mjs';
import { desk, phone, says } from '../browse.mjs';
import { program } from '../town.mjs';
import { app, step } from './account.mjs';

// shows: R024
export const walks = [
  { name: 'trail', what: 'the trail is extracted, checked outside, and every change is found; the daily seal is there for everybody', walk: trail },
  { name: 'keys', what: 'keys are changed while people sign in; a change that is killed goes on the next time', walk: keys },
];

const pause = milliseconds => new Promise(resolve => setTimeout(resolve, milliseconds));

/** A command beside the program that serves: exit code and what it said. */
function ngabay(town, ...words) {
  const { status, stdout, stderr } = spawnSync(program, [...words, '--data', town.data], { encoding: 'utf8' });
  return { status, said: stdout + stderr, stdout };
}

async function trail({ town, browsers }) {
  const file = path.join(town.home, 'nhat-ky.jsonl');
  const made = ngabay(town, 'audit', 'export', '--out', file);
  assert.equal(made.status, 0, made.said);
  assert.equal(fs.statSync(file).mode & 0o777, 0o600);
  const [seal] = made.said.match(/\d+:[0-9a-f]{64}/);
  const outside = (...words) => spawnSync(program, ['audit', 'verify', '--file', file, ...words], { encoding: 'utf8', cwd: town.home });
  assert.equal(outside('--head', seal).status, 0);
  assert.match(outside().stderr, /Chưa đối chiếu/);
  assert.equal(outside('--head', `${seal}0`).status, 1);

  // Cut off before the end, with a last line that fits.
  const lines = fs.readFileSync(file, 'utf8').trim().split('\n');
  const cut = lines.slice(0, -2);
  const last = JSON.parse(cut.at(-1));
  fs.writeFileSync(file, [...cut, JSON.stringify({ end: cut.length - 1, position: last.position, head: last.chain })].join('\n'));
  assert.equal(outside().status, 0, 'nobody can know without the seal');
  const found = outside('--head', seal);
  assert.equal(found.status, 3);
  assert.match(found.stdout, /removed/);

  // The database is changed by somebody who may do everything there, and put back.
  const [[id, action]] = sql(town, 'SELECT id, action FROM op.audit_entry ORDER BY id LIMIT 1');
  sql(town, `UPDATE op.audit_entry SET action = 'nothing.at_all' WHERE id = ${id}`);
  const broken = ngabay(town, 'audit', 'verify', '--json');
  assert.equal(broken.status, 3);
  assert.equal(JSON.parse(broken.stdout).broken[0].what, 'changed');
  sql(town, `UPDATE op.audit_entry SET action = '${action}' WHERE id = ${id}`);
  assert.equal(ngabay(town, 'audit', 'verify', '--head', seal).status, 0);

  // The seal of the day before, as the sealer writes it after midnight.
  const page = await browsers.page(phone);
  await page.goto('/niem-phong-nhat-ky');
  await browsers.examine(page, 'trail-before');
  sql(town, `INSERT INTO op.audit_head SELECT (now() AT TIME ZONE 'Asia/Ho_Chi_Minh')::date - 1, position, chain, now()
               FROM op.audit_seal WHERE position = 10 ON CONFLICT DO NOTHING`);
  await page.goto('/quyen-rieng-tu');
  await page.getByRole('link', { name: 'Dấu niêm phong nhật ký hằng ngày' }).click();
  const { items: [head] } = await new Asker(town, '').done('GET', '/api/v1/audit/heads');
  await says(page, `${head.position}:${head.head}`);
  await browsers.examine(page, 'trail');
  const wide = await browsers.page(desk);
  await wide.goto('/niem-phong-nhat-ky');
  await browsers.examine(wide, 'trail-desk');
  const listed = ngabay(town, 'audit', 'heads').stdout;
  assert.match(listed, new RegExp(`${head.day} ${head.position}:${head.head}`));
  const report = JSON.parse(ngabay(town, 'audit', 'verify', '--json').stdout);
  assert.ok(report.heads > 0 && !report.broken.length, JSON.stringify(report));
}

async function keys({ town }) {
  const account = town.account('truongphong.tpngabay');
  const asker = await Asker.of(town, account.name);
  const { secret } = await asker.done('POST', '/api/v1/me/second-factor/offer', {});
  const first = step();
  await asker.done('POST', '/api/v1/me/second-factor', { code: app(secret, first), password: account.password });
  const folder = path.join(town.data, 'keys');
  const numbers = () => fs.readdirSync(folder).filter(name => name.endsWith('.key'));
  const [old] = numbers();
  // Killed again and again, each time a little later.
  for (let after = 50; after < 1_500; after += 150) {
    const change = spawn(program, ['keys', 'rotate', '--data', town.data], { stdio: 'ignore' });
    const ended = once(change, 'exit');
    await Promise.race([pause(after), ended]);
    change.kill('SIGKILL');
    await ended;
  }
  const done = ngabay(town, 'keys', 'rotate');
  assert.equal(done.status, 0, done.said);
  assert.match(done.said, /identity\.recovery_code/);
  const { keys: listed, missing } = JSON.parse(execFileSync(program, ['keys', 'list', '--json', '--data', town.data], { encoding: 'utf8' }));
  assert.deepEqual(missing, []);
  const sealed = listed.filter(key => key.uses.some(used => used.kept === 'sealed'));
  assert.deepEqual(sealed.map(key => key.seals), [true], 'everything is under the newest');
  // The program that serves knows the new key.
  const { name: login, password } = account;
  const signed = await new Asker(town, '').ask('POST', '/api/v1/sessions', { login, password, code: app(secret, first + 1) });
  assert.equal(signed.status, 201, JSON.stringify(signed.answer));
  // The codes still need the first key, and the last ones are young.
  const refused = ngabay(town, 'keys', 'rotate', '--retire');
  assert.equal(refused.status, 3, refused.said);
  assert.ok(numbers().includes(old));
  // Of two keys of long ago that nothing was sealed with, the older goes: the one after it is old enough.
  for (const number of [1000, 2000]) fs.writeFileSync(path.join(folder, `${number}.key`), Buffer.alloc(32, 7), { mode: 0o600 });
  assert.match(ngabay(town, 'keys', 'rotate', '--retire').said, /Đã bỏ khóa 1000/);
  assert.ok(!numbers().includes('1000.key'));
  fs.rmSync(path.join(folder, '2000.key'), { force: true });
  sql(town, 'DELETE FROM identity.recovery_code; DELETE FROM identity.totp');
}
