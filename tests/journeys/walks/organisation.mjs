// What stands where on which day: the tree of agencies, a ward and its codes, before and after a reorganisation.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { Town, program } from '../town.mjs';
import { Browsers, desk, phone, plain, says } from '../browse.mjs';

// shows: R048
export const walks = [
  { name: 'place-names', what: 'a stranger finds what a ward of 2024 is called today, by name and by a code that means two wards', walk: placeNames },
  { name: 'today', what: 'agencies and areas of today: codes of both forms, unknown ones, days that are none', walk: today },
  { name: 'days', what: 'after the reorganisation old codes lead to what is there now, and the day before is still to be seen', walk: days },
];

async function today({ browsers }) {
  const page = await browsers.page(plain(phone));
  await page.goto('/co-quan');
  await says(page, 'Cơ quan của tỉnh', 'Ủy ban nhân dân tỉnh Hậu Giang');
  await browsers.examine(page, 'organisation-agencies');
  await page.getByRole('link', { name: /^Ủy ban nhân dân tỉnh Hậu Giang/ }).first().click();
  await says(page, 'Mã dạng cũ', 'Cơ quan trực thuộc');
  await browsers.examine(page, 'organisation-agency');
  const old = await page.locator('dd', { hasText: /^000\./ }).innerText();
  await page.goto(`/co-quan?ma=${encodeURIComponent(old.toLowerCase())}`);
  await says(page, 'Ủy ban nhân dân tỉnh Hậu Giang', old);
  await page.goto('/co-quan?ma=%3Cscript%3E');
  await says(page, 'Không có cơ quan nào mang mã <script>');
  await page.goto('/co-quan?ngay=31-31-2025');
  await says(page, 'Không đọc được ngày này');
  await page.goto('/co-quan?ngay=1900-01-01');
  await says(page, 'chưa có cơ quan nào');
  await page.goto('/dia-gioi');
  await says(page, '75 xã, phường, thị trấn', 'Thành phố Ngã Bảy');
  await browsers.examine(page, 'organisation-areas');
  await page.goto('/dia-gioi?ma=31340');
  await says(page, 'Phường Ngã Bảy', 'Thành phố Ngã Bảy');
  await browsers.examine(page, 'organisation-area');
  assert.equal((await page.goto('/dia-gioi/99999')).status(), 404);
}

// shows: R221
async function placeNames({ browsers }) {
  const page = await browsers.page(plain(phone));
  await page.goto('/');
  await page.getByRole('link', { name: 'Tên xã, phường cũ và mới' }).click();
  await says(page, 'Hãy gõ tên hoặc mã');
  await browsers.examine(page, 'place-names');
  await page.getByLabel('Tên hoặc mã').fill('phuong iii vi thanh');
  await page.getByRole('button', { name: 'Tìm', exact: true }).click();
  await says(page, 'Phường III', 'Từ 01/07/2025: Phường Vị Thanh, Thành phố Cần Thơ');
  await browsers.examine(page, 'place-names-found');
  await page.getByRole('link', { name: 'Phường III', exact: true }).click();
  await says(page, 'Hôm nay nơi này thuộc', 'đến 30/06/2025', 'Mã 31321 còn chỉ');
  await browsers.examine(page, 'place-names-old');
  await page.getByRole('link', { name: 'Phường Vị Thanh' }).first().click();
  await says(page, 'hôm nay đang dùng tên này', 'Hình thành từ', 'Phường VII');
  await browsers.examine(page, 'place-names-new');
  await page.goto('/dia-danh?q=ngoc+ha&ngay=2024-12-31');
  await says(page, 'Kết quả ngày 31/12/2024', 'Phường Ba Đình');
  await page.goto('/dia-danh?q=khong-co-noi-nay');
  await says(page, 'Không tìm thấy nơi nào');
}

async function days() {
  const town = new Town();
  await town.start();
  const browsers = new Browsers(town);
  try {
    await browsers.start();
    const lane = browsers.lane();
    execFileSync(program, ['province', 'reorganise', 'hau-giang-to-can-tho-2025-07-01.yaml', '--data', town.data, '--execute', '--json'], { encoding: 'utf8', maxBuffer: 1 << 28 });
    const page = await lane.page(desk);
    await page.goto('/dia-gioi/31340');
    await says(page, 'Phường Ngã Bảy');
    // The frame takes the new name over while the program runs.
    const name = async () => { await page.goto('/co-quan'); return page.locator('.nb-brand__name').first().innerText(); };
    for (let wait = 0; (await name()) !== 'Thành phố Cần Thơ'; wait += 1) {
      assert.ok(wait < 60, 'the frame shows the old name still');
      await page.waitForTimeout(500);
    }
    await says(page, 'Những lần sắp xếp');
    await lane.examine(page, 'organisation-after');
    await page.getByRole('link', { name: 'ngày trước' }).first().click();
    await says(page, 'Ủy ban nhân dân tỉnh Hậu Giang');
    await page.getByRole('link', { name: /^Ủy ban nhân dân tỉnh Hậu Giang/ }).first().click();
    await says(page, 'Đã chuyển thành', 'Nay do cơ quan này đảm nhiệm');
    await lane.examine(page, 'organisation-ended');
    await page.goto('/dia-gioi?ma=31340&ngay=2024-01-01');
    await says(page, 'Phường Ngã Bảy', 'Hôm nay nơi này thuộc');
    await lane.examine(page, 'organisation-ward-of-2024');
    await lane.leave();
  } finally {
    await browsers.stop();
    await town.stop();
    town.remove();
  }
}
