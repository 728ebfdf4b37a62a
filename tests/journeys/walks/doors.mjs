// What everybody sees without being anybody, and how people come in and go out.
import assert from 'node:assert/strict';
import { desk, phone, plain, says, words } from '../browse.mjs';

const pages = [
  ['home', '/', 200, 'Bạn cần làm việc gì?'],
  ['list', '/thu-tuc', 200, 'Tìm thấy'],
  ['list-filtered', '/thu-tuc?linh-vuc=H%E1%BB%99+t%E1%BB%8Bch&cap=commune', 200, 'Tìm thấy'],
  ['found', '/thu-tuc?q=dang+ky+khai+sinh', 200, /khai sinh/i],
  ['nothing', '/thu-tuc?q=zzzzqqq', 200, 'Không có thủ tục nào như vậy'],
  ['procedure-online', '/thu-tuc/2.000635', 200, 'Bắt đầu nộp hồ sơ'],
  ['procedure-unknown', '/thu-tuc/9.999999', 404, 'Không có thủ tục mang mã 9.999999'],
  ['sign-in', '/dang-nhap', 200, 'Tên đăng nhập'],
  ['sign-in-first', '/ho-so-cua-toi', 200, 'Tên đăng nhập'],
  ['help', '/tro-giup', 200, 'Nơi hỗ trợ'],
  ['accessibility', '/kha-nang-tiep-can', 200, 'WCAG'],
  ['privacy', '/quyen-rieng-tu', 200, 'cookie'],
  ['offline', '/ngoai-tuyen', 200, 'không có mạng'],
  ['not-found', '/khong-co-trang-nay', 404, /Không (tìm thấy|có)/],
  ['track', '/tra-cuu', 200, 'Mã hồ sơ'],
  ['track-unknown', '/tra-cuu?ma=H30.31.01-260101-9999', null, 'Không có hồ sơ nào mang mã H30.31.01-260101-9999'],
  ['verify', '/kiem-chung', 200, 'Mã kiểm chứng'],
  ['verify-unknown', '/kiem-chung/0123456789ABCDEFGHJK', 404, 'Không có văn bản nào mang mã này'],
];

// shows: R061 R065
const looks = { name: 'pages', what: 'every public page and state, looked at', walk: async ({ browsers }) => {
  const page = await browsers.page(phone);
  for (const [name, address, status, text] of pages) {
    const answer = await page.goto(address);
    if (status) assert.equal(answer.status(), status, address);
    await says(page, text);
    await browsers.examine(page, `public-${name}`);
  }
} };

