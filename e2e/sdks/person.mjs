#!/usr/bin/env node
// Judges what the TypeScript client asks of a real server: search, a person's data, and that it goes.
// `person.mjs TACHOGRAPH`, by way of scripts/judge-sdks.sh.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Client } from '../../sdks/typescript/dist/esm/index.js';
import { start, stop } from '../claude-code/programs.mjs';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'judge-person-'));
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
const counts = { passed: 0, failed: 0 };
function check(what, holds, found) {
  counts[holds ? 'passed' : 'failed'] += 1;
  console.log(`${holds ? 'ok    ' : 'FAILED'} typescript: ${what}`);
  if (!holds) console.log(`       found: ${JSON.stringify(found)}`);
}

const config = path.join(folder, 'config.toml');
fs.writeFileSync(config, '[otlp]\nhttp = "127.0.0.1:0"\ngrpc = "127.0.0.1:0"\n');
const args = ['--data', path.join(folder, 'data'), 'serve', '--listen', '127.0.0.1:0', '--config', config];
const server = await start(process.argv[2], args, {}, path.join(folder, 'said'));
const client = new Client({ url: `http://${server.address}`, spoolDir: path.join(folder, 'spool') });

const entry = (userId, n) => ({ action: 'PROFILE_CHANGED', entityType: 'profile', entityId: `p-${n}`, userId, details: { n }, request: { ip: '203.0.113.9' } });
const receipts = [];
for (let n = 0; n < 150; n++) receipts.push(client.auditLog(entry('jane', n)), client.auditLog(entry('john', n)));
check('everything is recorded', await client.flush(), client.stats);
const outcomes = await Promise.all(receipts.map((receipt) => receipt.settled));
check('each receipt has a place of its own on the log', new Set(outcomes.map((outcome) => outcome.index)).size === 300, outcomes[0]);

const pages = [await client.search({ user: 'jane', limit: 100 })];
while (pages.at(-1).ok && pages.at(-1).next && pages.length < 5) pages.push(await client.search({ user: 'jane', limit: 100, cursor: pages.at(-1).next }));
const found = pages.flatMap((page) => page.events ?? []);
check('a search goes through its pages', found.length === 150 && found.every((event) => event.user_id === 'jane'), { pages: pages.length, found: found.length, first: pages[0] });
const wrong = await client.search({ cursor: 'no cursor' });
check('a search that is not understood is a result that says so', !wrong.ok && wrong.status === 400 && wrong.error !== '', wrong);

const json = await client.exportUserData('jane');
const csv = await client.exportUserData('jane', { format: 'csv' });
check('an export has every event of the person and of nobody else', json.ok && json.count === 150 && !json.body.includes('john'), { ...json, body: json.body?.slice(0, 500) });
check('an export is also a CSV', csv.ok && csv.body.trim().split('\n').length >= 151 && csv.contentType.startsWith('text/csv'), { ...csv, body: csv.body?.slice(0, 500) });
const nobody = await client.exportUserData('nobody/at all?');
check('nobody is a result that says so', !nobody.ok && nobody.status === 404, nobody);

const done = await client.anonymizeUserData('jane', { reason: 'request 4711' });
check('a person is made anonymous', done.ok && done.entries === 150 && done.mode === 'anonymise' && done.held === 0, done);
const after = await client.search({ user: 'jane' });
check('and is not found any more, while the others are', after.ok && after.events.length === 0 && (await client.search({ user: 'john' })).events.length === 100, after);
await client.close();
await stop(server);
const away = await new Client({ url: `http://${server.address}`, spoolDir: path.join(folder, 'spool') }).exportUserData('jane');
check('a server that is away is a result that says so', !away.ok && away.status === 0, away);
console.log(`${counts.passed} checks held, ${counts.failed} failed`);
process.exit(counts.failed ? 1 : 0);
