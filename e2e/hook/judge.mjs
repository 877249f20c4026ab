#!/usr/bin/env node
// Judges agent-audit-log by what a server recorded of real runs of Claude Code: `judge.mjs CLAUDE TACHOGRAPH
// AGENT-AUDIT-LOG`, by way of scripts/judge-hook.sh. One line for each check; exit code 1 when one failed.
import crypto from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { callId, scripts } from '../claude-code/model.mjs';
import { agent, run, start, stop } from '../claude-code/programs.mjs';

const [claude, tachograph, hook] = process.argv.slice(2).map((name) => path.resolve(name));
const model = path.join(path.dirname(fileURLToPath(import.meta.url)), '../claude-code/model.mjs');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'judge-hook-'));
const at = (name) => path.join(folder, name);
const [home, work, data] = ['home', 'work', 'data'].map(at);
[home, work].forEach((name) => fs.mkdirSync(name));
// Of a shape that scanners know, and never written down whole outside the temporary folder.
const secret = ['gl', 'pat-', crypto.randomBytes(10).toString('hex')].join('');
const all = scripts(work, secret);

let failed = 0;
let passed = 0;
function check(what, holds, found) {
  if (holds) passed += 1;
  else failed += 1;
  console.log(`${holds ? 'ok    ' : 'FAILED'} ${what}`);
  if (!holds && found !== undefined) console.log(`       found: ${typeof found === 'string' ? found : JSON.stringify(found)}`);
}

