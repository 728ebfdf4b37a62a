// Makes province/national/areas.csv and area_changes.csv from the tables of the statistics office (see province/national/README.md).
// node scripts/national-areas.mjs FOLDER   with units_until_2025-06-30.csv, units_from_2025-07-01.csv, unit_changes_2025-07-01.csv
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const source = process.argv[2];
const out = new URL('../province/national/', import.meta.url).pathname;
const since = '2004-01-01'; // a convention: from which day the older list holds is not known
const ends = '2025-06-30';
const begins = '2025-07-01';
// Renamed or of another kind between January 2025, the day of the older list, and the end of June: the table of changes has the later name.
const renamed = new Set('02902 03703 03748 03910 03979 03982 03997 04000 04015 04027 04030 04033 04621 04627 06616 13369 18007 19114 19246 22267 26707 26710'.split(' '));
// The later list gives this ward of the table of changes another code.
const recoded = { '06970': '06978' };
// Resolutions that the data name, by the new province.
const bases = { 92: 'Nghị quyết 1668/NQ-UBTVQH15' };

function rows(file) {
  const [head, ...lines] = readFileSync(join(source, file), 'utf8').replace(/^\uFEFF/, '').split(/\r?\n/).filter(Boolean).map(cells);
  return lines.map((line) => Object.fromEntries(head.map((name, at) => [name, line[at] ?? ''])));
}

function cells(line) {
  const found = [];
  for (const match of line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)) found.push((match[1] ?? match[2]).replaceAll('""', '"'));
  return found;
}

// One way of writing: the tone mark on the first vowel (Hòa, Thủy), kinds in small letters, one kind of apostrophe.
const marks = { oà: 'òa', oá: 'óa', oả: 'ỏa', oã: 'õa', oạ: 'ọa', oè: 'òe', oé: 'óe', oẻ: 'ỏe', oẽ: 'õe', oẹ: 'ọe', uỳ: 'ùy', uý: 'úy', uỷ: 'ủy', uỹ: 'ũy', uỵ: 'ụy' };
function clean(name) {
  return name.normalize('NFC').replaceAll('’', "'").replace(/\s+/g, ' ').trim()
    .replace(/(?<![qQ])(o[àáảãạèéẻẽẹ]|u[ỳýỷỹỵ])(?!\p{L})/gu, (pair) => marks[pair])
    .replace(/^Thị (Trấn|Xã)(?= )/u, (kind) => 'T' + kind.slice(1).toLowerCase()).replace(/^Thành Phố(?= )/u, 'Thành phố')
    .replace('Xã Đại áng', 'Xã Đại Áng');
}
const folded = (name) => clean(name).toLowerCase().normalize('NFD').replace(/\p{M}/gu, '').replaceAll('đ', 'd').replaceAll('y', 'i').replace(/[^a-z0-9]/g, '');

const old = rows('units_until_2025-06-30.csv');
const later = rows('units_from_2025-07-01.csv');
const changes = rows('unit_changes_2025-07-01.csv');

const units = new Map(); // of the older list: code -> { code, parent, name }
const byName = new Map();
for (const row of old) {
  units.set(row.province_code, { code: row.province_code, parent: '', name: clean(row.province_name) });
  units.set(row.district_code, { code: row.district_code, parent: row.province_code, name: clean(row.district_name) });
  if (!row.ward_code) continue;
  units.set(row.ward_code, { code: row.ward_code, parent: row.district_code, name: clean(row.ward_name) });
  byName.set(`${row.district_code} ${folded(row.ward_name)}`, row.ward_code);
}

