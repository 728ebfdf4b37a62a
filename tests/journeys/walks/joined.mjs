// One person with two accounts: a guest with a passport is given a personal number, and two officials join the accounts.
import assert from 'node:assert/strict';
import { sql } from '../api.mjs';
import { desk, hides, phone, plain, says } from '../browse.mjs';
import { extract } from '../cases.mjs';
import { begin } from '../citizen.mjs';
import { choose, date } from './people.mjs';

export const walks = [
  { name: 'two', what: 'a guest registers by passport and later by number; an administrator proposes to join the accounts, another official confirms, the old one tells where to', walk: two },
];

const press = (page, name) => page.getByRole('button', { name, exact: true }).first().click();
const passport = 'M45678912', number = '999194000214', name = 'Park Jiwoo';
const words = { passport: 'sen nở bên kênh xáng', number: 'xoài chín trước hiên nhà' };

/** Registers on a phone and is approved at the counter. */
async function register(browsers, kind) {
  const page = await browsers.page(plain(phone));
  await page.goto(kind === 'passport' ? '/dang-ky?loai=ho-chieu' : '/dang-ky');
  if (kind === 'passport') {
    await page.fill('input[name=passport]', passport);
    await page.locator('select[name=nationality]').selectOption('KR');
    await page.fill('input[name=email]', 'jiwoo@example.com');
  } else {
    await page.fill('input[name=personal_number]', number);
    await page.fill('input[name=phone]', '0912 345 671');
  }
  await page.fill('input[name=full_name]', name);
  await date(page, 'birth_date', { day: '2', month: '8', year: '1994' });
  await choose(page);
  await page.fill('input[name=mat_khau_moi]', words[kind]);
  await page.fill('input[name=mat_khau_lai]', words[kind]);
  await press(page, 'Gửi đăng ký');
  await says(page, 'Đăng ký đang chờ');
  const check = await page.locator('#ma-doi-chieu').innerText();
  const clerk = await browsers.as('motcua.ngabay', desk);
  await clerk.goto('/can-bo/dang-ky');
  await clerk.getByRole('link', { name }).last().click();
  await clerk.fill('input[name=paper]', kind === 'passport' ? `Hộ chiếu ${passport}` : `Thẻ căn cước ${number}`);
  await clerk.fill('input[name=check]', check);
  await press(clerk, 'Duyệt');
  await says(clerk, 'Đã duyệt');
}

async function enter(page, kind) {
  await page.goto('/dang-nhap');
  await page.fill('input[name=ten]', kind === 'passport' ? passport : number);
  await page.fill('input[name=mat_khau]', words[kind]);
  await press(page, 'Đăng nhập');
}

