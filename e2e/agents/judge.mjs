#!/usr/bin/env node
// Judges agent-audit-log by what a server recorded of real runs of Codex and Gemini CLI: `judge.mjs BIN TACHOGRAPH
// AGENT-AUDIT-LOG`, by way of scripts/judge-agents.sh. One line for each check; exit code 1 when one failed.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { run, start, stop } from '../claude-code/programs.mjs';
import { scripts } from './model.mjs';
import { codex, gemini } from './programs.mjs';

const [bin, tachograph, hook] = process.argv.slice(2).map((name) => path.resolve(name));
const here = path.dirname(fileURLToPath(import.meta.url));
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'judge-agents-'));
const at = (name) => path.join(folder, name);
const DOORS = /otlp +(http:\S+) +grpc:\/\/(\S+)/;

const counts = { passed: 0, failed: 0 };
function check(what, holds, found) {
  counts[holds ? 'passed' : 'failed'] += 1;
  console.log(`${holds ? 'ok    ' : 'FAILED'} ${what}`);
  if (!holds && found !== undefined) console.log(`       found: ${JSON.stringify(found)}`);
}

fs.writeFileSync(at('config.toml'), '[otlp]\nhttp = "127.0.0.1:0"\ngrpc = "127.0.0.1:0"\n');
const args = ['--data', at('data'), 'serve', '--listen', '127.0.0.1:0', '--config', at('config.toml')];
const server = await start(tachograph, args, {}, at('said'));
while (!DOORS.test(fs.readFileSync(at('said'), 'utf8'))) await new Promise((resolve) => setImmediate(resolve));
const otlp = DOORS.exec(fs.readFileSync(at('said'), 'utf8'))[1];
const homes = { codex: at('codex-home'), gemini: at('gemini-home') };
process.on('exit', () => {
  for (const home of Object.values(homes)) {
    const spools = path.join(home, '.local/state/tachograph/hook');
    for (const name of fs.existsSync(spools) ? fs.readdirSync(spools) : []) {
      try {
        process.kill(Number(fs.readFileSync(path.join(spools, name, 'sender.lock'), 'utf8')), 'SIGKILL');
      } catch {
        // It has ended by itself.
      }
    }
  }
  fs.rmSync(folder, { recursive: true, force: true });
});

async function sql(query) {
  const response = await fetch(`http://${server.address}/v1/sql?query=${encodeURIComponent(query)}`,
    { headers: { accept: 'application/x-ndjson' } });
  if (!response.ok) throw new Error(`${query}: ${response.status} ${await response.text()}`);
  return (await response.text()).split('\n').filter(Boolean).map((line) => JSON.parse(line));
}

/** The agent is on the stop list and its operator switched the hook's question on: no call of it runs. */
async function judgeStopped(agent, place, command) {
  const post = (what, body) => fetch(`http://${server.address}/v1/agents/${agent.id}/${what}`, { method: 'POST', body: JSON.stringify(body) });
  check(`${agent.name}: the server stops it`, (await post('stop', { reason: 'judged-marmalade', by: 'judge' })).ok);
  const env = { ...place.env, AUDIT_LOG_ENFORCE: '1', AUDIT_LOG_ENFORCE_MS: '5000' };
  const ran = agent.run(bin, { ...place, env }, `tachograph-script:${agent.name}`);
  command('flush');
  const of = `FROM events WHERE session_uuid = '${ran.session}' AND source = 'http' AND action_type = 'tool'`;
  const [ended] = await sql(`SELECT count(*) AS n ${of} AND phase = 'result' AND outcome_status = 'success'`);
  const [denied] = await sql(`SELECT count(*) AS n ${of} AND extra LIKE '%"hook_enforced":"denied"%'`);
  check(`${agent.name}: stopped, its ${denied.n} calls are refused and none of them runs`, denied.n > 0 && ended.n === 0, { ran, ended });
  check(`${agent.name}: the model is told why`,
    /stopped by judge: judged-marmalade/.test(fs.readFileSync(at(`${agent.name}-asked`), 'utf8')));
  await post('release', { by: 'judge' });
}

