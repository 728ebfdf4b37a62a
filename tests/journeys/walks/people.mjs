// Registering oneself, the authority that approves, and acting for a child and for a business.
import assert from 'node:assert/strict';
import { desk, phone, plain, says } from '../browse.mjs';
import { answerAll, begin } from '../citizen.mjs';
import { extract } from '../cases.mjs';

export const walks = [
  { name: 'registration', what: 'a person without an account registers on a phone, a clerk sees the card and approves, the person signs in', walk: registration },
  { name: 'acting', what: 'a mother asks to act for her child and her cooperative, a clerk approves, she hands in under the name of the represented until it is given back', walk: acting },
  { name: 'director', what: 'a new director asks, the present one is waited for and objects, two officials see both and say who goes', walk: director },
  { name: 'attorney', what: 'a power of attorney is given without scripts and taken back, and ends at once', walk: attorney },
  { name: 'code', what: 'a clerk gives a code out, with which a person sets a password without scripts', walk: code },
];

const clerk = 'motcua.ngabay';
/** Another official who may approve what is asked of the ward. */
const another = 'quantri.tinh';
const press = (page, name) => page.getByRole('button', { name, exact: true }).first().click();
/** For whom the frame of the page says that one acts; nothing: for oneself. */
const acts = async (page, name) => assert.equal(await page.locator('.nb-acting span').allInnerTexts().then(texts => texts.join()), name ? `Bạn đang làm thay ${name}` : '');
export const date = async (page, name, value) => {
  for (const [part, text] of Object.entries(value)) await page.fill(`input[name="${name}.${part}"]`, text);
};

/** Today in Việt Nam and some days later, as the boxes of a date are filled. */
function day(later) {
  const at = new Date(Date.now() + later * 86_400_000);
  const part = options => new Intl.DateTimeFormat('en-GB', { timeZone: 'Asia/Ho_Chi_Minh', ...options }).format(at);
  return { day: part({ day: 'numeric' }), month: part({ month: 'numeric' }), year: part({ year: 'numeric' }) };
}

/** Chooses the office whose name holds these words. */
export async function choose(page) {
  const options = await page.locator('select[name=agency] option').allInnerTexts();
  const name = options.find(option => option.toLowerCase().includes('ngã bảy') && option.toLowerCase().includes('phường'));
  assert.ok(name, options.join(', '));
  await page.locator('select[name=agency]').selectOption({ label: name });
}

/** The clerk opens the newest line that holds these words, and approves. */
async function approve(browsers, words, paper, look, check) {
  const page = await browsers.as(clerk, desk);
  await page.goto('/can-bo');
  await page.getByRole('link', { name: 'Đăng ký chờ duyệt' }).click();
  await says(page, words);
  await look(page, 'desk');
  await page.getByRole('link', { name: words }).last().click();
  await look(page, 'desk-one');
  await press(page, 'Duyệt');
  await says(page, 'Hãy ghi loại và số giấy tờ');
  await look(page, 'desk-mistake');
  await page.fill('input[name=paper]', paper);
  if (check) {
    await page.fill('input[name=check]', '000000');
    await press(page, 'Duyệt');
    await says(page, 'Mã đối chiếu không đúng');
    assert.equal(await page.inputValue('input[name=paper]'), paper, 'nothing typed is lost');
    await page.fill('input[name=check]', check);
  }
  await press(page, 'Duyệt');
  await says(page, 'Đã duyệt');
}

