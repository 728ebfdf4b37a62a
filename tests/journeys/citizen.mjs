// What a citizen does, by the controls that the pages show and nothing else, in either language.
import assert from 'node:assert/strict';
import { says } from './browse.mjs';

/** Gives one answer, whatever control asks for it. */
export async function answer(page, name, value) {
  if (typeof value === 'object') {
    for (const [part, text] of Object.entries(value)) await answer(page, `${name}.${part}`, text);
    return;
  }
  const control = page.locator(`[name="${name}"]`).first();
  const kind = await control.evaluate(element => element.tagName === 'SELECT' ? 'select' : element.type);
  if (kind === 'select') await control.selectOption(value);
  else if (kind === 'radio' || kind === 'checkbox') await page.check(`[name="${name}"][value="${value}"]`);
  else await control.fill(value);
}

/** Which of these answers the page asks for. */
async function asked(page, answers) {
  const names = await page.locator('main form [name]').evaluateAll(all => all.map(one => one.name));
  return Object.keys(answers).filter(field => names.some(name => name === field || name.startsWith(`${field}.`)));
}

export async function fillPage(page, answers) {
  for (const field of await asked(page, answers)) await answer(page, field, answers[field]);
}

export const press = (page, text) => page.locator('main').getByRole('button', { name: text }).first().click();
export const goOn = page => press(page, /^(Tiếp tục|Continue)$/);
const pageKey = page => new URL(page.url()).pathname.split('/').pop();

/** From the page of the procedure to the first question. */
export async function begin(page, procedure) {
  await page.goto(`/thu-tuc/${procedure.code}`);
  const anew = page.locator('main').getByRole('link', { name: 'Làm hồ sơ mới' });
  if (await anew.count()) {
    await anew.click();
    await press(page, 'Làm hồ sơ mới');
  } else await press(page, 'Bắt đầu nộp hồ sơ');
  await page.waitForURL(/\/ho-so-nhap\/[^/]+\/[^/]+$/);
}

/** Answers page by page up to the papers; `look` sees every page before it is answered. */
export async function answerAll(page, procedure, look = async () => {}) {
  let last = '';
  while (pageKey(page) !== 'papers') {
    const key = pageKey(page);
    assert.notEqual(key, last, `${key} does not go on: ${await page.locator('main').innerText()}`);
    last = key;
    await look(key);
    if (procedure.slip?.page === key && look.slips) {
      await fillPage(page, { ...procedure.answers, ...procedure.slip.answers });
      await goOn(page);
      assert.equal(pageKey(page), key);
      await says(page, procedure.slip.says);
      await look(`${key}-refused`);
    }
    await fillPage(page, procedure.answers);
    await goOn(page);
    await page.waitForURL(url => !url.pathname.endsWith(`/${key}`)).catch(async () => { throw new Error(`${key} is not passed: ${await page.locator('main').innerText()}`); });
  }
}

/** Attaches files to one paper of the page. */
export async function attach(page, paper, files) {
  await page.setInputFiles(`input[type=file][name="papers.${paper}"]`, files);
  const button = page.locator(`form[action$="/giay-to/${paper}"] button[type=submit], button[formaction$="/giay-to/${paper}"]`).filter({ hasText: /^\s*(Tải lên|Upload)\s*$/ });
  // While photos shrink the button waits.
  await button.click();
  await page.waitForLoadState();
}

export async function attachAll(page, procedure, papers) {
  for (const [paper, files] of Object.entries(procedure.papers)) await attach(page, paper, files.map(file => papers[file]));
}

/** From the check to the receipt. Gives the code. */
export async function submit(page) {
  await page.check('input[name=cam_doan]');
  await press(page, /^(Nộp hồ sơ|Submit)$/);
  await page.waitForURL(/\/bien-nhan$/);
  return codeOn(page);
}

/** The code of a dossier in a text. */
export const codeIn = text => text.match(/H30[.\d]*-\d{6}-\d{4}/)[0];
export const codeOn = async page => codeIn(await page.locator('main').innerText());

/** The whole application without looking left or right. Gives code and address of the dossier. */
export async function apply(page, procedure, papers) {
  await begin(page, procedure);
  await answerAll(page, procedure);
  await attachAll(page, procedure, papers);
  await goOn(page);
  const code = await submit(page);
  return { code, home: page.url().replace('/bien-nhan', '') };
}