const offline = { name: 'offline', what: 'a procedure that is not online says so, and where to go instead', walk: async ({ browsers }) => {
  const page = await browsers.page(plain(phone));
  await page.goto('/thu-tuc?q=dang+ky+ket+hon');
  await page.locator('main .nb-cards a').first().click();
  await says(page, 'Thủ tục này chưa nộp trực tuyến được trên hệ thống này');
  assert.equal(await page.getByRole('link', { name: 'Bắt đầu nộp hồ sơ' }).count(), 0);
  const national = page.locator('main').getByRole('link', { name: /Cổng Dịch vụ công quốc gia/ });
  assert.match(await national.getAttribute('href'), /^https:\/\/([a-z]+\.)?dichvucong\.gov\.vn\//);
  await browsers.examine(page, 'public-procedure-offline');
} };

const narrow = { name: 'narrow', what: 'the list of procedures is narrowed down by field and level, page after page', walk: async ({ browsers }) => {
  const page = await browsers.page(plain(phone));
  await page.goto('/thu-tuc');
  const count = async () => Number((await words(page)).match(/Tìm thấy ([\d.]+) thủ tục/)[1].replaceAll('.', ''));
  const all = await count();
  await page.locator('main details summary').click();
  await page.selectOption('select[name=cap]', 'commune');
  await page.getByRole('button', { name: 'Lọc' }).click();
  const some = await count();
  assert.ok(0 < some && some < all, `${some} of ${all}`);
  const first = await page.locator('main .nb-cards a').allInnerTexts();
  await page.getByRole('link', { name: 'Trang sau' }).click();
  const next = await page.locator('main .nb-cards a').allInnerTexts();
  assert.equal(await count(), some, 'the filter stays');
  assert.deepEqual(next.filter(title => first.includes(title)), []);
} };

/** Both ways to draw a page. */
const ways = [[phone, 'with JavaScript'], [plain(desk), 'without JavaScript']];

const searches = ways.map(([device, how]) => ({ name: `search ${how}`, what: `somebody finds a procedure by words without tones, ${how}`, walk: async ({ browsers }) => {
  const page = await browsers.page(device);
  await page.goto('/');
  await page.fill('input[name=q]', 'dang ky khai sinh');
  await page.press('input[name=q]', 'Enter');
  await page.click('a[href="/thu-tuc/1.001193"]');
  await page.waitForURL('**/thu-tuc/1.001193');
  assert.match(await page.textContent('h1'), /khai sinh/);
} }));

const everybody = ways.map(([device, how]) => ({ name: `in and out ${how}`, what: `everybody of the demonstration signs in and out, ${how}`, walk: async ({ town, browsers }) => {
  for (const account of town.accounts) {
    const page = await browsers.page(device);
    await page.goto('/dang-nhap');
    await browsers.giveCredentials(page, account);
    await page.waitForURL(account.role === 'citizen' ? '**/' : '**/can-bo');
    // On a phone the name of an official gives way to the work.
    assert.ok((await page.textContent('body')).includes(account.person), account.name);
    await page.click('form[action="/dang-xuat"] button');
    await page.waitForURL('**/?da=sign_out');
    await says(page, 'Bạn đã đăng xuất');
    await page.goto('/hop-thu');
    assert.equal(new URL(page.url()).pathname, '/dang-nhap', account.name);
    assert.equal(new URL(page.url()).searchParams.get('ve'), '/hop-thu');
    await page.context().close();
  }
} }));

const refused = ways.map(([device, how]) => ({ name: `refused ${how}`, what: `a wrong password is told plainly and the name is kept, ${how}`, walk: async ({ town, browsers }) => {
  const page = await browsers.page(device);
  // Other names, so that the account that all walks use is not slowed down.
  await page.goto('/dang-nhap?ve=/hop-thu');
  await browsers.giveCredentials(page, { name: 'congdan2', password: 'không phải mật khẩu' });
  await page.waitForSelector('[data-nb-errors]');
  const wrong = await page.locator('[data-nb-errors]').innerText();
  assert.equal(await page.inputValue('input[name=ten]'), 'congdan2');
  assert.equal(await page.inputValue('input[name=mat_khau]'), '');
  assert.match(await page.title(), /^Lỗi/, 'the title says that something is wrong');
  await browsers.examine(page, 'sign-in-refused');
  // Whether a name exists is not told.
  await browsers.giveCredentials(page, { name: 'khong.co.ai', password: 'không phải mật khẩu' });
  await page.waitForFunction(() => document.querySelector('input[name=ten]')?.value === 'khong.co.ai').catch(() => {});
  assert.equal(await page.locator('[data-nb-errors]').innerText(), wrong);
  // The right one goes on to where somebody wanted to go.
  await browsers.giveCredentials(page, town.account('congdan2'));
  await page.waitForURL('**/hop-thu');
} }));

const language = ways.map(([device, how]) => ({ name: `language ${how}`, what: `the language is chosen, on the same page, and kept, ${how}`, walk: async ({ town, browsers }) => {
  const page = await browsers.page(device);
  await page.goto('/thu-tuc?q=khai+sinh');
  await page.click('a[hreflang=en]');
  await page.waitForURL(url => url.pathname === '/thu-tuc');
  assert.equal(await page.getAttribute('html', 'lang'), 'en');
  assert.equal(await page.inputValue('input[name=q]'), 'khai sinh', 'what was searched for stays');
  await page.goto('/dang-nhap');
  assert.equal(await page.getAttribute('html', 'lang'), 'en');
  await browsers.giveCredentials(page, town.account('congdan2'));
  await page.waitForURL(url => url.pathname === '/');
  assert.equal(await page.getAttribute('html', 'lang'), 'en', 'also after the sign-in');
  await page.goto('/ho-so-cua-toi');
  await page.click('a[hreflang=vi]');
  await page.waitForURL('**/ho-so-cua-toi');
  assert.equal(await page.getAttribute('html', 'lang'), 'vi');
} }));

/** The rooms of the office, before the first case has come in. */
const rooms = { name: 'rooms', what: 'officials find inbox, counter, search, results, ledger and calendar', walk: async ({ browsers }) => {
  const clerk = await browsers.as('motcua.ngabay', desk);
  for (const [name, address, text] of [
    ['inbox', '/can-bo', 'Hồ sơ cần xử lý'], ['intake', '/can-bo/tiep-nhan', 'Chọn thủ tục'], ['search', '/can-bo/tim', 'Tìm hồ sơ'],
    ['search-none', '/can-bo/tim?q=zzzzqqq', 'Không có hồ sơ nào khớp'], ['return', '/can-bo/tra-ket-qua', 'Trả kết quả'],
    ['ledger', '/can-bo/so-theo-doi', 'Sổ theo dõi hồ sơ'], ['ledger-wrong', '/can-bo/so-theo-doi?tu=2026-02-31', 'Ngày này không có trong lịch'],
    ['ledger-too-long', '/can-bo/so-theo-doi?tu=2020-01-01&den=2026-01-01', 'dài nhất 366 ngày'],
    ['box', '/hop-thu', 'Hộp thư'],
  ]) {
    await clerk.goto(address);
    await says(clerk, text);
    await browsers.examine(clerk, `room-${name}`);
  }
  const admin = await browsers.as('quantri.tinh', desk);
  await admin.goto('/can-bo');
  await admin.getByRole('link', { name: 'Lịch làm việc' }).click();
  await says(admin, 'Lưu vào lịch');
  await browsers.examine(admin, 'room-calendar');
  await admin.getByRole('button', { name: 'Lưu vào lịch' }).click();
  await says(admin, 'Ngày này không có trong lịch');
  await browsers.examine(admin, 'room-calendar-refused');
  const citizen = await browsers.as('congdan', phone);
  const answer = await citizen.goto('/can-bo');
  assert.equal(answer.status(), 403);
  await says(citizen, 'Trang này dành cho người có nhiệm vụ khác');
  await browsers.examine(citizen, 'room-not-yours');
} };

export const walks = [looks, offline, narrow, ...searches, ...everybody, ...refused, ...language, rooms];
