#!/usr/bin/env node
// Judges tachograph by what it recorded of the real OpenTelemetry SDKs, and of Claude Code's telemetry where the
// program is there: `judge.mjs TACHOGRAPH PYTHON MODULES [CLAUDE]`, by way of scripts/judge-otel.sh. MODULES is the
// folder with Node's SDK. One line for each check; exit code 1 when one failed.
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { callId, scripts } from '../claude-code/model.mjs';
import { agent, run, start, stop } from '../claude-code/programs.mjs';

const [tachograph, python, modules, claude] = process.argv.slice(2).map((name) => name && path.resolve(name));
const here = path.dirname(fileURLToPath(import.meta.url));
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'judge-otel-'));
process.on('exit', () => fs.rmSync(folder, { recursive: true, force: true }));
const at = (name) => path.join(folder, name);
const DOORS = /otlp +(http:\S+) +grpc:\/\/(\S+)/;

const counts = { passed: 0, failed: 0 };
function check(what, holds, found) {
  counts[holds ? 'passed' : 'failed'] += 1;
  console.log(`${holds ? 'ok    ' : 'FAILED'} ${what}`);
  if (!holds && found !== undefined) console.log(`       found: ${JSON.stringify(found)}`);
}

let key;
async function sql(server, query) {
  const headers = { accept: 'application/x-ndjson', ...(key && { authorization: `Bearer ${key}` }) };
  const response = await fetch(`http://${server.address}/v1/sql?query=${encodeURIComponent(query)}`, { headers });
  if (!response.ok) throw new Error(`${query}: ${response.status} ${await response.text()}`);
  return (await response.text()).split('\n').filter(Boolean).map((line) => JSON.parse(line));
}

fs.writeFileSync(at('config.toml'), '[otlp]\nhttp = "127.0.0.1:0"\ngrpc = "127.0.0.1:0"\n');
const command = (...args) => run(tachograph, ['--data', at('data'), ...args]);
async function serve(said) {
  const args = ['--data', at('data'), 'serve', '--listen', '127.0.0.1:0', '--config', at('config.toml')];
  const server = await start(tachograph, args, {}, at(said));
  while (!DOORS.test(fs.readFileSync(at(said), 'utf8'))) await new Promise((resolve) => setImmediate(resolve));
  const [, http, grpc] = DOORS.exec(fs.readFileSync(at(said), 'utf8'));
  return { ...server, http, grpc };
}
const sent = (ran) => JSON.parse(ran.out.trim().split('\n').at(-1) || '{}');

async function judgePython(server) {
  const ran = run(python, [path.join(here, 'send.py'), server.http, server.grpc]);
  check('Python: everything was sent and nothing complained', ran.code === 0 && ran.err === '', ran);
  for (const [service, { trace, results }] of Object.entries(sent(ran))) {
    check(`${service}: both exports were answered well`, results.join() === 'SUCCESS,SUCCESS', results);
    const spans = await sql(server, `SELECT action_type, action_name, outcome_status, agent_id, session_id, user_id,
      phase, call_id, parent_id, tokens_input, tokens_output, model, error_type, action_details->>'qty' AS qty,
      outcome_result->>'status' AS status, duration_us, extra->>'span_id' AS span_id, extra->>'odd' AS odd
      FROM agent_audit_log WHERE extra->>'trace_id' = '${trace}' ORDER BY index`);
    check(`${service}: four spans are four events, the second export added none`, spans.length === 4, spans);
    const by = (name, outcome = 'success') => spans.find((row) => row.action_name === name && row.outcome_status === outcome) ?? {};
    const [model, filled, refused, root] =
      [by('model_request'), by('place_order'), by('place_order', 'failure'), by('invoke_agent')];
    check(`${service}: the call of the model has model and tokens`,
      model.model === 'gpt-4o' && model.tokens_input === 100 && model.tokens_output === 20 && model.odd === 'NaN', model);
    check(`${service}: arguments and result can be asked for by member`, filled.qty === '10' && filled.status === 'filled', filled);
    check(`${service}: the call that failed says so`, refused.error_type === 'ValueError', refused);
    check(`${service}: children stand below their parent and have its session, agent and user`,
      [model, filled, refused].every((row) => row.parent_id === root.span_id && row.session_id === `${service}-s1`
        && row.agent_id === `${service}-agent` && row.user_id === 'u-7'), spans);
    check(`${service}: the run's own sum is not counted again`, root.tokens_input == null, root);
    const [log] = await sql(server, `SELECT level, action_details AS body, agent_id, extra->>'depth' AS depth, logger
      FROM agent_audit_log WHERE session_id = '${service}-log'`);
    check(`${service}: the log record has level, text, logger and attributes`, log?.level === 'WARNING'
      && String(log.body).includes('the book is thin') && log.agent_id === service && log.depth === '3' && log.logger === 'judge.orders', log);
    const points = await sql(server, `SELECT action_name, outcome_result->>'value' AS value, outcome_result->>'count' AS count,
      outcome_result->>'temporality' AS temporality, extra->>'side' AS side FROM agent_audit_log
      WHERE action_type = 'metric' AND agent_id = '${service}' ORDER BY action_name`);
    check(`${service}: the points have value and aggregation`, points.length === 2 && points[0].count === '1'
      && points[1].value === '3' && points[1].temporality === 'cumulative' && points[1].side === 'buy', points);
  }
}

