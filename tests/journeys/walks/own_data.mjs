// One's own data: asked for, answered at the desk, taken away as a file with and without scripts.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { sql } from '../api.mjs';
import { desk, phone, plain, says } from '../browse.mjs';

export const walks = [
  { name: 'correct', what: 'a citizen asks for a correction on a phone, the officer for data protection does it, and both sides see what was there before', walk: correct },
  { name: 'extract', what: 'everything is taken away as JSON and PDF, with and without scripts, after the password was shown once more', walk: extract },
  { name: 'object', what: 'a citizen objects to a use of their data, the officer grants a part of it, both see what is no longer done, and the citizen takes it back', walk: object },
  { name: 'breach', what: 'an officer opens a breach, prints the notice, and after the time of the law must say why it is late', walk: breach },
];

const officer = 'dulieu.tinh';
const press = (page, name) => page.getByRole('button', { name, exact: true }).click();

async function correct({ town, browsers }) {
  const citizen = await browsers.as('congdan2', phone);
  const look = (page, name) => browsers.examine(page, `own-data-${name}`);
  await citizen.goto('/tai-khoan');
  await citizen.getByRole('link', { name: 'Dữ liệu của tôi', exact: true }).click();
  await says(citizen, 'Bạn chưa gửi yêu cầu nào');
  await look(citizen, 'none');
  await citizen.getByRole('link', { name: 'Gửi yêu cầu mới' }).click();
  await look(citizen, 'kinds');
  await citizen.getByRole('link', { name: 'Chỉnh sửa dữ liệu' }).click();
  await press(citizen, 'Gửi yêu cầu');
  await says(citizen, 'Hãy sửa ít nhất một ô');
  await look(citizen, 'mistake');
  await citizen.fill('input[name=address]', 'Khu vực 3, nhà số 12');
  await press(citizen, 'Gửi yêu cầu');
  await says(citizen, 'Đã gửi yêu cầu');
  await look(citizen, 'asked');
  const own = new URL(citizen.url()).pathname;

  const page = await browsers.as(officer, desk);
  await page.goto('/can-bo');
  await page.getByRole('link', { name: 'Dữ liệu cá nhân' }).click();
  await says(page, 'Trần Văn Út');
  await look(page, 'desk');
  await page.goto(own.replace('/tai-khoan/du-lieu/', '/can-bo/du-lieu-ca-nhan/'));
  await look(page, 'desk-new');
  await press(page, 'Báo đã tiếp nhận');
  await says(page, 'Đã báo tiếp nhận');
  await page.getByRole('radio', { name: 'Từ chối' }).check();
  await page.fill('textarea[name=answer]', 'Không sửa được.');
  await press(page, 'Gửi trả lời');
  await says(page, 'Hãy ghi vào ô này');
  await look(page, 'desk-mistake');
  await page.getByRole('radio', { name: 'Chấp nhận', exact: true }).check();
  await page.fill('textarea[name=answer]', 'Đã sửa theo yêu cầu.');
  await press(page, 'Gửi trả lời');
  await says(page, 'Đã gửi trả lời');
  await look(page, 'desk-answered');

  await citizen.goto(own);
  await says(citizen, 'Khu vực 2 → Khu vực 3, nhà số 12');
  await look(citizen, 'answered');
  await citizen.goto('/hop-thu');
  await says(citizen, 'đã có trả lời');
  const stranger = await browsers.as('congdan', phone);
  assert.equal((await stranger.goto(own)).status(), 404);
}

async function extract({ town, browsers }) {
  const account = town.account('congdan2');
  // A demonstration asks nobody anew, unless it is told to.
  await town.stop();
  await town.start(['--step-up', '15']);
  try {
    for (const device of [phone, plain(phone)]) await take(town, browsers, device, account);
  } finally {
    await town.stop();
    await town.start();
  }
  browsers.forget('congdan2');
}

async function take(town, browsers, device, account) {
  const page = await browsers.page(device);
  await browsers.signIn(page, account.name);
  sql(town, `UPDATE identity.session SET shown_at = shown_at - interval '1 hour'`);
  await page.goto('/tai-khoan/du-lieu');
  await press(page, 'Tải bản JSON (cho máy đọc)');
  await says(page, 'Xác thực lại');
  await browsers.examine(page, `own-data-again${page.scripts ? '' : '-plain'}`);
  await page.fill('input[name="mat_khau.lai"]', account.password);
  await press(page, 'Xác thực và tiếp tục');
  await says(page, 'Bây giờ bạn tải dữ liệu về được');
  const download = async button => {
    const [file] = await Promise.all([page.waitForEvent('download'), press(page, button)]);
    return fs.readFileSync(await file.path());
  };
  const json = JSON.parse(await download('Tải bản JSON (cho máy đọc)'));
  assert.equal(json.format, 'ngabay-extract/1');
  assert.equal(json.engines[0].parts[0].items[0].full_name, 'Trần Văn Út');
  assert.equal((await download('Tải bản PDF')).subarray(0, 5).toString(), '%PDF-');
}