async function registration({ browsers }) {
  const look = (page, name) => browsers.examine(page, `people-${name}`);
  const page = await browsers.page(phone);
  await page.goto('/dang-nhap');
  await page.locator('summary', { hasText: 'chưa có tài khoản' }).click();
  await page.getByRole('link', { name: 'Đăng ký tài khoản' }).click();
  await look(page, 'register');
  await press(page, 'Gửi đăng ký');
  await says(page, 'Hãy điền ô này', 'Hãy chọn ủy ban nhân dân');
  await look(page, 'register-mistake');
  await page.fill('input[name=personal_number]', '999 195 000 203');
  await page.fill('input[name=full_name]', 'Đặng Thị Bông Súng');
  await date(page, 'birth_date', { day: '3', month: '9', year: '1995' });
  await page.fill('input[name=phone]', '0912 345 679');
  await choose(page);
  await page.fill('input[name=mat_khau_moi]', 'một câu dễ nhớ bên rạch');
  await page.fill('input[name=mat_khau_lai]', 'một câu dễ nhớ bên kênh');
  await press(page, 'Gửi đăng ký');
  await says(page, 'không giống nhau');
  assert.equal(await page.inputValue('input[name=full_name]'), 'Đặng Thị Bông Súng', 'nothing typed is lost');
  await page.fill('input[name=mat_khau_moi]', 'một câu dễ nhớ bên rạch');
  await page.fill('input[name=mat_khau_lai]', 'một câu dễ nhớ bên rạch');
  await press(page, 'Gửi đăng ký');
  await says(page, 'Đăng ký đang chờ');
  await look(page, 'receipt');
  const receipt = new URL(page.url()).pathname;
  const check = await page.locator('#ma-doi-chieu').innerText();

  await page.goto('/dang-nhap');
  await page.fill('input[name=ten]', '999195000203');
  await page.fill('input[name=mat_khau]', 'một câu dễ nhớ bên rạch');
  await press(page, 'Đăng nhập');
  await says(page, 'Đăng ký của bạn chưa được duyệt');
  await approve(browsers, 'Đặng Thị Bông Súng', 'Thẻ căn cước số 999195000203', look, check);
  await page.goto(receipt);
  await says(page, 'Đã duyệt');
  await look(page, 'receipt-approved');
  await page.goto('/dang-nhap');
  await page.fill('input[name=ten]', '999195000203');
  await page.fill('input[name=mat_khau]', 'một câu dễ nhớ bên rạch');
  await press(page, 'Đăng nhập');
  await page.goto('/tai-khoan');
  await says(page, 'Đặng Thị Bông Súng');
  await page.goto('/hop-thu');
  await says(page, 'Tài khoản của bạn đã được duyệt');

  // By passport, without scripts; refused, and told why.
  const visitor = await browsers.page(plain(phone));
  await visitor.goto('/dang-ky?loai=ho-chieu');
  await look(visitor, 'passport');
  await visitor.fill('input[name=passport]', 'M12345678');
  await visitor.locator('select[name=nationality]').selectOption('KR');
  await visitor.fill('input[name=full_name]', 'Kim Minji');
  await date(visitor, 'birth_date', { day: '2', month: '8', year: '1994' });
  await visitor.fill('input[name=email]', 'minji@example.com');
  await choose(visitor);
  await visitor.fill('input[name=mat_khau_moi]', 'lotus by the canal');
  await visitor.fill('input[name=mat_khau_lai]', 'lotus by the canal');
  await press(visitor, 'Gửi đăng ký');
  await says(visitor, 'Hãy mang theo hộ chiếu');
  const officer = await browsers.as(clerk, desk);
  await officer.goto('/can-bo/dang-ky');
  await officer.getByRole('link', { name: 'Kim Minji' }).click();
  await officer.fill('textarea[name=reason]', 'Hộ chiếu đã hết hạn');
  await press(officer, 'Từ chối');
  await says(officer, 'Đã từ chối');
  await visitor.reload();
  await says(visitor, 'Hộ chiếu đã hết hạn');
  await look(visitor, 'receipt-refused');
}

async function acting({ browsers }) {
  const look = (page, name) => browsers.examine(page, `people-${name}`);
  const page = await browsers.page(phone);
  await browsers.signIn(page, 'congdan');
  await page.goto('/tai-khoan');
  await page.getByRole('link', { name: 'Làm thay người khác' }).click();
  await says(page, 'Chưa có ai để bạn làm thay');
  await look(page, 'acting-none');
  await page.getByRole('link', { name: 'Đề nghị làm thay con' }).click();
  await press(page, 'Gửi đề nghị');
  await says(page, 'Hãy điền ô này');
  await look(page, 'child-mistake');
  await page.fill('input[name=full_name]', 'Lê Văn Cua');
  await page.fill('input[name=personal_number]', '999215000028');
  await date(page, 'birth_date', { day: '20', month: '5', year: '2015' });
  await page.check('input[name=standing][value=parent]');
  await page.fill('input[name=paper]', 'Giấy khai sinh số 45/2015');
  await choose(page);
  await press(page, 'Gửi đề nghị');
  await says(page, 'Đã gửi đề nghị', 'Chờ duyệt');
  await page.getByRole('link', { name: 'Đăng ký tổ chức' }).click();
  await page.fill('input[name=tax_number]', '6300000019');
  await page.fill('input[name=full_name]', 'Hợp tác xã Bông Súng');
  await page.fill('input[name=paper]', 'Giấy chứng nhận đăng ký hợp tác xã');
  await choose(page);
  await look(page, 'organisation');
  await press(page, 'Gửi đề nghị');
  await says(page, 'Đã gửi đề nghị');
  await approve(browsers, 'Lê Văn Cua', 'Giấy khai sinh số 45/2015', look);
  await approve(browsers, 'Hợp tác xã Bông Súng', 'Giấy chứng nhận số 6300000019', look);

  await page.goto('/tai-khoan/lam-thay');
  await look(page, 'acting-approved');
  await press(page, 'Làm thay Lê Văn Cua');
  await says(page, 'Từ bây giờ bạn làm thay');
  await acts(page, 'Lê Văn Cua');
  await look(page, 'acting-child');
  await page.goto('/tai-khoan/lam-thay');
  await press(page, 'Làm thay Hợp tác xã Bông Súng');
  await acts(page, 'Hợp tác xã Bông Súng');
  // A dossier in its name.
  await begin(page, extract);
  await answerAll(page, extract);
  await acts(page, 'Hợp tác xã Bông Súng');
  const draft = new URL(page.url()).pathname;
  await press(page, 'Thôi làm thay');
  await says(page, 'Bạn đang làm việc cho chính mình');
  await acts(page, '');
  assert.equal((await page.goto(draft)).status(), 404, 'what was begun for another is not found for oneself');
  await page.goto('/tai-khoan/lam-thay');
  await press(page, 'Trả lại việc làm thay Lê Văn Cua');
  await says(page, 'Đã kết thúc', 'đã kết thúc');
}

