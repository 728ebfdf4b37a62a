// What a citizen's page costs: bytes over the wire, and largest contentful paint at 400 kbit/s with 400 ms of latency, cold and
// warm. The goals: 30 KiB, 3.0 s, 1.5 s.
import { createRequire } from 'node:module';
import fs from 'node:fs';
import { accounts, freshData, start, percentile } from './harness/program.mjs';

const { chromium } = createRequire(new URL('../tests/journeys/', import.meta.url))('playwright-core');
const data = freshData();
const program = await start(data, []);
const citizen = accounts(data).find(account => account.role === 'citizen');
const browser = await chromium.launch({ executablePath: process.env.CHROME || '/usr/bin/chromium', args: ['--no-sandbox', '--disable-dev-shm-usage'] });
const phone = { serviceWorkers: 'block', viewport: { width: 360, height: 740 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true, locale: 'vi-VN' };

/** Signs a new browser in and gives its cookies. */
async function signedIn() {
  const context = await browser.newContext(phone);
  const page = await context.newPage();
  await page.goto(`${program.address}/dang-nhap`);
  await page.fill('[name=ten]', citizen.name);
  await page.fill('[name=mat_khau]', citizen.password);
  await Promise.all([page.waitForNavigation(), page.click('main button[type=submit]')]);
  await page.goto(`${program.address}/thu-tuc/2.000635`);
  const begin = page.locator('form[action$="/bat-dau"] button[type=submit]').first();
  let question = null;
  if (await begin.count()) {
    await Promise.all([page.waitForNavigation(), begin.click()]);
    question = new URL(page.url()).pathname;
  }
  const cookies = await context.cookies();
  await context.close();
  return { cookies, question };
}

/** One visit: bytes received and the largest paint. */
async function visit(context, address) {
  const page = await context.newPage();
  const wire = await context.newCDPSession(page);
  await wire.send('Network.enable');
  await wire.send('Network.emulateNetworkConditions', { offline: false, latency: 400, downloadThroughput: 400_000 / 8, uploadThroughput: 400_000 / 8 });
  let bytes = 0;
  wire.on('Network.loadingFinished', event => { bytes += event.encodedDataLength; });
  await page.addInitScript(() => {
    new PerformanceObserver(list => { for (const entry of list.getEntries()) window.__largest = entry.startTime; }).observe({ type: 'largest-contentful-paint', buffered: true });
  });
  await page.goto(program.address + address, { waitUntil: 'networkidle' });
  const largest = await page.evaluate(() => window.__largest ?? 0);
  await page.close();
  return { bytes, largest };
}

const { cookies, question } = await signedIn();
const addresses = ['/', '/thu-tuc', '/thu-tuc/2.000635', '/tra-cuu', '/dang-nhap', '/ho-so-cua-toi', ...(question ? [question] : [])];
console.log('page                              cold KiB  warm KiB  LCP cold  LCP warm');
for (const address of addresses) {
  const rounds = [];
  for (let round = 0; round < 3; round++) {
    const context = await browser.newContext(phone);
    if (address.startsWith('/ho-so')) await context.addCookies(cookies);
    const cold = await visit(context, address);
    const warm = await visit(context, address);
    rounds.push({ cold, warm });
    await context.close();
  }
  const middle = pick => percentile(rounds.map(pick), 0.5);
  const name = address.startsWith('/ho-so-nhap') ? 'a question page' : address;
  console.log([
    name.padEnd(33),
    (middle(r => r.cold.bytes) / 1024).toFixed(1).padStart(8), (middle(r => r.warm.bytes) / 1024).toFixed(1).padStart(9),
    `${(middle(r => r.cold.largest) / 1000).toFixed(2)} s`.padStart(9), `${(middle(r => r.warm.largest) / 1000).toFixed(2)} s`.padStart(9),
  ].join(' '));
}
await browser.close();
await program.stop();
fs.rmSync(data, { recursive: true, force: true });
