// Whoever has no business with a dossier does not learn that it exists; whoever forges is refused; all of it is in the audit trail.
import assert from 'node:assert/strict';
import { Asker, act, sql, step, trail, trailHolds, whole } from '../api.mjs';
import { answer, begin, goOn } from '../citizen.mjs';
import { extract } from '../cases.mjs';
import { desk, hides, phone, plain, says } from '../browse.mjs';
import * as office from '../office.mjs';

// shows: R024 R028
export const walks = [
  { name: 'citizen', what: "another citizen's dossier and draft do not exist, on pages and by the API", walk: otherCitizen },
  { name: 'official', what: "another agency's official learns nothing of a case and can do nothing to it", walk: otherOfficial },
  { name: 'doors', what: 'citizens do not come to the desk, officials do not apply in a citizen’s name', walk: doors },
  { name: 'session', what: 'a closed session opens nothing any more', walk: closedSession },
  { name: 'token', what: 'forms without a token, with a forged one or from another site are refused', walk: formToken },
  { name: 'two-officials', what: 'two officials at one step: one wins, the other is told who', walk: twoOfficials },
];

const refusals = (entries, who) => entries.filter(entry => entry.action.endsWith('refused') && entry.actor.startsWith(who));

/** A dossier of Lan that has been received: papers, a receipt, an open step. */
async function dossier(world, key) {
  const { town, papers } = world;
  const lan = await Asker.of(town, 'congdan');
  const clerk = await Asker.of(town, 'motcua.ngabay');
  const { id, code } = await lan.done('POST', '/api/v1/dossiers', whole(`strangers-${key}`, papers.photo.buffer));
  await act(clerk, code, 'accept');
  const view = await lan.done('GET', `/api/v1/dossiers/${id}`);
  return { id, code, lan, view, file: view.papers[0].file, document: view.documents[0].id };
}

/** A page that tells nothing. */
async function isNotThere(page, address, ...secrets) {
  const response = await page.goto(address);
  assert.equal(response.status(), 404, address);
  await says(page, 'Không tìm thấy trang');
  await hides(page, ...secrets);
}

async function otherCitizen(world) {
  const { town, browsers, papers } = world;
  const { id, code, lan, view, file, document } = await dossier(world, 'citizen');
  const stranger = await Asker.of(town, 'congdan2');
  const page = await browsers.as('congdan2', plain(phone));
  const home = `/ho-so-cua-toi/${id}`;
  for (const address of [home, `${home}/bien-nhan`, `${home}/rut`, `${home}/bo-sung`, `${home}/giay-to/${file}`, `${home}/van-ban/${document}`]) {
    await isNotThere(page, address, code, view.owner_name, view.title);
  }
  await browsers.examine(page, 'stranger-dossier');
  for (const [method, rest, body] of [
    ['GET', ''], ['GET', '/supplement'], ['GET', `/papers/${file}`], ['GET', `/documents/${document}`],
    ['POST', '/withdrawal', { reason: 'của tôi' }], ['POST', '/rating', { score: 1 }], ['POST', '/supplement', {}],
  ]) {
    const { status, answer } = await stranger.ask(method, `/api/v1/dossiers/${id}${rest}`, body);
    assert.equal(status, 404, `${method} ${rest}: ${JSON.stringify(answer)}`);
    assert.ok(!JSON.stringify(answer).includes(code), rest);
  }
  // What is not there at all answers with the same words.
  const nobody = crypto.randomUUID();
  const [there, not] = [await stranger.ask('GET', `/api/v1/dossiers/${id}`), await stranger.ask('GET', `/api/v1/dossiers/${nobody}`)];
  assert.deepEqual({ ...there.answer, request: '' }, { ...not.answer, request: '' });
  assert.ok(refusals(trail(town, `dossier:${id}`), 'citizen:').length >= 13, 'each is in the trail');
  assert.equal((await lan.done('GET', `/api/v1/dossiers/${id}`)).version, view.version, 'nothing was done');

  // A draft, with its papers.
  const owner = await browsers.as('congdan', plain(phone));
  await begin(owner, extract);
  const draft = owner.url().match(/ho-so-nhap\/([^/]+)/)[1];
  for (const rest of ['', '/kiem-tra', '/huy', '/kind', `/tep/${file}`]) await isNotThere(page, `/ho-so-nhap/${draft}${rest}`);
  for (const [method, rest, body] of [
    ['GET', ''], ['GET', '/preview'], ['POST', '/submission', { confirmed: true }], ['POST', '/papers/authorisation?ten=a.jpg', papers.photo.buffer], ['DELETE', '', {}],
  ]) {
    const { status, answer } = await stranger.ask(method, `/api/v1/drafts/${draft}${rest}`, body);
    assert.equal(status, 404, `${method} ${rest}: ${JSON.stringify(answer)}`);
  }
  assert.ok(refusals(trail(town, `draft:${draft}`), 'citizen:').length >= 8, JSON.stringify(trail(town, `draft:${draft}`)));
}

