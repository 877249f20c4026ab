#!/usr/bin/env node
// Judges the MCP server by programs that we did not write: the official conformance suite in both versions, the inspector
// over standard input and over HTTP, and Claude Code. `judge.mjs NODE PACKAGES PROGRAMS [CLAUDE]`, by way of
// scripts/judge-mcp.sh. One line for each check; exit code 1 when one failed.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { agent, run, start, stop } from '../claude-code/programs.mjs';
import { judgeDestinations } from './destinations.mjs';

const [node, packages, programs, claude] = process.argv.slice(2).map((name) => path.resolve(name));
const here = path.dirname(fileURLToPath(import.meta.url));
const program = (name) => path.join(programs, name);
const logger = program('mcp-audit-logger');

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'judge-mcp-'));
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
const at = (name) => path.join(folder, name);
['home', 'work', 'results'].forEach((name) => fs.mkdirSync(at(name)));

const counts = { passed: 0, failed: 0 };
function check(what, holds, found) {
  counts[holds ? 'passed' : 'failed'] += 1;
  console.log(`${holds ? 'ok    ' : 'FAILED'} ${what}`);
  if (!holds && found !== undefined) console.log(`       found: ${typeof found === 'string' ? found : JSON.stringify(found)}`);
}

const suites = [
  { name: 'conformance 0.1.16', of: 'conformance-0.1', expected: 'expected-0.1.yml', also: [] },
  ...['2025-11-25', '2026-07-28'].map((revision) => ({
    name: `conformance 0.2.0-alpha.12, revision ${revision}`, of: 'conformance-0.2',
    expected: `expected-${revision}.yml`, also: ['--requirements', revision],
  })),
];

/** Both versions of the suite against the server with the suite's fixtures. */
async function judgeConformance() {
  const fixtures = await start(path.join(programs, 'examples/mcp-conformance'), [], {}, at('said'));
  for (const { name, of, expected, also } of suites) {
    const suite = path.join(packages, 'node_modules', of, 'dist/index.js');
    const ran = run(node, [suite, 'server', '--url', `http://${fixtures.address}/mcp`, '-o', at('results'),
      '--expected-failures', path.join(here, expected), ...also]);
    const total = /Total: .*/.exec(ran.out)?.[0] ?? 'no total';
    check(`${name}: all that applies passes (with the rest: ${total})`, ran.code === 0, ran.out.slice(-2000) + ran.err);
  }
  await stop(fixtures);
}

// What the suite can ask of the recorder itself, which has no fixtures.
const bare = ['server-initialize', 'ping', 'tools-list', 'resources-list', 'prompts-list', 'dns-rebinding-protection',
  'sep-2164-resource-not-found', 'http-header-validation', 'caching'];

async function judgeRecorder(server) {
  const suite = path.join(packages, 'node_modules/conformance-0.2/dist/index.js');
  for (const scenario of bare) {
    const ran = run(node, [suite, 'server', '--url', `http://${server.address}/mcp`, '-o', at('results'), '--scenario', scenario]);
    check(`the recorder's own /mcp: ${scenario}`, ran.code === 0, (ran.out + ran.err).slice(-2000));
  }
}

/** The inspector, by standard input or HTTP: what it prints as JSON. */
function inspect(target, ...asked) {
  const inspector = path.join(packages, 'node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js');
  const env = { ...process.env, PATH: `${path.dirname(node)}:${process.env.PATH}`, HOME: at('home') };
  const ran = run(node, [inspector, '--cli', ...target, ...asked], { env });
  try {
    return JSON.parse(ran.out);
  } catch {
    return { failed: ran.out + ran.err };
  }
}

function judgeInspector(way, target) {
  const call = (tool, ...given) => {
    const named = given.flatMap((argument) => ['--tool-arg', argument]);
    const answer = inspect(target, '--method', 'tools/call', '--tool-name', tool, ...named);
    return answer.structuredContent ?? answer;
  };
  const tools = inspect(target, '--method', 'tools/list').tools ?? [];
  const names = ['export_evidence', 'get_costs', 'get_entry', 'get_session', 'log_action', 'log_decision', 'log_outcome',
    'search_logs', 'verify_entry', 'verify_range'];
  check(`inspector, ${way}: ten tools, each with both schemas and hints`,
    JSON.stringify(tools.map((tool) => tool.name).sort()) === JSON.stringify(names)
      && tools.every((tool) => tool.inputSchema && tool.outputSchema && tool.annotations.idempotentHint), tools);
  const logged = call('log_action', 'action_name=inspect', `session_id=by-${way}`, 'parameters={"deep":[1]}');
  check(`inspector, ${way}: an action is logged, self_reported`, logged.known === 'self_reported' && logged.index >= 0, logged);
  const found = call('search_logs', `session=by-${way}`);
  check(`inspector, ${way}: it is found, its source is mcp`,
    found.events?.length === 1 && found.events[0].source === 'mcp' && found.events[0].known === 'self_reported', found);
  const templates = inspect(target, '--method', 'resources/templates/list').resourceTemplates ?? [];
  check(`inspector, ${way}: three kinds of resources`, templates.length === 3, templates);
  const session = inspect(target, '--method', 'resources/read', '--uri', `tachograph://sessions/by-${way}`);
  check(`inspector, ${way}: the session is a resource`, session.contents?.[0]?.text.includes('inspect'), session);
  const prompt = inspect(target, '--method', 'prompts/get', '--prompt-name', 'session-summary', '--prompt-args', 'session_id=s1');
  check(`inspector, ${way}: a prompt is filled in`, prompt.messages?.[0]?.content.text.includes('"s1"'), prompt);
  return logged;
}

