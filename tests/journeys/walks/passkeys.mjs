// Passkeys: made, shown alone and after the password, removed; and acts of officials that ask anew who is there.
import assert from 'node:assert/strict';
import { Asker, sql, whole } from '../api.mjs';
import { desk, phone, plain, says } from '../browse.mjs';
import { extract } from '../cases.mjs';
import { act, checkPapers, claim, decide, open } from '../office.mjs';

export const walks = [
  { name: 'own', what: 'a passkey is made, opens the account alone and after the password, and is removed', walk: own },
  { name: 'plain', what: 'without scripts the pages say what is missing, and nothing breaks', walk: without },
  { name: 'again', what: 'an approval and an export ask anew who is there, and nothing typed is lost', walk: again },
];

const who = 'truongphong.tpngabay';
const press = (page, name) => page.getByRole('button', { name, exact: true }).click();

/** The town by the name for which passkeys hold: a number is none. */
const named = (town, device) => ({ ...device, baseURL: town.address.replace('127.0.0.1', 'localhost') });

/** Gives a page an authenticator that says yes to everything. */
async function authenticator(page) {
  const line = await page.context().newCDPSession(page);
  await line.send('WebAuthn.enable');
  const options = { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true };
  const { authenticatorId } = await line.send('WebAuthn.addVirtualAuthenticator', { options });
  return {
    credentials: async () => (await line.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
    verified: isUserVerified => line.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified }),
    forget: () => line.send('WebAuthn.clearCredentials', { authenticatorId }),
  };
}

/** Makes a passkey from the page of the account, up to the page that says so. */
async function make(page, account, name) {
  await page.goto('/tai-khoan/khoa-truy-cap');
  await page.fill('input[name=ten]', name);
  await page.fill('input[name=mat_khau]', account.password);
  await press(page, 'Tiếp tục');
  await says(page, `Khóa “${name}” sắp được tạo`);
  await press(page, 'Tạo khóa trên thiết bị này');
}

async function signOut(page) {
  await page.context().clearCookies();
  await page.goto('/dang-nhap?ve=/hop-thu');
}

