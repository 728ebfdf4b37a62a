// Making a register in the browser: from an empty page to a register with form, list, import and API, and how many presses it takes.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { Asker } from '../api.mjs';
import { desk, hides, phone, plain, says } from '../browse.mjs';
import { program } from '../town.mjs';

export const walks = [
  { name: 'make', what: 'an administrator draws a register, tries a row, publishes; a department enters a record and brings a file in', walk: make },
  { name: 'plain', what: 'without scripts, on a phone: fields are added, moved, removed; a second window is told, nothing typed is lost', walk: bare },
];

const admin = 'quantri.tinh';
const clerk = 'taichinh.tpngabay';
const page_ = '/can-bo/tu-lap-co-so-du-lieu';
const look = (browsers, page, name) => browsers.examine(page, `registers-drawing-${name}`);
const button = (page, name) => page.getByRole('button', { name, exact: true });

/** A hand that counts what it does. */
class Hand {
  constructor(page) {
    this.page = page;
    this.presses = 0;
    this.typed = 0;
  }

  async press(target) {
    this.presses++;
    await target.click();
  }

  async type(name, text) {
    this.typed++;
    await this.page.fill(`[name="${name}"]`, text);
    // Leaving the control, as the next press would.
    await this.page.locator(`[name="${name}"]`).blur();
  }

  async choose(name, value) {
    this.presses++;
    await this.page.selectOption(`[name="${name}"]`, value);
  }
}

/** What is changed is kept by itself. */
const kept = page => page.locator('[data-nb-kept]', { hasText: 'Đã tự lưu' }).waitFor();

async function make({ browsers, town }) {
  const page = await browsers.as(admin, desk);
  const hand = new Hand(page);
  await page.goto('/can-bo/co-so-du-lieu');
  await hand.press(page.locator('main').getByRole('link', { name: 'Tự lập cơ sở dữ liệu' }));
  await look(browsers, page, 'begin');
  await hand.type('vi', 'Cầu dân sinh');
  await hand.choose('owner', 'TPNB');
  await hand.type('lines', 'Mã cầu\n* Tên cầu\n* Xã, phường\nChiều dài\nNgày khánh thành\nTình trạng');
  await hand.press(button(page, 'Bắt đầu vẽ'));
  await says(page, 'Đã tạo bản vẽ', 'Còn 1 chỗ chưa đúng', 'Ô 6 (Tình trạng)', 'Mã cầu');
  await look(browsers, page, 'begun');

  // What is changed shows at once: the choices, a pattern for the code, a unit.
  await hand.type('f.5.options', 'Tốt\nHư hỏng\nKhông dùng nữa');
  await kept(page);
  await says(page, 'Khai báo đúng', 'Cơ sở dữ liệu mới với 6 ô', 'Không dùng nữa');
  await hand.press(page.locator('#o-1 summary'));
  await hand.type('f.0.pattern', 'CAU-999');
  await kept(page);
  await hand.press(page.locator('#o-4 summary'));
  await hand.type('f.3.unit', 'm');
  await hand.type('f.3.min', '1');
  await kept(page);
  await look(browsers, page, 'sound');

  // A type that is changed asks at once for what belongs to it.
  await page.selectOption('[name="f.4.type"]', 'choice');
  await page.locator('[name="f.4.options"]').waitFor();
  await says(page, 'Còn 1 chỗ chưa đúng');
  await page.selectOption('[name="f.4.type"]', 'date');
  await page.locator('[name="f.4.options"]').waitFor({ state: 'detached' });
  await kept(page);

  // A wrong row, then a right one.
  await hand.type('v.ma_cau', '1');
  await hand.type('v.chieu_dai', 'dài');
  await hand.type('v.ngay_khanh_thanh', '31/02/2024');
  await hand.press(button(page, 'Kiểm tra bản ghi thử'));
  await says(page, 'Mã cầu: ', 'Tên cầu: Hãy điền ô này.', 'Chiều dài', 'Ngày khánh thành: ');
  assert.equal(await page.inputValue('[name="v.chieu_dai"]'), 'dài', 'nothing typed is lost');
  await look(browsers, page, 'wrong-row');
  await hand.type('v.ma_cau', 'CAU-001');
  await hand.type('v.ten_cau', 'Cầu Ba Láng');
  await hand.choose('v.xa_phuong.ward', '31340');
  await hand.type('v.chieu_dai', '42');
  await hand.type('v.ngay_khanh_thanh', '2/9/2024');
  await hand.choose('v.tinh_trang', 'tot');
  await hand.press(button(page, 'Kiểm tra bản ghi thử'));
  await says(page, 'Bản ghi thử đúng', '42 m', '02/09/2024');
  await look(browsers, page, 'right-row');

  // The file is what systems declare: the program's own check takes it.
  const coming = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Tải tệp khai báo' }).click();
  const file = fs.readFileSync(await (await coming).path(), 'utf8');
  checked(town, file);

  const drawing = new URL(page.url()).pathname;
  await hand.press(button(page, 'Đưa vào áp dụng'));
  await says(page, 'Cơ sở dữ liệu đã được áp dụng', 'Cầu dân sinh');
  await look(browsers, page, 'published');
  console.log(`        drawn and published with ${hand.presses} presses and choices, ${hand.typed} texts typed`);
  // The drawing is used up: whoever goes back to it finds what it has become.
  await page.goto(drawing);
  await says(page, 'Bản vẽ này không còn', 'Cơ sở dữ liệu tự lập đang áp dụng', 'Cầu dân sinh');
  await look(browsers, page, 'gone');

  await used({ browsers, town });
}

