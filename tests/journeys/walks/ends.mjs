// The other ends of a case: refused with reasons, withdrawn, late and apologised for, asked for more than once, thrown away unfinished.
// That the clock itself makes a case late cannot be waited for here: the engine's tests move it.
import assert from 'node:assert/strict';
import { birth, extract } from '../cases.mjs';
import * as citizen from '../citizen.mjs';
import * as office from '../office.mjs';
import { wordsOf } from '../papers.mjs';
import { desk, hides, phone, plain, says } from '../browse.mjs';

/** What a document of a dossier says, by its name on the page. */
const paperSays = async (page, name) => wordsOf(await office.pdfOf(page, page.locator('main').getByRole('link', { name, exact: true })));

// shows: R076
const notReceived = { name: 'not received', what: 'a clerk refuses with reasons, the citizen gets form 03', walk: async ({ browsers, papers }) => {
  const page = await browsers.as('congdan2', plain(phone));
  const { code, home } = await citizen.apply(page, extract, papers);
  const clerk = await browsers.as(extract.clerk, plain(desk));
  await office.refuse(clerk, code, extract, state => browsers.examine(clerk, `end-${state}`));
  await says(clerk, 'Đã từ chối hồ sơ');
  await clerk.goto(`/can-bo?hop=all&q=${code}`);
  await says(clerk, 'Không có hồ sơ nào khớp');
  await page.goto(home);
  await says(page, 'Từ chối', 'Phiếu từ chối giải quyết hồ sơ');
  await browsers.examine(page, 'end-dossier-refused');
  const form = await paperSays(page, 'Phiếu từ chối giải quyết hồ sơ');
  for (const text of [code, extract.reason, 'Xin đến nơi đã đăng ký trước đây để hỏi.', 'Lê Thị Thu Ngân']) assert.match(form, new RegExp(text.source ?? text), `form 03: ${text}`);
  await page.goto('/hop-thu');
  await says(page, code);
  await page.goto('/ho-so-cua-toi');
  await says(page, 'Từ chối');
  // It is over: nothing to supply, to withdraw, to pay.
  for (const way of ['rut', 'bo-sung']) {
    await page.goto(`${home}/${way}`);
    assert.equal(page.url().replace(browsers.town.address, ''), home.replace(browsers.town.address, ''), way);
  }
  const anybody = await browsers.page(plain(phone));
  await anybody.goto(`/tra-cuu?ma=${code}`);
  await says(anybody, 'Từ chối');
  await hides(anybody, extract.title);
  await browsers.examine(anybody, 'end-track-refused');
} };

const refusedByLeader = { name: 'refused', what: 'after reception the specialist proposes a refusal, the leader decides, the citizen rates all the same', walk: async ({ browsers, papers }) => {
  const page = await browsers.as('congdan2', phone);
  const { code, home } = await citizen.apply(page, birth, papers);
  await office.act(await browsers.as(birth.clerk, desk), code, 'accept');
  const specialist = await browsers.as(birth.specialist, desk);
  await office.act(specialist, code, 'propose_refusal', { note: 'Đã đăng ký ở Cần Thơ năm 2026.' });
  const leader = await browsers.as(birth.leader, desk);
  await office.open(leader, code);
  await says(leader, 'Đã đăng ký ở Cần Thơ năm 2026.');
  await office.refuse(leader, code, birth);
  await page.goto(home);
  await says(page, 'Từ chối');
  assert.match(await paperSays(page, 'Phiếu từ chối giải quyết hồ sơ'), birth.reason);
  // Both forms stay: it was received, and it was refused.
  assert.match(await paperSays(page, 'Giấy tiếp nhận hồ sơ và hẹn trả kết quả'), new RegExp(code));
  await page.check('input[name=diem][value="2"]');
  await citizen.press(page, 'Gửi đánh giá');
  await page.waitForURL('**?da=rated');
  await says(page, 'Bạn đã đánh giá 2/5');
} };

