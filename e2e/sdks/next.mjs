#!/usr/bin/env node
// Judges the TypeScript client inside the real Next.js: builds the program in FOLDER (a copy of e2e/sdks/next with its packages
// and the client as npm packs it), asks its routes, and looks for who asked on a real server.
// `next.mjs TACHOGRAPH FOLDER`, by way of scripts/judge-sdks.sh.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { run, start, stop } from '../claude-code/programs.mjs';

const [tachograph, program] = process.argv.slice(2);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'judge-next-'));
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
const at = (name) => path.join(folder, name);
const counts = { passed: 0, failed: 0 };
function check(what, holds, found) {
  counts[holds ? 'passed' : 'failed'] += 1;
  console.log(`${holds ? 'ok    ' : 'FAILED'} typescript, Next.js: ${what}`);
  if (!holds) console.log(`       found: ${JSON.stringify(found)}`);
}

const next = path.join(path.resolve(program), 'node_modules/next/dist/bin/next');
const { AGENT_ID, SESSION_ID, AUDIT_LOG_KEY, NODE_ENV, ...inherited } = process.env;
const COOKIE = 'cookie-opens-it';
const AGENT = 'Mozilla/5.0 (judge)';
const direct = { 'user-agent': AGENT, 'x-request-id': 'r-next-1', cookie: `sid=${COOKIE}` };
// What the proxy in front adds stands last; before it stands what the client made up.
const proxied = { ...direct, 'x-forwarded-for': '6.6.6.6, 203.0.113.7' };

function serveRecord() {
  const config = at('config.toml');
  fs.writeFileSync(config, '[otlp]\nhttp = "127.0.0.1:0"\ngrpc = "127.0.0.1:0"\n');
  return start(tachograph, ['--data', at('data'), 'serve', '--listen', '127.0.0.1:0', '--config', config], {}, at('server'));
}

/** What `env` takes away is not there for the program, whatever this test was started with. */
function serveProgram(server) {
  const unset = ['AGENT_ID', 'SESSION_ID', 'AUDIT_LOG_KEY', 'NODE_ENV'].flatMap((name) => ['-u', name]);
  const env = { NEXT_TELEMETRY_DISABLED: '1', AUDIT_LOG_URL: `http://${server.address}`, AUDIT_LOG_SPOOL: at('spool') };
  return start('env', [...unset, process.execPath, next, 'start', program, '--hostname', '127.0.0.1', '--port', '0'], env, at('said'));
}

async function ask(app, route, headers, more = { method: 'POST' }) {
  const response = await fetch(`http://${app.address}${route}`, { headers, ...more });
  const text = await response.text();
  if (!response.ok) throw new Error(`${route}: ${response.status} ${text.slice(0, 500)}\n${fs.readFileSync(at('said'), 'utf8')}`);
  return text;
}

async function sql(server, query) {
  const headers = { accept: 'application/x-ndjson' };
  const response = await fetch(`http://${server.address}/v1/sql?query=${encodeURIComponent(query)}`, { headers });
  const text = await response.text();
  if (!response.ok) throw new Error(`${query}: ${response.status} ${text}`);
  return text.split('\n').filter(Boolean).map((line) => JSON.parse(line));
}

/** Who asked, of each entry with this action. */
async function recorded(server, action) {
  const rows = await sql(server, `SELECT ip, user_agent, session_id, request_id, agent_id, entity_id FROM agent_audit_log
    WHERE action_name = '${action}' ORDER BY index`);
  // The session of the process, where the entry names none.
  return rows.map((row) => ({ ...row, session_id: row.session_id?.startsWith('sess_') ? row.session_id : null }));
}

function isBy(row, ip, session) {
  return row !== undefined && row.ip === ip && row.session_id === session && row.user_agent === AGENT && row.request_id === 'r-next-1';
}