async function otherOfficial(world) {
  const { town, browsers } = world;
  const { id, code, view, file, document } = await dossier(world, 'official');
  const own = await Asker.of(town, extract.specialist);
  const { task, version } = await step(own, code);
  for (const name of ['tuphap.laihieu', 'taichinh.tpngabay']) {
    const page = await browsers.as(name, plain(desk));
    const home = `/can-bo/ho-so/${id}`;
    for (const address of [home, `/can-bo/viec/${task}`, `${home}/giay-to/${file}`, `${home}/van-ban/${document}`]) {
      await isNotThere(page, address, code, view.owner_name);
    }
    await page.goto(`/can-bo/tim?q=${code}`);
    await hides(page, view.owner_name);
    await page.goto(`/can-bo?hop=all&q=${code}`);
    await hides(page, view.owner_name);
    const stranger = await Asker.of(town, name);
    for (const [method, address, body] of [
      ['GET', `/api/v1/dossiers/${id}`], ['GET', `/api/v1/tasks/${task}`], ['POST', `/api/v1/tasks/${task}/claim`, {}],
      ['POST', `/api/v1/tasks/${task}/act`, { version, act: { outcome: 'propose', note: 'cho qua' } }],
      ['POST', `/api/v1/tasks/${task}/assignment`, { account: crypto.randomUUID() }],
      ['POST', `/api/v1/dossiers/${id}/payments`, { fee: 'copy', receipt_number: 'BL-1' }],
      ['POST', `/api/v1/dossiers/${id}/apology`, { reason: 'trễ', new_day: '2030-01-02' }],
    ]) {
      const { status, answer } = await stranger.ask(method, address, body);
      assert.equal(status, 404, `${name} ${method} ${address}: ${JSON.stringify(answer)}`);
    }
  }
  const entries = sql(town, `SELECT count(*) FROM op.audit_entry WHERE action = 'op.refused' AND actor LIKE 'official:%' AND subject IN ('dossier:${id}', 'task:${task}')`);
  assert.ok(Number(entries[0][0]) >= 22, `${entries}: each is in the trail`);
  assert.deepEqual(await step(own, code), { task, version }, 'nothing was done');
}

async function doors({ town, browsers }) {
  const citizen = await browsers.as('congdan', plain(phone));
  const official = await browsers.as('tuphap.ngabay', plain(desk));
  const count = path => Number(sql(town, `SELECT count(*) FROM op.audit_entry WHERE action = 'web.refused' AND subject = '${path}'`)[0][0]);
  for (const [page, path] of [[citizen, '/can-bo'], [citizen, '/can-bo/so-theo-doi'], [official, `/thu-tuc/${extract.code}/bat-dau`], [citizen, '/can-bo/tiep-nhan']]) {
    const before = count(path);
    const response = await page.goto(path);
    assert.equal(response.status(), 403, path);
    await says(page, 'Bạn không vào được trang này');
    assert.equal(count(path), before + 1, path);
  }
  await browsers.examine(official, 'stranger-door');
}

async function closedSession({ town, browsers, papers }) {
  // A session that its owner closes on one device is gone on this one: the same cookie opens nothing.
  const page = await browsers.page(plain(phone));
  await browsers.signIn(page, 'congdan2');
  const kept = await page.context().storageState();
  const thief = await browsers.page(plain(phone), kept);
  await thief.goto('/ho-so-cua-toi');
  assert.equal(new URL(thief.url()).pathname, '/ho-so-cua-toi');
  await page.goto('/');
  await page.locator('form[action="/dang-xuat"] button').first().click();
  await page.waitForURL('**/?da=sign_out');
  const ended = path => Number(sql(town, `SELECT count(*) FROM op.audit_entry WHERE action = 'web.refused' AND subject = '${path}' AND detail::jsonb ->> 'reason' = 'session_ended'`)[0][0]);
  const before = ended('/ho-so-cua-toi');
  await thief.goto('/ho-so-cua-toi');
  assert.equal(new URL(thief.url()).pathname, '/dang-nhap');
  assert.equal(ended('/ho-so-cua-toi'), before + 1);
  // The same for a program.
  const asker = await Asker.of(town, 'congdan2');
  await asker.done('GET', '/api/v1/me');
  await asker.done('DELETE', '/api/v1/sessions/current', {});
  for (const [method, address, body] of [['GET', '/api/v1/me'], ['GET', '/api/v1/dossiers'], ['POST', '/api/v1/dossiers', whole('closed-session', papers.photo.buffer)]]) {
    assert.equal((await asker.ask(method, address, body)).status, 401, address);
  }
  assert.ok(ended('/api/v1/dossiers') >= 2);
  // A token that nobody ever gave out is told the same, and is no session to write about.
  const guess = new Asker(town, 'A'.repeat(43));
  const all = ended('/api/v1/me');
  assert.equal((await guess.ask('GET', '/api/v1/me')).status, 401);
  assert.equal(ended('/api/v1/me'), all);
}