async function own({ town, browsers }) {
  const account = town.account(who);
  const page = await browsers.page(named(town, phone));
  const device = await authenticator(page);
  const look = name => browsers.examine(page, `passkeys-${name}`);
  await browsers.signIn(page, who);
  await page.goto('/tai-khoan');
  await page.getByRole('link', { name: 'Khóa truy cập (passkey)' }).click();
  await says(page, 'Bạn chưa có khóa truy cập nào');
  await look('none');
  await page.fill('input[name=ten]', 'Điện thoại của tôi');
  await page.fill('input[name=mat_khau]', 'sai mật khẩu rồi');
  await press(page, 'Tiếp tục');
  await says(page, 'Mật khẩu không đúng');
  assert.equal(await page.inputValue('input[name=ten]'), 'Điện thoại của tôi');
  await look('mistake');
  await page.fill('input[name=mat_khau]', account.password);
  await press(page, 'Tiếp tục');
  await look('offer');
  await press(page, 'Tạo khóa trên thiết bị này');
  await page.getByRole('heading', { name: 'Mã dự phòng của bạn' }).waitFor();
  assert.equal((await page.locator('main li code').allInnerTexts()).length, 10);
  await page.goto('/tai-khoan/khoa-truy-cap');
  await says(page, 'Điện thoại của tôi');
  await look('one');
  const [kept] = await device.credentials();
  assert.equal(kept.rpId, 'localhost');
  assert.ok(kept.isResidentCredential);

  // Alone.
  await signOut(page);
  await browsers.examine(page, 'sign-in-passkey');
  await press(page, 'Đăng nhập bằng khóa truy cập');
  await page.waitForURL(url => url.pathname === '/hop-thu');
  await says(page, 'Vừa thêm một khóa truy cập');
  // A device that asks nobody opens nothing, and says so.
  await signOut(page);
  await device.verified(false);
  await press(page, 'Đăng nhập bằng khóa truy cập');
  await page.getByText('Chưa dùng được khóa truy cập').waitFor();
  await device.verified(true);
  await press(page, 'Đăng nhập bằng khóa truy cập');
  await page.waitForURL(url => url.pathname === '/hop-thu');

  // After the password.
  await signOut(page);
  await browsers.giveCredentials(page, account);
  await says(page, 'Nhập mã xác thực', 'Hãy dùng khóa truy cập của bạn');
  await look('after-password');
  await press(page, 'Đăng nhập bằng khóa truy cập');
  await page.waitForURL(url => url.pathname === '/hop-thu');

  // A second one beside it: no codes are shown again.
  await page.goto('/tai-khoan');
  await says(page, 'Số khóa đã thêm: 1', 'Đang bật bằng khóa truy cập');
  const other = await browsers.page(named(town, desk));
  await authenticator(other);
  await other.goto('/dang-nhap');
  await browsers.giveCredentials(other, account);
  await says(other, 'Nhập mã xác thực');

  // Removed, by whoever knows the password and has shown the key lately.
  await page.goto('/tai-khoan/khoa-truy-cap');
  await page.getByRole('link', { name: 'Xóa khóa' }).click();
  await look('removal');
  await page.fill('input[name=mat_khau]', 'sai mật khẩu rồi');
  await press(page, 'Xóa khóa');
  await says(page, 'Mật khẩu không đúng');
  await page.fill('input[name=mat_khau]', account.password);
  await press(page, 'Xóa khóa');
  await says(page, 'Bạn chưa có khóa truy cập nào');
  await signOut(page);
  await press(page, 'Đăng nhập bằng khóa truy cập');
  await page.getByText('Khóa truy cập này không mở được tài khoản').first().waitFor();
  await browsers.examine(page, 'sign-in-passkey-wrong');
  await browsers.giveCredentials(page, account);
  await page.waitForURL(url => url.pathname === '/hop-thu');
  // With the last one two-step sign-in has gone: that is the news.
  await says(page, 'Xác thực hai lớp vừa bị tắt');
  assert.deepEqual(sql(town, 'SELECT count(*) FROM identity.passkey'), [['0']]);
  browsers.forget(who);
}

async function without({ town, browsers }) {
  const page = await browsers.page(named(town, plain(phone)));
  await page.goto('/dang-nhap');
  await says(page, 'Khóa truy cập cần JavaScript');
  assert.equal(await page.getByRole('button', { name: 'Đăng nhập bằng khóa truy cập' }).count(), 0);
  await browsers.examine(page, 'sign-in-plain');
  await browsers.signIn(page, who);
  await page.goto('/tai-khoan/khoa-truy-cap');
  await says(page, 'Khóa truy cập cần JavaScript');
  await browsers.examine(page, 'passkeys-plain');
  await page.fill('input[name=ten]', 'Máy tính');
  await page.fill('input[name=mat_khau]', town.account(who).password);
  await press(page, 'Tiếp tục');
  await says(page, 'Khóa truy cập cần JavaScript');
  await browsers.examine(page, 'passkeys-offer-plain');
}