async function two({ town, browsers }) {
  const look = (page, name) => browsers.examine(page, `joined-${name}`);
  await register(browsers, 'passport');
  await register(browsers, 'number');
  const old = await browsers.page(phone);
  await enter(old, 'passport');
  await begin(old, extract);
  const draft = new URL(old.url()).pathname;

  // The administrator finds the account by the name of its owner, and the two stand side by side.
  const admin = await browsers.as('quantri.tinh', desk);
  await admin.goto(`/can-bo/tai-khoan?q=${encodeURIComponent(passport)}`);
  await admin.locator('main table tbody a').first().click();
  await admin.getByRole('link', { name: 'Nhập tài khoản trùng' }).click();
  await look(admin, 'form');
  await press(admin, 'Xem hai bên');
  await says(admin, 'Hãy điền ô này');
  await admin.fill('input[name=number] >> nth=0', '999194000999');
  await press(admin, 'Xem hai bên');
  await says(admin, 'Không tìm thấy ai mang số này');
  await look(admin, 'form-mistake');
  assert.equal(await admin.locator('input[name=number]').first().inputValue(), '999194000999', 'nothing typed is lost');
  await admin.fill('input[name=number] >> nth=0', number);
  await press(admin, 'Xem hai bên');
  await says(admin, 'Hai bên cạnh nhau', 'Bản nháp: 1', '•••••••••214');
  await look(admin, 'side-by-side');
  assert.ok(!admin.url().includes(number), 'the number stands in no address');
  await press(admin, 'Gửi đề nghị');
  await says(admin, 'Hãy ghi loại và số giấy tờ');
  await admin.fill('input[name=paper]', `Quyết định cấp số định danh 15/QĐ, hộ chiếu ${passport}`);
  await press(admin, 'Gửi đề nghị');
  await says(admin, 'Đã lập đề nghị', 'Bạn đã lập đề nghị này nên không xác nhận được');
  await look(admin, 'proposed');
  assert.equal(await admin.getByRole('button', { name: 'Gộp hai tài khoản' }).count(), 0);

  // Both owners hear of it; nothing has changed.
  await old.goto('/hop-thu');
  await says(old, 'Có đề nghị gộp tài khoản của bạn');
  await look(old, 'told');
  await old.goto('/tai-khoan/gop');
  await says(old, 'số kết thúc bằng 214', 'cán bộ thứ hai chỉ xác nhận được từ');
  await press(old, 'Không đồng ý');
  await says(old, 'Hãy điền ô này');
  await look(old, 'mine');

  // A second proposal, the other way round, is one that the owner sees and objects to by itself.
  const [[account]] = sql(town, "SELECT into_account FROM identity.merge WHERE state = 'proposed'");
  await admin.goto(`/can-bo/tai-khoan/${account}/gop`);
  await admin.fill('input[name=number] >> nth=0', passport);
  await press(admin, 'Xem hai bên');
  await admin.fill('input[name=paper]', 'Giấy xác nhận 2/XN');
  await press(admin, 'Gửi đề nghị');
  await says(admin, 'Đã lập đề nghị');
  await old.goto('/tai-khoan/gop');
  await old.getByRole('radio').last().check();
  await press(old, 'Không đồng ý');
  await says(old, 'Hãy điền ô này');
  assert.ok(await old.getByRole('radio').last().isChecked(), 'what was chosen is not lost');
  await look(old, 'mine-two');
  await old.fill('textarea[name=reason]', 'Số mới mới là số của tôi.');
  await press(old, 'Không đồng ý');
  await says(old, 'Đã dừng đề nghị');
  await old.goto('/tai-khoan/gop');
  assert.equal(await old.getByRole('radio').count(), 0, 'the first one waits as before');

  const officer = await browsers.as('dulieu.tinh', desk);
  await officer.goto('/can-bo');
  await officer.getByRole('link', { name: 'Gộp tài khoản', exact: true }).click();
  await says(officer, 'Đang chờ');
  await look(officer, 'list');
  await officer.getByRole('link', { name: `${name} gộp vào ${name}` }).click();
  await says(officer, 'đang có thời gian phản đối', 'Chủ tài khoản đã phản đối trước đây', 'Số mới mới là số của tôi.');
  await hides(officer, 'Gộp hai tài khoản');
  await look(officer, 'one-early');
  // Three days later nobody has objected.
  sql(town, "UPDATE identity.merge SET proposed_at = proposed_at - interval '3 days' WHERE state = 'proposed'");
  await officer.reload();
  await hides(officer, 'đang có thời gian phản đối');
  await look(officer, 'one');
  await press(officer, 'Dừng đề nghị');
  await says(officer, 'Hãy điền ô này');
  await look(officer, 'one-mistake');
  await press(officer, 'Gộp hai tài khoản');
  await says(officer, 'Đã gộp', 'Đã chuyển sang', 'Bản nháp: 1');
  await look(officer, 'done');
  await officer.goto('/can-bo/gop-tai-khoan');
  await says(officer, 'Không có đề nghị nào đang chờ');
  await look(officer, 'list-none');
  await officer.goto('/can-bo/gop-tai-khoan?hop=decided');
  await look(officer, 'list-decided');

  // The old account is out, and tells whoever has its password where to.
  await old.goto('/tai-khoan');
  await enter(old, 'passport');
  await says(old, 'Tài khoản này đã được gộp vào tài khoản có tên đăng nhập kết thúc bằng 214');
  await look(old, 'old-login');
  const page = await browsers.page(phone);
  await enter(page, 'number');
  await page.goto('/hop-thu');
  await says(page, 'Hai tài khoản đã được gộp làm một', 'Có đề nghị gộp tài khoản của bạn');
  await page.goto('/tai-khoan/ai-da-xem');
  await says(page, 'Gộp hai tài khoản của bạn');
  await page.goto('/ho-so-cua-toi');
  await look(page, 'draft');
  assert.equal((await page.goto(draft)).status(), 200, 'what was begun under the old account goes on');
  await admin.goto(`/can-bo/tai-khoan?q=${encodeURIComponent(passport)}`);
  await admin.locator('main table tbody a').first().click();
  await says(admin, 'Tài khoản này đã được gộp vào tài khoản khác', 'Gộp vào tài khoản khác');
  await look(admin, 'closed');
}
