// The destinations of mcp-audit-logger that are other people's programs: VictoriaLogs, as far as its way in goes, and
// PostgreSQL where it is installed.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import readline from 'node:readline';
import { run } from '../claude-code/programs.mjs';

/** A running mcp-audit-logger, spoken to in the protocol of 2025-11-25. */
async function open(logger, env) {
  const child = spawn(logger, [], { env: { PATH: process.env.PATH, ...env }, stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = readline.createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let id = 0;
  const ask = async (method, params) => {
    child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id: (id += 1), method, params })}\n`);
    return JSON.parse((await lines.next()).value);
  };
  await ask('initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'judge', version: '1' } });
  return {
    call: async (name, args) => (await ask('tools/call', { name, arguments: args })).result,
    close: () => new Promise((resolve) => { child.on('exit', resolve); child.stdin.end(); }),
  };
}

const secret = ['gl', 'pat-', 'x7Kq2mN9vR4tB8wZ1cYp'].join('');
const action = { action_name: 'deploy', event_id: 'e1', parameters: { token: secret }, session_id: 's1', tokens_input: 5, cost_usd: 0.25 };

async function judgeVictoriaLogs({ logger, check }) {
  const taken = [];
  const lines = http.createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    taken.push({ url: request.url, body });
    response.end();
  });
  await new Promise((resolve) => lines.listen(0, '127.0.0.1', resolve));
  const log = await open(logger, { AUDIT_BACKEND: 'victorialogs', AUDIT_LOG_URL: `http://127.0.0.1:${lines.address().port}` });
  const first = await log.call('log_action', action);
  const again = await log.call('log_action', action);
  const event = JSON.parse(taken[0]?.body ?? '{}');
  check('VictoriaLogs: one line, sent once, redacted, self_reported',
    taken.length === 1 && taken[0].url.startsWith('/insert/jsonline?') && event.known === 'self_reported' && event._msg === 'deploy'
      && !taken[0].body.includes(secret) && !first.isError && again.structuredContent?.duplicate === true, { taken, again });
  const cut = await log.call('log_action', { action_name: 'cut', result: 'ok 🎉'.slice(0, 4) });
  check('VictoriaLogs: half an emoji is recorded as what it is', cut.isError === false && JSON.parse(taken[1]?.body ?? '{}').outcome_result === 'ok \ufffd', { cut, taken });
  const search = await log.call('search_logs', {});
  check('VictoriaLogs: what it can\'t answer it says', search.isError && search.content[0].text.includes('only records'), search);
  check('VictoriaLogs: it ends with its input', (await log.close()) === 0);
  lines.close();
}

/** The folder of PostgreSQL's programs, when it is installed. */
function found() {
  const folders = ['/usr/lib/postgresql', '/usr/pgsql'].filter((name) => fs.existsSync(name))
    .flatMap((name) => fs.readdirSync(name).map((version) => path.join(name, version, 'bin')));
  return [...(process.env.PATH ?? '').split(':'), ...folders].find((name) => fs.existsSync(path.join(name, 'pg_ctl')) && fs.existsSync(path.join(name, 'initdb')));
}

/** PostgreSQL refuses to run as root: then it runs as its own user. */
function user() {
  if (process.getuid() !== 0) return {};
  const id = (flag) => Number(run('id', [flag, 'postgres']).out);
  return { uid: id('-u'), gid: id('-g') };
}

/** A table that was there before the program: ids are UUIDs, names have a length, numbers are of four bytes. */
const sketched = `
  CREATE TABLE agent_audit_log (
    id UUID PRIMARY KEY DEFAULT gen_random_uuid(), timestamp TIMESTAMPTZ NOT NULL DEFAULT NOW(), agent_id VARCHAR(100) NOT NULL,
    session_id UUID, conversation_id UUID, action_type VARCHAR(50) NOT NULL, action_name VARCHAR(100) NOT NULL,
    action_details JSONB NOT NULL, outcome_status VARCHAR(20) NOT NULL, outcome_result JSONB, outcome_error JSONB,
    tokens_input INT, tokens_output INT, duration_ms INT, cost_usd DECIMAL(10, 6), permission_level VARCHAR(20),
    resources_accessed JSONB, sensitive_data_accessed BOOLEAN DEFAULT FALSE)`;

