// A photograph of a paper as a phone takes it, made by the browser's own encoder: no picture of anybody is kept in the repository.
import { createRequire } from 'node:module';

const { chromium } = createRequire(new URL('../../tests/journeys/', import.meta.url))('playwright-core');

/** A JPEG of about so many bytes, 1280 by 960 pixels. */
export async function photo(bytes) {
  const browser = await chromium.launch({ executablePath: process.env.CHROME || '/usr/bin/chromium', args: ['--no-sandbox', '--disable-dev-shm-usage'] });
  const page = await browser.newPage();
  const made = await page.evaluate(async wanted => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 1280, height: 960 });
    const pen = canvas.getContext('2d');
    const light = pen.createLinearGradient(0, 0, 1280, 960);
    light.addColorStop(0, '#f4efe2');
    light.addColorStop(1, '#8f8a7c');
    pen.fillStyle = light;
    pen.fillRect(0, 0, 1280, 960);
    pen.fillStyle = '#222';
    pen.font = '22px serif';
    for (let line = 0; line < 30; line++) pen.fillText('Trích lục khai sinh, bản sao được lưu tại cơ quan đăng ký hộ tịch '.repeat(2), 40, 60 + line * 30);
    // The grain of a small sensor, always the same.
    const picture = pen.getImageData(0, 0, 1280, 960);
    let seed = 7;
    for (let at = 0; at < picture.data.length; at += 4) {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      const grain = (seed / 2147483648 - 0.5) * 10;
      for (let colour = 0; colour < 3; colour++) picture.data[at + colour] += grain;
    }
    pen.putImageData(picture, 0, 0);
    const encode = quality => new Promise(resolve => canvas.toBlob(resolve, 'image/jpeg', quality));
    let [low, high] = [0.01, 0.95];
    for (let round = 0; round < 12; round++) {
      const middle = (low + high) / 2;
      if ((await encode(middle)).size > wanted) high = middle; else low = middle;
    }
    return Array.from(new Uint8Array(await (await encode(low)).arrayBuffer()));
  }, bytes);
  await browser.close();
  return Buffer.from(made);
}