/** The department: one record by the form, three from a file; the list and the API of it. */
export async function used({ browsers, town }) {
  const own = await browsers.as(clerk, desk);
  const second = new Hand(own);
  await own.goto('/can-bo/co-so-du-lieu/cau_dan_sinh');
  await second.press(own.getByRole('link', { name: 'Nhập bản ghi mới' }));
  await second.type('v.ma_cau', 'CAU-001');
  await second.type('v.ten_cau', 'Cầu Ba Láng');
  await second.choose('v.xa_phuong.ward', '31340');
  await second.type('v.chieu_dai', '42');
  await second.choose('v.tinh_trang', 'tot');
  await second.press(button(own, 'Lưu bản ghi'));
  await says(own, 'Đã lưu bản ghi mới', '42 m');
  await own.goto('/can-bo/co-so-du-lieu/cau_dan_sinh/nhap');
  const rows = 'Mã cầu,Tên cầu,"Xã, phường",Chiều dài,Ngày khánh thành,Tình trạng\n'
    + 'CAU-002,Cầu Cái Côn,31340,18,01/05/2019,Tốt\nCAU-003,Cầu Mang Cá,31341,27,,Hư hỏng\nCAU-004,Cầu Sậy Niếu,31340,9,,Không dùng nữa\n';
  await own.locator('main input[type=file]').setInputFiles({ name: 'cau.csv', mimeType: 'text/csv', buffer: Buffer.from(rows) });
  await second.press(button(own, 'Tải tệp lên'));
  await says(own, 'Không thấy lỗi trong 3 dòng đầu');
  await second.press(button(own, 'Bắt đầu nhập'));
  await own.getByText('Đã xong').waitFor({ timeout: 60_000 });
  await own.goto('/can-bo/co-so-du-lieu/cau_dan_sinh');
  await says(own, 'CAU-001', 'Cầu Mang Cá', 'Cầu Sậy Niếu', 'Không dùng nữa');
  await look(browsers, own, 'records');
  console.log(`        one record entered and three brought in with ${second.presses} presses and choices, ${second.typed} texts typed`);
  const asker = await Asker.of(town, clerk);
  const { items } = await asker.done('GET', '/api/v1/registers/cau_dan_sinh/records?tinh_trang=hu_hong');
  assert.deepEqual(items.map(one => one.values.ma_cau), ['CAU-003']);
  // Whoever has no right is not shown the way, and does not find it.
  await own.goto('/can-bo/co-so-du-lieu');
  await hides(own, 'Tự lập cơ sở dữ liệu');
  assert.equal((await own.goto(page_)).status(), 403);
}

