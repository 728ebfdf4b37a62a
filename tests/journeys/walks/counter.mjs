// Somebody without an account comes to the counter; and how officials share work among them.
import assert from 'node:assert/strict';
import { extract } from '../cases.mjs';
import * as citizen from '../citizen.mjs';
import * as office from '../office.mjs';
import { wordsOf } from '../papers.mjs';
import { desk, phone, plain, says, words } from '../browse.mjs';

/** Somebody whom no register knows. */
const stranger = {
  ...extract,
  answers: { ...extract.answers, requester_name: 'Phan Văn Sáu', requester_number: '999055000991', phone: '0909 000 991', registered_at: { ward: '31340' } },
};

// shows: R070 R071 R074
const taken = { name: 'taken in', what: 'a clerk takes a dossier in for somebody without an account, prints form 01, hands the paper result over', walk: async ({ browsers, papers }) => {
  const clerk = await browsers.as(extract.clerk, plain(desk));
  const look = state => browsers.examine(clerk, `counter-${state}`);
  await clerk.goto('/can-bo/tiep-nhan');
  await clerk.locator('main').getByRole('link', { name: 'Bản sao giấy hộ tịch' }).click();
  await look('identify');
  await clerk.fill('input[name=personal_number]', '12');
  await clerk.getByRole('button', { name: 'Tìm người này' }).click();
  await says(clerk, '12 chữ số');
  assert.equal(await clerk.inputValue('input[name=personal_number]'), '12');
  await look('identify-refused');
  await clerk.fill('input[name=personal_number]', stranger.answers.requester_number);
  await clerk.getByRole('button', { name: 'Tìm người này' }).click();
  await says(clerk, 'Chưa có người mang số này trong dữ liệu');
  await look('identify-unknown');
  await clerk.getByRole('button', { name: 'Lập hồ sơ, điền bằng tay' }).click();
  await clerk.waitForURL(/\/can-bo\/tiep-nhan\/[^/]+\/kind$/);
  await citizen.answerAll(clerk, stranger, key => key === 'requester' ? look('question') : undefined);
  await citizen.attachAll(clerk, stranger, papers);
  await look('papers');
  await citizen.goOn(clerk);
  await says(clerk, 'Xem lại trước khi nhận', 'Phan Văn Sáu', '16.000');
  await look('check');
  await citizen.press(clerk, 'Nhận hồ sơ và kiểm tra giấy tờ');
  await says(clerk, 'Hãy hỏi người nộp');
  await look('check-refused');
  await clerk.check('input[name=cam_doan]');
  await citizen.press(clerk, 'Nhận hồ sơ và kiểm tra giấy tờ');
  await clerk.waitForURL('**/can-bo/viec/**');
  await says(clerk, 'Hồ sơ đã có mã', 'Bạn đang giữ việc này', 'Nộp tại quầy');
  const code = citizen.codeIn(await words(clerk));
  await look('work');
  // Received: the receipt is there to be printed while the person waits.
  await office.checkPapers(clerk);
  await office.decide(clerk, 'accept');
  await says(clerk, 'Đã tiếp nhận hồ sơ');
  await look('received');
  const receipt = wordsOf(await office.pdfOf(clerk, clerk.locator('main').getByRole('link', { name: 'Mở giấy tiếp nhận để in' })));
  for (const text of [code, 'Phan Văn Sáu', 'Văn bản ủy quyền', 'HẸN TRẢ KẾT QUẢ']) assert.ok(receipt.toLowerCase().includes(text.toLowerCase()), `form 01 lacks ${text}: ${receipt}`);
  // The code on the paper is enough to follow the case.
  const anybody = await browsers.page(plain(phone));
  await anybody.goto(`/tra-cuu?ma=${code}`);
  await says(anybody, 'Đã tiếp nhận');
  // On to the result.
  await office.act(await browsers.as(extract.specialist, desk), code, 'propose', { facts: extract.facts });
  await office.act(await browsers.as(extract.leader, desk), code, 'approve');
  await clerk.goto('/can-bo/tra-ket-qua');
  await clerk.locator('main').getByRole('link', { name: code }).click();
  await office.claim(clerk);
  const result = wordsOf(await office.pdfOf(clerk, clerk.locator('main').getByRole('link', { name: 'Kết quả giải quyết' })));
  assert.ok(result.toLowerCase().includes('lê văn ba'), result);
  await office.collect(clerk, extract.fee, 'BL-0101');
  await office.decide(clerk, 'handed_over');
  await says(clerk, 'Đã ghi nhận trả kết quả');
  await anybody.reload();
  assert.equal((await words(anybody)).match(/Đã có kết quả/g).length, 2, 'the status, and once in what happened');
  await clerk.goto('/can-bo/so-theo-doi');
  await says(clerk, code, 'Phan Văn Sáu');
} };

