#!/usr/bin/env node
// Judges tachograph by what it recorded of a real run of Claude Code against the scripted model: `judge.mjs CLAUDE
// TACHOGRAPH`, by way of scripts/judge-claude-code.sh. One line for each check; exit code 1 when one failed.
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { judgeCoverage } from './coverage.mjs';
import { callId, scripts } from './model.mjs';
import { agent, run, start, stop } from './programs.mjs';

const [claude, tachograph] = process.argv.slice(2).map((name) => path.resolve(name));
const here = path.dirname(fileURLToPath(import.meta.url));
const example = fs.readFileSync(path.join(here, '../../examples/claude-code/settings.json'), 'utf8');

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'judge-claude-code-'));
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
const at = (name) => path.join(folder, name);
const [home, work, data] = ['home', 'work', 'data'].map(at);
[home, work].forEach((name) => fs.mkdirSync(name));
// Of a shape that scanners know, and never written down whole outside the temporary folder.
const secret = ['gl', 'pat-', crypto.randomBytes(10).toString('hex')].join('');
const all = scripts(work, secret);

const counts = { passed: 0, failed: 0 };
function check(what, holds, found) {
  counts[holds ? 'passed' : 'failed'] += 1;
  console.log(`${holds ? 'ok    ' : 'FAILED'} ${what}`);
  if (!holds && found !== undefined) console.log(`       found: ${typeof found === 'string' ? found : JSON.stringify(found)}`);
}

let server;
let key;
async function get(route, accept) {
  const headers = { accept, ...(key && { authorization: `Bearer ${key}` }) };
  const response = await fetch(`http://${server.address}${route}`, { headers });
  if (!response.ok) throw new Error(`${route}: ${response.status} ${await response.text()}`);
  return response.text();
}
const rows = (text) => text.split('\n').filter(Boolean).map((line) => JSON.parse(line));
const sql = async (query) => rows(await get(`/v1/sql?query=${encodeURIComponent(query)}`, 'application/x-ndjson'));
const quoted = (value) => `'${String(value).replaceAll("'", "''")}'`;
const serve = () => start(tachograph, ['--data', data, 'serve', '--listen', '127.0.0.1:0'], {}, at('said'));
const command = (...args) => run(tachograph, ['--data', data, ...args]);

/** The example with the server's address in it. */
function settings(name, change = (hook) => hook) {
  const value = JSON.parse(example.replaceAll('127.0.0.1:7420', server.address));
  for (const entry of Object.values(value.hooks).flat()) entry.hooks = entry.hooks.map(change);
  fs.writeFileSync(at(name), JSON.stringify(value));
  return at(name);
}

/** Whether a text is in any file of a folder, as bytes. */
const holds = (text, where) => run('grep', ['-rlaF', '-e', text, where]).code === 0;

async function judgeCalls(session) {
  const agents = {};
  for (const [name, script] of Object.entries({ main: all.main, sub: all.sub })) {
    for (const [number, call] of script.calls.entries()) {
      const id = callId(name, number);
      const seen = await sql(`SELECT agent_id, phase, outcome_status, action_name, hook_event, exit_code,
        sensitive_data_accessed, action_details FROM observations
        WHERE session_id = ${quoted(session)} AND call_id = ${quoted(id)} ORDER BY index`);
      const proposed = seen.filter((row) => row.phase === 'proposed' && row.outcome_status === 'running');
      const ended = seen.filter((row) => row.hook_event?.startsWith('PostToolUse') && row.phase === 'result');
      check(`${id} ${call.tool}: one observation proposed it, one has its result, the first came first`,
        proposed.length === 1 && ended.length === 1 && seen.indexOf(proposed[0]) === 0, seen);
      check(`${id} ${call.tool}: the outcome is ${call.outcome}${call.exitCode ? `, exit code ${call.exitCode}` : ''}`,
        ended[0]?.outcome_status === call.outcome && ended[0]?.exit_code === (call.exitCode ?? null), ended);
      const against = call.outcome === 'success' ? 'failure' : 'success';
      check(`${id} ${call.tool}: nothing else says ${against}, all is one tool and one agent`,
        seen.every((row) => row.outcome_status !== against && row.action_name === call.tool)
          && new Set(seen.map((row) => row.agent_id)).size === 1, seen);
      check(`${id} ${call.tool}: ${call.leaks ? 'marked as sensitive, each observation' : 'not marked as sensitive'}`,
        seen.every((row) => row.sensitive_data_accessed === Boolean(call.leaks)), seen);
      agents[id] = seen[0]?.agent_id;
    }
  }
  const rows = await sql(`SELECT call_id, count(*) AS rows, min(observations) AS observations FROM agent_audit_log
    WHERE session_id = ${quoted(session)} AND call_id LIKE 'toolu_%' GROUP BY 1`);
  check('a call is one row of agent_audit_log, however many told of it',
    rows.length >= 8 && rows.every((row) => row.rows === 1 && row.observations > 1), rows);
  const own = agents[callId('sub', 0)];
  const main = callId('main', 0);
  check('the sub-agent has an agent of its own', own && own !== agents[main], agents);
  check('every call of the main script has the same agent',
    all.main.calls.every((_, number) => agents[callId('main', number)] === agents[main]), agents);
  const bounds = await sql(`SELECT hook_event FROM observations WHERE agent_id = ${quoted(own)}
    AND hook_event LIKE 'Subagent%' ORDER BY index`);
  check('its start and stop are recorded under it',
    bounds.map((row) => row.hook_event).join() === 'SubagentStart,SubagentStop', bounds);
  return own;
}

