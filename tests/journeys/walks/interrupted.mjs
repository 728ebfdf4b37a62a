// What happens to people in the middle of their work: a press too many, reload and back, two tabs, a session that has ended, a slow line.
import assert from 'node:assert/strict';
import net from 'node:net';
import { Asker, act, another, sql, whole } from '../api.mjs';
import * as citizen from '../citizen.mjs';
import { extract, shop } from '../cases.mjs';
import { desk, phone, plain, says, words } from '../browse.mjs';
import * as office from '../office.mjs';

const both = [['with JavaScript', device => device], ['without JavaScript', plain]];

export const walks = [
  ...both.map(([how, kind]) => ({ name: `twice-${kind === plain ? 'plain' : 'scripts'}`, what: `a press too many does nothing twice, ${how}`, walk: world => twice(world, kind) })),
  ...both.map(([how, kind]) => ({ name: `back-${kind === plain ? 'plain' : 'scripts'}`, what: `reload and back after the submission, ${how}`, walk: world => back(world, kind) })),
  { name: 'tabs', what: 'two tabs on one draft: what was saved last stands, one submission, one dossier', walk: tabs },
  ...both.map(([how, kind]) => ({ name: `session-${kind === plain ? 'plain' : 'scripts'}`, what: `a session ends in the middle of a form: what was typed is kept, ${how}`, walk: world => session(world, kind) })),
  { name: 'slow', what: 'a photograph over a slow line: progress is shown, pressing again sends nothing more, a broken line can be tried again', walk: slow },
];

const draftOf = page => page.url().match(/ho-so-nhap\/([^/]+)/)[1];
const one = (town, text) => sql(town, text)[0][0];

/** Presses as people do who are used to double clicks, and waits for where it leads. */
async function pressTwice(page, control, where) {
  await control.dblclick({ noWaitAfter: true });
  for (let there = false; !there;) {
    // The second press cuts the way of the first short.
    there = await page.waitForURL(where).then(() => true, error => { if (!/ERR_ABORTED/.test(error.message)) throw error; return false; });
  }
  await page.waitForLoadState();
}

const button = (page, name) => page.locator('main').getByRole('button', { name }).first();

/** Everything up to the check, one photograph attached by a double press. */
async function toCheck(page, town, papers) {
  await citizen.begin(page, extract);
  await citizen.answerAll(page, extract);
  const form = page.locator('form[action$="/giay-to/authorisation"]');
  await form.locator('input[type=file]').setInputFiles([papers.pdf]);
  await pressTwice(page, form.getByRole('button', { name: 'Tải lên' }), '**/papers*');
  await page.locator('.nb-files').getByText(papers.pdf.name).first().waitFor();
  const draft = draftOf(page);
  // The first of two presses may still be under way when the page of the second is there.
  await settled(() => Number(one(town, `SELECT count(*) FROM forms.attachment WHERE draft = '${draft}'`)) >= 1);
  assert.equal(one(town, `SELECT count(*) FROM forms.attachment WHERE draft = '${draft}'`), '1', 'attached once');
  await citizen.goOn(page);
  await page.waitForURL('**/kiem-tra');
  return draft;
}

async function settled(ready) {
  for (const until = Date.now() + 5_000; !ready() && Date.now() < until;) await new Promise(resolve => setTimeout(resolve, 20));
}