// shows: R032
async function director({ browsers }) {
  const look = (page, name) => browsers.examine(page, `people-${name}`);
  const anew = await browsers.page(plain(phone));
  await browsers.signIn(anew, 'congdan2');
  await anew.goto('/tai-khoan/lam-thay/de-nghi?loai=organisation');
  await anew.fill('input[name=tax_number]', '6300000019');
  await anew.fill('input[name=full_name]', 'Hợp tác xã Bông Súng');
  await anew.fill('input[name=paper]', 'Giấy chứng nhận thay đổi lần 2');
  await choose(anew);
  await press(anew, 'Gửi đề nghị');
  await says(anew, 'Đã gửi đề nghị');
  const present = await browsers.page(phone);
  await browsers.signIn(present, 'congdan');
  // The platform tells it in the background.
  for (let turn = 0; turn < 40; turn++) {
    await present.goto('/tai-khoan/lam-thay');
    if ((await present.innerText('main')).includes('Trần Văn Út đề nghị')) break;
    await present.waitForTimeout(500);
  }
  await says(present, 'Trần Văn Út đề nghị làm người đại diện theo pháp luật của Hợp tác xã Bông Súng');
  await look(present, 'question');
  // While the present one can answer, the desk says until when and offers nothing but to refuse.
  const page = await browsers.as(clerk, desk);
  await page.goto('/can-bo/dang-ky');
  await page.getByRole('link', { name: 'Hợp tác xã Bông Súng' }).last().click();
  await says(page, 'Tổ chức này đang có người đại diện khác', 'còn chờ ý kiến của 1 người liên quan');
  assert.equal(await page.getByRole('button', { name: 'Duyệt', exact: true }).count(), 0);
  await look(page, 'desk-awaited');
  await press(present, 'Tôi không đồng ý với đề nghị của Trần Văn Út');
  await says(present, 'Đã ghi nhận bạn không đồng ý', 'Bạn đã không đồng ý');
  await look(present, 'question-answered');
  await page.reload();
  await says(page, 'KHÔNG đồng ý', 'cần hai cán bộ');
  await look(page, 'desk-former');
  await page.fill('input[name=paper]', 'Giấy chứng nhận thay đổi lần 2');
  await page.check('input[name=seen]');
  await press(page, 'Duyệt');
  await says(page, 'còn đại diện cho tổ chức hay không');
  assert.equal(await page.inputValue('input[name=paper]'), 'Giấy chứng nhận thay đổi lần 2', 'nothing typed is lost');
  assert.ok(await page.isChecked('input[name=seen]'), 'nothing chosen is lost');
  await look(page, 'desk-former-mistake');
  await page.check('input[type=radio][value=ends]');
  await press(page, 'Duyệt');
  await says(page, 'Cần thêm một cán bộ khác');
  await page.getByRole('link', { name: 'Hợp tác xã Bông Súng' }).last().click();
  await says(page, 'Bạn đã đối chiếu giấy tờ');
  await look(page, 'desk-first');
  const second = await browsers.as(another, desk);
  await second.goto(page.url());
  await says(second, 'Bạn là cán bộ thứ hai');
  await look(second, 'desk-second');
  await second.fill('input[name=paper]', 'Giấy chứng nhận thay đổi lần 2');
  await second.check('input[name=seen]');
  await second.check('input[type=radio][value=ends]');
  await press(second, 'Duyệt');
  await says(second, 'Đã duyệt');
  await present.goto('/hop-thu');
  await says(present, 'Bạn thôi đại diện Hợp tác xã Bông Súng');
  await look(present, 'replaced');
  await anew.goto('/tai-khoan/lam-thay');
  await press(anew, 'Làm thay Hợp tác xã Bông Súng');
  await acts(anew, 'Hợp tác xã Bông Súng');
  await press(anew, 'Thôi làm thay');
  // As it was, for the walks that come after.
  await press(anew, 'Trả lại việc làm thay Hợp tác xã Bông Súng');
}

