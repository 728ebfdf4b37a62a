// What the program asks its database for one request: read from the server's own log, so that the statements that are explained and
// that the peer runs are those of the program, with its parameters.
import fs from 'node:fs';
import path from 'node:path';
import { sql } from './load.mjs';

/** `$1 = 'a', $2 = 'it''s'` as PostgreSQL writes it: the values as SQL, in order. */
function parameters(text) {
  const values = [];
  const one = /\$\d+ = ('(?:[^']|'')*'|NULL)(?:, |$)/gy;
  for (let found = one.exec(text); found; found = one.exec(text)) values.push(found[1]);
  return values;
}

/** The entries of the log as [process, text], lines that go on joined. */
function entries(log) {
  const found = [];
  for (const line of log.split('\n')) {
    const [, process, text] = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ \S+ \[(\d+)\] (.*)$/.exec(line) ?? [];
    if (process) found.push([process, text]);
    else if (found.length) found[found.length - 1][1] += `\n${line}`;
  }
  return found;
}

/** Has the server log every statement while `act` runs, and gives those of the program: `{ text, values }`. */
export async function statementsOf(data, act) {
  const file = path.join(data, 'postgres.log');
  sql(data, "ALTER SYSTEM SET log_min_duration_statement = 0");
  sql(data, 'SELECT pg_reload_conf()');
  await new Promise(resolve => setTimeout(resolve, 300));
  const from = fs.statSync(file).size;
  await act();
  await new Promise(resolve => setTimeout(resolve, 100));
  const log = fs.readFileSync(file).subarray(from).toString('utf8');
  sql(data, 'ALTER SYSTEM RESET log_min_duration_statement');
  sql(data, 'SELECT pg_reload_conf()');
  const found = [];
  // Values stand in an entry of their own after that of the statement, by process.
  const last = new Map();
  for (const [process, line] of entries(log)) {
    const [, text] = /^LOG: +duration: [\d.]+ ms +(?:execute [^:]+|statement): ([\s\S]*)$/.exec(line) ?? [];
    const [, bound] = /^DETAIL: +parameters: ([\s\S]*)$/.exec(line) ?? [];
    if (text) found.push({ text: text.trim(), values: [] });
    if (text) last.set(process, found[found.length - 1]);
    else if (bound && last.has(process)) last.get(process).values = parameters(bound.trim());
    if (!text) last.delete(process);
  }
  // The worker's own questions, and those of this harness.
  return found.filter(({ text }) => !/op\.(job|audit_)|pg_reload_conf|ALTER SYSTEM|calendar|timer/.test(text));
}

/** The statement with its parameters written in. */
export function inlined({ text, values }) {
  return text.replace(/\$(\d+)/g, (_, number) => values[number - 1] ?? 'NULL').replace(/\s+/g, ' ');
}

function nodes(plan) {
  return [plan, ...(plan.Plans ?? []).flatMap(nodes)];
}

/** How a list's statement runs with the plan for these values (`custom`) or for any (`generic`; the program's prepared statements
 * may come to that): its indexes, what it reads from the beginning, its time and its pages. */
export function explained(data, statement, kind) {
  const { text, values } = statement;
  const call = values.length ? `EXECUTE list(${values.join(', ')})` : 'EXECUTE list';
  const said = sql(data, `SET plan_cache_mode = force_${kind}_plan; PREPARE list AS ${text}; ${call}; EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${call}`);
  const [{ Plan: plan, 'Execution Time': milliseconds }] = JSON.parse(said.slice(said.lastIndexOf('\n[\n') + 1 || said.indexOf('[\n')));
  const all = nodes(plan);
  return {
    indexes: [...new Set(all.map(node => node['Index Name']).filter(Boolean))],
    scanned: [...new Set(all.filter(node => node['Node Type'] === 'Seq Scan').map(node => node['Relation Name']))],
    sorted: all.some(node => /Sort/.test(node['Node Type'])),
    rows: plan['Actual Rows'],
    pages: plan['Shared Hit Blocks'] + plan['Shared Read Blocks'],
    milliseconds,
  };
}
