import { execFileSync } from 'node:child_process';

// Papers that people hand in: drawn by the browser, so that they look like papers and are real files of their kind.
const sheet = (title, lines) => `<!doctype html><html lang="vi"><meta charset="utf-8"><title>${title}</title>
<body style="margin:0;padding:48px;width:620px;height:840px;background:#fdfaf2;font:20px/1.7 serif;border:6px double #444;box-sizing:border-box">
<p style="text-align:center"><b>CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM</b><br>Độc lập – Tự do – Hạnh phúc</p>
<h1 style="text-align:center;font-size:30px">${title}</h1>${lines.map(line => `<p>${line}</p>`).join('')}
<p style="text-align:right;margin-top:60px">(giấy mẫu để thử, không có giá trị)</p></body></html>`;

/** Draws the papers once: `photo` JPEG, `heavy` JPEG of more than 300 KB, `scan` PNG, `pdf`. Each is what setInputFiles takes. */
export async function drawPapers(chromium) {
  const context = await chromium.newContext({ viewport: { width: 620, height: 840 } });
  const page = await context.newPage();
  await page.setContent(sheet('GIẤY CHỨNG SINH', ['Họ và tên mẹ: Lê Thị Thu Ngân', 'Sinh con trai, nặng 3.200 gam', 'Lúc 05 giờ 20, tại Trung tâm Y tế']));
  const photo = await page.screenshot({ type: 'jpeg', quality: 70 });
  const scan = await page.screenshot({ type: 'png' });
  const pdf = await page.pdf({ format: 'A4', printBackground: true });
  await context.close();
  const grain = await chromium.newContext({ viewport: { width: 1200, height: 1600 }, deviceScaleFactor: 2 });
  const other = await grain.newPage();
  await other.setContent('<body style="margin:0"><svg width="1200" height="1600"><filter id="g"><feTurbulence baseFrequency=".9" numOctaves="3"/></filter><rect width="1200" height="1600" filter="url(#g)"/></svg>');
  const heavy = await other.screenshot({ type: 'jpeg', quality: 90 });
  await grain.close();
  const jpeg = (name, buffer) => ({ name, mimeType: 'image/jpeg', buffer });
  return {
    photo: jpeg('giấy chứng sinh.jpg', photo),
    heavy: jpeg('IMG_20260220_0520.jpg', heavy),
    scan: { name: 'bản quét.png', mimeType: 'image/png', buffer: scan },
    pdf: { name: 'văn bản ủy quyền.pdf', mimeType: 'application/pdf', buffer: pdf },
  };
}

/** The words of a PDF, in one line. */
export const wordsOf = pdf => execFileSync('pdftotext', ['-layout', '-', '-'], { input: pdf, encoding: 'utf8' }).normalize('NFC').replace(/\s+/g, ' ');