const news = new Map();
for (const row of later) news.set(row.ward_code, { code: row.ward_code, parent: row.province_code, name: clean(row.ward_name) });
const links = new Map(); // "old new" -> { old, new, whole, note }
const told = new Set();
const link = (from, to, whole, note) => {
  const key = `${from} ${to}`;
  const before = links.get(key);
  links.set(key, before ? { ...before, whole: before.whole && whole } : { from, to, whole, note });
};
for (const row of changes) {
  const to = recoded[row.new_ward_code] ?? row.new_ward_code;
  const unit = news.get(to);
  if (!unit || unit.parent !== row.new_province_code) throw new Error(`${to} is not in the later list`);
  // The later list is of 2026: what has become of another kind since is called here as on the first day.
  if (folded(unit.name) !== folded(row.new_ward_name)) console.error(`${to}: ${unit.name} is ${row.new_ward_name} on ${begins}`);
  if (folded(unit.name) !== folded(row.new_ward_name)) unit.name = clean(row.new_ward_name);
  units.get(row.old_province_code).later ??= new Set();
  units.get(row.old_province_code).later.add(row.new_province_code);
  news.set(row.new_province_code, { code: row.new_province_code, parent: '', name: clean(row.new_province_name) });
  const note = row.note.replace(/\s+/g, ' ').replace('Nhâp', 'Nhập').trim();
  const whole = /^(Nhập|Sắp xếp) toàn bộ|^(Giữ nguyên|Đổi tên|Đổi loại hình)$/.test(note);
  const said = /^Nhập (toàn bộ|một phần)$/.test(note) ? '' : note;
  link(row.old_ward_code ? oldCode(row) : row.old_district_code, to, whole, said);
}

/** The unit of the older list that a row means: by its code, by name in its district where the code says another name. */
function oldCode(row) {
  const code = row.old_ward_code;
  const unit = units.get(code);
  if (unit && folded(unit.name) === folded(row.old_ward_name)) return code;
  const same = byName.get(`${row.old_district_code} ${folded(row.old_ward_name)}`);
  if (same) {
    if (!told.has(code)) console.error(`${code} ${row.old_ward_name}: ${same} in the older list`);
    told.add(code);
    return same;
  }
  if (!unit) {
    console.error(`${code} ${row.old_ward_name}: not in the older list`);
    units.set(code, { code, parent: row.old_district_code, name: clean(row.old_ward_name) });
  } else if (renamed.has(code)) {
    unit.name = clean(row.old_ward_name);
  }
  return code;
}

// Districts are no more: the wards that theirs became cover their ground.
const wards = [...links.values()].filter(({ from }) => from.length === 5);
const districts = new Map();
for (const { from, to, whole } of wards) {
  const parent = units.get(from).parent;
  if (!districts.has(parent)) districts.set(parent, { to: new Set(), whole: true });
  districts.get(parent).to.add(to);
  districts.get(parent).whole &&= whole;
}
for (const [from, became] of districts) for (const to of became.to) link(from, to, became.whole && became.to.size === 1, '');

// Provinces: one that keeps code, name and ground goes on; all others end and begin.
const kept = new Set();
const into = new Map();
for (const unit of units.values()) for (const to of unit.later ?? []) into.set(to, (into.get(to) ?? new Set()).add(unit.code));
for (const unit of [...units.values()].filter(({ code }) => code.length === 2)) {
  const [only] = unit.later;
  if (unit.later.size === 1 && only === unit.code && into.get(only).size === 1 && folded(news.get(only).name) === folded(unit.name)) kept.add(unit.code);
  else for (const to of unit.later) link(unit.code, to, unit.later.size === 1, '');
}

const order = (a, b) => a.code.length - b.code.length || a.code.localeCompare(b.code);
const quote = (text) => (/[",]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const lines = ['code,parent,name,valid_from,valid_from_basis,valid_to'];
for (const unit of [...units.values()].sort(order)) lines.push([unit.code, unit.parent, quote(unit.name), since, 'convention', kept.has(unit.code) ? '' : ends].join(','));
for (const unit of [...news.values()].filter(({ code }) => !kept.has(code)).sort(order)) lines.push([unit.code, unit.parent, quote(unit.name), begins, 'known', ''].join(','));
writeFileSync(join(out, 'areas.csv'), `${lines.join('\n')}\n`);

const told_of = [...links.values()].sort((a, b) => a.from.length - b.from.length || a.from.localeCompare(b.from) || a.to.localeCompare(b.to));
const said = ['first_day,old_code,new_code,share,note,basis'];
for (const { from, to, whole, note } of told_of) {
  const basis = bases[to.length === 2 ? to : news.get(to).parent] ?? '';
  said.push([begins, from, to, whole ? 'whole' : 'part', quote(note), quote(basis)].join(','));
}
writeFileSync(join(out, 'area_changes.csv'), `${said.join('\n')}\n`);
const without = [...units.values()].filter(({ code }) => !kept.has(code) && !told_of.some(({ from }) => from === code));
console.error(`${units.size} units before, ${news.size} after, ${kept.size} provinces go on, ${told_of.length} changes; of ${without.length} it is not known what they became:`);
console.error(without.map(({ code, name }) => `${code} ${name}`).join(', '));
