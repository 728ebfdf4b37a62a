// Each procedure from the search to the rating: asked for a supplement, sent back once by the leader, approved, handed over.
import assert from 'node:assert/strict';
import { birth, extract, shop } from '../cases.mjs';
import * as citizen from '../citizen.mjs';
import * as office from '../office.mjs';
import { desk, hides, phone, plain, says } from '../browse.mjs';

// shows: R007 R010 R069 R072 R075 R080 R083 R085 R098
export const walks = [
  ['extract', extract, plain(phone), 'on a phone without JavaScript'],
  ['birth', birth, phone, 'on a phone with JavaScript'],
  ['shop', shop, plain(desk), 'at a desk without JavaScript'],
].map(([name, procedure, device, how]) => ({ name, what: `${procedure.code} from the search to the rating, ${how}`, walk: world => whole(world, name, procedure, device) }));

async function whole({ browsers, papers }, name, procedure, device) {
  const look = (page, state) => browsers.examine(page, `${name}-${state}`);
  const page = await browsers.page(device);
  // Finds it by words without tones, reads, is led through the sign-in and back.
  await page.goto('/');
  await page.fill('input[name=q]', procedure.search);
  await page.press('input[name=q]', 'Enter');
  await page.click(`a[href="/thu-tuc/${procedure.code}"]`);
  assert.match(await page.textContent('h1'), procedure.heading);
  await look(page, 'start');
  await page.locator('main').getByRole('link', { name: 'Bắt đầu nộp hồ sơ' }).click();
  await look(page, 'sign-in');
  await browsers.giveCredentials(page, browsers.town.account('congdan'));
  await page.waitForURL('**/bat-dau');
  await look(page, 'begin');
  await citizen.press(page, 'Bắt đầu nộp hồ sơ');
  await page.waitForURL(/\/ho-so-nhap\/[^/]+\/[^/]+$/);
  const base = page.url().replace(/\/[^/]+$/, '');
  const lookAt = key => look(page, `question-${key}`);
  lookAt.slips = true;
  await citizen.answerAll(page, procedure, lookAt);
  // Papers: nothing chosen, then missing, then given.
  await look(page, 'papers');
  await citizen.goOn(page);
  await says(page, 'Còn thiếu');
  await look(page, 'papers-missing');
  await citizen.press(page, 'Để sau');
  await page.waitForURL('**/kiem-tra');
  await says(page, 'Còn thiếu mấy chỗ');
  await look(page, 'check-missing');
  await page.goto(`${base}/papers`);
  await citizen.attachAll(page, procedure, papers);
  await look(page, 'papers-given');
  await citizen.goOn(page);
  await page.waitForURL('**/kiem-tra');
  await look(page, 'check');
  await citizen.press(page, 'Nộp hồ sơ');
  await says(page, 'Hãy đánh dấu vào ô cam đoan');
  await look(page, 'check-refused');
  const code = await citizen.submit(page);
  const home = page.url().replace('/bien-nhan', '');
  assert.equal(await page.locator('main svg[role=img], main .nb-qr svg').count() > 0, true, 'a QR');
  await look(page, 'receipt');
  await page.goto('/ho-so-cua-toi');
  await says(page, code, procedure.title);
  await look(page, 'own-submitted');
  await page.goto(home);
  await look(page, 'dossier-submitted');

  await track(browsers, name, procedure, code, 'Đã nộp');

  // The office. The clerk receives (with the fee first where the law says so), form 01 is made.
  const clerk = await browsers.as(procedure.clerk, desk);
  await clerk.goto('/can-bo');
  await look(clerk, 'desk-inbox');
  await office.open(clerk, code);
  await look(clerk, 'desk-free');
  await office.claim(clerk);
  await says(clerk, 'Bạn đang giữ việc này');
  await look(clerk, 'desk-mine');
  await office.decide(clerk, 'accept');
  await says(clerk, /giấy tờ/i);
  await look(clerk, 'desk-unchecked');
  await office.checkPapers(clerk);
  if (procedure.feeFirst) await office.collect(clerk, procedure.fee, 'BL-0007');
  await office.checkPapers(clerk);
  await office.decide(clerk, 'accept');
  await says(clerk, 'Đã tiếp nhận hồ sơ');
  await look(clerk, 'desk-received');
  await page.goto(home);
  await says(page, 'Giấy tiếp nhận hồ sơ và hẹn trả kết quả', 'Hẹn trả');
  await look(page, 'dossier-received');
  await office.pdfOf(page, page.getByRole('link', { name: 'Giấy tiếp nhận hồ sơ' }));

  // The specialist sees papers beside the data, asks for a supplement (form 02); the citizen supplies.
  const specialist = await browsers.as(procedure.specialist, desk);
  await office.askSupplement(specialist, code, procedure.supplement, state => look(specialist, `desk-${state}`));
  await track(browsers, name, procedure, code, 'bổ sung');
  await page.goto('/ho-so-cua-toi');
  await says(page, 'Đang chờ bạn');
  await look(page, 'own-asked');
  await page.goto('/hop-thu');
  await look(page, 'messages');
  await page.goto(home);
  await says(page, 'Phiếu yêu cầu bổ sung');
  await look(page, 'dossier-asked');
  await page.locator('main').getByRole('link', { name: 'Xem và bổ sung' }).click();
  await look(page, 'supply');
  await citizen.press(page, 'Gửi phần bổ sung');
  await says(page, /Có .*(lỗi|chỗ)|Hãy/);
  await look(page, 'supply-refused');
  await citizen.attach(page, procedure.supplement.paper, [papers.photo]);
  await says(page, papers.photo.name);
  await citizen.fillPage(page, procedure.supplied);
  await look(page, 'supply-filled');
  await citizen.press(page, 'Gửi phần bổ sung');
  await page.waitForURL('**?da=supplied');
  await says(page, 'Đã gửi phần bổ sung');
  await look(page, 'dossier-supplied');

  // On it goes: proposed, sent back, proposed again, approved.
  for (const step of procedure.steps) await office.act(await browsers.as(step.by, desk), code, step.outcome);
  await office.act(specialist, code, 'propose', { note: 'Đã đối chiếu, đủ điều kiện.', facts: procedure.facts, look: () => look(specialist, 'desk-specialist') });
  const leader = await browsers.as(procedure.leader, desk);
  await office.act(leader, code, 'send_back', { note: 'Xem lại năm đăng ký giúp tôi.', look: () => look(leader, 'desk-leader') });
  await says(leader, 'Đã xong');
  await office.act(specialist, code, 'propose', { note: 'Đã xem lại, đúng.', look: () => look(specialist, 'desk-sent-back') });
  await office.act(leader, code, 'approve');
  await page.goto(home);
  await says(page, 'Đã có kết quả', 'Kết quả giải quyết');
  await look(page, 'dossier-result');

  // The clerk hands it over, with the fee if it is due now.
  await clerk.goto('/can-bo/tra-ket-qua');
  await says(clerk, code);
  await look(clerk, 'desk-hand-over');
  await clerk.getByRole('link', { name: code }).click();
  await office.claim(clerk);
  await look(clerk, 'desk-return');
  if (!procedure.feeFirst) {
    await office.decide(clerk, 'handed_over');
    await says(clerk, /phí/i);
    await look(clerk, 'desk-return-unpaid');
    await office.collect(clerk, procedure.fee, 'BL-0008');
  }
  await office.decide(clerk, 'handed_over');
  await says(clerk, 'Đã ghi nhận trả kết quả');
  await clerk.goto('/can-bo/so-theo-doi');
  await says(clerk, code);
  await look(clerk, 'desk-ledger');
  await clerk.goto(`/can-bo/tim?q=${code}`);
  await clerk.locator('main').getByRole('link', { name: procedure.title }).click();
  await look(clerk, 'desk-case');

  // The citizen takes the PDF, anybody checks it, the citizen says how it was.
  await page.goto(home);
  await says(page, 'Đã trả kết quả');
  await look(page, 'dossier-returned');
  const result = await office.pdfOf(page, page.locator('main').getByRole('link', { name: 'Kết quả giải quyết' }));
  const proof = await page.locator('main li', { hasText: 'Kết quả giải quyết' }).getByRole('link', { name: 'Kiểm chứng' }).getAttribute('href');
  await verify(browsers, name, proof, result, papers, device);
  await citizen.press(page, 'Gửi đánh giá');
  await says(page, 'Hãy chọn một mức hài lòng');
  await look(page, 'rating-refused');
  await page.check('input[name=diem][value="4"]');
  await page.fill('textarea[name=y_kien]', 'Nhanh và rõ ràng.');
  await citizen.press(page, 'Gửi đánh giá');
  await page.waitForURL('**?da=rated');
  await says(page, 'Bạn đã đánh giá 4/5');
  await look(page, 'dossier-rated');
}