const withdrawn = { name: 'withdrawn', what: 'the citizen takes a dossier back with a word why; who has it open is told', walk: async ({ browsers, papers }) => {
  const page = await browsers.as('congdan2', plain(phone));
  const { code, home } = await citizen.apply(page, extract, papers);
  const clerk = await browsers.as(extract.clerk, desk);
  const task = await office.open(clerk, code);
  await office.claim(clerk);
  await office.checkPapers(clerk);
  await page.goto(home);
  await page.locator('main').getByRole('link', { name: 'Rút hồ sơ' }).click();
  await browsers.examine(page, 'end-withdraw');
  await citizen.press(page, 'Rút hồ sơ');
  await says(page, 'Hãy viết vì sao bạn rút hồ sơ');
  await browsers.examine(page, 'end-withdraw-refused');
  await page.fill('textarea[name=ly_do]', 'Đã tìm thấy giấy cũ.');
  await citizen.press(page, 'Rút hồ sơ');
  await page.waitForURL('**?da=withdrawn');
  await says(page, 'Bạn đã rút hồ sơ', 'Đã rút');
  await browsers.examine(page, 'end-dossier-withdrawn');
  // The clerk had it open and presses the button now.
  await clerk.fill('main textarea[name=note]', 'Hồ sơ đủ, tôi tiếp nhận.');
  await clerk.click('button[name=outcome][value=accept]');
  await says(clerk, 'Việc này đã xong', 'Hồ sơ đủ, tôi tiếp nhận.');
  await browsers.examine(clerk, 'end-desk-over');
  await clerk.goto(task);
  await says(clerk, 'Việc này đã xong');
  await clerk.goto(`/can-bo/tim?q=${code}`);
  await clerk.locator('main').getByRole('link', { name: extract.title }).click();
  await says(clerk, 'Đã rút', 'Đã tìm thấy giấy cũ.');
} };

/** A day some days ahead, as people here count days, in three parts. */
const ahead = days => new Date(Date.now() + (7 + 24 * days) * 3_600_000).toISOString().slice(0, 10).split('-').map(Number);

const apology = { name: 'apology', what: 'a leader apologises with a reason and a new day, the citizen gets form 04', walk: async ({ browsers, papers }) => {
  const page = await browsers.as('congdan2', phone);
  const { code, home } = await citizen.apply(page, extract, papers);
  await office.act(await browsers.as(extract.clerk, desk), code, 'accept');
  const leader = await browsers.as(extract.leader, desk);
  await leader.goto(`/can-bo/tim?q=${code}`);
  await leader.locator('main').getByRole('link', { name: extract.title }).click();
  const send = async (days, reason) => {
    const [year, month, day] = ahead(days);
    for (const [part, value] of Object.entries({ day, month, year })) await leader.fill(`[name="new_day.${part}"]`, String(value));
    await leader.fill('textarea[name=reason]', reason);
    await leader.getByRole('button', { name: 'Xin lỗi và hẹn lại' }).click();
    await leader.waitForLoadState();
  };
  await browsers.examine(leader, 'end-case');
  await leader.getByRole('button', { name: 'Xin lỗi và hẹn lại' }).click();
  await says(leader, 'Hãy ghi lý do', 'Ngày này không có trong lịch');
  await browsers.examine(leader, 'end-apology-refused');
  await send(-3, 'Sổ gốc lưu ở kho huyện, phải đi tra.');
  await says(leader, 'Ngày hẹn mới phải sau hôm nay');
  await browsers.examine(leader, 'end-apology-day-refused');
  assert.equal(await leader.inputValue('textarea[name=reason]'), 'Sổ gốc lưu ở kho huyện, phải đi tra.');
  // The first day on which the office works, from a week ahead.
  let days = 7;
  while (!leader.url().endsWith('?da=desk_apologised')) {
    assert.ok(days < 21, `no working day is accepted: ${await leader.locator('main').innerText()}`);
    await send(days++, 'Sổ gốc lưu ở kho huyện, phải đi tra.');
  }
  await says(leader, 'Đã gửi lời xin lỗi và ngày hẹn mới', 'Hạn theo quy định');
  await browsers.examine(leader, 'end-case-apologised');
  const [year, month, day] = ahead(days - 1);
  const promised = `${String(day).padStart(2, '0')}/${String(month).padStart(2, '0')}/${year}`;
  await page.goto(home);
  await says(page, 'Cơ quan đã gửi thư xin lỗi', promised, 'Phiếu xin lỗi và hẹn lại ngày trả kết quả');
  await browsers.examine(page, 'end-dossier-apologised');
  const form = await paperSays(page, 'Phiếu xin lỗi và hẹn lại ngày trả kết quả');
  for (const text of [code, 'Sổ gốc lưu ở kho huyện', promised]) assert.ok(form.includes(text), `form 04: ${text}`);
  await page.goto('/hop-thu');
  await says(page, code);
} };

/** Fills the sheet of a supplement for one paper, and sends it. */
async function askFor(page, paper, what, reason = '') {
  await page.check(`input[name="papers.${paper}"][value=false]`);
  await page.fill(`textarea[name="what.paper.${paper}"]`, what);
  if (reason) await page.fill('textarea[name=reason]', reason);
  await page.getByRole('button', { name: 'Gửi yêu cầu bổ sung' }).click();
  await page.waitForLoadState();
}

