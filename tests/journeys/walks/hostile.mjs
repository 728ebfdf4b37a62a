// Files that are not what they say, too large, broken or badly named: each gets a clear sentence, and nothing of it stays.
import { createHash } from 'node:crypto';
import assert from 'node:assert/strict';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import zlib from 'node:zlib';
import { Asker, papersHold, sql } from '../api.mjs';
import { attach, answerAll, begin } from '../citizen.mjs';
import { extract } from '../cases.mjs';
import { hides, phone, plain, says, words } from '../browse.mjs';

const MB = 1 << 20;

export const walks = [
  { name: 'refused', what: 'wrong, disguised, empty, broken and packed files are refused in words, and nothing of them is kept', walk: refused },
  { name: 'names', what: 'names with paths, loose accents, marks that turn the reading and 300 characters become names', walk: names },
  { name: 'large', what: '200 MB are refused without filling the memory, on the page and by the API', walk: large },
  { name: 'broken-line', what: 'an upload whose line breaks leaves nothing', walk: brokenLine },
];

/** An archive of one part, without what a real one has beside it. */
function zip(name, content) {
  const [title, packed] = [Buffer.from(name), zlib.deflateRawSync(content, { level: 9 })];
  const sum = crc(content);
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(20, 4);
  local.writeUInt16LE(8, 8);
  local.writeUInt32LE(sum, 14);
  local.writeUInt32LE(packed.length, 18);
  local.writeUInt32LE(content.length, 22);
  local.writeUInt16LE(title.length, 26);
  const central = Buffer.alloc(46);
  central.writeUInt32LE(0x02014b50, 0);
  local.copy(central, 6, 4, 30);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length + title.length, 12);
  end.writeUInt32LE(local.length + title.length + packed.length, 16);
  return Buffer.concat([local, title, packed, central, title, end]);
}

function crc(bytes) {
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}

