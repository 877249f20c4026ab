#!/usr/bin/env node
// What a call costs its caller in the TypeScript client: `client_call.mjs URL [EVENTS]`, after `npm run build` in
// sdks/typescript. URL is a running server; "away" asks nobody. Beside it the least that an audit log in a file costs.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Client, generateDiff } from '../sdks/typescript/dist/esm/index.js';

const [url = 'away', events = '20000'] = process.argv.slice(2);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'client-call-'));
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
const before = { status: 'draft', schedule: { cron: null, zone: 'UTC' }, plugins: ['a', 'b'], intensity: 2.4 };
const after = { ...before, status: 'active', schedule: { cron: '0 8 * * 1', zone: 'UTC' } };
const entry = (n, pad) => ({
  action: 'AGENT_UPDATED', entityType: 'agent', entityId: `agent-${n % 50}`, userId: 'user_789xyz', resourceName: 'Weekly digest',
  changes: generateDiff(before, after), details: { n, pad, fields_changed: 2, critical_change: true }, severity: 'warning',
  request: { ip: '203.0.113.9', userAgent: 'Mozilla/5.0 (X11; Linux x86_64)', sessionId: 'sess_1' },
});

/** The time of a call by the clock, and of the process's own processor time. */
function timed(call, n) {
  const [began, { user, system }] = [process.hrtime.bigint(), process.cpuUsage()];
  call(n);
  const took = Number(process.hrtime.bigint() - began) / 1e3;
  const own = process.cpuUsage();
  return [took, own.user + own.system - user - system];
}

/** So many calls, so many at a time and a pause behind; the times of each. */
async function paced(calls, call, atOnce = 2, pauseMs = 1) {
  const times = [];
  for (let n = 0; n < calls; n++) {
    times.push(timed(call, n));
    if (n % atOnce === atOnce - 1) await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  return times.slice(calls / 20); // without the first, which compile
}

function row(name, times) {
  const sorted = [0, 1].map((nth) => times.map((both) => both[nth]).sort((a, b) => a - b));
  const at = (nth, share) => sorted[nth][Math.min(times.length - 1, Math.floor(times.length * share))].toFixed(0);
  const cells = [...[0.5, 0.99, 0.999, 1].map((share) => at(0, share)), ...[0.5, 0.99, 1].map((share) => at(1, share))];
  console.log(`| ${name} | ${cells.join(' | ')} |`);
}

const options = { url: url === 'away' ? 'http://127.0.0.1:9' : url, key: process.env.AUDIT_LOG_KEY, spoolDir: path.join(folder, 'spool') };
const client = new Client(options);
console.log('| microseconds | p50 | p99 | p99.9 | most | own p50 | own p99 | own most |\n|---|---|---|---|---|---|---|---|');
row('`auditLog` with a diff', await paced(Number(events), (n) => client.auditLog(entry(n))));
const large = 'the quick brown fox jumps over the lazy dog '.repeat(1500);
row('`auditLog`, 64 KB of text in it', await paced(Number(events) / 20, (n) => client.auditLog(entry(n, large)), 1, 10));
const rows = Array.from({ length: 20_000 }, (_, id) => ({ id, name: `row ${id}` }));
const members = Object.fromEntries(Array.from({ length: 20_000 }, (_, id) => [`m${id}`, id]));
const huge = [['20 MB of text', 'the quick brown fox '.repeat(1_000_000)], ['20,000 rows', rows], ['20,000 members', members]];
for (const [name, value] of huge) {
  row(`\`auditLog\`, ${name} in it`, await paced(Number(events) / 50, (n) => client.auditLog(entry(n, value)), 1, 20));
}
const burst = Array.from({ length: Number(events) }, (_, n) => timed((nth) => client.auditLog(entry(nth)), n));
row('`auditLog`, all at once: more than memory takes', burst);
const file = path.join(folder, 'audit.log');
row('`JSON.stringify` and `appendFileSync`', await paced(Number(events), (n) => fs.appendFileSync(file, `${JSON.stringify(entry(n))}\n`)));
const flushed = await client.flush(60_000);
console.log(JSON.stringify({ flushed, ...client.stats }));
await client.close();