async function judgeRoutes(app, server) {
  for (const [proxies, headers] of [[1, proxied], [0, proxied], [1, direct]]) await ask(app, `/settings?proxies=${proxies}`, headers);
  await ask(app, '/given', proxied);
  await ask(app, '/within', proxied);
  const page = await ask(app, '/', proxied, { method: 'GET' });
  // The form as a browser without scripts sends it.
  const form = new FormData();
  for (const [, name] of page.matchAll(/<input type="hidden" name="([^"]+)"/g)) form.append(name, '');
  form.append('name', 'Weekly digest');
  await ask(app, '/', { ...proxied, origin: `http://${app.address}` }, { method: 'POST', body: form });
  await ask(app, '/api/legacy', proxied);
  const { flushed } = JSON.parse(await ask(app, '/flush', {}));
  check('a route flushes what all of them recorded, to the server that instrumentation.ts names', flushed);

  const [behind, nobody, straight, ...more] = await recorded(server, 'SETTINGS_CHANGED');
  check('a route handler behind a proxy: the address that the proxy saw, user agent and session', isBy(behind, '203.0.113.7', 'sess_next_1')
    && behind.agent_id === 'judge-next' && more.length === 0, { behind, more });
  check('the same without a word about proxies: no address, and the rest', isBy(nobody, null, 'sess_next_1'), nobody);
  check('the same without a forwarded address: the other end, as Next.js has it', isBy(straight, '127.0.0.1', 'sess_next_1'), straight);
  const all = async (action, count, ip, session) => {
    const rows = await recorded(server, action);
    return { holds: rows.length === count && rows.every((row) => isBy(row, ip, session)), rows };
  };
  const expected = [
    ['a request that is handed over as it is: no address, and the rest', 'REQUEST_GIVEN', 1, null, null],
    ['withContext around what a handler does later', 'WORK_DONE', 1, '203.0.113.7', null],
    ['proxy.ts, before the route', 'PATH_ASKED', 1, '203.0.113.7', null],
    ['a server component, by headers(); again when it is made after the action', 'PAGE_READ', 2, '203.0.113.7', 'sess_next_1'],
    ['what headers() gives, handed over as it is', 'PAGE_GIVEN', 2, null, null],
    ['a server action, by headers()', 'AGENT_RENAMED', 1, '203.0.113.7', 'sess_next_1'],
    ['an API route of the Pages Router, its request as it is: the other end', 'LEGACY_GIVEN', 1, '127.0.0.1', null],
    ['the same behind a proxy', 'LEGACY_COUNTED', 1, '203.0.113.7', 'sess_legacy'],
    ['the same without a word about proxies', 'LEGACY_NOBODY', 1, '127.0.0.1', null],
  ];
  for (const [what, ...entry] of expected) {
    const { holds, rows } = await all(...entry);
    check(what, holds, rows);
  }
  const told = JSON.stringify(await sql(server, 'SELECT * FROM events'));
  check('no cookie is on the record, nor an address that a client made up', !told.includes(COOKIE) && !told.includes('6.6.6.6'), told.slice(0, 2000));
}

/** Next.js has a handler of its own for signals, and ends the process itself. */
async function judgeEnd(app, server) {
  const { id } = JSON.parse(await ask(app, '/given', proxied));
  const code = await stop(app);
  const second = await serveProgram(server);
  await ask(second, '/flush', {});
  const rows = await sql(server, `SELECT event_id FROM agent_audit_log WHERE event_id = '${id}'`);
  check('what a route recorded just before Next.js was told to end is on the record, once', rows.length === 1 && code === 143, { id, code, rows });
  await stop(second);
}

const built = run(process.execPath, [next, 'build', program], { env: { ...inherited, NEXT_TELEMETRY_DISABLED: '1' } });
check('a program with the client builds, and its types fit those of Next.js', built.code === 0, built);
if (built.code === 0) {
  const server = await serveRecord();
  const app = await serveProgram(server);
  await judgeRoutes(app, server);
  await judgeEnd(app, server);
  await stop(server);
}
console.log(`${counts.passed} checks held, ${counts.failed} failed`);
process.exit(counts.failed ? 1 : 0);