async function judgeSketch({ logger, check, env, ask }) {
  const tables = { sketch: sketched, lists: sketched.replace('outcome_error JSONB', 'outcome_error TEXT').replace('resources_accessed JSONB', 'resources_accessed TEXT[]') };
  for (const [name, table] of Object.entries(tables)) {
    ask('postgres', `CREATE DATABASE ${name}`);
    ask(name, table);
    const own = env(name);
    const looked = run(logger, ['--check'], { env: own });
    check(`PostgreSQL, ${name}: a look tells of the columns and leaves no row`, looked.code === 0
      && looked.out.includes('session_id is of type uuid') && ask(name, 'SELECT count(*) FROM agent_audit_log').out.trim() === '0', looked);
    const log = await open(logger, own);
    const uuid = (digit) => `${digit.repeat(8)}-1111-4111-8111-111111111111`;
    const given = { ...action, event_id: uuid('a'), session_id: uuid('b'), resources_accessed: ['/etc/hosts'], error: 'slow' };
    const said = [];
    const say = async (tool, what) => said.push((await log.call(tool, what)).structuredContent?.duplicate);
    await say('log_action', given);
    await say('log_action', given);
    await say('log_action', { ...given, status: 'success' });
    await say('log_outcome', { action_id: uuid('a'), status: 'success', session_id: uuid('b') });
    await say('log_action', action);
    await say('log_action', action);
    check(`PostgreSQL, ${name}: ids of every kind are recorded, and once`, `${said}` === 'false,true,false,false,false,true', said);
    const found = async (what) => (await log.call('search_logs', what)).structuredContent?.events;
    const of = await found({ session: uuid('b'), agent: 'judge' });
    const other = await found({ session: 's1' });
    check(`PostgreSQL, ${name}: sessions are found, whether they are UUIDs or not`, of?.length === 3 && other?.length === 1
      && other[0].session_id === undefined && other[0].action_details.session_id === 's1' && other[0].action_details.event_id === 'e1', { of, other });
    const entry = (await log.call('get_entry', { id: 'e1' })).structuredContent;
    const session = (await log.call('get_session', { session_id: 's1' })).structuredContent;
    const last = (await log.call('get_entry', { id: uuid('a') })).structuredContent?.event;
    check(`PostgreSQL, ${name}: an entry is its last state`, last?.outcome_status === 'success', last);
    check(`PostgreSQL, ${name}: an id that is no UUID is found by itself`, entry?.event.action_name === 'deploy' && session?.timeline.steps.length === 1, { entry, session });
    const pages = [];
    for (let cursor; pages.length < 9;) {
      const page = (await log.call('search_logs', { limit: 2, ...(cursor && { cursor }) })).structuredContent;
      pages.push(...(page?.events ?? []));
      if (!(cursor = page?.next_cursor)) break;
    }
    check(`PostgreSQL, ${name}: pages follow one another`, new Set(pages.map((row) => row.id)).size === 4 && pages.length === 4, pages);
    const large = await log.call('log_action', { ...action, event_id: 'large', tokens_input: 5_000_000_000 });
    check(`PostgreSQL, ${name}: a number that is too large is refused in so many words`, large.isError && large.content[0].text.includes('out of range'), large);
    await log.close();
  }
  ask('postgres', 'CREATE DATABASE strict');
  ask('strict', sketched.replace('session_id UUID,', 'session_id UUID NOT NULL,'));
  const looked = run(logger, ['--check'], { env: env('strict') });
  check('PostgreSQL: a look says which events a table refuses', looked.code === 1 && looked.err.includes('"session_id"'), looked);
}

