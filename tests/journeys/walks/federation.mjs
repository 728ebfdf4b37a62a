// Signing in by others: VNeID and the single sign-on of the national portal, both played by the simulators beside the program.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import readline from 'node:readline';
import { program } from '../town.mjs';
import { sql } from '../api.mjs';
import { desk, phone, plain, says } from '../browse.mjs';

// shows: R042
export const walks = [
  { name: 'providers', what: 'new and known people come in by VNeID and by the national portal, link, unlink, sign out there; lies, errors and silence open nothing', walk: providers },
];

const VNEID = 'VNeID (trình mô phỏng)';
const PORTAL = 'Cổng Dịch vụ công quốc gia (trình mô phỏng)';

/** The simulators, with the declaration that the program reads. */
async function simulators(town) {
  const file = path.join(town.home, 'federation.yaml');
  const child = spawn(path.join(path.dirname(program), 'ngabay-simulators'), ['--declaration', file, '--with-parent'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = readline.createInterface({ input: child.stdout });
  const [line] = await Promise.race([once(lines, 'line'), once(child, 'exit').then(() => { throw new Error('the simulators have ended'); })]);
  const { address, simulator } = JSON.parse(line);
  assert.equal(simulator, true);
  const behave = async (provider, behaviour) => {
    const answer = await fetch(`${address}/simulator/behaviour`, { method: 'POST', body: new URLSearchParams({ provider, behaviour }) });
    assert.equal(answer.status, 204);
  };
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
  };
  return { file, address, behave, stop };
}

const press = (page, name) => page.getByRole('button', { name, exact: true }).click();

/** From the sign-in page to the simulator. */
async function leave(page, provider, back = '/hop-thu') {
  await page.goto(`/dang-nhap?ve=${back}`);
  await press(page, `Đăng nhập bằng ${provider}`);
  await page.locator('header.banner').waitFor();
  assert.match(await page.locator('header.banner').innerText(), /TRÌNH MÔ PHỎNG/);
}

/** The same, and somebody is chosen there. */
async function come(page, provider, who, back) {
  await leave(page, provider, back);
  await page.getByRole('button', { name: who }).first().click();
}

async function signOut(page) {
  await page.goto('/tai-khoan');
  await page.locator('form[action="/dang-xuat"] button').first().click();
}

async function providers({ town, browsers }) {
  const played = await simulators(town);
  await town.stop();
  await town.start(['--federation', played.file, '--step-up', '15']);
  try {
    await newcomer(town, browsers);
    await known(town, browsers);
    await wrong(town, browsers, played);
    await silent(browsers, played);
  } finally {
    await played.stop();
    await town.stop();
    await town.start();
    browsers.forget('congdan');
  }
}

/** On a phone without scripts: an account is opened, there is no second, and signing out goes all the way. */
async function newcomer(town, browsers) {
  const page = await browsers.page(plain(phone));
  await page.goto('/dang-nhap?ve=/hop-thu');
  await browsers.examine(page, 'federation-sign-in');
  await come(page, VNEID, /Võ Thị Bông Điệp/);
  await page.waitForURL(`${town.address}/hop-thu`);
  await says(page, 'Vừa liên kết với VNeID');
  await page.goto('/tai-khoan');
  await says(page, 'Võ Thị Bông Điệp', 'chưa có mật khẩu', 'Số tài khoản đã liên kết: 1');
  await page.goto('/tai-khoan/thiet-bi');
  await says(page, 'Mở bằng VNeID', 'mức bảo đảm thấp');
  await browsers.examine(page, 'federation-devices');
  await page.goto('/tai-khoan/lien-ket');
  await says(page, 'Đây là cách duy nhất để vào tài khoản');
  assert.equal(await page.getByRole('button', { name: 'Gỡ liên kết' }).count(), 0);
  await browsers.examine(page, 'federation-links');
  await signOut(page);
  await says(page, 'Bạn đã đăng xuất khỏi cổng này');
  await browsers.examine(page, 'federation-farewell');
  // Not signed out there: single sign-on lets the same person in again without asking.
  await page.goto('/dang-nhap?ve=/hop-thu');
  await press(page, `Đăng nhập bằng ${VNEID}`);
  await page.waitForURL(`${town.address}/hop-thu`);
  await signOut(page);
  await page.getByRole('link', { name: `Đăng xuất khỏi ${VNEID}` }).click();
  await says(page, 'Đã đăng xuất');
  await come(page, PORTAL, /Võ Thị Bông Điệp/);
  await page.waitForURL(`${town.address}/hop-thu`);
  await says(page, 'Vừa liên kết với Cổng Dịch vụ công quốc gia');
  assert.deepEqual(sql(town, "SELECT count(DISTINCT account), count(*) FROM federation.link WHERE ended_at IS NULL"), [['1', '2']]);
  assert.deepEqual(sql(town, "SELECT count(*) FROM identity.person WHERE full_name = 'Võ Thị Bông Điệp'"), [['1']]);
  // An account without a password: its owner shows at the provider once more who they are, before everything is handed out.
  sql(town, "UPDATE identity.session SET shown_at = shown_at - interval '1 hour'");
  await page.goto('/tai-khoan/du-lieu');
  await press(page, 'Tải bản JSON (cho máy đọc)');
  await says(page, 'Xác thực lại', 'Xác nhận ở nơi định danh');
  assert.equal(await page.locator('input[type=password]').count(), 0);
  await browsers.examine(page, 'federation-again');
  const again = async who => {
    await press(page, `Xác nhận lại bằng ${PORTAL}`);
    await page.locator('header.banner').waitFor();
    await page.getByRole('button', { name: who }).first().click();
  };
  await again(/Sơn Thái Hòa/);
  await says(page, 'là của người khác', 'Xác thực lại');
  await again(/Võ Thị Bông Điệp/);
  const [file] = await Promise.all([page.waitForEvent('download'), press(page, 'Gửi tiếp câu trả lời')]);
  assert.match(file.suggestedFilename(), /\.json$/);
}

/** A citizen of the demonstration finds the one account; takes the way in away and gives it back. */
async function known(town, browsers) {
  const page = await browsers.page(desk);
  await come(page, VNEID, /Lê Thị Thu Ngân/);
  await page.waitForURL(`${town.address}/hop-thu`);
  await page.goto('/tai-khoan');
  await says(page, 'congdan');
  await page.goto('/tai-khoan/lien-ket');
  await press(page, 'Gỡ liên kết');
  await says(page, 'Đã gỡ liên kết', 'Chưa liên kết');
  await signOut(page);
  await page.goto('/dang-nhap');
  await press(page, `Đăng nhập bằng ${VNEID}`);
  await page.waitForURL(/\/dang-nhap\/lien-thong\/vneid\/ve\?/);
  await says(page, 'Bạn đã gỡ cách đăng nhập này', 'Mật khẩu');
  // Signed in by password it is linked anew, without being asked who it is: the provider knows the browser.
  await browsers.signIn(page, 'congdan', '/tai-khoan/lien-ket');
  await page.locator('li', { hasText: 'VNeID' }).getByRole('button', { name: 'Liên kết', exact: true }).click();
  await page.waitForURL(/\/tai-khoan\/lien-ket\?da=provider_linked/);
  await says(page, 'Đã liên kết', 'Liên kết từ');
  // The other provider may not bring somebody else's identity.
  await page.locator('li', { hasText: 'Cổng Dịch vụ công' }).getByRole('button', { name: 'Liên kết', exact: true }).click();
  await page.locator('header.banner').waitFor();
  await page.getByRole('button', { name: /Sơn Thái Hòa/ }).click();
  await says(page, 'là của người khác');
  await browsers.examine(page, 'federation-other-person');
  assert.deepEqual(sql(town, "SELECT count(*) FROM identity.person WHERE full_name = 'Sơn Thái Hòa'"), [['0']]);
}

/** Who goes back, who is not who they seem, and words that do not hold. */
async function wrong(town, browsers, played) {
  const page = await browsers.page(phone);
  await leave(page, PORTAL, '/thu-tuc');
  await press(page, 'Hủy, quay lại trang trước');
  await says(page, 'Bạn đã dừng đăng nhập ở trang kia', 'Tên đăng nhập');
  await browsers.examine(page, 'federation-cancelled');
  assert.equal(await page.locator('input[name=ve]').first().inputValue(), '/thu-tuc', 'where the person wanted to go is not lost');
  await come(page, VNEID, /sai ngày sinh/);
  await says(page, 'với họ tên hoặc ngày sinh khác');
  await come(page, PORTAL, /Hợp tác xã/);
  await says(page, 'Đây là tài khoản của tổ chức');
  await page.context().clearCookies();
  await played.behave('vneid', 'other_nonce');
  await come(page, VNEID, /Sơn Thái Hòa/);
  await says(page, 'Không kiểm chứng được câu trả lời');
  await played.behave('vneid', 'honest');
  // The address back, opened in another browser or once more, opens nothing.
  const stranger = await browsers.page(phone);
  assert.equal((await stranger.goto(page.url())).status(), 401);
  await says(stranger, 'Lần đăng nhập này đã hết hạn');
  assert.equal((await page.reload()).status(), 401);
  assert.equal((await page.goto('/dang-nhap/lien-thong/nobody/ve?code=a&state=b')).status(), 404);
}

/** A provider that does not answer: the other ways stand there. */
async function silent(browsers, played) {
  const page = await browsers.page(phone);
  await played.behave('vneid', 'down');
  await come(page, VNEID, /Sơn Thái Hòa/);
  await says(page, 'đang không trả lời', 'Mật khẩu', 'Đăng nhập bằng Cổng Dịch vụ công quốc gia');
  await browsers.examine(page, 'federation-away');
  await played.behave('vneid', 'honest');
  // Gone between the choice and the answer.
  await leave(page, PORTAL);
  const url = await page.evaluate(() => document.querySelector('input[name=redirect_uri]').value + '?code=x&state=' + document.querySelector('input[name=state]').value);
  await played.stop();
  assert.equal((await page.goto(url)).status(), 503);
  await says(page, 'đang không trả lời');
}
