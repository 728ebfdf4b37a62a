// Registers: an official finds one, enters a record, opens what is protected, corrects it; two at once; what strangers see.
import assert from 'node:assert/strict';
import { desk, hides, phone, plain, says } from '../browse.mjs';

export const walks = [
  { name: 'enter', what: 'an official finds a register, enters a record, opens what is protected and corrects what was wrong', walk: enter },
  { name: 'slower', what: 'without scripts, on a phone: somebody was faster, nothing typed is lost, and the record ends', walk: slower },
  { name: 'open', what: 'anybody reads what is open and is told who answers for the rest', walk: open },
];

const officer = 'tuphap.ngabay';
const list = '/can-bo/co-so-du-lieu/farm';
const look = (browsers, page, name) => browsers.examine(page, `registers-${name}`);
const press = (page, name) => page.getByRole('button', { name, exact: true }).click();

/** What must be there of a farm. */
async function fill(page, code, value = '2.500.000.000') {
  await page.fill('[name="v.code"]', code);
  await page.fill('[name="v.owner_name"]', 'Nguyễn Văn Vườn');
  await page.getByRole('radio', { name: 'Trồng trọt' }).check();
  await page.selectOption('[name="v.ward.ward"]', '31340');
  await page.fill('[name="v.land"]', '3,25');
  await page.fill('[name="v.production_value"]', value);
  await page.getByRole('radio', { name: 'Hoạt động', exact: true }).check();
}

async function enter({ browsers }) {
  const page = await browsers.as(officer, desk);
  await page.goto('/can-bo');
  await page.getByRole('link', { name: 'Cơ sở dữ liệu', exact: true }).click();
  await says(page, 'Cơ quan bạn được nhập', 'Theo hệ thống');
  await look(browsers, page, 'index');
  await page.fill('main input[name=q]', 'trang trai');
  await page.press('main input[name=q]', 'Enter');
  await says(page, 'Tìm thấy');
  await look(browsers, page, 'found');
  await page.getByRole('link', { name: 'Trang trại', exact: true }).click();
  await page.getByRole('link', { name: 'Nhập bản ghi mới' }).click();
  await look(browsers, page, 'form');
  // Nothing filled in: the list of mistakes has the focus, its line leads to the field.
  await press(page, 'Lưu bản ghi');
  await says(page, 'Mã trang trại: Hãy điền ô này.');
  assert.ok(await page.evaluate(() => document.activeElement.matches('[data-nb-errors]')), 'the mistakes have the focus');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  assert.ok(await page.evaluate(() => document.activeElement.name === 'v.code'), 'its line leads to the field');
  await look(browsers, page, 'mistakes');
  await fill(page, 'TRT-9001', '900.000.000');
  await page.fill('[name="v.owner_person"]', '093068000102');
  await page.fill('[name="v.location"]', '9,8168; 105,8206');
  await page.fill('[name="v.certified_on"]', '5/3/2024');
  await press(page, 'Lưu bản ghi');
  await says(page, 'Trang trại trồng trọt phải đạt từ 1 tỷ đồng');
  assert.equal(await page.inputValue('[name="v.certified_on"]'), '5/3/2024', 'nothing typed is lost');
  await page.fill('[name="v.production_value"]', '2.500.000.000');
  await press(page, 'Kiểm tra trước');
  await says(page, 'Chưa thấy chỗ nào sai');
  await press(page, 'Lưu bản ghi');
  await says(page, 'Đã lưu bản ghi mới', '2.500.000.000 đ', '3,25 ha', 'Phường Ngã Bảy', '05/03/2024', 'Được bảo vệ', 'Nhập mới');
  await hides(page, '093068000102');
  await look(browsers, page, 'record');
  const record = new URL(page.url()).pathname;

  await press(page, 'Mở để xem');
  await says(page, 'Hãy ghi rõ mục đích');
  await look(browsers, page, 'purpose');
  await page.fill('[name=muc_dich]', 'Rà soát trang trại năm 2026');
  await press(page, 'Mở để xem');
  await says(page, '093068000102', 'Lần xem này đã được ghi lại');
  assert.ok(!page.url().includes('muc_dich'), 'no address keeps it');
  await look(browsers, page, 'opened');
  await page.goto(record);
  await hides(page, '093068000102');

  await page.getByRole('link', { name: 'Đính chính' }).click();
  await look(browsers, page, 'correct');
  await page.fill('[name="v.owner_name"]', 'Nguyễn Văn Vườm');
  await press(page, 'Lưu đính chính');
  await says(page, 'Lý do: Hãy ');
  await page.fill('[name=reason]', 'Gõ nhầm tên chủ trang trại');
  await press(page, 'Lưu đính chính');
  await says(page, 'Đã lưu đính chính', 'Lý do: Gõ nhầm tên chủ trang trại', /Nguyễn Văn Vườn\s+→/);
  await look(browsers, page, 'corrected');
  await page.getByRole('link', { name: 'Xem bản ghi như đã biết lúc này' }).last().click();
  await says(page, 'Đang xem điều đã biết trước đây', 'Nguyễn Văn Vườn');
  await look(browsers, page, 'as-known');

  // The list: filtered, sorted, the same in a second window, each filter taken away again.
  await page.goto(`${list}?kind=crop&ward=31340`);
  await says(page, 'Loại hình: Trồng trọt', 'TRT-9001');
  await page.getByRole('link', { name: 'Tổng diện tích (ha)' }).click();
  assert.equal(await page.locator('th[aria-sort]').getAttribute('aria-sort'), 'ascending');
  await look(browsers, page, 'list');
  const second = await page.context().newPage();
  await second.goto(page.url());
  assert.equal(await second.locator('tbody').innerText(), await page.locator('tbody').innerText());
  await page.getByRole('link', { name: /Bỏ điều kiện Loại hình/ }).click();
  assert.ok(!page.url().includes('kind='), page.url());
  await page.goBack();
  assert.ok(page.url().includes('kind=crop'));
  await page.locator('summary', { hasText: 'Lọc danh sách' }).click();
  await page.goto(`${list}?q=khongcogi`);
  await says(page, 'Không có bản ghi nào như vậy');
  await look(browsers, page, 'none');
}

