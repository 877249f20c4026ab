// The programs of the end-to-end test: started, spoken to and ended; nothing here judges.
import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';

const START_MS = 20_000;
const AGENT_MS = 120_000;
const OUTPUT_BYTES_MAX = 64 << 20;
const SKIPPED = ['--dangerously-skip-permissions'];
const running = new Set();
process.on('exit', () => running.forEach((child) => child.kill('SIGKILL')));
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

/** Starts a server and waits for the address that it prints. What it says goes to `said` as well. */
export function start(program, args, env, said) {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  return new Promise((resolve, reject) => {
    let text = '';
    const late = setTimeout(() => reject(new Error(`${program} printed no address: ${text}`)), START_MS);
    const hear = (chunk) => {
      text += chunk;
      fs.appendFileSync(said, chunk);
      const address = /http:\/\/(127\.0\.0\.1:\d+)/.exec(text)?.[1];
      if (address) {
        clearTimeout(late);
        resolve({ child, address });
      }
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('error', reject);
    child.on('exit', (code) => reject(new Error(`${program} ended with ${code} before it printed an address: ${text}`)));
  });
}

/** Ends a server as an operator would; gives its exit code. */
export function stop({ child }) {
  running.delete(child);
  return new Promise((resolve) => {
    child.on('exit', (code) => resolve(code));
    child.kill('SIGTERM');
  });
}

/** Runs a command to its end. */
export function run(program, args, options = {}) {
  const done = spawnSync(program, args, { encoding: 'utf8', maxBuffer: OUTPUT_BYTES_MAX, ...options });
  if (done.error) throw done.error;
  return { code: done.status, out: done.stdout, err: done.stderr };
}

/** Runs the agent with a prompt in an environment that holds nothing of ours but what is named here. */
export function agent({ program, home, work, model, settings, permissions = SKIPPED, env = {} }, prompt, ...more) {
  const clean = {
    PATH: '/usr/local/bin:/usr/bin:/bin',
    HOME: home,
    LANG: 'C.UTF-8',
    IS_SANDBOX: '1', // lets root skip the permissions
    ANTHROPIC_BASE_URL: `http://${model}`,
    ANTHROPIC_API_KEY: 'dummy',
    CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
    DISABLE_TELEMETRY: '1',
    DISABLE_ERROR_REPORTING: '1',
    DISABLE_AUTOUPDATER: '1',
    DISABLE_BUG_COMMAND: '1',
    ...env,
  };
  const args = ['-p', prompt, ...permissions, '--settings', settings, '--output-format', 'json', ...more];
  const options = { cwd: work, env: clean, timeout: AGENT_MS, input: '', killSignal: 'SIGKILL' };
  const ran = run(program, args, options);
  let result = {};
  try {
    result = JSON.parse(ran.out);
  } catch {
    // Said below by whoever looks for the session or the text.
  }
  return { ...ran, session: result.session_id, text: result.result };
}