/** `ngabay apps check` on a system of this one file. */
function checked(town, file) {
  const app = path.join(town.home, 'drawn', 'tu-lap');
  fs.mkdirSync(path.join(app, 'registry'), { recursive: true });
  fs.mkdirSync(path.join(app, 'texts'));
  fs.writeFileSync(path.join(app, 'registry', 'cau_dan_sinh.record.yaml'), file);
  const about = ['format = 1', 'key = "tu-lap"', 'version = "1.0.0"', 'owner = "TPNB"', 'security_level = 2', 'legal_basis = ["59/2020/QH14"]', 'engines = ["registry"]', 'requirements = ["R251"]'];
  fs.writeFileSync(path.join(app, 'app.toml'), `${about.join('\n')}\n`);
  for (const [language, title] of [['vi', 'Cầu'], ['en', 'Bridges']]) {
    fs.writeFileSync(path.join(app, 'texts', `${language}.toml`), `title = "${title}"\nabout = "${title}."\n`);
  }
  execFileSync(program, ['apps', 'check', path.dirname(app)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

async function bare({ browsers }) {
  const page = await browsers.as(admin, plain(phone));
  await page.goto('/can-bo');
  await page.getByRole('link', { name: 'Tự lập cơ sở dữ liệu' }).click();
  await button(page, 'Bắt đầu vẽ').click();
  await says(page, 'Hãy ghi tên cơ sở dữ liệu.');
  await look(browsers, page, 'plain-nameless');
  await page.fill('[name=vi]', 'Sổ mượn phòng họp');
  await page.selectOption('[name=owner]', 'TPNB');
  await button(page, 'Bắt đầu vẽ').click();
  await says(page, 'Đã tạo bản vẽ', 'Các ô');
  await look(browsers, page, 'plain-empty');
  for (const [place, name] of ['Số phiếu', 'Người mượn', 'Ngày mượn'].entries()) {
    await button(page, 'Thêm một ô').click();
    await page.fill(`[name="f.${place}.vi"]`, name);
  }
  await page.selectOption('[name="f.2.type"]', 'date');
  await button(page, 'Lưu và xem').first().click();
  await says(page, 'Khai báo đúng', 'Ô 3: Ngày mượn');
  await look(browsers, page, 'plain-drawn');
  await page.getByRole('button', { name: 'Lên Ngày mượn' }).click();
  await says(page, 'Ô 2: Ngày mượn', 'Ô 3: Người mượn');

  // A second window is slower: what stands there is not written over, what was typed is not lost.
  const second = await page.context().newPage();
  await second.goto(page.url());
  await page.getByRole('button', { name: 'Bỏ ô Người mượn' }).click();
  await second.fill('[name="f.2.vi"]', 'Cán bộ mượn');
  await button(second, 'Lưu và xem').first().click();
  await says(second, 'đã được sửa ở cửa sổ khác', 'Ô 3: Cán bộ mượn');
  await look(browsers, second, 'plain-slower');
  await button(second, 'Lưu và xem').first().click();
  await says(second, 'Đã lưu bản vẽ', 'Ô 3: Cán bộ mượn');
  // Everything that is wrong is told at once, each beside its control.
  await second.fill('[name=vi]', '');
  await second.fill('[name="f.0.vi"]', '');
  await second.locator('#o-2 summary').click();
  await second.fill('[name="f.1.min"]', '2026');
  await button(second, 'Lưu và xem').first().click();
  await says(second, 'chỗ chưa đúng', 'Ô 2 (Ngày mượn), nhỏ nhất', 'phải là ngày');
  await look(browsers, second, 'plain-wrong');
}