/** Waits until a checkpoint covers the newest event; every question takes some time of its own. */
async function sealed(server, index) {
  const end = Date.now() + 30_000;
  while (Date.now() < end) {
    const note = await (await fetch(`http://${server.address}/tlog/checkpoint`)).text();
    if (Number(note.split('\n')[1]) > index) return;
  }
  throw new Error(`entry ${index} was not sealed`);
}

async function judgeProofs(server, logged, stdio, data) {
  await sealed(server, logged.index);
  const tachograph = (...args) => run(program('tachograph'), ['--data', data, ...args]);
  fs.writeFileSync(at('pinned.keys'), tachograph('keys').out);
  const pinned = [...stdio, '-e', `AUDIT_LOG_PIN=${at('pinned.keys')}`];
  const call = (...asked) => inspect(pinned, '--method', 'tools/call', ...asked).structuredContent;
  const entry = call('--tool-name', 'verify_entry', '--tool-arg', `id=${logged.event_id}`);
  check('an entry is verified against pinned keys', entry?.verified && entry.signed === 'by_pinned_keys', entry);
  const range = call('--tool-name', 'verify_range', '--tool-arg', 'from=0', `to=${logged.index}`);
  check('a range is verified', range?.verified && range.checked === logged.index + 1, range);
  const evidence = call('--tool-name', 'export_evidence', '--tool-arg', `ids=["0","${logged.event_id}"]`);
  for (const { proof_head: head, id } of evidence?.entries ?? []) {
    fs.writeFileSync(at('proof'), `${head}\n\n${evidence.checkpoint}`);
    const verified = tachograph('verify', '--proof', at('proof'), '--pin', at('pinned.keys'));
    check(`evidence of ${id} is verified by the command line`, verified.code === 0, verified.out + verified.err);
  }
  check('evidence holds both entries', evidence?.entries?.length === 2, evidence);
}

/** Claude Code itself reports what it does, once over each transport. */
async function judgeClaude(server, env) {
  const secret = ['gl', 'pat-', 'x7Kq2mN9vR4tB8wZ1cYp'].join('');
  const model = await start(process.execPath, [path.join(here, '../claude-code/model.mjs'), at('work'), at('requests')],
    { FAKE_SECRET: secret }, at('said'));
  const http = { type: 'http', url: `http://${server.address}/mcp`, headers: { 'X-Agent-Id': 'claude-http' } };
  const ways = [
    { way: 'stdio', script: 'report', id: 'reported-1', audit: { command: logger, env: { ...env, AGENT_ID: 'claude-stdio' } } },
    { way: 'http', script: 'again', id: 'reported-2', audit: http },
  ];
  for (const { way, script, id, audit } of ways) {
    fs.writeFileSync(at('settings.json'), '{}');
    fs.writeFileSync(at('mcp.json'), JSON.stringify({ mcpServers: { audit } }));
    const asked = { program: claude, home: at('home'), work: at('work'), model: model.address, settings: at('settings.json') };
    const ran = agent(asked, `tachograph-script:${script} go`, '--mcp-config', at('mcp.json'), '--strict-mcp-config');
    check(`Claude Code, ${way}: it came to its end`, ran.text === 'It is on the record.', ran.out + ran.err);
    const of = async (view) => {
      const query = `SELECT * FROM ${view} WHERE agent_id = 'claude-${way}' ORDER BY index`;
      const answer = await fetch(`http://${server.address}/v1/sql?query=${encodeURIComponent(query)}`);
      return (await answer.json()).rows ?? [];
    };
    const rows = await of('observations');
    const joined = await of('agent_audit_log');
    check(`Claude Code, ${way}: action and outcome are one row, which succeeded`,
      joined.length === 1 && joined[0].observations === 2 && joined[0].outcome_status === 'success', joined);
    check(`Claude Code, ${way}: action and outcome are on the log, self_reported, from mcp, joined`,
      rows.length === 2 && rows.every((row) => row.known === 'self_reported' && row.source === 'mcp' && row.call_id === id
        && row.extra.includes('claude-code')), rows);
    check(`Claude Code, ${way}: the secret is not`, !JSON.stringify(rows).includes(secret), rows);
    if (way === 'stdio') check('Claude Code, stdio: the session is its own', rows[0]?.session_id === ran.session, rows[0]?.session_id);
  }
  const last = fs.readFileSync(at('requests'), 'utf8').trim().split('\n').at(-1);
  check('Claude Code: what it searched for came back to the model', last.includes('\\"action_name\\":\\"deploy\\"'), last.slice(-500));
  await stop(model);
}

await judgeConformance();
const data = at('data');
const server = await start(program('tachograph'), ['--data', data, 'serve', '--listen', '127.0.0.1:0'], {}, at('said'));
const env = { AUDIT_LOG_URL: `http://${server.address}` };
const stdio = [logger, ...Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`])];
judgeInspector('stdio', stdio);
const logged = judgeInspector('http', [`http://${server.address}/mcp`, '--transport', 'http']);
await judgeProofs(server, logged, stdio, data);
// Behind the proofs: one scenario reads the newest checkpoint, and now there is one.
await judgeRecorder(server);
if (claude) await judgeClaude(server, env);
else console.log('Claude Code was not judged: scripts/judge-claude-code.sh installs it');
check('the recorder ends well', (await stop(server)) === 0);
await judgeDestinations({ logger, folder, check });
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed ? 1 : 0);