/** Installs, runs a session, delivers, uninstalls; gives the session's rows of hooks. */
async function session(agent, script) {
  const home = homes[agent.name];
  const work = at(`${agent.name}-work`);
  [home, work].forEach((name) => fs.mkdirSync(name));
  const model = await start(process.execPath, [path.join(here, 'model.mjs'), work, at(`${agent.name}-asked`)], {}, at('model'));
  agent.prepare(home, model.address, otlp);
  const before = fs.readFileSync(agent.settings(home), 'utf8');
  const env = { AUDIT_LOG_URL: `http://${server.address}`, AUDIT_LOG_LINGER_S: '1' };
  const command = (...args) => run(hook, args, { env: { HOME: home, PATH: process.env.PATH, ...env }, cwd: work });
  const installed = command('install', agent.name);
  check(`${agent.name}: install shows what it puts into the settings`,
    installed.code === 0 && installed.out.includes(`hook ${agent.name}`), installed);
  check(`${agent.name}: a second install has nothing to do`, command('install', agent.name).out.includes('nothing to change'));
  const ran = agent.run(bin, { home, work, model: model.address, env }, `tachograph-script:${agent.name}`);
  check(`${agent.name}: the agent goes through its script`, ran.code === 0 && (ran.text ?? '').endsWith(script.ends), ran);
  check(`${agent.name}: all is delivered`, command('flush').code === 0);
  check(`${agent.name}: the model never saw a word of the hook`,
    !fs.readFileSync(at(`${agent.name}-asked`), 'utf8').includes('agent-audit-log'));
  const status = command('status');
  check(`${agent.name}: status counts the hooks and nothing waits`,
    /waiting +0 events/.test(status.out) && /11 of 11/.test(status.out), status);
  await judgeStopped(agent, { home, work, model: model.address, env }, command);
  check(`${agent.name}: uninstall leaves the settings as they were`,
    command('uninstall', agent.name).code === 0 && fs.readFileSync(agent.settings(home), 'utf8') === before);
  await stop(model);
  const rows = await sql(`SELECT index, source, hook_event, action_type, action_name, producer_seq, call_id, parent_id, phase,
    outcome_status, exit_code, agent_id, who_user, model, duration_us, error, tokens_output, extra->>'host' AS host,
    input->>'command' AS command FROM events WHERE session_uuid = '${ran.session}' ORDER BY index`);
  const hooks = rows.filter((row) => row.source === 'http');
  // The hook at the end of a turn may tell of calls as well: one hook, several events.
  const numbers = hooks.map((row) => row.producer_seq).filter((number, n, list) => number !== list[n - 1]);
  check(`${agent.name}: its ${numbers.length} hooks are there, each once, in order`,
    numbers.length > 20 && numbers.every((number, n) => number === n + 1), numbers);
  check(`${agent.name}: begins with its start and ends with its end`,
    hooks[0]?.hook_event === 'SessionStart' && hooks.at(-1)?.hook_event === 'SessionEnd', hooks.map((row) => row.hook_event));
  check(`${agent.name}: every hook has user, host and model`, hooks.every((row) => row.who_user === 'judge' && row.host === os.hostname()
    && (row.model || ['SessionStart', 'BeforeAgent', 'PreCompress'].includes(row.hook_event) || row.agent_id !== hooks[0].agent_id)),
    hooks.find((row) => row.who_user !== 'judge' || !row.host || !row.model));
  return { session: ran.session, hooks, told: rows.filter((row) => row.source === 'otlp') };
}

/** A call's proposal and its one result. */
function judgeCall(name, of, want) {
  const proposed = of.filter((row) => row.phase === 'proposed' && row.outcome_status === 'running');
  const ended = of.filter((row) => row.phase === 'result');
  check(`${name}: was proposed once and ended once as ${want.outcome}${want.code === undefined ? '' : `, exit code ${want.code}`}`,
    proposed.length === 1 && ended.length === 1 && ended[0].outcome_status === want.outcome
      && ended[0].exit_code === (want.code ?? null), of);
}

async function judgeCodex() {
  const { session: id, hooks, told } = await session(codex, scripts('').codex);
  const of = (id) => hooks.filter((row) => row.call_id === id);
  judgeCall('call_look', of('call_look'), { outcome: 'success', code: 0 });
  judgeCall('call_patch', of('call_patch'), { outcome: 'success', code: 0 });
  judgeCall('call_twice', of('call_twice'), { outcome: 'success', code: 0 });
  judgeCall('call_fails, whose exit code the hook does not tell', of('call_fails'), { outcome: 'failure', code: 3 });
  judgeCall('call_refused, which has no hook after it', of('call_refused'), { outcome: 'failure' });
  const [unknown] = of('call_unknown');
  check('call_unknown, which has no hook at all, is told with the reason', unknown?.outcome_status === 'failure'
    && unknown.action_name === 'no_such_tool' && String(unknown.error).includes('unsupported call'), unknown);
  const nested = hooks.filter((row) => row.command?.includes('from-the-program'));
  judgeCall('a call out of a program of the model', nested, { outcome: 'failure', code: 4 });
  judgeCall('call_spawn', of('call_spawn'), { outcome: 'success' });
  const sub = of('call_counted');
  judgeCall('the call of the sub-agent', sub, { outcome: 'success', code: 0 });
  const own = hooks.filter((row) => row.agent_id === sub[0]?.agent_id);
  check('the sub-agent is an agent of its own, from its start to its stop, and names the call that started it',
    sub[0] && sub[0].agent_id !== 'codex' && own.every((row) => row.parent_id === 'call_spawn')
      && own[0].hook_event === 'SubagentStart' && own.at(-1).hook_event === 'SubagentStop', own);
  check('calls of the main agent are its own', of('call_look').every((row) => row.agent_id === 'codex' && !row.parent_id));
  const result = (id) => told.find((row) => row.call_id === id && row.phase === 'result');
  check('its telemetry tells the same calls under the same ids', result('call_look')?.outcome_status === 'success'
    && result('call_fails')?.action_name && told.every((row) => row.agent_id === 'codex' || row.agent_id === 'codex_exec'),
    told.filter((row) => row.call_id).slice(0, 6));
  check('and the tokens of requests', told.some((row) => row.tokens_output === 60), told.slice(0, 3));
  const requests = (phase) => told.filter((row) => row.action_name === 'model_request' && row.phase === phase).length;
  const [models] = await sql(`SELECT count(*) AS calls, min(observations) AS least, max(observations) AS most,
    sum(tokens_output) AS tokens FROM agent_audit_log WHERE session_id = '${id}' AND source = 'otlp'
    AND action_type = 'external' AND action_name IN ('model_request', 'api_request')`);
  check('a request to the model and its answer, which its log tells apart, are one call', requests('result') > 5
    && models.calls === requests('result') && requests('proposed') === requests('result') && models.least === 2 && models.most === 2
    && models.tokens === 60 * models.calls, { models, asked: requests('proposed'), answered: requests('result') });
  const calls = await sql(`SELECT call_id, outcome_status, exit_code FROM agent_audit_log WHERE session_id = '${id}'
    AND call_id IN ('call_look', 'call_fails', 'call_refused', 'call_unknown') ORDER BY call_id`);
  check('hooks and telemetry together are one row for each call, with what became of it',
    calls.map((row) => `${row.call_id} ${row.outcome_status} ${row.exit_code}`).join()
      === 'call_fails failure 3,call_look success 0,call_refused failure null,call_unknown failure null', calls);
}

