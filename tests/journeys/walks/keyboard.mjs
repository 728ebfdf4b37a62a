// A whole case without ever touching a pointer, in a low window, where bars that stay in reach cover most.
import assert from 'node:assert/strict';
import { extract } from '../cases.mjs';
import * as citizen from '../citizen.mjs';
import { codeIn } from '../citizen.mjs';
import * as office from '../office.mjs';
import { enter, follow, give, reach, skip } from '../keys.mjs';
import { desk, says, words } from '../browse.mjs';

const low = { ...desk, viewport: { width: 1280, height: 640 } };
const goOn = 'main form .nb-actions button[type=submit]';

const submits = { name: 'citizen', what: 'a citizen finds, fills in, attaches and submits 2.000635 with the keyboard alone', walk: async ({ town, browsers, papers }) => {
  const page = await browsers.page(low);
  // The browser hands file dialogs over only while somebody listens; told at the press itself, it may hear of it too late.
  page.on('filechooser', () => {});
  await page.goto('/');
  await reach(page, 'input[name=q]');
  await page.keyboard.type('2.000635');
  await enter(page);
  await follow(page, 'a[href="/thu-tuc/2.000635"]');
  await skip(page);
  await follow(page, 'main a.nb-button--start');
  // The sign-in.
  const account = town.account('congdan2');
  await skip(page);
  await reach(page, 'input[name=ten]');
  await page.keyboard.type(account.name);
  await reach(page, 'input[name=mat_khau]');
  await page.keyboard.type(account.password);
  await enter(page);
  await page.waitForURL('**/bat-dau');
  await skip(page);
  await follow(page, 'main form[action$="/bat-dau"] button');
  // Nothing answered: the list of mistakes has the focus, its line leads to the question.
  await skip(page);
  await follow(page, goOn);
  assert.ok(await page.evaluate(() => document.activeElement.matches('[data-nb-errors]')), 'the mistakes have the focus');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  assert.ok(await page.evaluate(() => document.activeElement.matches('[name=extract_kind]')), 'its line leads to the question');
  while (!page.url().endsWith('/papers')) {
    const names = await page.locator('main form [name]').evaluateAll(all => [...new Set(all.map(one => one.name))]);
    for (const [field, value] of Object.entries(extract.answers)) if (names.some(name => name === field || name.startsWith(`${field}.`))) await give(page, field, value);
    const before = page.url();
    await follow(page, goOn);
    assert.notEqual(page.url(), before, await words(page));
    if (!page.url().endsWith('/papers')) await skip(page);
  }
  await skip(page);
  await reach(page, 'form[action$="/giay-to/authorisation"] input[type=file]');
  const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.keyboard.press('Space')]);
  await chooser.setFiles([papers.pdf]);
  await follow(page, 'form[action$="/giay-to/authorisation"] button');
  await says(page, papers.pdf.name);
  await follow(page, goOn);
  await page.waitForURL('**/kiem-tra');
  await skip(page);
  await reach(page, 'input[name=cam_doan]');
  await page.keyboard.press('Space');
  await follow(page, goOn);
  await page.waitForURL('**/bien-nhan');
  assert.ok(codeIn(await words(page)));
} };

const decides = { name: 'official', what: 'an official finds, takes, looks at and decides a case with the keyboard alone', walk: async ({ browsers, papers }) => {
  const { code } = await citizen.apply(await browsers.as('congdan2', desk), extract, papers);
  const clerk = await browsers.as(extract.clerk, low);
  await clerk.goto(`/can-bo?q=${code}`);
  // j walks the rows, Enter opens.
  await clerk.keyboard.press('j');
  assert.equal(await clerk.evaluate(() => document.activeElement.innerText), code);
  await enter(clerk);
  await clerk.waitForURL('**/can-bo/viec/**');
  await skip(clerk);
  await follow(clerk, 'main form[action$="/nhan"] button');
  await says(clerk, 'Bạn đang giữ việc này');
  // Nothing looked at: told, and led to the paper.
  await skip(clerk);
  await follow(clerk, 'button[name=outcome][value=accept]');
  assert.ok(await clerk.evaluate(() => document.activeElement.matches('[data-nb-errors]')));
  await clerk.keyboard.press('Tab');
  await clerk.keyboard.press('Enter');
  assert.ok(await clerk.evaluate(() => document.activeElement.matches('input[name="papers.authorisation"]')), 'its line leads to the paper');
  await give(clerk, 'papers.authorisation', 'true');
  await reach(clerk, 'main textarea[name=note]');
  await clerk.keyboard.insertText('Đã xem bản gốc.');
  await reach(clerk, 'input[name=tiep]');
  if (await clerk.isChecked('input[name=tiep]')) await clerk.keyboard.press('Space');
  await follow(clerk, 'button[name=outcome][value=accept]');
  await says(clerk, 'Đã tiếp nhận hồ sơ');
  await office.open(await browsers.as(extract.specialist, low), code);
} };

export const walks = [submits, decides];