async function slower({ browsers }) {
  const slow = await browsers.as(officer, plain(phone));
  const quick = await browsers.as('tuphap2.ngabay', desk);
  await slow.goto(`${list}/moi`);
  await fill(slow, 'TRT-9002');
  await slow.fill('[name="v.owner_name"]', 'Lê Thị Hồng Rẫy');
  await slow.fill('[name="v.phone"]', '0912345678');
  await press(slow, 'Lưu bản ghi');
  await says(slow, 'Đã lưu bản ghi mới');
  await look(browsers, slow, 'plain-record');
  const record = new URL(slow.url()).pathname;
  await slow.getByRole('link', { name: 'Cập nhật', exact: true }).click();
  await look(browsers, slow, 'plain-change');
  await quick.goto(`${record}/cap-nhat`);
  await quick.fill('[name="v.main_product"]', 'Cam sành');
  await press(quick, 'Lưu cập nhật');
  await says(quick, 'nội dung mới thay nội dung đã ghi', 'Cam sành');
  await slow.fill('[name="v.workers"]', '7');
  await press(slow, 'Lưu cập nhật');
  await says(slow, 'Thay đổi của người khác', 'Lý Thị Kim Yến', 'Cam sành');
  assert.equal(await slow.inputValue('[name="v.workers"]'), '7', 'nothing typed is lost');
  await look(browsers, slow, 'plain-slower');
  await slow.fill('[name="v.main_product"]', 'Cam sành');
  await press(slow, 'Lưu cập nhật');
  await says(slow, 'nội dung mới thay nội dung đã ghi', '7');
  // Much like what is there: whether it is another one is asked first.
  await slow.goto(`${list}/moi`);
  await fill(slow, 'TRT-9003');
  await slow.fill('[name="v.owner_name"]', 'Lê Hồng Rẫy');
  await press(slow, 'Lưu bản ghi');
  await says(slow, 'Có thể đã có bản ghi này', 'TRT-9002', 'Chủ trang trại gần giống');
  assert.equal(await slow.inputValue('[name="v.code"]'), 'TRT-9003', 'nothing typed is lost');
  await look(browsers, slow, 'plain-twins');
  await press(slow, 'Là bản ghi khác, vẫn lưu');
  await says(slow, 'Đã lưu bản ghi mới', 'Lê Hồng Rẫy');
  // Back in the browser and pressed again: it is one change.
  await slow.goto(`${record}/ket-thuc`);
  await look(browsers, slow, 'plain-end');
  await press(slow, 'Kết thúc bản ghi');
  await says(slow, 'Lý do: Hãy ');
  await slow.fill('[name=reason]', 'Chủ trang trại chuyển nghề');
  await press(slow, 'Kết thúc bản ghi');
  await says(slow, 'Đã kết thúc bản ghi', 'Ngày cuối cùng có hiệu lực');
}

async function open({ browsers }) {
  const page = await browsers.page(plain(phone));
  await page.goto('/');
  await page.getByRole('link', { name: 'Cơ sở dữ liệu của tỉnh' }).click();
  await look(browsers, page, 'public-index');
  await page.fill('main input[name=q]', 'ho kinh doanh');
  await page.press('main input[name=q]', 'Enter');
  await page.getByRole('link', { name: 'Hộ kinh doanh', exact: true }).click();
  await says(page, 'Cơ quan quản lý');
  await look(browsers, page, 'public-list');
  assert.equal((await page.goto('/co-so-du-lieu/farm')).status(), 403);
  await says(page, 'Bạn chưa được xem dữ liệu này', 'Sở Nông nghiệp');
  await look(browsers, page, 'public-closed');
}
