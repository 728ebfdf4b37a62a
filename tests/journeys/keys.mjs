// Hands that never leave the keyboard. Wherever the focus comes, it must be seen.
import assert from 'node:assert/strict';

/** What has the focus: where it is, whether it is marked, and what covers it. */
const focused = () => {
  const element = document.activeElement;
  // Inside of a frame its own document marks the focus.
  if (!element || element === document.body || element === document.documentElement || element.tagName === 'IFRAME') return null;
  const box = element.getBoundingClientRect();
  const style = getComputedStyle(element);
  const middle = [Math.max(0, box.left) + (Math.min(innerWidth, box.right) - Math.max(0, box.left)) / 2, box.top + Math.min(box.height, 40) / 2];
  const hit = document.elementFromPoint(...middle);
  const own = hit && (element.contains(hit) || hit.contains(element) && !hit.closest('.nb-sticky') || hit.closest('label')?.contains(element));
  return {
    what: element.outerHTML.slice(0, 160),
    marked: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0 || style.boxShadow !== 'none',
    inside: box.bottom > 0 && box.top < innerHeight && box.top + Math.min(box.height, 40) <= innerHeight + 1,
    bare: Boolean(own),
    place: `${Math.round(box.top)}–${Math.round(box.bottom)} of ${innerHeight}, under ${hit?.outerHTML.slice(0, 80)}`,
  };
};

async function seen(page) {
  const state = await page.evaluate(focused);
  if (!state) return;
  assert.ok(state.marked, `the focus does not show: ${state.what}`);
  assert.ok(state.inside, `the focus is outside of what is seen: ${state.what} ${state.place}`);
  assert.ok(state.bare, `the focus is covered: ${state.what} ${state.place}`);
}

/** Tab after Tab until what is wanted has the focus. */
export async function reach(page, selector, most = 150) {
  for (let press = 0; press < most; press++) {
    if (await page.evaluate(wanted => document.activeElement?.matches(wanted), selector)) return;
    await page.keyboard.press('Tab');
    await seen(page);
  }
  assert.fail(`${selector} cannot be reached by Tab on ${page.url()}`);
}

/** The first stop of a page leads past its head. */
export async function skip(page) {
  await page.keyboard.press('Tab');
  assert.ok(await page.evaluate(() => document.activeElement?.matches('a[href="#main"]')), 'the first stop is the way to the content');
  await seen(page);
  await page.keyboard.press('Enter');
}

/** Presses what has the focus, and waits for the page that follows. */
export async function enter(page, key = 'Enter') {
  await Promise.all([page.waitForEvent('load'), page.keyboard.press(key)]);
}

export async function follow(page, selector) {
  await reach(page, selector);
  await enter(page);
}

/** Answers one question. */
export async function give(page, name, value) {
  if (typeof value === 'object') {
    // The district first: it shortens the list of wards.
    const district = value.ward && await page.evaluate(([list, ward]) => document.querySelector(`${list} option[value="${ward}"]`)?.parentElement.dataset.nbDistrict, [`[name="${name}.ward"]`, value.ward]);
    const parts = district && await page.locator(`[name="${name}.district"]`).count() ? { district, ...value } : value;
    for (const [part, text] of Object.entries(parts)) await give(page, `${name}.${part}`, text);
    return;
  }
  const kind = await page.locator(`[name="${name}"]`).first().evaluate(element => element.tagName === 'SELECT' ? 'select' : element.type);
  const field = `[name="${name}"]`;
  await reach(page, field);
  if (kind === 'radio') {
    // Tab comes to the group; arrows walk in it.
    await page.keyboard.press('Space');
    for (let step = 0; step < 20 && !await page.evaluate(one => document.querySelector(one).checked, `${field}[value="${value}"]`); step++) {
      await page.keyboard.press('ArrowDown');
      await seen(page);
    }
    assert.ok(await page.isChecked(`${field}[value="${value}"]`), `${name} is not ${value}`);
  } else if (kind === 'checkbox') await page.keyboard.press('Space');
  else if (kind === 'select') {
    await page.keyboard.press('Home');
    for (let step = 0; step < 120 && await page.inputValue(field) !== value; step++) await page.keyboard.press('ArrowDown');
    assert.equal(await page.inputValue(field), value);
  } else {
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.insertText(value);
  }
}
