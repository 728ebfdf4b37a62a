// Rights: a chair lets a clerk stand in, the clerk acts in the chair's place and shows it; what anybody may do is shown with the role that gives it.
import assert from 'node:assert/strict';
import { Asker, sql, whole } from '../api.mjs';
import { desk, hides, phone, plain, says } from '../browse.mjs';

export const walks = [
  { name: 'standing_in', what: 'a chair lets a clerk stand in for some days, who acts in the chair’s place until it is taken back', walk: standingIn },
  { name: 'preview', what: 'officials see their own rights, administrators those of others; the database hides what the pages hide', walk: preview },
];

const press = (page, name) => page.getByRole('button', { name, exact: true }).first().click();

/** Today in Việt Nam and some days later, as the boxes of a date are filled. */
function day(later) {
  const at = new Date(Date.now() + later * 86_400_000);
  const part = options => new Intl.DateTimeFormat('en-GB', { timeZone: 'Asia/Ho_Chi_Minh', ...options }).format(at);
  return { day: part({ day: 'numeric' }), month: part({ month: 'numeric' }), year: part({ year: 'numeric' }) };
}

async function fill(page, name, date) {
  for (const [part, value] of Object.entries(date)) await page.fill(`input[name="${name}.${part}"]`, value);
}

async function standingIn({ town, browsers }) {
  const chair = await browsers.as('chutich.ngabay', desk);
  await chair.goto('/tai-khoan/vi-tri');
  await browsers.examine(chair, 'rights-offices');
  await press(chair, 'Ủy quyền');
  await says(chair, 'Chọn người được ủy quyền.');
  await browsers.examine(chair, 'rights-offices-wrong');
  const clerk = town.account('motcua.ngabay');
  await chair.locator('select[name=substitute]').selectOption({ index: 1 });
  const options = await chair.locator('select[name=substitute] option').allInnerTexts();
  const name = options.find(option => option.includes('Trần Thị Diễm Trinh'));
  assert.ok(name, options.join(', '));
  await chair.locator('select[name=substitute]').selectOption({ label: name });
  await chair.locator('input[name=roles]').first().check();
  await fill(chair, 'from', day(0));
  await fill(chair, 'to', day(2));
  await chair.fill('input[name=reason]', 'Nghỉ phép, Thông báo số 12/TB-UBND');
  await press(chair, 'Ủy quyền');
  await says(chair, 'đang có hiệu lực', 'Nghỉ phép');
  await chair.reload();
  await browsers.examine(chair, 'rights-offices-given');

  // On a phone, without scripts; a session of its own, because it changes as whom it acts.
  const page = await browsers.page(plain(phone));
  await browsers.signIn(page, clerk.name);
  await page.goto('/hop-thu');
  await says(page, 'Bạn được ủy quyền làm việc thay');
  await page.goto('/tai-khoan/vi-tri');
  await browsers.examine(page, 'rights-offices-received');
  await page.locator('li', { hasText: 'thay ' }).getByRole('button', { name: 'Chuyển sang' }).click();
  assert.ok(page.url().includes('/can-bo'), page.url());
  await page.goto('/can-bo/quyen');
  await says(page, 'Lãnh đạo');
  // Taken back: from the next request on it counts no more.
  await press(chair, 'Thu hồi');
  await says(chair, 'đã kết thúc trước hạn');
  await page.goto('/tai-khoan/vi-tri');
  await hides(page, 'Chuyển sang\nthay');
  const now = await page.locator('li', { hasText: 'Đang dùng' }).innerText();
  assert.ok(!now.includes('thay '), now);
}

async function preview({ town, browsers, papers }) {
  const clerk = await browsers.as('motcua.ngabay', desk);
  await clerk.goto('/can-bo/quyen');
  await says(clerk, 'Tiếp nhận hồ sơ tại quầy', 'Công chức một cửa');
  await browsers.examine(clerk, 'rights-own');
  await clerk.goto('/can-bo/quyen?tai_khoan=chutich.ngabay');
  await hides(clerk, 'Gửi phiếu xin lỗi');
  const admin = await browsers.as('quantri.tinh', desk);
  await admin.goto('/can-bo/quyen?tai_khoan=chutich.ngabay');
  await says(admin, 'Gửi phiếu xin lỗi và hẹn lại ngày trả');
  await browsers.examine(admin, 'rights-others');
  await admin.goto('/can-bo/quyen?tai_khoan=khong.co.ai');
  await says(admin, 'Không có tài khoản');
  // An administrator orders the house and sees no case: neither on a page nor in the database.
  const asker = await Asker.of(town, 'quantri.tinh');
  const lan = await Asker.of(town, 'congdan');
  const { status, answer } = await lan.ask('POST', '/api/v1/dossiers', whole(`rights-${Date.now()}`, papers.photo.buffer, '31340'));
  assert.equal(status, 201, JSON.stringify(answer));
  assert.equal((await lan.ask('GET', `/api/v1/dossiers/${answer.id}`)).status, 200);
  assert.equal((await asker.ask('GET', `/api/v1/dossiers/${answer.id}`)).status, 404);
  const behind = `BEGIN; SET LOCAL ROLE ngabay_walled; SELECT count(*) FROM dossiers.dossier`;
  assert.deepEqual(sql(town, behind), [['0']], 'whoever does not say who they are sees nothing');
}
