// What officials do with a dossier, by the controls that the pages show.
import assert from 'node:assert/strict';
import { says } from './browse.mjs';
import { answer } from './citizen.mjs';

/** Finds the open step of a dossier in the inbox and opens it. Gives its address. */
export async function open(page, code) {
  await page.goto(`/can-bo?hop=all&q=${code}`);
  await page.locator('main table').getByRole('link', { name: code }).click();
  await page.waitForURL('**/can-bo/viec/**');
  return new URL(page.url()).pathname;
}

export async function claim(page) {
  const button = page.getByRole('button', { name: 'Nhận việc này' });
  if (await button.count()) await button.click();
}

/** Says of every paper that it fits, or not. */
export async function checkPapers(page, fits = 'true', only = '') {
  for (const radio of await page.locator(`main input[type=radio][name^="papers.${only}"][value="${fits}"]`).all()) await radio.check();
}

export async function decide(page, outcome, note = '') {
  if (note) await page.fill('main textarea[name=note]', note);
  // Not straight on to the next case.
  const next = page.locator('#nb-decide input[name=tiep]');
  if (await next.count()) await next.uncheck();
  await page.click(`button[name=outcome][value=${outcome}]`);
  await page.waitForLoadState();
}

/** Enters what a register says, on the page of the step. */
export async function enter(page, facts) {
  for (const [fact, value] of Object.entries(facts)) await answer(page, `facts.${fact}`, value);
}

/** Opens, takes, looks at the papers, enters facts for the result, decides. */
export async function act(page, code, outcome, { note = '', look, facts = {} } = {}) {
  await open(page, code);
  await claim(page);
  await checkPapers(page);
  await enter(page, facts);
  if (look) await look();
  await decide(page, outcome, note);
}

/** Asks for one paper and one answer, each with words. */
export async function askSupplement(page, code, supplement, look = async () => {}) {
  await open(page, code);
  await claim(page);
  await checkPapers(page);
  await page.click('button[name=outcome][value=supplement]');
  await page.waitForLoadState();
  await look('supplement');
  await page.getByRole('button', { name: 'Gửi yêu cầu bổ sung' }).click();
  await page.waitForLoadState();
  await look('supplement-refused');
  await page.check(`input[name="papers.${supplement.paper}"][value=false], input[name="ask.paper.${supplement.paper}"]`);
  await page.fill(`textarea[name="what.paper.${supplement.paper}"]`, 'Ảnh bị mờ, không đọc được con dấu. Xin chụp lại nơi đủ sáng.');
  const answer = page.locator(`input[name="ask.answer.${supplement.answer}"]`);
  const fold = page.locator('details', { has: answer });
  if (!await fold.evaluate(element => element.open)) await fold.locator('summary').click();
  await answer.check();
  await page.fill(`textarea[name="what.answer.${supplement.answer}"]`, 'Không khớp với sổ. Xin xem lại.');
  await page.fill('textarea[name=note]', 'Bổ sung xong chúng tôi làm ngay.');
  await page.getByRole('button', { name: 'Gửi yêu cầu bổ sung' }).click();
  await page.waitForURL('**/can-bo?da=desk_supplement');
  await says(page, 'Đã gửi yêu cầu bổ sung');
}

export async function refuse(page, code, procedure, look = async () => {}) {
  await open(page, code);
  await claim(page);
  await page.click('button[name=outcome][value=refuse]');
  await page.waitForLoadState();
  await look('refusal');
  await page.getByRole('button', { name: 'Từ chối hồ sơ' }).click();
  await page.waitForLoadState();
  await look('refusal-refused');
  await page.check(`input[name=refusal_reasons][value=${procedure.refusal}]`);
  await page.fill('textarea[name=note]', 'Xin đến nơi đã đăng ký trước đây để hỏi.');
  await page.getByRole('button', { name: 'Từ chối hồ sơ' }).click();
  await page.waitForURL('**/can-bo?da=desk_refused');
}

/** Records that a fee was paid, on the page of the step. */
export async function collect(page, fee, receipt) {
  await page.fill(`[name="receipt_number.${fee}"]`, receipt);
  await page.getByRole('button', { name: /Ghi nhận đã thu/ }).click();
  await page.waitForURL(/da=desk_paid/);
  await says(page, 'Đã ghi nhận khoản thu', receipt);
}

/** What a link hands out: its bytes must be a PDF. */
export async function pdfOf(page, link) {
  const href = await link.getAttribute('href');
  const answer = await page.context().request.get(href);
  assert.equal(answer.status(), 200, href);
  assert.equal(answer.headers()['content-type'], 'application/pdf');
  const bytes = await answer.body();
  assert.equal(bytes.subarray(0, 5).toString(), '%PDF-');
  return bytes;
}