async function again({ town, browsers, papers }) {
  const [lan, clerk] = [await Asker.of(town, 'congdan'), await Asker.of(town, 'motcua.ngabay')];
  const { status, answer } = await lan.ask('POST', '/api/v1/dossiers', whole(`again-${Date.now()}`, papers.photo.buffer, '31340'));
  assert.equal(status, 201, JSON.stringify(answer));
  await town.stop();
  await town.start(['--step-up', '15']);
  const past = "UPDATE identity.session SET shown_at = shown_at - interval '20 minutes'";
  try {
    const desk1 = await browsers.page(plain(desk));
    await browsers.signIn(desk1, 'motcua.ngabay');
    // A clerk's step is not an approval.
    sql(town, past);
    await act(desk1, answer.code, 'accept');
    assert.ok(!(await desk1.content()).includes('Xác thực lại'), 'accepting a dossier does not ask');
    // The ledger: looking is free, taking it out is not.
    sql(town, past);
    await desk1.goto('/can-bo/so-theo-doi');
    const link = desk1.getByRole('link', { name: 'Tải về bảng CSV' });
    await link.click();
    await says(desk1, 'Xác thực lại');
    await browsers.examine(desk1, 'again-export');
    await desk1.fill('input[name="mat_khau.lai"]', 'sai mật khẩu rồi');
    await press(desk1, 'Xác thực và tiếp tục');
    await says(desk1, 'Mật khẩu không đúng');
    await browsers.examine(desk1, 'again-mistake');
    await desk1.fill('input[name="mat_khau.lai"]', town.account('motcua.ngabay').password);
    await press(desk1, 'Xác thực và tiếp tục');
    await says(desk1, 'Sổ theo dõi hồ sơ', answer.code);
    const [file] = await Promise.all([desk1.waitForEvent('download'), link.click()]);
    assert.match(file.suggestedFilename(), /^so-theo-doi-ho-so-.*\.csv$/);
    const asker = await Asker.of(town, 'motcua.ngabay');
    sql(town, past);
    const day = new Date().toISOString().slice(0, 10);
    const table = `/api/v1/ledger.csv?tu=${day}&den=${day}`;
    const refused = await asker.ask('GET', table);
    assert.deepEqual([refused.status, refused.answer.code], [403, 'identity.step_up_needed']);
    await asker.done('POST', '/api/v1/me/step-up', { password: town.account('motcua.ngabay').password });
    assert.equal((await asker.ask('GET', table)).status, 200);
    await approve({ town, browsers, past, code: answer.code });
  } finally {
    await town.stop();
    await town.start();
  }
}

/** Up to the leader, who approves with a passkey, and with the password before there is one. */
async function approve({ town, browsers, past, code }) {
  const specialist = await browsers.page(plain(desk));
  await browsers.signIn(specialist, extract.specialist);
  await act(specialist, code, 'propose', { facts: extract.facts });
  const leader = await browsers.page(named(town, desk));
  await authenticator(leader);
  await browsers.signIn(leader, extract.leader);
  await make(leader, town.account(extract.leader), 'Máy ở cơ quan');
  await leader.getByRole('heading', { name: 'Mã dự phòng của bạn' }).waitFor();
  sql(town, past);
  await open(leader, code);
  await claim(leader);
  await checkPapers(leader);
  await decide(leader, 'approve', 'Đồng ý cấp hai bản.');
  await says(leader, 'Xác thực lại', 'Những gì bạn đã nhập vẫn còn nguyên');
  await browsers.examine(leader, 'again-approve');
  await leader.fill('input[name="mat_khau.ma"]', '000000');
  await press(leader, 'Xác thực và tiếp tục');
  await says(leader, 'Mã không đúng hoặc đã dùng rồi');
  await press(leader, 'Dùng khóa truy cập');
  await leader.waitForURL(/da=desk_advanced/);
  const noted = sql(town, `SELECT history.note FROM dossiers.history JOIN dossiers.dossier ON dossier.id = history.dossier_id WHERE dossier.code = '${code}' AND history.outcome = 'approve'`);
  assert.deepEqual(noted, [['Đồng ý cấp hai bản.']]);
  // The next one within the quarter of an hour does not ask.
  const shown = sql(town, "SELECT detail::json->>'shown' FROM op.audit_entry WHERE action = 'identity.stepped_up' ORDER BY id DESC LIMIT 1");
  assert.deepEqual(shown, [['passkey']]);
  sql(town, 'DELETE FROM identity.passkey; DELETE FROM identity.recovery_code');
  browsers.forget(extract.leader);
}
