// One's own account: a second factor set up, asked for, lost and taken off; a new password; devices; officials who need two factors.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { Asker, sql, whole } from '../api.mjs';
import { desk, phone, plain, says, words } from '../browse.mjs';

export const walks = [
  { name: 'factor', what: 'an authenticator is set up on a phone, asked for at the next sign-in, replaced by a recovery code and taken off', walk: factor },
  { name: 'password', what: 'a new password ends other devices; a wrong old one changes nothing', walk: password },
  { name: 'devices', what: 'devices are listed and ended one by one and all at once', walk: devices },
  { name: 'looks', what: 'a citizen sees at once which official has opened a dossier and its papers, from which position', walk: looks },
  { name: 'officials', what: 'where officials need two factors, nobody is an official before both were shown', walk: officials },
];

const who = 'truongphong.tpngabay';
const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
export const step = () => Math.floor(Date.now() / 30_000);

/** What an authenticator app shows (RFC 6238). */
export function app(secret, at) {
  const bits = [...secret.replaceAll(' ', '')].map(letter => letters.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map(byte => parseInt(byte, 2)));
  const moment = Buffer.alloc(8);
  moment.writeBigUInt64BE(BigInt(at));
  const tag = createHmac('sha1', key).update(moment).digest();
  return String((tag.readUInt32BE(tag[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/** A code that was not shown yet: each is taken once, so the next step is waited for where this one is used up. */
let used = 0;
async function fresh(page, secret) {
  while (step() + 1 <= used) await page.waitForTimeout(500);
  // A clock may go before by one step: that saves half a minute of waiting.
  used = Math.max(used + 1, step());
  return app(secret, used);
}

/** Name and password of somebody who is then asked for a code. */
async function give(browsers, page, account) {
  await browsers.giveCredentials(page, account);
  await page.locator('input[name="mat_khau.ma"]').waitFor();
}

const press = (page, name) => page.getByRole('button', { name, exact: true }).click();
const form = (page, end) => page.locator(`form[action="/tai-khoan/hai-lop${end}"]`);

/** Sets an authenticator up from the page of the account; gives its secret and the recovery codes. */
async function setUp(page, { password }, look = async () => {}) {
  await press(page, 'Bật xác thực hai lớp');
  const secret = await page.locator('main code').innerText();
  assert.match(secret, /^([A-Z2-7]{4} ){7}[A-Z2-7]{4}$/);
  await page.reload();
  assert.equal(await page.locator('main code').innerText(), secret, 'the page shows the same when it is loaded again');
  assert.match(await page.locator('main a[href^="otpauth:"]').getAttribute('href'), new RegExp(`secret=${secret.replaceAll(' ', '')}&`));
  await look('offer');
  await form(page, '').locator('input[name="mat_khau.ma"]').fill('000000');
  await form(page, '').locator('input[name="mat_khau.confirm"]').fill(password);
  await press(page, 'Xác nhận và bật');
  await says(page, 'Mã không đúng hoặc đã dùng rồi');
  assert.equal(await page.locator('main code').innerText(), secret, 'a mistake changes nothing');
  await look('mistake');
  await form(page, '').locator('input[name="mat_khau.ma"]').fill(await fresh(page, secret));
  await form(page, '').locator('input[name="mat_khau.confirm"]').fill('sai mật khẩu rồi');
  await press(page, 'Xác nhận và bật');
  await says(page, 'Mật khẩu không đúng');
  await form(page, '').locator('input[name="mat_khau.ma"]').fill(app(secret, used));
  await form(page, '').locator('input[name="mat_khau.confirm"]').fill(password);
  await press(page, 'Xác nhận và bật');
  await says(page, 'Xác thực hai lớp đã bật');
  const codes = await page.locator('main li code').allInnerTexts();
  assert.equal(codes.length, 10);
  await look('codes');
  await page.getByRole('link', { name: 'Đã cất mã, tiếp tục' }).click();
  await says(page, /Đang bật từ .*Còn 10 mã dự phòng/s);
  return { secret, codes };
}

async function takeOff(page, { password }) {
  await page.goto('/tai-khoan/hai-lop');
  await form(page, '/tat').locator('input[name="mat_khau.remove"]').fill(password);
  await press(page, 'Tắt');
  await says(page, 'Đã tắt xác thực hai lớp');
}

async function factor({ town, browsers }) {
  const account = town.account(who);
  const page = await browsers.page(plain(phone));
  await browsers.signIn(page, who);
  const look = name => browsers.examine(page, `account-factor-${name}`);
  await page.goto('/');
  await page.locator('a[href="/tai-khoan"]').click();
  await says(page, account.name, 'Đang tắt');
  await browsers.examine(page, 'account');
  await page.getByRole('link', { name: 'Xác thực hai lớp' }).click();
  await look('off');
  const { secret, codes } = await setUp(page, account, look);
  await page.goto('/tai-khoan/hai-lop');
  await look('on');

  // Another browser: the password alone leads to the code, and no further.
  const other = await browsers.page(phone);
  await other.goto('/dang-nhap?ve=/hop-thu');
  await give(browsers, other, account);
  await says(other, 'Nhập mã xác thực');
  await browsers.examine(other, 'sign-in-code');
  const peek = await other.context().newPage();
  await peek.goto('/hop-thu');
  await says(peek, 'Tên đăng nhập');
  await peek.close();
  await other.fill('input[name="mat_khau.ma"]', '12 34 56');
  await press(other, 'Đăng nhập');
  await says(other, 'Mã không đúng hoặc đã dùng rồi');
  await browsers.examine(other, 'sign-in-code-mistake');
  await other.fill('input[name="mat_khau.ma"]', app(secret, used));
  await press(other, 'Đăng nhập');
  await says(other, 'Mã không đúng hoặc đã dùng rồi');
  await other.fill('input[name="mat_khau.ma"]', await fresh(other, secret));
  await press(other, 'Đăng nhập');
  await other.waitForURL('**/hop-thu');
  await says(other, 'Xác thực hai lớp vừa thay đổi', 'Có đăng nhập từ thiết bị mới');

  // Without the telephone.
  const third = await browsers.page(plain(desk));
  await third.goto('/dang-nhap');
  await give(browsers, third, account);
  await third.getByText('Không có điện thoại bên cạnh?').click();
  for (const [code, said] of [['0000-0000-0000', 'Mã dự phòng không đúng'], [codes[0], null], [codes[0], 'Mã dự phòng không đúng']]) {
    if (third.url().endsWith('/can-bo')) {
      await third.context().clearCookies();
      await third.goto('/dang-nhap');
      await give(browsers, third, account);
      await third.getByText('Không có điện thoại bên cạnh?').click();
    }
    await third.fill('input[name="mat_khau.du_phong"]', code.toLowerCase());
    await press(third, 'Đăng nhập');
    if (said) await says(third, said); else await third.waitForURL('**/can-bo');
  }
  // A program shows the code in the same request.
  const asker = new Asker(town, '');
  const bare = await asker.ask('POST', '/api/v1/sessions', { login: account.name, password: account.password });
  assert.deepEqual([bare.status, bare.answer.code], [401, 'identity.code_needed']);
  const whole = await asker.ask('POST', '/api/v1/sessions', { login: account.name, password: account.password, code: codes[1] });
  assert.equal(whole.status, 201);
  asker.token = whole.answer.token;
  assert.equal((await asker.done('GET', '/api/v1/me/second-factor')).recovery_codes_left, 8);

  await page.goto('/tai-khoan/hai-lop');
  await form(page, '/ma-du-phong').locator('input[name="mat_khau.renew"]').fill(account.password);
  await press(page, 'Tạo mã mới');
  assert.equal((await page.locator('main li code').allInnerTexts()).filter(code => codes.includes(code)).length, 0);
  await takeOff(page, account);
  await other.reload();
  await says(other, 'Tên đăng nhập');
  const kept = sql(town, `SELECT count(*) FROM identity.totp JOIN identity.account ON account.id = totp.account WHERE login = '${account.name}'`);
  assert.deepEqual(kept, [['0']]);
}

async function password({ town, browsers }) {
  const account = town.account(who);
  const page = await browsers.page(plain(phone));
  const other = await browsers.page(plain(desk));
  for (const one of [page, other]) await browsers.signIn(one, who);
  const change = async (old, next, again = next) => {
    await page.goto('/tai-khoan/mat-khau');
    for (const [name, value] of [['mat_khau', old], ['mat_khau_moi', next], ['mat_khau_lai', again]]) await page.fill(`input[name=${name}]`, value);
    await press(page, 'Đổi mật khẩu');
  };
  const next = 'lục bình trôi trên sông Cái Lớn';
  await page.goto('/tai-khoan/mat-khau');
  await browsers.examine(page, 'account-password');
  for (const [old, to, again, said] of [
    ['sai mật khẩu', next, next, 'Mật khẩu không đúng'],
    [account.password, next, `${next}!`, 'Hai lần nhập mật khẩu mới không giống nhau'],
    [account.password, 'ngan', 'ngan', 'Mật khẩu cần ít nhất 12 ký tự'],
  ]) {
    await change(old, to, again);
    await says(page, said);
    assert.equal(await page.inputValue('input[name=mat_khau]'), '', 'a password is never in a page');
  }
  await browsers.examine(page, 'account-password-mistake');
  await other.goto('/can-bo');
  await says(other, /Việc|Hồ sơ/);
  await change(account.password, next);
  await says(page, 'Đã đổi mật khẩu');
  await other.goto('/can-bo');
  await says(other, 'Tên đăng nhập');
  await change(next, account.password);
  await says(page, 'Đã đổi mật khẩu');
}

async function devices({ browsers }) {
  const pages = [];
  for (const device of [plain(phone), plain(desk), plain(desk)]) {
    const page = await browsers.page(device);
    await browsers.signIn(page, who);
    pages.push(page);
  }
  const [page, second, third] = pages;
  await page.goto('/tai-khoan/thiet-bi');
  await says(page, 'Chrome trên', 'Thiết bị này');
  await browsers.examine(page, 'account-devices');
  const before = await page.locator('main').getByRole('button', { name: 'Đăng xuất', exact: true }).count();
  await page.locator('main').getByRole('button', { name: 'Đăng xuất', exact: true }).first().click();
  await says(page, 'Đã đăng xuất khỏi thiết bị đó');
  assert.equal(await page.locator('main').getByRole('button', { name: 'Đăng xuất', exact: true }).count(), before - 1);
  // The newest stands first.
  await third.goto('/tai-khoan');
  await says(third, 'Tên đăng nhập');
  await second.goto('/tai-khoan');
  await says(second, 'Tài khoản của tôi');
  await press(page, 'Đăng xuất khỏi mọi thiết bị khác');
  await says(page, 'Không có thiết bị nào khác đang đăng nhập');
  await browsers.examine(page, 'account-devices-alone');
  await second.goto('/tai-khoan');
  await says(second, 'Tên đăng nhập');
}

async function looks({ town, browsers, papers }) {
  const [lan, clerk] = [await Asker.of(town, 'congdan'), await Asker.of(town, 'motcua.ngabay')];
  const { status, answer } = await lan.ask('POST', '/api/v1/dossiers', whole(`looks-${Date.now()}`, papers.photo.buffer, '31340'));
  assert.equal(status, 201, JSON.stringify(answer));
  const page = await browsers.as('congdan', plain(phone));
  await page.goto('/tai-khoan/ai-da-xem');
  assert.ok(!(await words(page)).includes(answer.code), 'nobody has looked yet');
  const { items: [row] } = await clerk.done('GET', `/api/v1/inbox?hop=all&q=${answer.code}`);
  const { dossier } = await clerk.done('GET', `/api/v1/tasks/${row.task}`);
  const { papers: [paper] } = await clerk.done('GET', `/api/v1/dossiers/${answer.id}`);
  assert.equal((await clerk.ask('GET', `/api/v1/dossiers/${answer.id}/papers/${paper.file}`)).status, 200);
  assert.equal(dossier.code, answer.code);
  await page.goto('/tai-khoan');
  await page.getByRole('link', { name: 'Ai đã xem dữ liệu của tôi' }).click();
  await says(page, `Mở hồ sơ: ${answer.code}`, `Mở giấy tờ của hồ sơ: ${answer.code}`, 'Ủy ban nhân dân phường Ngã Bảy');
  await browsers.examine(page, 'account-looks');
  const { items } = await lan.done('GET', '/api/v1/me/looks?so=2');
  assert.deepEqual(items.map(look => [look.action, look.purpose]), [['dossiers.paper_read', answer.code], ['dossiers.read', answer.code]]);
  // What is told to one is not told to another.
  const other = await browsers.as('congdan2', plain(phone));
  await other.goto('/tai-khoan/ai-da-xem');
  assert.ok(!(await words(other)).includes(answer.code));
}

async function officials({ town, browsers }) {
  const account = town.account(who);
  await town.stop();
  await town.start(['--second-factor', 'officials']);
  try {
    const page = await browsers.page(plain(desk));
    await page.goto('/dang-nhap?ve=/can-bo');
    await browsers.giveCredentials(page, account);
    await page.waitForURL(url => url.pathname === '/tai-khoan/hai-lop');
    await says(page, 'Hãy bật xác thực hai lớp để bắt đầu làm việc');
    await browsers.examine(page, 'account-factor-needed');
    assert.equal((await page.goto('/can-bo')).status(), 403);
    assert.equal((await page.goto('/thu-tuc')).status(), 200, 'a citizen like everybody');
    await page.goto('/tai-khoan/hai-lop');
    const { secret } = await setUp(page, account);
    assert.equal((await page.goto('/can-bo')).status(), 200, 'from the next page on');
    await page.goto('/tai-khoan/hai-lop');
    assert.equal(await form(page, '/tat').count(), 0);
    await says(page, 'Cán bộ phải dùng xác thực hai lớp nên không tắt được');
    const other = await browsers.page(phone);
    await other.goto('/dang-nhap');
    await give(browsers, other, account);
    await other.fill('input[name="mat_khau.ma"]', await fresh(other, secret));
    await press(other, 'Đăng nhập');
    await other.waitForURL('**/can-bo');
    // Programs of officials are no exception.
    const asker = await Asker.of(town, 'motcua.ngabay');
    assert.equal((await asker.done('GET', '/api/v1/me')).kind, 'citizen');
    assert.equal((await asker.ask('GET', '/api/v1/inbox')).status, 403);
  } finally {
    await town.stop();
    await town.start();
  }
  const page = await browsers.page(plain(phone));
  await page.goto('/dang-nhap');
  await give(browsers, page, account);
  await says(page, 'Nhập mã xác thực');
  sql(town, 'DELETE FROM identity.recovery_code; DELETE FROM identity.totp');
}