async function attorney({ browsers }) {
  const look = (page, name) => browsers.examine(page, `people-${name}`);
  const giver = await browsers.page(plain(phone));
  await browsers.signIn(giver, 'congdan2');
  await giver.goto('/tai-khoan/lam-thay');
  await giver.getByRole('link', { name: 'Ủy quyền cho người khác' }).click();
  await press(giver, 'Ủy quyền');
  await says(giver, 'Nhập đủ ngày, tháng, năm', 'Hãy chọn phạm vi ủy quyền');
  await look(giver, 'attorney-mistake');
  await giver.fill('input[name=number]', '999192000017');
  await giver.fill('input[name=name]', 'Lê Thị Thu Ngân');
  await giver.check('input[name=scope][value=some]');
  await giver.check(`input[name=procedures][value="${extract.code}"]`);
  await date(giver, 'from', day(0));
  await date(giver, 'to', day(5));
  await press(giver, 'Ủy quyền');
  await says(giver, 'Đã ủy quyền', 'Lê Thị Thu Ngân');
  await look(giver, 'attorney-given');
  const page = await browsers.page(phone);
  await browsers.signIn(page, 'congdan');
  await page.goto('/tai-khoan/lam-thay');
  await press(page, 'Làm thay Trần Văn Út');
  await acts(page, 'Trần Văn Út');
  await press(giver, 'Thu hồi, không để Lê Thị Thu Ngân làm thay');
  await says(giver, 'Đã kết thúc');
  await page.goto('/ho-so-cua-toi');
  await acts(page, '');
  await page.goto('/hop-thu');
  await says(page, 'Việc làm thay đã kết thúc');
}

async function code({ town, browsers }) {
  const look = (page, name) => browsers.examine(page, `people-${name}`);
  const officer = await browsers.as(clerk, desk);
  await officer.goto('/can-bo');
  await officer.getByRole('link', { name: 'Cấp mã tại quầy' }).click();
  await press(officer, 'Cấp mã');
  await says(officer, 'Hãy ghi loại và số giấy tờ');
  await look(officer, 'code-mistake');
  await officer.fill('input[name=number]', '999068000102');
  await officer.fill('input[name=name]', 'Trần Văn Út');
  await officer.fill('input[name=paper]', 'Thẻ căn cước số 999068000102');
  await press(officer, 'Cấp mã');
  await says(officer, 'Mã đã cấp');
  await look(officer, 'code-given');
  const given = await officer.locator('.nb-panel__code').innerText();
  const page = await browsers.page(plain(phone));
  await page.goto('/dang-nhap');
  await page.locator('summary', { hasText: 'chưa có tài khoản' }).click();
  await page.getByRole('link', { name: 'Đặt mật khẩu bằng mã cấp tại quầy' }).click();
  await look(page, 'by-code');
  await page.fill('input[name=ten]', 'congdan2');
  await page.fill('input[name="mat_khau.quay"]', 'sai mã');
  await page.fill('input[name=mat_khau_moi]', 'câu mới bên con rạch');
  await page.fill('input[name=mat_khau_lai]', 'câu mới bên con rạch');
  await press(page, 'Đặt mật khẩu');
  await says(page, 'Mã không đúng');
  await look(page, 'by-code-mistake');
  await page.fill('input[name="mat_khau.quay"]', given);
  await page.fill('input[name=mat_khau_moi]', 'câu mới bên con rạch');
  await page.fill('input[name=mat_khau_lai]', 'câu mới bên con rạch');
  await press(page, 'Đặt mật khẩu');
  await says(page, 'Đã đặt mật khẩu');
  await page.fill('input[name=ten]', 'congdan2');
  await page.fill('input[name=mat_khau]', 'câu mới bên con rạch');
  await press(page, 'Đăng nhập');
  await page.goto('/hop-thu');
  await says(page, 'Cán bộ vừa cấp mã cho bạn tại quầy');
  // As it was, for the walks that come after.
  await page.goto('/tai-khoan/mat-khau');
  const before = town.account('congdan2').password;
  for (const [name, value] of [['mat_khau', 'câu mới bên con rạch'], ['mat_khau_moi', before], ['mat_khau_lai', before]]) await page.fill(`input[name=${name}]`, value);
  await page.locator('main form button[type=submit]').first().click();
  await says(page, 'Đã đổi mật khẩu');
  browsers.forget('congdan2');
}