async function judgeTwice(server) {
  const ran = run(python, [path.join(here, 'twice.py'), server.http]);
  check('two libraries told of the calls of models and tools', ran.code === 0, ran);
  const works = JSON.parse(ran.out.trim().split('\n').at(-1) || '[]');
  const traces = works.filter((work) => work.trace).map((work) => `'${work.trace}'`);
  for (const { name, trace, calls, tokens, action = 'model_request' } of works) {
    const where = trace ? `= '${trace}'` : `NOT IN (${traces}) AND agent_id = 'twice'`;
    const told = name.includes('told twice') ? 2 : 1;
    const [found] = await sql(server, `SELECT count(*) AS calls, sum(tokens_input) AS tokens, min(observations) AS least,
      max(observations) AS most FROM agent_audit_log WHERE extra->>'trace_id' ${where} AND action_name = '${action}'`);
    check(`${name}: ${calls} calls and their tokens count once`, found.calls === calls && found.tokens === tokens
      && found.least === told && found.most === told, found);
  }
}

async function judgeNode(server) {
  fs.copyFileSync(path.join(here, 'send.mjs'), path.join(modules, 'send.mjs'));
  const ran = run(process.execPath, ['send.mjs', server.http, server.grpc], { cwd: modules });
  check('Node: everything was sent', ran.code === 0, ran);
  for (const [service, { trace, code, error }] of Object.entries(sent(ran))) {
    const [span, ...more] = await sql(server, `SELECT action_type, action_name, session_id, agent_id, action_details->>'symbol' AS symbol,
      extra->>'share' AS share, extra->>'big' AS big, extra->>'nested' AS nested FROM agent_audit_log
      WHERE extra->>'trace_id' = '${trace}'`);
    check(`${service}: the span is one tool event with its attributes`, code === 0 && more.length === 0
      && span?.action_type === 'tool' && span.action_name === 'get_price' && span.session_id === `${service}-s1`
      && span.symbol === 'ACME' && span.share === '0.5' && span.agent_id === service, { code, error, span, more });
  }
  const [log] = await sql(server, `SELECT level, action_details->>'tries' AS tries FROM agent_audit_log WHERE session_id = 'node-proto-log'`);
  check('node-proto: a body that is an object can be asked for by member', log?.level === 'ERROR' && log.tries === '3', log);
  const [point] = await sql(server, `SELECT outcome_result->>'value' AS value, outcome_result->>'monotonic' AS monotonic
    FROM agent_audit_log WHERE action_name = 'open' AND action_type = 'metric'`);
  check('node-grpc: a counter that goes down', Number(point?.value) === -2 && point.monotonic === 'false', point);
}

