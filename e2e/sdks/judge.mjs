#!/usr/bin/env node
// Judges client libraries by what a real server recorded of them: `judge.mjs TACHOGRAPH LANGUAGE DRIVER [QUICKSTART…]`, by way
// of scripts/judge-sdks.sh. DRIVER is the library's driver for the conformance suite; QUICKSTART a command that runs the
// quick start of its README. One line for each check; exit code 1 when one failed.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { start, stop } from '../claude-code/programs.mjs';

const [tachograph, language, driverPath, ...quickStart] = process.argv.slice(2);
const EVENTS = 3000;
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'judge-sdks-'));
const drivers = new Set();
process.on('exit', () => {
  drivers.forEach((child) => child.kill('SIGKILL'));
  fs.rmSync(folder, { recursive: true, force: true });
});
const at = (name) => path.join(folder, name);
const counts = { passed: 0, failed: 0 };
function check(what, holds, found) {
  counts[holds ? 'passed' : 'failed'] += 1;
  console.log(`${holds ? 'ok    ' : 'FAILED'} ${language}: ${what}`);
  if (!holds && found !== undefined) console.log(`       found: ${JSON.stringify(found)}`);
}

// The data folder stays, and so does the address: the clients must find the server again.
async function serve(listen = '127.0.0.1:0') {
  const config = at('config.toml');
  fs.writeFileSync(config, '[otlp]\nhttp = "127.0.0.1:0"\ngrpc = "127.0.0.1:0"\n');
  return start(tachograph, ['--data', at('data'), 'serve', '--listen', listen, '--config', config], {}, at('server'));
}

function killed(server) {
  return new Promise((resolve) => {
    server.child.removeAllListeners('exit');
    server.child.on('exit', resolve);
    server.child.kill('SIGKILL');
  });
}

async function sql(server, query) {
  const headers = { accept: 'application/x-ndjson' };
  const response = await fetch(`http://${server.address}/v1/sql?query=${encodeURIComponent(query)}`, { headers });
  if (!response.ok) throw new Error(`${query}: ${response.status} ${await response.text()}`);
  return (await response.text()).split('\n').filter(Boolean).map((line) => JSON.parse(line));
}

/** A driver: commands in, results out, in order. */
async function drive() {
  const env = { ...process.env, AUDIT_LOG_SPOOL: at('spool') };
  const child = spawn(driverPath, [], { env, stdio: ['pipe', 'pipe', fs.openSync(at('stderr'), 'a')] });
  drivers.add(child);
  const waiting = [];
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()?.(JSON.parse(line)));
  const ended = new Promise((resolve) => child.on('exit', resolve));
  const next = () => new Promise((resolve) => waiting.push(resolve));
  const hello = next();
  const tell = (command) => {
    const result = next();
    child.stdin.write(`${JSON.stringify(command)}\n`);
    return result;
  };
  await hello;
  return { tell, ended, kill: () => child.kill('SIGKILL'), end: () => child.stdin.end() };
}

const init = (server, session) => ({
  cmd: 'init',
  options: { url: `http://${server.address}`, agent_id: 'judge', session_id: session, batch_ms: 20, retry_min_ms: 20, retry_max_ms: 200 },
});

/** How often each number of a session is on the log, and whether they stand in the order of the calls. */
async function recorded(server, session) {
  const rows = await sql(server, `SELECT action_details->>'n' AS n FROM agent_audit_log WHERE session_id = '${session}'
    AND action_name = 'step' ORDER BY index`);
  const numbers = rows.map((row) => Number(row.n));
  return { count: numbers.length, different: new Set(numbers).size, inOrder: numbers.every((n, i) => i === 0 || n > numbers[i - 1]) };
}

function same(found, count) {
  return found.count === count && found.different === count && found.inOrder;
}

async function judgeRestart(first) {
  let server = first;
  const driver = await drive();
  await driver.tell(init(server, 'restart'));
  for (let from = 1; from < EVENTS; from += 100) {
    await driver.tell({ cmd: 'log', n: `${from}-${from + 99}` });
    if (from === 1001) await killed(server);
    if (from === 2001) server = await serve(first.address);
  }
  const { flushed } = await driver.tell({ cmd: 'flush', timeout_ms: 30_000 });
  const stats = await driver.tell({ cmd: 'stats' });
  check('everything is answered for, though the server was killed and came back', flushed && stats.waiting === 0 && stats.lost === 0, stats);
  const found = await recorded(server, 'restart');
  check(`${EVENTS} events are on the log, once each and in the order of the calls`, same(found, EVENTS), found);
  driver.end();
  check('the program ends as it should', (await driver.ended) === 0);
  return server;
}