const known = { name: 'known', what: 'who is in the register needs no typing; what was begun at the counter is found again and thrown away', walk: async ({ browsers }) => {
  const clerk = await browsers.as(extract.clerk, desk);
  await clerk.goto('/can-bo/tiep-nhan');
  await clerk.locator('main').getByRole('link', { name: 'Bản sao giấy hộ tịch' }).click();
  await clerk.fill('input[name=personal_number]', '999068000102');
  await clerk.getByRole('button', { name: 'Tìm người này' }).click();
  await says(clerk, 'Đã tìm thấy', 'Trần Văn Út', '09/03/1968');
  assert.ok(!clerk.url().includes('999068000102'), 'the number does not stand in the address');
  await browsers.examine(clerk, 'counter-identify-known');
  await clerk.check('input[name=channel][value=post]');
  await clerk.getByRole('button', { name: 'Đúng người, lập hồ sơ' }).click();
  await clerk.waitForURL(/\/can-bo\/tiep-nhan\/[^/]+\/kind$/);
  const draft = new URL(clerk.url()).pathname.split('/')[3];
  await clerk.goto(`/can-bo/tiep-nhan/${draft}/requester`);
  assert.equal(await clerk.inputValue('input[name=requester_name]'), 'Trần Văn Út');
  await clerk.goto('/can-bo/tiep-nhan');
  await says(clerk, 'Hồ sơ bạn đang lập dở');
  await browsers.examine(clerk, 'counter-drafts');
  await clerk.locator(`form[action$="/${draft}/huy"] button`).click();
  await says(clerk, 'Đã bỏ hồ sơ lập dở');
  assert.equal(await clerk.locator(`a[href$="${draft}"]`).count(), 0);
} };

const shared = { name: 'shared', what: 'a step is taken, given back, given to a colleague, taken back by the leader', walk: async ({ browsers, papers }) => {
  const page = await browsers.as('congdan2', plain(phone));
  const { code } = await citizen.apply(page, extract, papers);
  const clerk = await browsers.as(extract.clerk, plain(desk));
  await office.act(clerk, code, 'accept');
  const one = await browsers.as(extract.specialist, plain(desk));
  const other = await browsers.as('tuphap2.ngabay', desk);
  const leader = await browsers.as(extract.leader, plain(desk));
  const task = await office.open(one, code);
  await office.claim(one);
  await says(one, 'Bạn đang giữ việc này');
  await one.goto('/can-bo?hop=mine');
  await says(one, code);
  // A colleague sees who has it, and cannot decide.
  await other.goto(task);
  await says(other, 'Nguyễn Hữu Nghĩa đang giữ việc này');
  assert.equal(await other.locator('button[name=outcome]').count(), 0);
  await browsers.examine(other, 'counter-with-colleague');
  await one.goto(task);
  await one.getByRole('button', { name: 'Trả lại việc này cho mọi người' }).click();
  await says(one, 'Việc này đã được trả lại cho mọi người', 'Chưa có ai nhận việc này');
  // The leader gives it to the colleague.
  await leader.goto(task);
  await leader.locator('summary', { hasText: 'Giao việc này cho người khác' }).click();
  await browsers.examine(leader, 'counter-assign');
  await leader.getByRole('button', { name: 'Giao việc' }).click();
  await says(leader, 'Hãy chọn người được giao việc');
  await leader.locator('summary', { hasText: 'Giao việc này cho người khác' }).click();
  const choice = await leader.locator('select[name=account] option', { hasText: 'Lý Thị Kim Yến' }).getAttribute('value');
  await leader.selectOption('select[name=account]', choice);
  await leader.getByRole('button', { name: 'Giao việc' }).click();
  await says(leader, 'Đã giao việc', 'Lý Thị Kim Yến đang giữ việc này');
  await one.goto(task);
  await says(one, 'Lý Thị Kim Yến đang giữ việc này');
  assert.equal(await one.getByRole('button', { name: 'Nhận việc này' }).count(), 0);
  await other.goto('/can-bo?hop=mine');
  await says(other, code);
  // And takes it back.
  await leader.goto(task);
  await leader.getByRole('button', { name: 'Thu hồi việc này' }).click();
  await says(leader, 'Chưa có ai nhận việc này');
  await one.goto(task);
  await office.claim(one);
  await says(one, 'Bạn đang giữ việc này');
  await office.enter(one, extract.facts);
  await office.decide(one, 'propose');
  await says(one, 'Đã xong');
} };

export const walks = [taken, known, shared];