async function object({ town, browsers }) {
  const citizen = await browsers.as('congdan2', plain(phone));
  const look = (page, name) => browsers.examine(page, `own-data-${name}`);
  await citizen.goto('/tai-khoan/du-lieu/dong-y');
  await look(citizen, 'purposes');
  await citizen.getByRole('link', { name: 'Phản đối: Danh sách và sổ sách của cơ quan' }).click();
  await citizen.getByRole('checkbox', { name: 'Danh sách và sổ sách của cơ quan' }).check();
  await citizen.getByRole('checkbox', { name: 'Thống kê, báo cáo' }).check();
  await press(citizen, 'Gửi yêu cầu');
  await says(citizen, 'Hãy ghi vào ô này');
  assert.ok(await citizen.getByRole('checkbox', { name: 'Thống kê, báo cáo' }).isChecked(), 'nothing chosen is lost');
  await look(citizen, 'object-mistake');
  await citizen.fill('textarea[name=details]', 'Tôi không muốn tên mình có trong danh sách.');
  await press(citizen, 'Gửi yêu cầu');
  await says(citizen, 'Đã gửi yêu cầu', 'Phản đối việc dùng dữ liệu cho');
  const own = new URL(citizen.url()).pathname;

  const page = await browsers.as(officer, desk);
  await page.goto(own.replace('/tai-khoan/du-lieu/', '/can-bo/du-lieu-ca-nhan/'));
  await page.getByRole('radio', { name: 'Chấp nhận một phần' }).check();
  await page.fill('textarea[name=answer]', 'Không đưa vào danh sách.');
  await page.fill('input[name=ground]', 'Luật Thống kê, điều 5');
  await press(page, 'Gửi trả lời');
  await says(page, 'Hãy chọn ít nhất một việc');
  await look(page, 'object-desk');
  await page.getByRole('checkbox', { name: 'Danh sách và sổ sách của cơ quan' }).check();
  await press(page, 'Gửi trả lời');
  await says(page, 'Đã gửi trả lời', 'Không dùng dữ liệu cho');

  await citizen.goto(own);
  await says(citizen, 'Không dùng dữ liệu cho', 'Danh sách và sổ sách của cơ quan');
  await look(citizen, 'object-granted');
  const bound = () => sql(town, "SELECT purpose FROM privacy.bound WHERE ended_at IS NULL");
  assert.deepEqual(bound(), [['office_lists']]);
  await press(citizen, 'Bỏ hạn chế này');
  await says(citizen, 'Đã bỏ hạn chế');
  await look(citizen, 'object-lifted');
  assert.deepEqual(bound(), []);
}

async function breach({ town, browsers }) {
  const page = await browsers.as(officer, desk);
  const look = name => browsers.examine(page, `own-data-${name}`);
  await page.goto('/can-bo/du-lieu-ca-nhan');
  await page.getByRole('link', { name: 'Sự cố dữ liệu cá nhân' }).click();
  await says(page, 'Chưa ghi nhận sự cố nào');
  await look('breach-none');
  await page.getByRole('link', { name: 'Ghi nhận sự cố' }).click();
  await press(page, 'Lưu');
  await look('breach-mistake');
  await page.fill('input[name=title]', 'Gửi nhầm danh sách');
  await page.fill('textarea[name=what]', 'Một danh sách được gửi nhầm qua thư điện tử.');
  await page.fill('textarea[name=data]', 'Họ tên, số điện thoại');
  await page.fill('input[name=whose]', 'Người nộp hồ sơ');
  await page.fill('input[name=affected]', '1');
  await press(page, 'Lưu');
  await says(page, 'Đồng hồ tính từ lúc phát hiện');
  await look('breach-open');
  const at = new URL(page.url()).pathname;
  const pdf = await page.request.get(`${at}/thong-bao.pdf`);
  assert.equal((await pdf.body()).subarray(0, 5).toString(), '%PDF-');
  await page.fill('textarea[name=people]', '999192000017');
  await press(page, 'Gửi thông báo');
  await says(page, 'Đã nhận 1 số định danh');
  sql(town, `UPDATE privacy.incident SET noticed_at = noticed_at - interval '80 hours', notify_by = notify_by - interval '80 hours'`);
  await page.goto(at);
  await says(page, 'Đã quá hạn thông báo');
  await page.fill('input[name=how]', 'Công văn số 1');
  await press(page, 'Ghi nhận đã thông báo');
  await says(page, 'Hãy ghi vào ô này');
  await look('breach-late');
  await page.fill('textarea[name=late_reason]', 'Chờ xác minh');
  await press(page, 'Ghi nhận đã thông báo');
  await says(page, 'Đã ghi nhận việc thông báo');
  await press(page, 'Kết thúc sự cố');
  await says(page, 'Đã kết thúc sự cố');
  await look('breach-closed');
  const citizen = await browsers.as('congdan', phone);
  await citizen.goto('/hop-thu');
  await says(citizen, 'Thông báo về dữ liệu cá nhân của bạn');
}