let server;
const serve = (listen) => start(tachograph, ['--data', data, 'serve', '--listen', listen], {}, at('said'));
async function sql(query) {
  const response = await fetch(`http://${server.address}/v1/sql?query=${encodeURIComponent(query)}`,
    { headers: { accept: 'application/x-ndjson' } });
  if (!response.ok) throw new Error(`${query}: ${response.status} ${await response.text()}`);
  return (await response.text()).split('\n').filter(Boolean).map((line) => JSON.parse(line));
}
const env = () => ({ HOME: home, PATH: process.env.PATH, AUDIT_LOG_URL: `http://${server.address}`, AUDIT_LOG_LINGER_S: '1' });
const command = (...args) => run(hook, args, { env: env(), cwd: work });
const spool = () => {
  const spools = path.join(home, '.local/state/tachograph/hook');
  return path.join(spools, fs.readdirSync(spools)[0]);
};
process.on('exit', () => {
  // A sender that still has something to deliver would try for days.
  try {
    process.kill(Number(fs.readFileSync(path.join(spool(), 'sender.lock'), 'utf8')), 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
  fs.rmSync(folder, { recursive: true, force: true });
});

/** The hooks of a session as the recorder has them, and whether they are whole. */
async function judgeSession(session, name, script) {
  // Every event as it came; agent_audit_log has one row for all that is told of a call.
  const rows = await sql(`SELECT index, hook_event, producer_seq, call_id, phase, outcome_status, who_user AS who
    FROM events WHERE session_uuid = '${session}' AND source = 'http' ORDER BY index`);
  // A batch of several calls is one hook and several events.
  const numbers = rows.map((row) => row.producer_seq).filter((number, n, list) => number !== list[n - 1]);
  check(`${name}: its hooks are numbered 1 to ${numbers.length}, none missing, none twice, in order`,
    numbers.length >= 8 && numbers.every((number, n) => number === n + 1), numbers);
  const hooks = rows.map((row) => row.hook_event);
  check(`${name}: begins with its start and ends with its end`,
    hooks.indexOf('SessionStart') >= 0 && hooks.indexOf('SessionStart') < 3 && hooks.at(-1) === 'SessionEnd', hooks);
  for (const [number, call] of script.calls.entries()) {
    const of = rows.filter((row) => row.call_id === callId(name, number));
    const ended = of.filter((row) => row.hook_event === 'PostToolUse' || row.hook_event === 'PostToolUseFailure');
    check(`${name}: ${call.tool} was proposed once and ended once as ${call.outcome}`,
      of.filter((row) => row.phase === 'proposed').length === 1 && ended.length === 1
        && ended[0].outcome_status === call.outcome, of);
  }
  check(`${name}: every event has a user`, rows.every((row) => row.who), rows[0]);
}

server = await serve('127.0.0.1:0');
const address = server.address;
const scripted = await start(process.execPath, [model, work, at('asked')], { FAKE_SECRET: secret }, at('model'));
const installed = command('install', 'claude');
check('install puts the hook into the settings and shows it', installed.code === 0 && /\+.*hook claude/.test(installed.out), installed);
check('a second install has nothing to do', command('install', 'claude').out.includes('nothing to change'));
const settings = path.join(home, '.claude/settings.json');
const how = { program: claude, home, work, model: scripted.address, settings,
  env: { AUDIT_LOG_URL: `http://${address}`, AUDIT_LOG_LINGER_S: '1' } };

console.log('== with the server there');
const first = agent(how, 'tachograph-script:main');
check('the agent goes through its script', first.code === 0 && first.text === all.main.ends, first);
check('flush says that all is delivered', command('flush').code === 0);
await judgeSession(first.session, 'main', all.main);
const own = await sql(`SELECT DISTINCT agent_id, parent_id FROM events WHERE session_uuid = '${first.session}'
  AND call_id = '${callId('sub', 0)}'`);
check('the sub-agent is an agent of its own and names the call that started it',
  own.length === 1 && own[0].agent_id !== 'claude-code' && own[0].parent_id === callId('main', 5), own);
check('the model never saw a word of the hook', !/agent-audit-log/.test(fs.readFileSync(at('asked'), 'utf8')));

console.log('== the agent is stopped');
const post = (where, body) => fetch(`http://${server.address}${where}`, { method: 'POST', body: JSON.stringify(body) });
const refused = await post('/v1/agents/claude-code/stop', { reason: 'judged-marmalade', by: 'judge' });
check('the server stops the agent', refused.ok, refused.status);
const unasked = agent(how, 'tachograph-script:short');
check('where nobody switched it on, a stopped agent does its work', unasked.text === all.short.ends, unasked);
const enforcing = { ...how, env: { ...how.env, AUDIT_LOG_ENFORCE: '1', AUDIT_LOG_ENFORCE_MS: '5000' } };
const stopped = agent(enforcing, 'tachograph-script:short');
command('flush');
const ran = await sql(`SELECT hook_event AS hook, count(*) AS n FROM events WHERE session_uuid = '${stopped.session}'
  AND hook_event IN ('PreToolUse', 'PostToolUse') GROUP BY 1`);
check('where it is on, no call of it runs', ran.length === 1 && ran[0].hook === 'PreToolUse' && ran[0].n === all.short.calls.length, ran);
check('the model is told why', /stopped by judge: judged-marmalade/.test(fs.readFileSync(at('asked'), 'utf8')));
const denied = await sql(`SELECT count(*) AS n FROM events WHERE session_uuid = '${stopped.session}' AND extra LIKE '%"hook_enforced":"denied"%'`);
check('each refusal is on the log', denied[0].n === all.short.calls.length, denied);
await post('/v1/agents/claude-code/release', { by: 'judge' });
const released = agent(enforcing, 'tachograph-script:short');
check('released, it does its work', released.text === all.short.ends, released);

console.log('== the server goes away in the middle and comes back');
const sessions = (await sql('SELECT count(*) AS n FROM sessions'))[0].n;
const going = new Promise((resolve) => {
  // As soon as the next session has something on the log, the server is gone.
  const look = setInterval(async () => {
    const seen = await sql(`SELECT count(*) AS n FROM sessions`).catch(() => [{ n: 0 }]);
    if (seen[0].n < sessions + 1) return;
    clearInterval(look);
    resolve(stop(server));
  }, 50);
});
const { spawn } = await import('node:child_process');
const second = await new Promise((resolve) => {
  const runner = `import { agent } from ${JSON.stringify(path.join(path.dirname(model), 'programs.mjs'))};
    console.log(JSON.stringify(agent(${JSON.stringify(how)}, 'tachograph-script:main')));`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', runner], { stdio: ['ignore', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.on('data', (chunk) => { out += chunk; });
  child.on('close', () => resolve(JSON.parse(out)));
});
await going;
check('the agent does not notice', second.code === 0 && second.text === all.main.ends, second);
check('flush says that something waits', command('flush', '--seconds', '0').code !== 0);
const third = agent(how, 'tachograph-script:short');
check('an agent that starts without a server does its work', third.text === all.short.ends, third);
const holds = (text, where) => run('grep', ['-rlaF', '-e', text, where]).code === 0;
check('what waits on disk does not hold the secret', !holds(secret, spool()) && holds('short-step', spool()));
const pid = fs.readFileSync(path.join(spool(), 'sender.lock'), 'utf8').trim();
if (pid && fs.existsSync(`/proc/${pid}`)) process.kill(Number(pid), 'SIGKILL');
server = await serve(address);
check('with the server back and the sender killed, flush delivers all', command('flush').code === 0, command('status'));
await judgeSession(second.session, 'main', all.main);
await judgeSession(third.session, 'short', all.short);
const doubled = await sql(`SELECT event_id, count(*) AS n FROM events GROUP BY event_id HAVING count(*) > 1`);
check('no event is there twice', doubled.length === 0, doubled);
const status = command('status');
check('status says that nothing waits and where the hooks are', /waiting +0 events/.test(status.out) && /31 of 31/.test(status.out), status);
const removed = command('uninstall', 'claude');
check('uninstall leaves nothing of it, not even the file that was not there before', removed.code === 0 && fs.readdirSync(path.dirname(settings)).every((name) => !name.startsWith('settings.json')), removed);
check('the server ends when it is told to', (await stop(server)) === 0);
const verified = run(tachograph, ['--data', data, 'verify']);
check('verify finds nothing', verified.code === 0, verified);
await stop(scripted);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
