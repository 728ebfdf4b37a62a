// Looking after accounts and watching over rights: suspended and started anew, reviewed by heads of agencies, taken for an emergency and reported.
import assert from 'node:assert/strict';
import { Asker, whole } from '../api.mjs';
import { desk, hides, phone, plain, says } from '../browse.mjs';

export const walks = [
  { name: 'accounts', what: 'an administrator finds an account, suspends it, lets it in again and gives a code, with which its owner sets a password on a phone', walk: accounts },
  { name: 'review', what: 'an administrator opens the review of the quarter, a chair keeps and takes back, what was taken back ends and is given back', walk: review },
  { name: 'emergency', what: 'a chair takes a right for an emergency, sees a case of another ward until it is given back, reports, and the officer for data protection looks at it', walk: emergency },
];

const press = (page, name) => page.getByRole('button', { name, exact: true }).first().click();

async function accounts({ town, browsers }) {
  const owner = town.account('taichinh.tpngabay');
  const admin = await browsers.as('quantri.tinh', desk);
  const look = (page, name) => browsers.examine(page, `accounts-${name}`);
  await admin.goto('/can-bo');
  await admin.getByRole('link', { name: 'Tài khoản', exact: true }).click();
  await says(admin, 'Không đăng nhập quá 90 ngày');
  await look(admin, 'list');
  await admin.fill('input[name=q]', 'khong.co.ai.ca');
  await press(admin, 'Xem');
  await says(admin, 'Không có tài khoản nào phù hợp');
  await look(admin, 'none');
  await admin.fill('input[name=q]', 'taichinh.tpngabay');
  await press(admin, 'Xem');
  await admin.locator('main table tbody a').first().click();
  await look(admin, 'one');
  const sheet = new URL(admin.url()).pathname;
  await press(admin, 'Thực hiện');
  await says(admin, 'Hãy chọn việc cần làm');
  await admin.getByRole('radio', { name: 'Tạm khóa tài khoản' }).check();
  await press(admin, 'Thực hiện');
  await says(admin, 'Hãy điền ô này');
  await look(admin, 'mistake');
  await admin.fill('textarea[name=reason]', 'Nghỉ không phép');
  await press(admin, 'Thực hiện');
  await says(admin, 'Đã tạm khóa tài khoản');
  browsers.forget('taichinh.tpngabay');
  await admin.getByRole('radio', { name: 'Mở lại tài khoản' }).check();
  await admin.fill('textarea[name=reason]', 'Đã trở lại làm việc');
  await press(admin, 'Thực hiện');
  await says(admin, 'Đã mở lại tài khoản');
  await admin.getByRole('radio', { name: /^Cấp mã đặt mật khẩu/ }).check();
  await admin.fill('textarea[name=reason]', 'Mất mật khẩu, đã xem thẻ căn cước');
  await press(admin, 'Thực hiện');
  await says(admin, 'Mã chỉ hiện một lần này');
  await look(admin, 'code');
  const code = (await admin.locator('dt', { hasText: 'Mã đặt mật khẩu' }).first().locator('xpath=following-sibling::dd[1]').innerText()).trim();
  assert.match(code, /^[0-9A-Z]{4}(-[0-9A-Z]{4}){4}$/);

  // Its owner, on a phone without scripts, sets the password that the town knows.
  const page = await browsers.page(plain(phone));
  await page.goto('/dang-nhap');
  await page.getByRole('link', { name: 'Nhận tài khoản bằng mã được cấp' }).click();
  await look(page, 'start');
  const fill = async (typed, password, again = password) => {
    await page.fill('input[name=ten]', owner.name);
    await page.fill('input[name="mat_khau.ma"]', typed);
    await page.fill('input[name=mat_khau_moi]', password);
    await page.fill('input[name=mat_khau_lai]', again);
    await press(page, 'Đặt mật khẩu');
  };
  await fill('0000-0000-0000-0000-0000', owner.password);
  await says(page, 'Tên đăng nhập hoặc mã không đúng');
  await look(page, 'start-mistake');
  await fill(code.toLowerCase().replaceAll('-', ' '), owner.password);
  await says(page, 'Đã đặt mật khẩu');
  await browsers.giveCredentials(page, owner);
  await page.waitForURL(url => url.pathname !== '/dang-nhap');
  // Whose account it is sees who has opened it.
  await page.goto('/tai-khoan/ai-da-xem');
  await says(page, 'Mở trang quản lý tài khoản của bạn');
  // A clerk has no such page, and administrators none for themselves.
  const clerk = await browsers.as('motcua.ngabay', desk);
  assert.equal((await clerk.goto(sheet)).status(), 403);
  await admin.goto('/can-bo/tai-khoan?q=quantri.tinh');
  await admin.locator('main table tbody a').first().click();
  await says(admin, 'Đây là tài khoản của bạn');
  await look(admin, 'own');
}