async function judgePostgres({ logger, folder, check }) {
  const programs = found();
  if (!programs) {
    console.log('PostgreSQL was not judged: it is not installed');
    return;
  }
  const own = user();
  const data = path.join(folder, 'postgres');
  fs.mkdirSync(data);
  fs.chmodSync(folder, 0o755);
  if (own.uid) fs.chownSync(data, own.uid, own.gid);
  const command = (name, ...args) => run(path.join(programs, name), args, { ...own, cwd: data, stdio: ['ignore', 'ignore', 'pipe'] });
  const made = command('initdb', '-D', path.join(data, 'db'), '-A', 'trust', '-U', 'audit', '--no-sync');
  const options = `-k ${data} -c listen_addresses= -c fsync=off`;
  const started = command('pg_ctl', '-D', path.join(data, 'db'), '-w', '-o', options, '-l', path.join(data, 'log'), 'start');
  check('PostgreSQL runs', made.code === 0 && started.code === 0, made.err + started.err);
  try {
    const env = (database) =>
      ({ AUDIT_BACKEND: 'postgres', AUDIT_DATABASE_URL: `postgres://audit@${encodeURIComponent(data)}/${database}`, AGENT_ID: 'judge' });
    const log = await open(logger, env('postgres'));
    await log.call('log_action', action);
    const again = await log.call('log_action', action);
    check('PostgreSQL: a repeated event is recorded once', again.structuredContent?.duplicate === true, again);
    const later = await log.call('log_action', { ...action, status: 'success' });
    check('PostgreSQL: a later state is a row of its own', later.structuredContent?.duplicate === false, later);
    const last = (await log.call('get_entry', { id: action.event_id })).structuredContent?.event;
    check('PostgreSQL: an entry is its last state', last?.outcome_status === 'success' && last.action_details.revision_of === action.event_id, last);
    const rows = (await log.call('search_logs', { session: 's1', query: 'deploy' })).structuredContent?.events;
    check('PostgreSQL: both are found, redacted, self_reported, in the users\' columns',
      rows?.length === 2 && rows.every((row) => row.agent_id === 'judge' && row.action_details.known === 'self_reported')
        && !JSON.stringify(rows).includes(secret), rows);
    const costs = (await log.call('get_costs', { by: 'day' })).structuredContent?.rows;
    check('PostgreSQL: costs add up', costs?.length === 1 && costs[0].cost_usd === 0.5 && costs[0].tokens_input === 10, costs);
    const timed = (id, timestamp) => log.call('log_action', { action_name: 'timed', event_id: id, timestamp });
    const wrong = await Promise.all(['yesterday', 'infinity', '01/02/2026'].map((time) => timed(`at ${time}`, time)));
    check('PostgreSQL: what only a database takes for a time is refused', wrong.every((answer) => answer.isError && answer.content[0].text.includes('RFC 3339')), wrong);
    const unix = await timed('at 17', '1700000000');
    const at = (await log.call('search_logs', { action: 'timed' })).structuredContent?.events;
    check('PostgreSQL: a Unix time is one', !unix.isError && at?.length === 1 && Date.parse(at[0].timestamp) === 1.7e12, { unix, at });
    const days = await log.call('get_costs', { from: 'yesterday' });
    check('PostgreSQL: what only a database takes for a day is refused', days.isError === true, days);
    check('PostgreSQL: it ends with its input', (await log.close()) === 0);
    const paths = { env: { ...process.env, PATH: `${process.env.PATH}:${programs}` } };
    const ask = (database, sql) => run('psql', ['-h', data, '-U', 'audit', '-d', database, '-Atqc', sql], { ...own, ...paths, cwd: data });
    await judgeSketch({ logger, check, env, ask });
  } finally {
    command('pg_ctl', '-D', path.join(data, 'db'), '-m', 'immediate', 'stop');
  }
}

/** Judges all of them. */
export async function judgeDestinations(given) {
  await judgeVictoriaLogs(given);
  await judgePostgres(given);
}