async function formToken({ town, browsers }) {
  const page = await browsers.as('congdan', plain(phone));
  await begin(page, extract);
  const { pathname } = new URL(page.url());
  const token = await page.locator('input[name=_csrf]').first().inputValue();
  const stranger = await browsers.as('congdan2', plain(phone));
  await stranger.goto('/ho-so-cua-toi');
  const theirs = await stranger.locator('input[name=_csrf]').first().inputValue();
  const refused = reason => Number(sql(town, `SELECT count(*) FROM op.audit_entry WHERE action = 'web.refused' AND subject = '${pathname}' AND detail::jsonb ->> 'reason' = '${reason}'`)[0][0]);
  const post = (form, headers = {}) => page.context().request.post(pathname, { form, headers, maxRedirects: 0 });
  for (const forged of [undefined, '', 'x', '0'.repeat(64), token.slice(0, 62) + (token.endsWith('00') ? '11' : '00'), theirs]) {
    const form = { extract_kind: 'death', ...forged === undefined ? {} : { _csrf: forged } };
    const response = await post(form);
    assert.equal(response.status(), 403, forged);
    assert.match(await response.text(), /để bảo vệ tài khoản của bạn/);
  }
  assert.equal(refused('form_token'), 6);
  for (const headers of [{ origin: 'https://lua-dao.example' }, { 'sec-fetch-site': 'cross-site' }]) {
    assert.equal((await post({ extract_kind: 'death', _csrf: token }, headers)).status(), 403);
  }
  assert.equal(refused('other_site'), 2);
  await page.reload();
  assert.equal(await page.locator('input[name=extract_kind]:checked').count(), 0, 'nothing was saved');
  assert.equal((await post({ extract_kind: 'birth_certificate', _csrf: token })).status(), 303, 'the true one holds');
  // An upload carries its token too.
  const draft = pathname.match(/ho-so-nhap\/([^/]+)/)[1];
  const upload = await page.context().request.post(`/ho-so-nhap/${draft}/giay-to/old_copy`, {
    multipart: { _csrf: '0'.repeat(64), 'papers.old_copy': { name: 'a.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('x') } }, maxRedirects: 0,
  });
  assert.equal(upload.status(), 403);
  trailHolds(town);
}

async function twoOfficials(world) {
  const { town, browsers } = world;
  const { id, code } = await dossier(world, 'two');
  const [one, other] = [await browsers.as('tuphap.ngabay', plain(desk)), await browsers.as('tuphap2.ngabay', plain(desk))];
  const address = await office.open(one, code);
  await other.goto(address);
  // Both have the free step before them; one takes it, the other is told.
  await office.claim(one);
  await office.claim(other);
  await says(other, 'Nguyễn Hữu Nghĩa');
  assert.equal(await other.locator('button[name=outcome]').count(), 0);
  await browsers.examine(other, 'two-officials-claimed');
  await one.getByRole('button', { name: /Trả/ }).first().click();
  // Now both decide at the same moment, each on the page as it stands.
  for (const page of [one, other]) {
    await page.goto(address);
    await office.checkPapers(page);
    await office.enter(page, extract.facts);
    await page.fill('main textarea[name=note]', `Ý kiến của tôi ${page === one ? 'A' : 'B'}`);
    const next = page.locator('#nb-decide input[name=tiep]');
    if (await next.count()) await next.uncheck();
  }
  await Promise.all([one, other].map(async page => {
    await page.click('button[name=outcome][value=propose]');
    await page.waitForLoadState();
  }));
  const winners = [one, other].filter(page => page.url().includes('da='));
  assert.equal(winners.length, 1, [one, other].map(page => page.url()).join(' '));
  const loser = winners[0] === one ? other : one;
  const name = winners[0] === one ? 'Nguyễn Hữu Nghĩa' : 'Lý Thị Kim Yến';
  await says(loser, name, /Ý kiến của tôi [AB]/);
  await browsers.examine(loser, 'two-officials-decided');
  assert.deepEqual(sql(town, `SELECT count(*) FROM dossiers.history WHERE dossier_id = '${id}' AND outcome = 'propose'`), [['1']]);
  // By the API the same: one is done, the other a conflict that names who was faster.
  const leader = await Asker.of(town, extract.leader);
  await act(leader, code, 'send_back');
  const [first, second] = [await Asker.of(town, 'tuphap.ngabay'), await Asker.of(town, 'tuphap2.ngabay')];
  const { task, version } = await step(first, code);
  const facts = { register_number: '45/1993', register_book: '01/1993', register_date: '1993-05-12', register_name: 'Lê Văn Ba' };
  const body = { version, act: { outcome: 'propose', note: 'Cùng lúc', facts } };
  const answers = await Promise.all([first, second].map(asker => asker.ask('POST', `/api/v1/tasks/${task}/act`, body)));
  assert.deepEqual(answers.map(one => one.status).sort(), [200, 409], JSON.stringify(answers));
  const lost = answers.find(one => one.status === 409).answer;
  assert.match(lost.title, /Nguyễn Hữu Nghĩa|Lý Thị Kim Yến/);
}