async function review({ browsers }) {
  const look = (page, name) => browsers.examine(page, `review-${name}`);
  const admin = await browsers.as('quantri.tinh', desk);
  await admin.goto('/can-bo/ra-soat-quyen');
  await look(admin, 'none');
  const open = admin.getByRole('button', { name: 'Mở đợt rà soát của quý này' });
  await open.click();
  await says(admin, 'Rà soát quyền quý');
  // In the first days of a quarter the platform has opened it itself.
  if ((await admin.locator('main').innerText()).includes('đã có đợt rà soát')) await admin.locator('main .nb-card a').first().click();
  const overview = new URL(admin.url()).pathname;
  for (let tries = 0; (await admin.locator('main').innerText()).includes('Đang lập danh sách') && tries < 60; tries++) {
    await admin.waitForTimeout(500);
    await admin.goto(overview);
  }
  await look(admin, 'overview');

  const chair = await browsers.as('chutich.ngabay', desk);
  await chair.goto('/hop-thu');
  await says(chair, 'Đến kỳ rà soát quyền');
  await chair.goto(overview);
  await chair.locator('main table tbody a').first().click();
  await says(chair, 'Quyền của bạn do người khác rà soát');
  await look(chair, 'lines');
  const lines = new URL(chair.url()).pathname;
  await press(chair, 'Gửi các lựa chọn');
  await says(chair, 'ít nhất một dòng');
  const name = 'Lý Thị Kim Yến';
  const card = chair.locator('section.nb-card', { hasText: name });
  await card.getByRole('radio', { name: 'Thu hồi' }).check();
  await press(chair, 'Gửi các lựa chọn');
  await says(chair, 'Hãy ghi lý do thu hồi');
  await look(chair, 'mistake');
  await chair.locator('section.nb-card', { hasText: name }).locator('input[name^="reason."]').first().fill('Đã chuyển sang việc khác');
  await press(chair, 'Gửi các lựa chọn');
  await says(chair, 'Đã ghi nhận');
  await chair.goto(`${lines}?hien=tat-ca`);
  await says(chair, 'Đã chuyển sang việc khác');
  await look(chair, 'answered');

  await admin.goto(`/can-bo/tai-khoan?q=${encodeURIComponent(name)}`);
  await admin.locator('main table tbody a').first().click();
  await look(admin, 'withheld');
  await press(admin, 'Trả lại');
  await says(admin, 'Hãy điền ô này');
  await look(admin, 'return-mistake');
  await admin.locator('input[name^="why."]').first().fill('Làm lại việc cũ');
  await press(admin, 'Trả lại');
  await says(admin, 'Đã trả lại vai trò');
  await hides(admin, 'Vai trò đã thu hồi');
  browsers.forget('tuphap2.ngabay');
}

async function emergency({ town, browsers, papers }) {
  const look = (page, name) => browsers.examine(page, `emergency-${name}`);
  const lan = await Asker.of(town, 'congdan');
  const { status, answer } = await lan.ask('POST', '/api/v1/dossiers', whole(`emergency-${Date.now()}`, papers.photo.buffer, '31341'));
  assert.equal(status, 201, JSON.stringify(answer));
  const place = `/can-bo/ho-so/${answer.id}`;
  const chair = await browsers.as('chutich.ngabay', desk);
  assert.equal((await chair.goto(place)).status(), 404);
  await chair.goto('/can-bo/khan-cap');
  await look(chair, 'none');
  await press(chair, 'Dùng quyền khẩn cấp');
  await says(chair, 'Hãy chọn quyền cần dùng');
  await look(chair, 'mistake');
  await chair.getByRole('radio', { name: 'Xem hồ sơ của cơ quan khác khi khẩn cấp' }).check();
  await chair.fill('textarea[name=reason]', 'Trụ sở phường bên bị cháy, phải báo tin cho người nộp ngay trong đêm.');
  await press(chair, 'Dùng quyền khẩn cấp');
  await says(chair, 'Quyền khẩn cấp có hiệu lực từ bây giờ', 'Đang có hiệu lực');
  await look(chair, 'taken');
  const own = new URL(chair.url()).pathname;
  assert.equal((await chair.goto(place)).status(), 200);

  const officer = await browsers.as('dulieu.tinh', desk);
  await officer.goto('/hop-thu');
  await says(officer, 'Có người dùng quyền khẩn cấp');
  await officer.goto(own);
  await says(officer, 'Mở hồ sơ');
  await chair.goto(own);
  await press(chair, 'Trả lại quyền ngay');
  await says(chair, 'Quyền khẩn cấp đã hết hiệu lực');
  assert.equal((await chair.goto(place)).status(), 404);
  await chair.goto(own);
  await chair.fill('textarea[name=text]', 'Đã mở một hồ sơ để báo tin cho người nộp; không tải gì về máy.');
  await press(chair, 'Gửi báo cáo');
  await says(chair, 'Đã gửi báo cáo');
  await officer.goto(own);
  await look(officer, 'reported');
  await officer.getByRole('radio', { name: 'Chấp nhận' }).check();
  await press(officer, 'Gửi ý kiến');
  await says(officer, 'Đã chấp nhận');
  await look(officer, 'accepted');
  assert.equal((await (await browsers.as('motcua.ngabay', desk)).goto(own)).status(), 404);
}
