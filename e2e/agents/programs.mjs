// Codex and Gemini CLI: their settings and their runs; nothing here judges.
import fs from 'node:fs';
import path from 'node:path';
import { run } from '../claude-code/programs.mjs';

const AGENT_MS = 100_000;
/** What a person has in the settings before anything is installed; a hook of somebody else's is among it. */
const OTHERS = { hooks: { PreToolUse: [{ matcher: 'nothing', hooks: [{ type: 'command', command: 'true' }] }] } };

function write(file, text) {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
  return file;
}

function call(program, args, { home, work, env, more }) {
  // Nothing of our environment but what is named here.
  const clean = { PATH: `${path.dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`, HOME: home, USER: 'judge',
    LANG: 'C.UTF-8', ...env, ...more };
  return run(program, args, { cwd: work, env: clean, timeout: AGENT_MS, input: '', killSignal: 'SIGKILL' });
}

export const codex = {
  name: 'codex',
  id: 'codex',
  settings: (home) => path.join(home, '.codex/hooks.json'),
  prepare(home, model, otlp) {
    write(this.settings(home), `${JSON.stringify(OTHERS, null, 2)}\n`);
    write(path.join(home, '.codex/rules/default.rules'), 'prefix_rule(pattern=["shutdown"], decision="forbidden")\n');
    write(path.join(home, '.codex/config.toml'), `
      model = "gpt-6-astra"
      model_provider = "scripted"
      check_for_update_on_startup = false
      analytics.enabled = false
      feedback.enabled = false
      features.apps = false
      [model_providers.scripted]
      name = "scripted"
      base_url = "http://${model}/v1"
      env_key = "SCRIPTED_KEY"
      wire_api = "responses"
      requires_openai_auth = false
      supports_websockets = false
      [otel]
      log_user_prompt = true
      exporter = { otlp-http = { endpoint = "${otlp}/v1/logs", protocol = "json" } }
    `.replace(/^ +/gm, ''));
  },
  run(bin, place, prompt) {
    const args = ['exec', '--skip-git-repo-check', '--dangerously-bypass-approvals-and-sandbox',
      '--dangerously-bypass-hook-trust', '--json', prompt];
    const ran = call(path.join(bin, 'codex'), args, { ...place, more: { SCRIPTED_KEY: 'dummy' } });
    const said = ran.out.split('\n').filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
    return { ...ran, session: said.find((line) => line.thread_id)?.thread_id,
      text: said.filter((line) => line.item?.type === 'agent_message').at(-1)?.item.text };
  },
};

export const gemini = {
  name: 'gemini',
  id: 'gemini-cli',
  settings: (home) => path.join(home, '.gemini/settings.json'),
  prepare(home, model, otlp) {
    const settings = {
      security: { auth: { selectedType: 'gemini-api-key' }, folderTrust: { enabled: false } },
      privacy: { usageStatisticsEnabled: false },
      general: { enableAutoUpdate: false, enableAutoUpdateNotification: false },
      telemetry: { enabled: true, target: 'local', otlpEndpoint: otlp, otlpProtocol: 'http', logPrompts: true },
      hooks: { BeforeTool: OTHERS.hooks.PreToolUse },
    };
    write(this.settings(home), `// Kept by hand.\n${JSON.stringify(settings, null, 2)}\n`);
    write(path.join(home, '.gemini/policies/deny.toml'),
      '[[rule]]\ntoolName = "run_shell_command"\ncommandPrefix = "shutdown"\ndecision = "deny"\npriority = 900\n');
    write(path.join(home, '.gemini/agents/counter.md'),
      '---\nname: counter\ndescription: Counts files\ntools:\n  - run_shell_command\n---\nYou count files.\n');
  },
  run(bin, place, prompt) {
    const more = { GEMINI_API_KEY: 'dummy', GOOGLE_GEMINI_BASE_URL: `http://${place.model}` };
    const args = ['--yolo', '-m', 'gemini-2.5-flash', '--output-format', 'json', '-p', prompt];
    const ran = call(path.join(bin, 'gemini'), args, { ...place, more });
    let result = {};
    try {
      result = JSON.parse(ran.out.slice(ran.out.indexOf('{\n')));
    } catch {
      // Said below by whoever looks for the session or the text.
    }
    return { ...ran, session: result.session_id, text: result.response };
  },
};