async function judgeSession(session, own) {
  const hooks = await sql(`SELECT DISTINCT hook_event FROM observations WHERE session_id = ${quoted(session)}`);
  const names = hooks.map((row) => row.hook_event);
  for (const name of ['SessionStart', 'UserPromptSubmit', 'MessageDisplay', 'PostToolBatch', 'Stop', 'SessionEnd']) {
    check(`the hook ${name} arrived`, names.includes(name), names);
  }
  const text = await get(`/v1/sessions/${session}`, 'text/plain');
  const lines = text.split('\n');
  const told = [
    'UserPromptSubmit: tachograph-script:main', 'I will look around first.',
    'Bash: echo harmless-first-step → ok', '>&2; exit 3 → failed (exit 3)', 'Now a file.',
    'Write: ', `Edit: ${work}/greeting.txt → ok`, `Read: ${work}/missing.txt → failed (File does not exist`,
    'A sub-agent shall count.', 'Agent: tachograph-script:sub count the files → ok', `${own}: SubagentStart`,
    `${own}: Bash: ls | wc -l → ok`, `${own}: SubagentStop: There is one file.`,
    'Bash: echo deploy with [REDACTED] now → ok', 'Stop: Everything in the script was done.', 'SessionEnd',
  ];
  const places = told.map((part) => lines.findIndex((line) => line.includes(part)));
  told.forEach((part, n) => check(`the timeline tells, in its place: ${part}`,
    places[n] >= 0 && places.slice(0, n).every((place) => place < places[n]), text));
  check('the timeline counts two failed steps', /, 2 failed,/.test(text), lines[2]);
  check('the timeline names the file that was written', text.includes(`Write: ${work}/greeting.txt → ok`),
    lines.find((line) => line.includes('Write: ')));
  const [counted] = await sql(`SELECT failures FROM sessions WHERE id = ${quoted(session)}`);
  check('the view sessions counts two failures as well', counted?.failures === 2, counted);
}

/** A call that needs a permission which nobody is there to give. */
async function judgeRefusal(how) {
  const refused = agent({ ...how, permissions: [] }, 'tachograph-script:refused');
  check('a run without permissions ends', refused.text === all.refused.ends, refused);
  const seen = await sql(`SELECT hook_event, phase, outcome_status FROM observations
    WHERE session_id = ${quoted(refused.session)} AND action_type = 'tool' ORDER BY index`);
  check('its refused call is recorded as proposed, asked for and answered',
    seen.map((row) => row.phase).join() === 'proposed,asked,result', seen);
  const closed = await sql(`SELECT closure FROM actions WHERE session_id = ${quoted(refused.session)} AND action_type = 'tool'`);
  check('the call is closed as refused', closed.length === 1 && closed[0].closure === 'refused', closed);
  check('the answer is a failure', seen.at(-1)?.outcome_status === 'failure', seen.at(-1));
}