async function twice({ town, browsers, papers }, kind) {
  const page = await browsers.as('congdan', kind(phone));
  const draft = await toCheck(page, town, papers);
  await page.check('input[name=cam_doan]');
  await pressTwice(page, button(page, 'Nộp hồ sơ'), '**/bien-nhan');
  const code = await citizen.codeOn(page);
  const home = page.url().replace('/bien-nhan', '');
  const id = home.split('/').pop();
  assert.deepEqual(sql(town, `SELECT code FROM dossiers.dossier WHERE draft_id = '${draft}'`), [[code]]);
  const lines = action => one(town, `SELECT count(*) FROM dossiers.history WHERE dossier_id = '${id}' AND action = '${action}'`);
  assert.equal(lines('submitted'), '1');

  // The clerk takes the step and asks for a supplement, pressing twice each time.
  const clerk = await browsers.as(extract.clerk, kind(desk));
  await office.open(clerk, code);
  await pressTwice(clerk, clerk.getByRole('button', { name: 'Nhận việc này' }), '**da=desk_claimed');
  assert.equal(lines('claimed'), '1');
  await office.checkPapers(clerk);
  const next = clerk.locator('#nb-decide input[name=tiep]');
  if (await next.count()) await next.uncheck();
  await pressTwice(clerk, clerk.locator('button[name=outcome][value=accept]'), '**da=desk_accepted*');
  await says(clerk, 'Đã tiếp nhận hồ sơ');
  assert.equal(lines('received'), '1');
  assert.equal(one(town, `SELECT count(*) FROM dossiers.document WHERE dossier_id = '${id}' AND kind = 'reception'`), '1');

  await office.act(await browsers.as(extract.specialist, plain(desk)), code, 'propose', { note: 'Đủ điều kiện.', facts: extract.facts });
  await office.act(await browsers.as(extract.leader, plain(desk)), code, 'approve');
  // The fee, then the hand-over.
  await office.open(clerk, code);
  await office.claim(clerk);
  await clerk.fill(`[name="receipt_number.${extract.fee}"]`, 'BL-0101');
  await pressTwice(clerk, clerk.getByRole('button', { name: /Ghi nhận đã thu/ }), '**da=desk_paid');
  await says(clerk, 'Đã ghi nhận khoản thu', 'BL-0101');
  assert.equal(lines('paid'), '1');
  await pressTwice(clerk, clerk.locator('button[name=outcome][value=handed_over]'), '**da=desk_handed_over*');
  assert.equal(lines('handed_over'), '1');

  await page.goto(home);
  await page.check('input[name=diem][value="5"]');
  await pressTwice(page, button(page, 'Gửi đánh giá'), url => url.pathname === new URL(home).pathname);
  await page.getByText('Bạn đã đánh giá 5/5').first().waitFor();
  await says(page, 'Bạn đã đánh giá 5/5');
  assert.equal(lines('rated'), '1');

  // Withdrawing another one.
  const lan = await Asker.of(town, 'congdan');
  const other = await lan.done('POST', '/api/v1/dossiers', whole(`twice-${kind === plain}-${Date.now()}`, papers.photo.buffer));
  await page.goto(`/ho-so-cua-toi/${other.id}/rut`);
  await page.fill('textarea[name=ly_do]', 'Nộp nhầm hồ sơ');
  await pressTwice(page, page.locator('main form[action$="/rut"] button').first(), `**/${other.id}?da=withdrawn`);
  assert.equal(one(town, `SELECT count(*) FROM dossiers.history WHERE dossier_id = '${other.id}' AND action = 'withdrawn'`), '1');
}

async function back({ town, browsers, papers }, kind) {
  const page = await browsers.as('congdan', kind(phone));
  const draft = await toCheck(page, town, papers);
  await citizen.submit(page);
  const receipt = page.url();
  const code = await citizen.codeOn(page);
  await page.reload();
  assert.equal(await citizen.codeOn(page), code);
  // Back leads to pages of the draft, and each of them to the receipt.
  await page.goBack();
  await page.waitForURL(receipt);
  for (const rest of ['', '/kiem-tra', '/nop', '/papers', '/requester', '/huy']) {
    await page.goto(`/ho-so-nhap/${draft}${rest}`);
    assert.equal(page.url(), receipt, rest);
  }
  assert.equal(await citizen.codeOn(page), code);
  await browsers.examine(page, `back-${kind === plain ? 'plain' : 'scripts'}`);
  assert.equal(one(town, `SELECT count(*) FROM dossiers.dossier WHERE draft_id = '${draft}'`), '1');
  await page.goto('/ho-so-cua-toi');
  assert.equal((await words(page)).split(code).length, 2, 'once in the list');
}