async function judgeGemini() {
  const { session: id, hooks, told } = await session(gemini, scripts('').gemini);
  const tools = hooks.filter((row) => ['BeforeTool', 'AfterTool', 'AfterAgent'].includes(row.hook_event) && row.action_type === 'tool');
  check('every hook of a call has an id', tools.every((row) => row.call_id), tools.find((row) => !row.call_id));
  const about = (text) => {
    const proposed = tools.filter((row) => row.command?.includes(text) && row.phase === 'proposed');
    return tools.filter((row) => row.call_id === proposed[0]?.call_id);
  };
  judgeCall('the first command', about('harmless'), { outcome: 'success' });
  judgeCall('a command that fails, which only its text tells', about('exit 3'), { outcome: 'failure', code: 3 });
  judgeCall('a file that is missing', tools.filter((row) => row.action_name === 'read_file'), { outcome: 'failure' });
  judgeCall('a call that a policy denied, which has no hook after it', about('shutdown'), { outcome: 'failure' });
  const unknown = tools.filter((row) => row.action_name === 'no_such_tool');
  check('a call of an unknown tool, which has no hook at all, is told', unknown.length === 1 && unknown[0].outcome_status === 'failure', unknown);
  const agent = tools.filter((row) => row.action_name === 'invoke_agent');
  judgeCall('the call of the sub-agent', agent, { outcome: 'success' });
  const counted = about('wc -l');
  judgeCall('what the sub-agent ran', counted, { outcome: 'success' });
  check('what the sub-agent ran names the call that started it, what the main agent ran names none',
    counted.every((row) => row.parent_id === agent[0]?.call_id) && about('harmless').every((row) => !row.parent_id), counted);
  const models = hooks.filter((row) => row.action_name === 'model_request');
  const requests = new Set(models.map((row) => row.call_id));
  check('each request to the model is one call, and its tokens count once', [...requests].every((id) => {
    const seen = models.filter((row) => row.call_id === id);
    return id && seen.filter((row) => row.phase === 'proposed').length === 1 && seen.filter((row) => row.tokens_output).length === 1
      && seen.filter((row) => row.outcome_status === 'success').length === 1;
  }) && requests.size >= 8, models.slice(0, 4));
  const rows = await sql(`SELECT closure, observers FROM actions WHERE session_id = '${id}' AND action_name IN ('write_file', 'run_shell_command')`);
  check('hooks, log records and spans of a call are one row, also of three files written at once, whose contents are not kept',
    rows.length === 8 && rows.every((row) => row.observers === (row.closure === 'refused' ? 'hook, log' : 'hook, log, span')), rows);
  check('its telemetry tells calls and tokens', told.some((row) => row.action_name === 'run_shell_command' && row.outcome_status)
    && told.some((row) => row.tokens_output), told.slice(0, 5));
}

await judgeCodex();
await judgeGemini();
const doubled = await sql('SELECT event_id, count(*) AS n FROM events GROUP BY event_id HAVING count(*) > 1');
check('no event is there twice', doubled.length === 0, doubled);
const verified = run(tachograph, ['--data', at('data'), 'verify', '--server', server.address]);
check('the log verifies', verified.code === 0, verified);
await stop(server);
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed === 0 ? 0 : 1);