/** A call that runs until the agent is interrupted: no hook tells its end, the transcript has the words of a refusal. */
async function judgeStop(how) {
  agent(how, 'tachograph-script:stopped');
  const seen = await sql(`SELECT phase FROM observations WHERE call_id = ${quoted(callId('stopped', 0))} ORDER BY index`);
  check('a call that was interrupted is recorded as proposed', seen[0]?.phase === 'proposed', seen);
}

async function judgeSecret() {
  const record = JSON.stringify(await sql('SELECT * FROM observations'));
  check('the record shows the harmless part of the leaking command', record.includes('deploy with [REDACTED] now'));
  check('the record does not show the secret', !record.includes(secret));
  judgeFolder();
}

function judgeFolder() {
  check('a search of the data folder finds what is no secret', holds('harmless-first-step', data));
  check('a search of the data folder does not find the secret', !holds(secret, data));
  check('nor does one of what the server said', !holds(secret, at('said')));
}

/** Two folders of the agent's home hold transcripts: the session's and its sub-agents'. */
function transcripts() {
  const files = fs.readdirSync(path.join(home, '.claude/projects'), { recursive: true });
  return files.filter((name) => name.endsWith('.jsonl')).map((name) => path.join(home, '.claude/projects', name)).sort();
}

const numbers = (text) => /accepted (\d+), duplicates (\d+), refused (\d+)/.exec(text)?.slice(1).map(Number) ?? [];

async function judgeImport(session, own) {
  const files = transcripts();
  check('the run left a transcript of the session and one of the sub-agent',
    files.some((name) => name.endsWith(`${session}.jsonl`)) && files.some((name) => name.includes(own)), files);
  check('the transcript holds the secret, so its import has something to remove', files.some((name) => holds(secret, name)));
  for (const file of files) {
    const name = file.includes('subagents') ? 'the sub-agent' : 'the session';
    const first = command('import', file);
    const [accepted, , refused] = numbers(first.out);
    check(`import of the transcript of ${name}: ${accepted} events, none refused`,
      first.code === 0 && accepted > 0 && refused === 0, first);
    const second = command('import', file);
    const again = numbers(second.out);
    check('a second import is all duplicates', second.code === 0 && again[0] === 0 && again[1] >= accepted, second);
  }
  server = await serve();
  const known = await sql(`SELECT known, source, count(*) AS events FROM observations
    WHERE session_id = ${quoted(session)} GROUP BY known, source ORDER BY known`);
  check('what was imported is marked so, what hooks sent is not',
    known.map((row) => `${row.known} ${row.source}`).join() === 'imported import,observed http', known);
  for (const [number, call] of all.main.calls.entries()) {
    const seen = await sql(`SELECT phase, outcome_status FROM observations WHERE known = 'imported'
      AND session_id = ${quoted(session)} AND call_id = ${quoted(callId('main', number))} ORDER BY index`);
    check(`the import has ${callId('main', number)} proposed and with the result ${call.outcome}`,
      seen[0]?.phase === 'proposed' && seen.some((row) => row.phase === 'result' && row.outcome_status === call.outcome), seen);
  }
  const sub = await sql(`SELECT DISTINCT agent_id FROM observations WHERE known = 'imported'
    AND call_id = ${quoted(callId('sub', 0))}`);
  check('the import has the call of the sub-agent under the same agent as the hooks', sub.length === 1 && sub[0].agent_id === own, sub);
  const stopped = await sql(`SELECT closure, outcome_status FROM actions WHERE call_id = ${quoted(callId('stopped', 0))}`);
  check('the call that was interrupted ran and was not refused',
    stopped.length === 1 && stopped[0].closure === 'failure' && stopped[0].outcome_status === 'partial', stopped);
  const tokens = await sql(`SELECT count(*) AS requests, sum(tokens_input) AS tokens FROM observations
    WHERE action_name = 'model_request' AND known = 'imported' AND session_id = ${quoted(session)} AND agent_id <> ${quoted(own)}`);
  check('the import tells the tokens of the model, which hooks do not', tokens[0]?.requests >= all.main.calls.length && tokens[0].tokens > 0, tokens);
  await judgeSecret();
}