async function tabs({ town, browsers, papers }) {
  const first = await browsers.as('congdan', plain(phone));
  await citizen.begin(first, extract);
  const question = first.url();
  const second = await first.context().newPage();
  await second.goto(question);
  await citizen.answer(first, 'extract_kind', 'birth_certificate');
  await citizen.goOn(first);
  await citizen.answer(second, 'extract_kind', 'marriage');
  await citizen.goOn(second);
  await first.goto(question);
  assert.ok(await first.isChecked('input[name=extract_kind][value=marriage]'), 'what was saved last');
  await citizen.fillPage(first, extract.answers);
  await citizen.goOn(first);
  await citizen.answerAll(first, extract);
  await citizen.attachAll(first, extract, papers);
  await citizen.goOn(first);
  // Both stand before the last button; one of them also has an old question open.
  const draft = draftOf(first);
  const third = await first.context().newPage();
  await third.goto(question);
  await second.goto(`/ho-so-nhap/${draft}/kiem-tra`);
  for (const page of [first, second]) await page.check('input[name=cam_doan]');
  await Promise.all([first, second].map(async page => {
    await citizen.press(page, 'Nộp hồ sơ');
    await page.waitForURL('**/bien-nhan');
  }));
  assert.equal(first.url(), second.url(), 'the same dossier');
  assert.equal(one(town, `SELECT count(*) FROM dossiers.dossier WHERE draft_id = '${draft}'`), '1');
  await citizen.goOn(third);
  assert.equal(third.url(), first.url(), 'a question of a draft that is a dossier leads to its receipt');
}

async function session({ town, browsers, papers }, kind) {
  const how = kind === plain ? 'plain' : 'scripts';
  const page = await browsers.page(kind(phone));
  await browsers.signIn(page, 'congdan2');
  /** The session that was opened last, which is the one of this browser. */
  const endSession = () => sql(town, `UPDATE identity.session SET ended_at = now(), end_reason = 'ended_elsewhere'
    WHERE id = (SELECT session.id FROM identity.session JOIN identity.account ON account.id = session.account WHERE login = 'congdan2' ORDER BY session.created_at DESC LIMIT 1)`);
  await citizen.begin(page, extract);
  const draft = draftOf(page);
  const answers = { ...extract.answers, registered_year: '1971' };
  while (!await page.locator('[name=registered_year]').count()) {
    await citizen.fillPage(page, answers);
    await citizen.goOn(page);
  }
  const question = page.url();
  // Typed, but the session is gone when it is sent: sign in, one press, and it goes on.
  await citizen.fillPage(page, answers);
  endSession();
  await citizen.goOn(page);
  await says(page, 'Phiên làm việc đã kết thúc', 'vẫn được giữ');
  await browsers.examine(page, `session-ended-${how}`);
  // A slip in the password loses nothing either.
  await page.fill('input[name=ten]', 'congdan2');
  await page.fill('input[name=mat_khau]', 'sai-mật-khẩu');
  await page.press('input[name=mat_khau]', 'Enter');
  await says(page, 'vẫn được giữ');
  await browsers.giveCredentials(page, town.account('congdan2'));
  await page.getByRole('button', { name: 'Gửi tiếp câu trả lời' }).waitFor();
  await browsers.examine(page, `session-resume-${how}`);
  await button(page, 'Gửi tiếp câu trả lời').click();
  await page.waitForURL(url => url.pathname.includes(draft));
  assert.notEqual(page.url(), question, await words(page));
  await page.goto(question);
  assert.equal(await page.inputValue('[name=registered_year]'), '1971');
  // The same, but the person signs in again in another tab: the page of the earlier session sends it once more.
  await page.fill('[name=registered_year]', '1972');
  endSession();
  const tab = await page.context().newPage();
  await browsers.signIn(tab, 'congdan2');
  await citizen.goOn(page);
  await says(page, 'Những gì bạn vừa điền vẫn còn nguyên ở đây');
  await browsers.examine(page, `session-other-tab-${how}`);
  await button(page, 'Gửi lại').click();
  await page.waitForURL(url => url.pathname.includes(draft));
  await page.goto(question);
  assert.equal(await page.inputValue('[name=registered_year]'), '1972');
  // A file cannot be carried along: after the sign-in the page of papers is there again.
  await citizen.goOn(page);
  await citizen.answerAll(page, extract);
  endSession();
  await citizen.attach(page, 'authorisation', [papers.photo]);
  await page.waitForURL(url => url.pathname === '/dang-nhap');
  await browsers.giveCredentials(page, town.account('congdan2'));
  await page.waitForURL(`**/${draft}/papers`);
}

