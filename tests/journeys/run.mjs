// Journeys through the real program in a real browser: with and without JavaScript, on a phone and on a desk, keyboard only,
// and across a kill of the program. NGABAY_BIN names the program. Screenshots stay in shots/.
import { chromium } from 'playwright-core';
import { spawn, execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import readline from 'node:readline';
import assert from 'node:assert/strict';

const program = process.env.NGABAY_BIN;
if (!program) { console.error('NGABAY_BIN is not set'); process.exit(2); }
const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const shots = new URL('./shots/', import.meta.url).pathname;
fs.mkdirSync(shots, { recursive: true });
const home = fs.mkdtempSync(path.join(os.tmpdir(), 'ngabay-journey-'));
fs.chmodSync(home, 0o755);
const data = path.join(home, 'data');

/** Starts the program and waits for its line of JSON. */
async function start() {
  const process_ = spawn(program, ['serve', '--data', data, '--listen', '127.0.0.1:0', '--demo'], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  process_.stderr.on('data', chunk => { said += chunk; });
  const lines = readline.createInterface({ input: process_.stdout });
  const [line] = await Promise.race([once(lines, 'line'), once(process_, 'exit').then(() => { throw new Error(`the program ended: ${said}`); })]);
  return { process: process_, ...JSON.parse(line) };
}

let passed = 0;
let failed = 0;
async function journey(name, walk) {
  try {
    await walk();
    passed++;
    console.log(`ok      ${name}`);
  } catch (error) {
    failed++;
    console.log(`FAILED  ${name}\n${error.stack}`);
  }
}

let server = await start();
const accounts = JSON.parse(execFileSync(program, ['demo', 'accounts', '--data', data, '--json'], { encoding: 'utf8' }));
const browser = await chromium.launch({
  executablePath: process.env.CHROME || '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'],
});
const phone = { viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true, locale: 'vi-VN' };
const desk = { viewport: { width: 1280, height: 800 }, locale: 'vi-VN' };

/** No violation, no overflow at 320 px, and a picture at both widths. */
async function examine(page, name) {
  await page.evaluate(axe);
  const found = await page.evaluate(() => window.axe.run(document, { runOnly: { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] } }));
  const violations = found.violations.map(one => `${one.id}: ${one.nodes.map(node => node.html).slice(0, 2).join(' | ')}`);
  assert.deepEqual(violations, [], name);
  const before = page.viewportSize();
  for (const width of [320, 360, 1280]) {
    await page.setViewportSize({ width, height: 800 });
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(overflow, 0, `${name} at ${width} px`);
    if (width > 320) await page.screenshot({ path: `${shots}${name}-${width}.png`, fullPage: true });
  }
  await page.setViewportSize(before);
}

const pages = [
  ['home', '/', 200], ['list', '/thu-tuc', 200], ['found', '/thu-tuc?q=dang+ky+khai+sinh', 200], ['nothing', '/thu-tuc?q=zzzzqqq', 200],
  ['procedure', '/thu-tuc/2.000635', 200], ['sign-in', '/dang-nhap', 200], ['help', '/tro-giup', 200],
  ['accessibility', '/kha-nang-tiep-can', 200], ['privacy', '/quyen-rieng-tu', 200], ['not-found', '/khong-co-trang-nay', 404], ['track', '/tra-cuu', 200], ['verify', '/kiem-chung', 200],
];
for (const [name, address, status] of pages) {
  await journey(`page ${address}`, async () => {
    const context = await browser.newContext({ ...phone, bypassCSP: true });
    const page = await context.newPage();
    const answer = await page.goto(server.address + address);
    assert.equal(answer.status(), status);
    await examine(page, name);
    await context.close();
  });
}

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? 'with JavaScript' : 'without JavaScript';
  await journey(`a citizen finds a procedure by words without tones, ${how}`, async () => {
    const context = await browser.newContext({ ...phone, javaScriptEnabled });
    const page = await context.newPage();
    const errors = [];
    page.on('pageerror', error => errors.push(error.message));
    page.on('console', line => { if (line.type() === 'error') errors.push(line.text()); });
    await page.goto(server.address);
    await page.fill('input[name=q]', 'dang ky khai sinh');
    await page.press('input[name=q]', 'Enter');
    await page.click('a[href="/thu-tuc/1.001193"]');
    assert.match(await page.textContent('h1'), /khai sinh/);
    assert.deepEqual(errors, []);
    await context.close();
  });
  await journey(`everybody of the demonstration signs in and out, ${how}`, async () => {
    for (const account of accounts) {
      const context = await browser.newContext({ ...desk, javaScriptEnabled });
      const page = await context.newPage();
      await page.goto(`${server.address}/dang-nhap`);
      await page.fill('input[name=ten]', account.name);
      await page.fill('input[name=mat_khau]', account.password);
      await page.press('input[name=mat_khau]', 'Enter');
      await page.waitForURL(account.role === 'citizen' ? `${server.address}/` : '**/can-bo');
      assert.ok((await page.textContent('body')).includes(account.person), account.name);
      if (javaScriptEnabled && account.role === 'clerk') await page.screenshot({ path: `${shots}desk-1280.png`, fullPage: true });
      await page.click('form[action="/dang-xuat"] button');
      await page.waitForURL('**/?da=sign_out');
      assert.equal((await page.goto(`${server.address}/hop-thu`)).url(), `${server.address}/dang-nhap?ve=/hop-thu`);
      await context.close();
    }
  });
}

