// Whether what was not recorded is found: sessions of the real agent with its hooks and its telemetry, without its hooks
// (`--bare`, `disableAllHooks`), and with a call that its hooks do not see.
import fs from 'node:fs';
import path from 'node:path';
import { agent, run, start, stop } from './programs.mjs';

/** Judges a folder of its own, in which a source may be behind another for a moment only. */
export async function judgeCoverage({ tachograph, folder, example, how, ends, check }) {
  const data = path.join(folder, 'coverage');
  fs.mkdirSync(data);
  const off = '[otlp]\nhttp = "off"\ngrpc = "off"\n';
  fs.writeFileSync(path.join(data, 'config.toml'), `${off}[coverage]\nevery = "1s"\ngrace = "1ms"\n`);
  const server = await start(tachograph, ['--data', data, 'serve', '--listen', '127.0.0.1:0'], {}, path.join(folder, 'said'));
  const settings = (name, change) => {
    const value = JSON.parse(example.replaceAll('127.0.0.1:7420', server.address));
    const file = path.join(folder, name);
    fs.writeFileSync(file, JSON.stringify(change(value)));
    return file;
  };
  const telemetry = {
    DISABLE_TELEMETRY: '0',
    CLAUDE_CODE_ENABLE_TELEMETRY: '1',
    OTEL_LOGS_EXPORTER: 'otlp',
    OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://${server.address}/v1/otlp`,
    OTEL_LOGS_EXPORT_INTERVAL: '200',
  };
  const ran = (name, change, ...more) => {
    const done = agent({ ...how, env: telemetry, settings: settings(name, change) }, 'tachograph-script:short', ...more);
    check(`${name}: the agent did its work`, done.text === ends, done);
    return done.session;
  };
  const report = () => {
    const asked = run(tachograph, ['--data', data, 'coverage', '--json']);
    return { code: asked.code, ...JSON.parse(asked.out) };
  };
  const of = (found, session) => found.findings.filter((finding) => finding.session === session).map((finding) => finding.kind);

  const whole = ran('hooks-and-telemetry.json', (value) => value);
  const first = report();
  check('with hooks and telemetry nothing is missing', first.code === 0 && first.findings.length === 0, first.findings);
  for (const source of ['hook', 'otel_log']) {
    const figure = first.figures.find((row) => row.source === source);
    check(`${source} saw every call: ${figure?.calls_seen} of ${figure?.calls_all}`, figure?.calls_share === 1 && figure.calls_all > 0, first.figures);
  }

  const bare = ran('bare.json', (value) => value, '--bare');
  const disabled = ran('disabled.json', (value) => ({ ...value, disableAllHooks: true }));
  const blind = ran('blind.json', (value) => {
    const { PreToolUse, PostToolUse, PostToolUseFailure, PostToolBatch, ...hooks } = value.hooks;
    return { ...value, hooks };
  });
  const found = report();
  check('findings end with the code 1', found.code === 1, found.code);
  check('a session with --bare is found', of(found, bare).includes('hooks_off'), found.findings);
  check('a session with hooks switched off in the settings is found', of(found, disabled).includes('hooks_off'), found.findings);
  check('calls that the hooks of a session do not see are found', of(found, blind).includes('calls_unseen'), found.findings);
  check('the session with both is not', of(found, whole).length === 0, of(found, whole));

  const told = async () => {
    const query = "SELECT call_id, level FROM events WHERE action_name = 'coverage_gap' ORDER BY index";
    const answer = await fetch(`http://${server.address}/v1/sql?query=${encodeURIComponent(query)}`, { headers: { accept: 'application/x-ndjson' } });
    return (await answer.text()).split('\n').filter(Boolean).map((line) => JSON.parse(line));
  };
  const wanted = [`hooks_off/hook/${bare}`, `hooks_off/hook/${disabled}`, `calls_unseen/hook/${blind}`];
  let rows = [];
  for (const end = Date.now() + 20_000; Date.now() < end && !wanted.every((id) => rows.some((row) => row.call_id === id));) rows = await told();
  check('each of them is an event on the log', wanted.every((id) => rows.some((row) => row.call_id === id)), rows);
  check('the server ends when it is told to', (await stop(server)) === 0);
}