async function judgeKill(server) {
  const first = await drive();
  await first.tell(init(server, 'killed'));
  await first.tell({ cmd: 'log', n: '1-950' });
  await first.tell({ cmd: 'persist' });
  first.kill();
  await first.ended;
  const second = await drive();
  await second.tell(init(server, 'killed'));
  await second.tell({ cmd: 'log', n: '951-1000' });
  await second.tell({ cmd: 'flush' });
  const found = await recorded(server, 'killed');
  check('what a killed process had on disk is on the log, once each and in order, before what the next one logged', same(found, 1000), found);
  second.end();
  await second.ended;
}

async function judgeShapes(server) {
  const driver = await drive();
  await driver.tell(init(server, 'shapes'));
  const details = { command: 'deploy', password: 'hunter2-secret' };
  await driver.tell({ cmd: 'call', method: 'log_action', args: { name: 'Deploy', details, status: 'failure', error: { type: 'Timeout', message: 'late' }, duration_ms: 12, tokens_input: 3, tokens_output: 4, user_id: 'u-7' } });
  await driver.tell({ cmd: 'call', method: 'log_ai_decision', args: { model_id: 'm-1', input_data: { a: 1 }, prediction: 2, confidence: 0.85 } });
  await driver.tell({ cmd: 'call', method: 'log_trade', args: { order_id: 'o-1', execution_price: '1850.45', gas_used: 150000, status: 'filled' } });
  await driver.tell({ cmd: 'call', method: 'log_communication', args: { receiver: 'other', content: 'hi', subject: 's', type: 'request', priority: 'high' } });
  await driver.tell({ cmd: 'call', method: 'audit_log', args: { action: 'AGENT_UPDATED', entity_type: 'agent', entity_id: '7c1f', user_id: 'u-9', changes: { status: { before: 'draft', after: 'active' } }, severity: 'warning', ip: '203.0.113.9', user_agent: 'UA', session_id: 'shapes' } });
  const { flushed } = await driver.tell({ cmd: 'flush' });
  const rows = await sql(server, `SELECT action_type, action_name, outcome_status, agent_id, user_id, duration_us, tokens_input, error_type,
    model, order_id, to_agent, ip, action_details AS input FROM agent_audit_log WHERE session_id = 'shapes' ORDER BY index`);
  check('each call is an event', flushed && rows.length === 5, rows);
  const [action, decision, trade, message, entry] = rows.map((row) => row ?? {});
  check('an action has its columns and no secret', action?.outcome_status === 'failure' && action.user_id === 'u-7' && action.duration_us === 12_000
    && action.tokens_input === 3 && action.error_type === 'Timeout' && !JSON.stringify(action).includes('hunter2'), action);
  check('a decision, a trade and a message are known for what they are', decision?.action_type === 'model_decision' && decision.model === 'm-1'
    && trade?.order_id === 'o-1' && trade.outcome_status === 'success' && message?.to_agent === 'other', [decision, trade, message]);
  check('an entry of the audit trail has user, agent and address', entry?.action_name === 'AGENT_UPDATED' && entry.agent_id === '7c1f'
    && entry.user_id === 'u-9' && entry.ip === '203.0.113.9' && JSON.stringify(entry.input).includes('draft'), entry);
  driver.end();
  await driver.ended;
}

async function judgeQuickStart(server) {
  const env = { ...process.env, AUDIT_LOG_URL: `http://${server.address}`, AUDIT_LOG_SPOOL: at('quick'), AGENT_ID: 'quick-start', SESSION_ID: 'quick-start' };
  const [program, ...args] = quickStart;
  const before = (await sql(server, "SELECT count(*) AS n FROM agent_audit_log WHERE source <> 'internal'"))[0].n;
  const ran = spawnSync(program, args, { env, encoding: 'utf8' });
  const after = (await sql(server, "SELECT count(*) AS n FROM agent_audit_log WHERE source <> 'internal'"))[0].n;
  check('the quick start of the README runs, and what it records is there', ran.status === 0 && ran.stderr === '' && after >= before + 3, { ran, before, after });
}

let server = await serve();
server = await judgeRestart(server);
await judgeKill(server);
await judgeShapes(server);
if (quickStart.length > 0) await judgeQuickStart(server);
await stop(server);
console.log(`${counts.passed} checks held, ${counts.failed} failed`);
process.exit(counts.failed ? 1 : 0);