/** Whoever has the code, without sign-in, learns where it stands and nothing about the person. */
async function track(browsers, name, procedure, code, status) {
  const page = await browsers.page(plain(phone));
  await page.goto('/tra-cuu');
  await page.fill('input[name=ma]', code.toLowerCase());
  await page.press('input[name=ma]', 'Enter');
  await says(page, status, code);
  await hides(page, procedure.title, procedure.answers.requester_name, procedure.answers.requester_number);
  await browsers.examine(page, `${name}-track-${status.includes('nộp') ? 'submitted' : 'asked'}`);
  await page.context().close();
}

/** The public page of a result: the file itself, another file, no file. */
async function verify(browsers, name, proof, result, papers, device) {
  const page = await browsers.page(device);
  await page.goto(proof);
  await says(page, 'Có văn bản mang mã này');
  await browsers.examine(page, `${name}-verify`);
  const compare = async file => {
    if (file) await page.setInputFiles('main input[type=file]', file);
    await citizen.press(page, 'So tệp này');
    await page.waitForLoadState();
  };
  await compare({ name: 'kết quả.pdf', mimeType: 'application/pdf', buffer: result });
  await says(page, 'đúng là văn bản này');
  await browsers.examine(page, `${name}-verify-same`);
  await compare(papers.pdf);
  await says(page, 'không phải văn bản này');
  await browsers.examine(page, `${name}-verify-other`);
  await compare(null);
  await browsers.examine(page, `${name}-verify-none`);
  await page.goto(`${proof.slice(0, -2)}ZZ`);
  await says(page, 'Không có văn bản nào mang mã này');
  await browsers.examine(page, `${name}-verify-unknown`);
  await page.context().close();
}
