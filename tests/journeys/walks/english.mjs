// A foreigner, or anybody who reads English better: from the front page to the receipt and the withdrawal, nothing untranslated.
import assert from 'node:assert/strict';
import { extract } from '../cases.mjs';
import * as citizen from '../citizen.mjs';
import { desk, phone, says } from '../browse.mjs';

/** What is Vietnamese in any language: names of people and places, of official procedures and papers, what somebody typed. */
const names = [
  'Lê Thị Thu Ngân', 'Lê Văn Ba', 'Tỉnh Hậu Giang', 'Hậu Giang', 'Ủy ban nhân dân phường Ngã Bảy', 'Phường Ngã Bảy', 'Thành phố Ngã Bảy', 'Khu vực Bông Súng', 'văn bản ủy quyền.pdf',
  'Đã tìm thấy giấy cũ.', 'Nguyễn Thị Kim Ngân', 'Mỹ Hưng', 'đồng', 'Tiếng Việt', '“Số”',
];
const vietnamese = /[ăâđêôơưĂÂĐÊÔƠƯàáảãạằắẳẵặầấẩẫậèéẻẽẹềếểễệìíỉĩịòóỏõọồốổỗộờớởỡợùúủũụừứửữựỳýỷỹỵ]/i;

/** Pieces of text on the page that are still Vietnamese. Options of lists are names of places. */
async function left(page) {
  const pieces = await page.evaluate(() => {
    const all = [];
    const walk = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) if (!walk.currentNode.parentElement.closest('script, style, option, [lang=vi]:not(html), .nb-cards a')) all.push(walk.currentNode.data.trim());
    for (const element of document.querySelectorAll('[aria-label], [alt], [title], [placeholder]'))
      for (const name of ['aria-label', 'alt', 'title', 'placeholder']) if (element.hasAttribute(name)) all.push(element.getAttribute(name));
    return all.filter(Boolean);
  });
  return pieces.map(piece => names.reduce((text, name) => text.replaceAll(name, ''), piece)).filter(piece => vietnamese.test(piece.replace(/[\d.,]+ đ(?![\p{L}])/gu, '')));
}

const applies = { name: 'applies', what: 'a citizen applies and withdraws in English', walk: async ({ town, browsers, papers }) => {
  const page = await browsers.page({ ...phone, locale: 'en-GB' });
  const look = async (name, { strict = true } = {}) => {
    if (strict) assert.deepEqual(await left(page), [], `${name} is not all English`);
    await browsers.examine(page, `english-${name}`, { language: 'en' });
  };
  await page.goto('/');
  if (await page.getAttribute('html', 'lang') !== 'en') await page.click('a[hreflang=en]');
  await look('home', { strict: false });
  await page.fill('input[name=q]', extract.code);
  await page.press('input[name=q]', 'Enter');
  await look('found', { strict: false });
  await page.click(`a[href="/thu-tuc/${extract.code}"]`);
  // The facts below come from the national catalogue and are in Vietnamese there.
  await says(page, 'Start your application', 'Who can apply');
  await look('procedure', { strict: false });
  for (const [name, address] of [['help', '/tro-giup'], ['accessibility', '/kha-nang-tiep-can'], ['privacy', '/quyen-rieng-tu'], ['offline', '/ngoai-tuyen'], ['track', '/tra-cuu'],
    ['track-unknown', '/tra-cuu?ma=H30.31.01-260101-9999'], ['verify', '/kiem-chung'], ['verify-unknown', '/kiem-chung/0123456789ABCDEFGHJK'], ['not-found', '/khong-co-trang-nay'], ['sign-in', '/dang-nhap']]) {
    await page.goto(address);
    await look(name, { strict: name !== 'help' });
  }
  await browsers.giveCredentials(page, { name: 'khong.co.ai', password: 'wrong' });
  await page.waitForSelector('[data-nb-errors]');
  await look('sign-in-refused');
  await browsers.giveCredentials(page, town.account('congdan'));
  await page.waitForURL(url => url.pathname === '/');
  await page.goto(`/thu-tuc/${extract.code}/bat-dau`);
  if (await page.getByRole('button', { name: 'Begin another one' }).count()) await citizen.press(page, 'Begin another one');
  else {
    await look('begin');
    await citizen.press(page, 'Start your application');
  }
  await page.waitForURL(/\/ho-so-nhap\/[^/]+\/[^/]+$/);
  await citizen.goOn(page);
  await page.waitForSelector('[data-nb-errors]');
  await look('question-refused');
  await citizen.answerAll(page, extract, key => look(`question-${key}`));
  await look('papers');
  await citizen.goOn(page);
  await says(page, 'Missing');
  await look('papers-missing');
  await citizen.attachAll(page, extract, papers);
  await look('papers-given');
  await citizen.goOn(page);
  await page.waitForURL('**/kiem-tra');
  await look('check');
  const code = await citizen.submit(page);
  await look('receipt');
  await page.goto(page.url().replace('/bien-nhan', ''));
  await look('dossier');
  await page.goto('/ho-so-cua-toi');
  await says(page, code);
  await look('own');
  await page.goto(`/tra-cuu?ma=${code}`);
  await look('track-found');
  await page.goto('/ho-so-cua-toi');
  await page.locator('main').getByRole('link', { name: extract.title }).first().click();
  await page.locator('main').getByRole('link', { name: 'Withdraw' }).click();
  await look('withdraw');
  await page.fill('textarea[name=ly_do]', 'Đã tìm thấy giấy cũ.');
  await citizen.press(page, /^Withdraw/);
  await page.waitForURL('**?da=withdrawn');
  await look('withdrawn');
  await page.goto('/hop-thu');
  // Messages were written in the language of their day.
  await look('messages', { strict: false });
} };

const desks = { name: 'desk', what: 'an official reads the desk in English', walk: async ({ browsers }) => {
  const page = await browsers.as('tuphap2.ngabay', desk);
  await page.goto('/can-bo');
  await page.click('a[hreflang=en]');
  await page.waitForURL('**/can-bo');
  await says(page, 'Cases to work on', 'All procedures');
  for (const [name, address] of [['inbox', '/can-bo'], ['search', '/can-bo/tim'], ['return', '/can-bo/tra-ket-qua'], ['ledger', '/can-bo/so-theo-doi']]) {
    await page.goto(address);
    await browsers.examine(page, `english-desk-${name}`, { language: 'en' });
  }
  await page.click('a[hreflang=vi]');
  assert.equal(await page.getAttribute('html', 'lang'), 'vi');
} };

export const walks = [applies, desks];