/** Signs somebody of the demonstration in and gives the page. */
async function signedIn(account, device) {
  const context = await browser.newContext({ ...device, bypassCSP: true });
  const page = await context.newPage();
  await page.goto(`${server.address}/dang-nhap`);
  await page.fill('input[name=ten]', account.name);
  await page.fill('input[name=mat_khau]', account.password);
  await page.press('input[name=mat_khau]', 'Enter');
  await page.waitForURL(account.role === 'citizen' ? `${server.address}/` : '**/can-bo');
  return page;
}

await journey('a citizen begins a procedure, is told what is wrong, and finds the draft again', async () => {
  const page = await signedIn(accounts.find(account => account.role === 'citizen'), phone);
  await page.goto(`${server.address}/thu-tuc/2.000635`);
  await examine(page, 'procedure-online');
  await page.click('form[action$="/bat-dau"] button[type=submit]');
  await page.waitForURL('**/ho-so-nhap/**');
  await examine(page, 'question');
  await page.click('main form button[type=submit]');
  assert.ok(await page.locator('.nb-error-summary, [role=alert]').count() > 0, 'an empty answer is told');
  await examine(page, 'question-refused');
  await page.check('input[value=birth_certificate]');
  await page.click('main form button[type=submit]');
  await page.waitForURL('**/belongs_to');
  await page.goto(`${server.address}/ho-so-cua-toi`);
  await examine(page, 'own-dossiers');
  await page.context().close();
});

await journey('officials find their inbox, the ledger and the calendar', async () => {
  const page = await signedIn(accounts.find(account => account.role === 'clerk'), desk);
  for (const [name, address] of [['inbox', '/can-bo'], ['intake', '/can-bo/tiep-nhan'], ['search', '/can-bo/tim'], ['return', '/can-bo/tra-ket-qua'], ['ledger', '/can-bo/so-theo-doi'], ['calendar', '/can-bo/lich-lam-viec']]) {
    assert.equal((await page.goto(server.address + address)).status(), 200, address);
    await examine(page, `desk-${name}`);
  }
  await page.context().close();
});

await journey('a wrong password is told plainly and the name is kept', async () => {
  const context = await browser.newContext({ ...phone, bypassCSP: true });
  const page = await context.newPage();
  await page.goto(`${server.address}/dang-nhap`);
  await page.fill('input[name=ten]', 'congdan');
  await page.fill('input[name=mat_khau]', 'không phải mật khẩu');
  await page.click('main button[type=submit]');
  assert.equal(await page.inputValue('input[name=ten]'), 'congdan');
  await examine(page, 'sign-in-refused');
  await context.close();
});

await journey('the language is chosen and kept', async () => {
  const context = await browser.newContext(phone);
  const page = await context.newPage();
  await page.goto(`${server.address}/thu-tuc`);
  await page.click('a[hreflang=en]');
  assert.equal(await page.getAttribute('html', 'lang'), 'en');
  assert.equal(new URL(page.url()).pathname, '/thu-tuc');
  await context.close();
});

await journey('the keyboard alone reaches the search and its results', async () => {
  const context = await browser.newContext(desk);
  const page = await context.newPage();
  await page.goto(server.address);
  for (let press = 0; press < 20; press++) {
    await page.keyboard.press('Tab');
    if (await page.evaluate(() => document.activeElement?.getAttribute('name') === 'q')) break;
  }
  await page.keyboard.type('1.001612');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/thu-tuc?q=1.001612');
  assert.ok(await page.isVisible('a[href="/thu-tuc/1.001612"]'));
  await context.close();
});

// shows: R024
await journey('a killed program comes back with sessions, accounts and an unbroken trail', async () => {
  const clerk = accounts.find(account => account.role === 'clerk');
  const answer = await fetch(`${server.address}/api/v1/sessions`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ login: clerk.name, password: clerk.password }),
  });
  assert.ok(answer.ok, String(answer.status));
  const { token } = await answer.json();
  server.process.kill('SIGKILL');
  await once(server.process, 'exit');
  server = await start();
  const me = await fetch(`${server.address}/api/v1/me`, { headers: { authorization: `Bearer ${token}` } });
  assert.equal(me.status, 200);
  server.process.kill('SIGTERM');
  const [code] = await once(server.process, 'exit');
  assert.equal(code, 0, 'an orderly end');
  const report = JSON.parse(execFileSync(program, ['audit', 'verify', '--data', data, '--json'], { encoding: 'utf8' }));
  assert.deepEqual(report.broken, []);
  assert.ok(report.checked > 0);
});

await browser.close();
if (server.process.exitCode === null) server.process.kill('SIGTERM');
fs.rmSync(home, { recursive: true, force: true, maxRetries: 5 });
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed ? 1 : 0);