/** What the agent pays: a recorder that is away or refuses it must not stop it, and no answer may reach its model. */
async function judgeAgent(how) {
  how = { ...how, settings: settings('again.json') };
  const count = async () => (await sql("SELECT count(*) AS n FROM events WHERE source <> 'internal'"))[0].n;
  check('the program compacts the session', agent(how, '/compact keep it short', '--continue').code === 0);
  const compacted = await sql(`SELECT hook_event FROM observations WHERE hook_event = 'PreCompact'`);
  check('its hook PreCompact arrived', compacted.length === 1, compacted);
  check('the model was asked for the summary', fs.readFileSync(at('asked'), 'utf8').includes('keep it short'));
  check('no answer of the recorder reached the model', !/rejected_count|first_index/.test(fs.readFileSync(at('asked'), 'utf8')));
  const tree = { ...how, work: at('tree') };
  fs.mkdirSync(tree.work);
  const git = (...args) => run('git', ['-c', 'user.name=judge', '-c', 'user.email=judge@example.org', ...args], { cwd: tree.work });
  git('init', '-q');
  git('commit', '-q', '--allow-empty', '-m', 'empty');
  const inTree = agent(tree, 'tachograph-script:short', '--worktree', 'aside');
  check('the hooks leave it its worktrees', inTree.text === all.short.ends, inTree);

  const write = /tgk_[0-9a-f]+/.exec(command('key', 'create', 'agent', '--role', 'write').out)?.[0];
  key = /tgk_[0-9a-f]+/.exec(command('key', 'create', 'judge', '--role', 'read').out)?.[0];
  await stop(server);
  server = await serve();
  fs.writeFileSync(at('header'), `Authorization: Bearer ${write}\n`);
  const bearing = { headers: { Authorization: 'Bearer $TACHOGRAPH_KEY' }, allowedEnvVars: ['TACHOGRAPH_KEY'] };
  const httpOnly = settings('http.json', (hook) => (hook.type === 'http' ? { ...hook, ...bearing } : hook));
  const headed = settings('keyed.json', (hook) => (hook.type === 'http'
    ? { ...hook, ...bearing } : { ...hook, command: hook.command.replace('curl ', `curl -H @${at('header')} `) }));
  const before = await count();
  const without = agent({ ...how, settings: httpOnly }, 'tachograph-script:short');
  check('without a key the agent does its work and nothing is recorded',
    without.text === all.short.ends && (await count()) === before, without);
  const keyed = agent({ ...how, settings: headed, env: { TACHOGRAPH_KEY: write } }, 'tachograph-script:short');
  const recorded = await sql(`SELECT DISTINCT hook_event FROM observations WHERE session_id = ${quoted(keyed.session)}`);
  check('with the key from its environment it is recorded', recorded.length >= 6, recorded);
  check('its SessionStart as well, with the key from a file',
    recorded.some((row) => row.hook_event === 'SessionStart'), recorded);
  await stop(server);
  const away = agent(how, 'tachograph-script:short');
  check('with the recorder away the agent does its work', away.code === 0 && away.text === all.short.ends, away);
}

console.log(`== ${run(claude, ['--version']).out.trim()} against the scripted model`);
server = await serve();
const model = await start(process.execPath, [path.join(here, 'model.mjs'), work, at('asked')], { FAKE_SECRET: secret }, at('model'));
const how = { program: claude, home, work, model: model.address, settings: settings('settings.json') };
const ran = agent(how, 'tachograph-script:main');
check('the agent went through the script', ran.code === 0 && ran.text === all.main.ends, ran);
check('its file has what it wrote and edited', fs.readFileSync(path.join(work, 'greeting.txt'), 'utf8') === 'good evening\n');

console.log('== what its hooks told');
const own = await judgeCalls(ran.session);
await judgeSession(ran.session, own);
await judgeRefusal(how);
await judgeStop(how);
await judgeSecret();
fs.writeFileSync(at('pins'), command('keys').out);
const live = run(tachograph, ['verify', '--server', server.address, '--pin', at('pins')]);
check('verify of the running server finds nothing', live.code === 0, live);
check('the server ends when it is told to', (await stop(server)) === 0);
const rest = command('verify');
check('verify of the folder at rest finds nothing', rest.code === 0, rest);
judgeFolder();

console.log('== its transcripts');
await judgeImport(ran.session, own);
console.log('== what was not recorded');
await judgeCoverage({ tachograph, folder, example, how, ends: all.short.ends, check });
console.log('== what it costs the agent');
await judgeAgent(how);
const last = command('verify');
check('verify of the folder finds nothing after all this', last.code === 0, last);
await stop(model);
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed === 0 ? 0 : 1);
