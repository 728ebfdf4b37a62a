// Browsers of the people of the town: phones and desks, with and without scripts; and the look at every page they come across.
import { chromium } from 'playwright-core';
import { createRequire } from 'node:module';
import fs from 'node:fs';
import assert from 'node:assert/strict';

const axe = fs.readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const shots = new URL('./shots/', import.meta.url).pathname;
const rules = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

export const phone = { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true, locale: 'vi-VN' };
export const desk = { viewport: { width: 1280, height: 800 }, locale: 'vi-VN' };
export const plain = device => ({ ...device, javaScriptEnabled: false });

/** A text key that nobody translated, a value that nobody wrote out, a moment as machines write it. */
const raw = [
  /\b(apply|apps|desk|dossiers|errors|federation|files|flash|forms|history|identity|kernel|layout|notify|openid|portal|privacy|registers|registry|rights|sign_on|status|web|workflow)\.[a-z0-9_]+(\.[a-z0-9_]+)*\b/,
  /\b(undefined|null|NaN|None|Some\()/, /\{\{|\{%|%\}|\[object /, /\d{4}-\d\d-\d\dT/, /\{[a-z_]+\}/,
];

export class Browsers {
  constructor(town) {
    this.town = town;
    this.signedAs = new Map();
    this.looked = new Set();
    this.open = new Set();
  }

  async start() {
    fs.mkdirSync(shots, { recursive: true });
    this.chromium = await chromium.launch({
      executablePath: process.env.CHROME || '/usr/bin/chromium',
      args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'],
    });
  }

  async stop() {
    await this.chromium.close();
  }

  /** The same people and the same list of what was looked at, with windows of their own: for walks side by side. */
  lane() {
    return Object.assign(Object.create(this), { open: new Set(), glass: undefined });
  }

  /** A browser of its own. What its pages complain about is kept, and must be nothing when the walk is over. */
  async page(device, state) {
    const context = await this.chromium.newContext({ baseURL: this.town.address, ...device, storageState: state });
    context.setDefaultTimeout(30_000);
    const page = await context.newPage();
    page.complaints = [];
    page.scripts = device.javaScriptEnabled !== false;
    page.on('pageerror', error => page.complaints.push(error.message));
    page.on('console', line => {
      // A page that answers 4xx is what many walks are after; everything else is a fault.
      if (line.type() === 'error' && !/status of (4\d\d|503)/.test(line.text())) page.complaints.push(line.text());
    });
    this.open.add(context);
    context.on('close', () => this.open.delete(context));
    return page;
  }

  /** Somebody of the demonstration, signed in. The sign-in itself is walked once a person and device. */
  async as(name, device) {
    const key = `${name} ${device.javaScriptEnabled !== false} ${device.viewport.width}`;
    if (!this.signedAs.has(key)) {
      const page = await this.page(device);
      await this.signIn(page, name);
      this.signedAs.set(key, await page.context().storageState());
      await page.context().close();
    }
    return this.page(device, this.signedAs.get(key));
  }

  /** Somebody whose sessions a walk has ended signs in anew the next time. */
  forget(name) {
    for (const key of [...this.signedAs.keys()]) if (key.startsWith(`${name} `)) this.signedAs.delete(key);
  }

  async signIn(page, name, back = '') {
    const account = this.town.account(name);
    await page.goto(back ? `/dang-nhap?ve=${back}` : '/dang-nhap');
    await this.giveCredentials(page, account);
    await page.waitForURL(url => url.pathname !== '/dang-nhap');
  }

  async giveCredentials(page, account) {
    await page.fill('input[name=ten]', account.name);
    await page.fill('input[name=mat_khau]', account.password);
    await page.press('input[name=mat_khau]', 'Enter');
  }

  /** Closes what a walk left open; tells what its pages complained about. */
  async leave() {
    const complaints = [...this.open].flatMap(context => context.pages().flatMap(page => page.complaints ?? []));
    for (const context of [...this.open]) await context.close();
    assert.deepEqual(complaints, [], 'the pages complained');
  }

  /** Where scripts are off axe cannot run: the same HTML at the same address, in a browser that runs them. */
  async lens(page) {
    this.glass ??= await (await this.chromium.newContext(phone)).newPage();
    const body = await page.content();
    await this.glass.setViewportSize(page.viewportSize());
    const serve = route => route.request().isNavigationRequest() && route.request().frame() === this.glass.mainFrame()
      ? route.fulfill({ body, contentType: 'text/html; charset=utf-8' }) : route.fallback();
    await this.glass.route('**/*', serve);
    await this.glass.goto(page.url());
    await this.glass.unroute('**/*', serve);
    return this.glass;
  }

  /** What was on the screens when a walk failed. */
  async picture(name) {
    for (const [index, context] of [...this.open].entries()) {
      for (const page of context.pages()) await page.screenshot({ path: `${shots}${name}-${index}.png`, fullPage: true }).catch(() => {});
    }
  }

  /** No violation, no overflow at three widths, nothing raw, one heading, and a picture at two widths. Each name once a run. */
  async examine(page, name, { language = 'vi' } = {}) {
    if (this.looked.has(name)) return;
    this.looked.add(name);
    const seen = await page.evaluate(() => ({
      text: document.body.innerText, title: document.title, language: document.documentElement.lang, headings: document.querySelectorAll('h1').length,
    }));
    assert.equal(seen.language, language, `${name}: language`);
    assert.equal(seen.headings, 1, `${name}: one h1`);
    for (const pattern of raw) {
      assert.doesNotMatch(seen.text, pattern, `${name}: something raw is shown`);
      assert.doesNotMatch(seen.title, pattern, `${name}: something raw in the title`);
    }
    assert.equal(seen.text, seen.text.normalize('NFC'), `${name}: NFC`);
    const lens = page.scripts ? page : await this.lens(page);
    await lens.evaluate(axe);
    const found = await lens.evaluate(values => window.axe.run(document, { runOnly: { type: 'tag', values }, resultTypes: ['violations'], iframes: false }), rules);
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
}

/** The words of the page's own part. */
export const words = page => page.locator('main').innerText();

export async function says(page, ...texts) {
  const text = await words(page);
  for (const one of texts) assert.ok(one instanceof RegExp ? one.test(text) : text.includes(one), `${one} is not on ${page.url()}:\n${text}`);
}

export async function hides(page, ...texts) {
  const text = await page.locator('body').innerText();
  for (const one of texts) assert.ok(!text.includes(one), `${one} is on ${page.url()}`);
}