async function judgeClaude(server) {
  const [home, work] = ['home', 'work'].map(at);
  [home, work].forEach((name) => fs.mkdirSync(name));
  const all = scripts(work, 'nothing-secret');
  const model = await start(process.execPath, [path.join(here, '../claude-code/model.mjs'), work], { FAKE_SECRET: 'nothing-secret' }, at('model'));
  fs.writeFileSync(at('settings.json'), '{}');
  const env = {
    DISABLE_TELEMETRY: '', CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '', CLAUDE_CODE_ENABLE_TELEMETRY: '1',
    CLAUDE_CODE_ENHANCED_TELEMETRY_BETA: '1', OTEL_LOGS_EXPORTER: 'otlp', OTEL_METRICS_EXPORTER: 'otlp',
    OTEL_TRACES_EXPORTER: 'otlp', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf', OTEL_EXPORTER_OTLP_ENDPOINT: server.http,
    OTEL_LOG_USER_PROMPTS: '1', OTEL_LOG_TOOL_DETAILS: '1', OTEL_LOGS_EXPORT_INTERVAL: '500',
    OTEL_METRIC_EXPORT_INTERVAL: '1000', OTEL_TRACES_EXPORT_INTERVAL: '500',
  };
  const ran = agent({ program: claude, home, work, model: model.address, settings: at('settings.json'), env }, 'tachograph-script:main');
  check('Claude Code went through the script', ran.code === 0 && ran.text === all.main.ends, ran);
  for (const [number, call] of all.main.calls.entries()) {
    const seen = await sql(server, `SELECT action_name, phase, outcome_status, logger, agent_id FROM agent_audit_log
      WHERE session_id = '${ran.session}' AND call_id = '${callId('main', number)}' ORDER BY index`);
    const told = seen.filter((row) => row.phase === 'result');
    check(`${callId('main', number)} ${call.tool}: its log record tells ${call.outcome}`, told.length === 1
      && told[0].action_name === call.tool && told[0].outcome_status === call.outcome && told[0].agent_id === 'claude-code', seen);
  }
  const [tokens] = await sql(server, `SELECT count(*) FILTER (WHERE tokens_input IS NOT NULL) AS counted, sum(tokens_input) AS sum,
    (SELECT sum(CAST(outcome_result->>'value' AS DOUBLE)) FROM agent_audit_log WHERE action_name = 'claude_code.token.usage'
      AND session_id = '${ran.session}' AND extra->>'type' = 'input') AS measured
    FROM agent_audit_log WHERE session_id = '${ran.session}'`);
  check('tokens of logs are those that its own metric adds up to, spans count none again',
    tokens.counted > 0 && tokens.sum === Math.round(tokens.measured), tokens);
  const gaps = await sql(server, `SELECT count(*) AS events, max(producer_seq) - min(producer_seq) + 1 AS span FROM observations
    WHERE session_id = '${ran.session}' AND producer_seq IS NOT NULL`);
  check('its running numbers have no gap', gaps[0].events > 10 && gaps[0].events === gaps[0].span, gaps);
}

async function judgeKeys() {
  key = /tgk_[0-9a-f]+/.exec(command('key', 'create', 'judge', '--role', 'read').out)?.[0];
  const write = /tgk_[0-9a-f]+/.exec(command('key', 'create', 'sdk', '--role', 'write').out)?.[0];
  const server = await serve('said again');
  const count = async () => (await sql(server, 'SELECT count(*) AS n FROM events WHERE source = \'otlp\''))[0].n;
  const before = await count();
  const without = await fetch(`${server.http}/v1/logs`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' });
  check('without a key an export is refused, with a status in its encoding', without.status === 401
    && (await without.json()).code === 16);
  const ran = run(python, [path.join(here, 'send.py'), server.http, server.grpc, write]);
  check('with a key in header and metadata it is recorded', ran.code === 0 && (await count()) === before + 14, ran.err);
  await stop(server);
}

const server = await serve('said');
await judgePython(server);
await judgeTwice(server);
await judgeNode(server);
if (claude) await judgeClaude(server);
else console.log('skipped Claude Code: scripts/judge-claude-code.sh installs it');
const verified = command('verify', '--server', server.address);
check('the log verifies', verified.code === 0, verified);
await stop(server);
await judgeKeys();
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed === 0 ? 0 : 1);