/** A PNG of one colour that says this size; 16 bits a channel, so that a small file stands for much. */
function png(width, height, rows = height) {
  const chunk = (kind, content) => {
    const body = Buffer.concat([Buffer.from(kind), content]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(content.length);
    sum.writeUInt32BE(crc(body));
    return Buffer.concat([length, body, sum]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([16, 6], 8);
  const pixels = zlib.deflateSync(Buffer.alloc(rows * (1 + width * 8)), { level: 9 });
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', header), chunk('IDAT', pixels), chunk('IEND', Buffer.alloc(0))]);
}

const file = (name, buffer, mimeType = 'image/jpeg') => ({ name, mimeType, buffer: Buffer.isBuffer(buffer) ? buffer : Buffer.from(buffer, 'latin1') });
const heic = '\0\0\0\x18ftypheic\0\0\0\0mif1heic';

/** Everything that must not come in, and what is said about it. */
const hostile = papers => [
  ['a text called a photograph', file('đơn.jpg', 'Kính gửi Ủy ban nhân dân phường'), /không đọc được tệp này.*JPG, PNG, PDF/s],
  ['a program called PDF', file('giấy khai sinh.pdf', 'MZ\x90\0\x03\0\0\0\x04\0\0\0\xff\xff\0\0', 'application/pdf'), /chưa nhận tệp loại/],
  ['a program of Linux called photograph', file('anh.jpg', '\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0'), /chưa nhận tệp loại/],
  ['a photograph called program', file('anh.exe', papers.photo.buffer), /giống tên của một chương trình/],
  ['a program hidden before an ending', file('anh.exe.jpg', papers.photo.buffer), /giống tên của một chương trình/],
  ['a name that reads backwards', file('giay\u202egpj.exe', papers.photo.buffer), /giống tên của một chương trình/],
  ['nothing', file('trống.jpg', ''), /Tệp này trống/],
  ['half a photograph', file('nửa ảnh.jpg', papers.photo.buffer.subarray(0, papers.photo.buffer.length / 2)), /bị hỏng hoặc chưa tải lên hết/],
  ['half a scan', file('nửa bản quét.png', papers.scan.buffer.subarray(0, papers.scan.buffer.length / 2), 'image/png'), /bị hỏng hoặc chưa tải lên hết/],
  ['half a PDF', file('nửa văn bản.pdf', papers.pdf.buffer.subarray(0, papers.pdf.buffer.length / 2), 'application/pdf'), /PDF này bị hỏng/],
  ['a page called photograph', file('trang.jpg', '<!doctype html><script>alert(1)</script>'), /chưa nhận tệp loại|không đọc được/],
  ['a drawing that runs scripts', file('hinh.png', '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', 'image/png'), /chưa nhận tệp loại|không đọc được/],
  ['a photograph of an iPhone', file('IMG_0001.HEIC', heic, 'image/heic'), /ảnh HEIC của iPhone/],
  ['a packed bomb', file('giấy tờ.zip', zip('giấy tờ.txt', Buffer.alloc(64 * MB)), 'application/zip'), /chưa nhận tệp loại ZIP/],
  ['a packed bomb called document', file('giấy tờ.docx', zip('word/document.xml', Buffer.alloc(64 * MB)), 'application/zip'), /chưa nhận tệp loại/],
  ['a picture of 3 600 million points', file('lớn.png', png(60_000, 60_000, 1), 'image/png'), /quá nhiều điểm ảnh/],
];

/** From the procedure to its papers. Gives the identifier of the draft. */
async function toPapers(page) {
  await begin(page, extract);
  await answerAll(page, extract);
  return page.url().match(/ho-so-nhap\/([^/]+)/)[1];
}

async function refused({ town, browsers, papers }) {
  const page = await browsers.as('congdan', plain(phone));
  const lan = await Asker.of(town, 'congdan');
  const draft = await toPapers(page);
  const before = town.stored();
  const all = hostile(papers);
  for (const [what, one, why] of all) {
    await attach(page, 'authorisation', [one]);
    await says(page, why);
    const said = await words(page);
    assert.ok(said.includes('Giấy tờ'), `${what}: still on the page of papers`);
    const { status, answer } = await lan.ask('POST', `/api/v1/drafts/${draft}/papers/authorisation?ten=${encodeURIComponent(one.name)}`, one.buffer);
    assert.equal(status, 422, `${what}: ${JSON.stringify(answer)}`);
    assert.match(answer.title, why, what);
  }
  await browsers.examine(page, 'hostile-refused');
  // Several at once: the good one is kept, each bad one is told by its name.
  await attach(page, 'authorisation', [papers.pdf, all[0][1], all[6][1]]);
  await says(page, papers.pdf.name, all[0][1].name, all[6][1].name, 'Tệp này trống');
  await browsers.examine(page, 'hostile-mixed');
  // Contents are kept once: where another walk has handed in the same paper, nothing new lies there.
  const good = createHash('sha256').update(papers.pdf.buffer).digest('hex');
  const stored = town.stored();
  assert.ok(stored.some(file => file.endsWith(`/${good}`)), 'the good one is stored');
  assert.deepEqual(stored.filter(file => !before.includes(file) && !file.endsWith(`/${good}`)), [], 'and nothing else');
  assert.deepEqual(sql(town, `SELECT name FROM files.file WHERE holder = 'draft:${draft}'`), [[papers.pdf.name]]);
  papersHold(town);
}

async function names({ town, browsers, papers }) {
  const page = await browsers.as('congdan', plain(phone));
  const lan = await Asker.of(town, 'congdan');
  const draft = await toPapers(page);
  const given = [
    ['../../../etc/giấy tờ.jpg', 'giấy tờ.jpg'],
    ['..\\..\\Windows\\bản chụp.jpg', 'bản chụp.jpg'],
    ['gia\u0302\u0301y  u\u0309y quye\u0302\u0300n.jpg', 'giấy ủy quyền.jpg'],
    ['ho\u202efdp.jpg', 'hofdp.jpg'],
    [`${'ế'.repeat(300)}.jpg`, `${'ế'.repeat(116)}.jpg`],
    ['.htaccess', 'htaccess.jpg'],
    ['con\u0000\r\nSet-Cookie: a=b.jpg', 'con Set-Cookie_ a=b.jpg'],
  ];
  const kept = () => sql(town, `SELECT name FROM files.file WHERE holder = 'draft:${draft}'`).map(([name]) => name);
  for (const [name, becomes] of given) {
    const { answer } = await lan.ask('POST', `/api/v1/drafts/${draft}/papers/authorisation?ten=${encodeURIComponent(name)}`, papers.photo.buffer);
    assert.equal(answer.name, becomes, name);
    await lan.done('DELETE', `/api/v1/drafts/${draft}/papers/authorisation/${answer.file}`);
  }
  // The browser leaves folders out itself and cannot send line breaks.
  for (const [name, becomes] of given.slice(2, 6)) {
    await page.reload();
    await attach(page, 'authorisation', [{ ...papers.photo, name }]);
    await says(page, becomes);
    await hides(page, '\u202e');
    assert.deepEqual(kept(), [becomes]);
    await page.getByRole('button', { name: `Bỏ ${becomes}` }).or(page.locator('.nb-files button')).first().click();
    await page.waitForLoadState();
    assert.deepEqual(kept(), []);
  }
}

const memory = town => Number(fs.readFileSync(`/proc/${town.process.pid}/status`, 'utf8').match(/VmHWM:\s+(\d+)/)[1]) / 1024;

async function large({ town, browsers, papers }) {
  const page = await browsers.as('congdan', plain(phone));
  const lan = await Asker.of(town, 'congdan');
  const draft = await toPapers(page);
  const before = town.stored();
  const most = memory(town);
  const heavy = path.join(town.home, 'ảnh lớn.jpg');
  fs.writeFileSync(heavy, papers.photo.buffer);
  fs.truncateSync(heavy, 200 * MB);
  await attach(page, 'authorisation', heavy);
  await says(page, /lớn quá, mỗi tệp nhiều nhất là 20 MB/);
  assert.match(page.url(), new RegExp(draft), 'on the page of papers');
  await browsers.examine(page, 'hostile-large');
  // With scripts nothing of it is sent.
  const scripted = await browsers.as('congdan', phone);
  await scripted.goto(`/ho-so-nhap/${draft}/papers`);
  const pdf = path.join(town.home, 'văn bản lớn.pdf');
  fs.copyFileSync(heavy, pdf);
  let sent = 0;
  scripted.on('request', request => { if (request.method() === 'POST') sent += 1; });
  const form = scripted.locator('form[action$="/giay-to/authorisation"]');
  await form.locator('input[type=file]').setInputFiles(pdf);
  await form.getByRole('button', { name: 'Tải lên' }).click();
  await says(scripted, /Chưa gửi: tệp “văn bản lớn.pdf” lớn quá, mỗi tệp nhiều nhất là 20 MB/);
  assert.equal(sent, 0);
  await browsers.examine(scripted, 'hostile-large-scripts');
  // A program that sends the same is told before it has sent it all.
  const { status, answer } = await send(town, lan.token, `/api/v1/drafts/${draft}/papers/authorisation?ten=a.jpg`, 200 * MB);
  assert.equal(status, 422, answer);
  assert.match(answer, /files.too_large/);
  // Pixels instead of bytes: what fits the limit is taken, and needs no memory for what it unpacks to.
  const pixels = png(7_000, 7_000);
  const taken = await lan.ask('POST', `/api/v1/drafts/${draft}/papers/authorisation?ten=to.png`, pixels);
  assert.equal(taken.status, 201, JSON.stringify(taken.answer));
  for (const file of [heavy, pdf]) fs.rmSync(file);
  assert.equal(town.stored().length, before.length + 1);
  console.log(`        most memory of the program: ${most.toFixed(0)} MB before, ${memory(town).toFixed(0)} MB after`);
}

/** Sends so many bytes, or as many as are taken; gives what is answered. */
function send(town, token, address, bytes) {
  return new Promise((resolve, reject) => {
    const request = http.request(town.address + address, { method: 'POST', headers: { authorization: `Bearer ${token}`, 'content-length': bytes } });
    const part = Buffer.alloc(MB);
    let sent = 0;
    let answered = false;
    const more = () => {
      while (!answered && sent < bytes) {
        sent += part.length;
        if (!request.write(part)) return void request.once('drain', more);
      }
      if (!answered) request.end();
    };
    request.on('response', response => {
      answered = true;
      let text = '';
      response.setEncoding('utf8').on('data', chunk => { text += chunk; }).on('end', () => {
        request.destroy();
        resolve({ status: response.statusCode, answer: text, sent });
      });
    });
    request.on('error', error => { if (!answered) reject(error); });
    more();
  });
}

async function brokenLine({ town, browsers, papers }) {
  const page = await browsers.as('congdan', plain(phone));
  const lan = await Asker.of(town, 'congdan');
  const draft = await toPapers(page);
  const before = town.stored();
  const until = async (what, right) => {
    for (const end = Date.now() + 15_000; !right(); await new Promise(resolve => setTimeout(resolve, 20))) assert.ok(Date.now() < end, what);
  };
  const headers = { authorization: `Bearer ${lan.token}`, 'content-length': 10 * MB };
  const request = http.request(`${town.address}/api/v1/drafts/${draft}/papers/authorisation?ten=a.jpg`, { method: 'POST', headers });
  const closed = new Promise(resolve => request.on('error', () => {}).on('close', resolve));
  request.write(papers.photo.buffer);
  request.write(Buffer.alloc(2 * MB));
  // A line that breaks before the program has begun to write would show nothing.
  await until('the upload has begun', () => town.stored().length > before.length);
  request.destroy();
  await closed;
  // The program notices by itself.
  await until('what came is gone', () => town.stored().length <= before.length);
  assert.deepEqual(town.stored(), before);
  assert.deepEqual(sql(town, `SELECT name FROM files.file WHERE holder = 'draft:${draft}'`), []);
}