/** A line towards the program that carries so many bytes a second and can break. */
async function slowLine(town, speed) {
  const { hostname, port } = new URL(town.address);
  const open = new Set();
  let carried = 0;
  const server = net.createServer(near => {
    const far = net.connect(Number(port), hostname);
    open.add(near);
    near.on('close', () => { open.delete(near); far.destroy(); });
    near.on('error', () => {});
    far.on('error', () => near.destroy());
    far.pipe(near);
    near.on('data', async chunk => {
      near.pause();
      for (let at = 0; at < chunk.length && !near.destroyed; at += 1_000) {
        const part = chunk.subarray(at, at + 1_000);
        far.write(part);
        carried += part.length;
        await new Promise(resolve => setTimeout(resolve, part.length / speed * 1000));
      }
      near.resume();
    });
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  return { address: `http://127.0.0.1:${server.address().port}`, carried: () => carried, cut: () => open.forEach(near => near.destroy()), close: () => server.close() };
}

async function slow({ town, browsers, papers }) {
  const page = await browsers.as('congdan', phone);
  await citizen.begin(page, extract);
  await citizen.answerAll(page, extract);
  const draft = draftOf(page);
  const line = await slowLine(town, 8_000);
  const photo = { ...papers.photo, buffer: another(papers.photo.buffer, 'slow') };
  const form = page.locator('form[action$="/giay-to/authorisation"]');
  // The line breaks in the middle: the browser says so, nothing is kept, and the same page takes it again.
  await page.goto(`${line.address}/ho-so-nhap/${draft}/papers`);
  await form.locator('input[type=file]').setInputFiles([photo]);
  // While a page is on its way nothing can be asked of the one before: it writes down itself what it showed.
  await form.locator('[data-nb-sending]').evaluate(box => new MutationObserver(() => {
    if (!box.hidden) sessionStorage.setItem('shown', box.textContent);
  }).observe(box, { attributes: true }));
  const before = line.carried();
  await form.getByRole('button', { name: 'Tải lên' }).click({ noWaitAfter: true });
  await settled(() => line.carried() > before + 4_000);
  line.cut();
  await page.waitForEvent('requestfailed', { timeout: 2_000 }).catch(() => {});
  await page.goto(`${line.address}/ho-so-nhap/${draft}/papers`);
  assert.match(await page.evaluate(() => sessionStorage.getItem('shown')) ?? '', /Đang gửi tệp/);
  assert.equal(one(town, `SELECT count(*) FROM forms.attachment WHERE draft = '${draft}'`), '0');
  await form.locator('input[type=file]').setInputFiles([photo]);
  const upload = form.getByRole('button', { name: 'Tải lên' });
  let sent = 0;
  page.on('request', request => { if (request.method() === 'POST') sent += 1; });
  await upload.dblclick({ noWaitAfter: true });
  await page.locator('.nb-files').waitFor();
  await says(page, photo.name);
  assert.equal(sent, 1, 'pressed again while it was sending, nothing more was sent');
  assert.equal(one(town, `SELECT count(*) FROM forms.attachment WHERE draft = '${draft}'`), '1');
  page.complaints.length = 0;
  line.cut();
  line.close();
}