const twice = { name: 'asked twice', what: 'asking for a second supplement is for the leader, with a reason', walk: async ({ browsers, papers }) => {
  const { paper } = extract.supplement;
  const page = await browsers.as('congdan2', plain(phone));
  const { code, home } = await citizen.apply(page, extract, papers);
  await office.act(await browsers.as(extract.clerk, desk), code, 'accept');
  const specialist = await browsers.as(extract.specialist, desk);
  await office.askSupplement(specialist, code, extract.supplement);
  await page.goto(`${home}/bo-sung`);
  await citizen.attach(page, paper, [papers.photo]);
  await citizen.fillPage(page, extract.supplied);
  await citizen.press(page, 'Gửi phần bổ sung');
  await page.waitForURL('**?da=supplied');
  await office.open(specialist, code);
  await specialist.click('button[name=outcome][value=supplement]');
  await says(specialist, 'Yêu cầu thêm lần nữa phải do lãnh đạo quyết định và có lý do');
  await askFor(specialist, paper, 'Vẫn còn mờ.', 'Lần đầu chưa thấy trang sau.');
  await says(specialist, 'Lần nữa phải do lãnh đạo yêu cầu');
  assert.equal(await specialist.inputValue(`textarea[name="what.paper.${paper}"]`), 'Vẫn còn mờ.');
  await browsers.examine(specialist, 'end-second-round-refused');
  await office.act(specialist, code, 'propose', { note: 'Giấy ủy quyền vẫn mờ, xin ý kiến.', facts: extract.facts });
  const leader = await browsers.as(extract.leader, desk);
  await office.open(leader, code);
  await office.claim(leader);
  await leader.click('button[name=outcome][value=supplement]');
  await leader.waitForLoadState();
  await askFor(leader, paper, 'Xin chụp lại cả trang sau.');
  await says(leader, 'Yêu cầu bổ sung lần nữa phải có lý do');
  await askFor(leader, paper, 'Xin chụp lại cả trang sau.', 'Lần đầu chưa thấy giấy có trang sau.');
  await says(leader, 'Đã gửi yêu cầu bổ sung');
  await page.goto(home);
  await says(page, 'Chờ bổ sung');
  await page.locator('main').getByRole('link', { name: 'Xem và bổ sung' }).click();
  await says(page, 'Xin chụp lại cả trang sau.');
  await citizen.attach(page, paper, [papers.pdf]);
  await citizen.press(page, 'Gửi phần bổ sung');
  await page.waitForURL('**?da=supplied');
  // It comes back to the one who asked.
  await office.open(leader, code);
  await says(leader, 'Lần 1', 'Lần 2', 'Lần đầu chưa thấy giấy có trang sau.');
  await browsers.examine(leader, 'end-second-round-supplied');
  await office.act(leader, code, 'approve');
  await page.goto(home);
  await says(page, 'Đã có kết quả');
} };

const discarded = { name: 'discarded', what: 'a draft is thrown away, after a question, with its files', walk: async ({ town, browsers, papers }) => {
  const page = await browsers.as('congdan2', plain(phone));
  await citizen.begin(page, extract);
  await citizen.answerAll(page, extract);
  await citizen.attachAll(page, extract, papers);
  const draft = new URL(page.url()).pathname.split('/').slice(0, 3).join('/');
  await page.goto('/ho-so-cua-toi');
  await browsers.examine(page, 'end-own-draft');
  await page.locator(`main a[href="${draft}/huy"]`).click();
  await says(page, 'Xóa hồ sơ đang làm dở?', '1 tệp đã tải lên cũng bị xóa');
  await browsers.examine(page, 'end-discard');
  await page.locator('main').getByRole('link', { name: 'Giữ lại và làm tiếp' }).click();
  await page.waitForURL(url => url.pathname.startsWith(draft));
  await page.goto(`${draft}/huy`);
  await citizen.press(page, 'Xóa hồ sơ này');
  await page.waitForURL('**/ho-so-cua-toi?da=draft_discarded');
  await says(page, 'Đã xóa hồ sơ đang làm dở');
  assert.equal(await page.locator(`main a[href="${draft}"]`).count(), 0);
  const gone = await page.goto(`${draft}/kind`);
  assert.equal(gone.status(), 404);
  await browsers.examine(page, 'end-draft-gone');
  // Pressing the button of an old page again leads nowhere harmful.
  await page.goto('/ho-so-cua-toi');
  assert.equal(await page.locator(`main a[href^="${draft}"]`).count(), 0, town.address);
} };

export const walks = [notReceived, refusedByLeader, withdrawn, apology, twice, discarded];
