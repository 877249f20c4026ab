// The program under judgement: started on a free port with a folder of its own, and ended by what started it.

import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const PROGRAM = process.env.TACHOGRAPH ?? "tachograph";
const START_MS_MAX = 60_000;

const freePort = () =>
  new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });

async function answers(url, child) {
  const end = Date.now() + START_MS_MAX;
  while (Date.now() < end && child.exitCode === null) {
    const health = await fetch(`${url}/health`).then((answer) => answer.json(), () => null);
    if (health !== null) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the program did not answer at ${url}`);
}

export class Program {
  static async start(command = "serve", { folder = mkdtempSync(join(tmpdir(), "tachograph-web-")), port } = {}) {
    const program = new Program();
    program.folder = folder;
    program.port = port ?? (await freePort());
    program.url = `http://127.0.0.1:${program.port}`;
    program.child = spawn(PROGRAM, ["--data", folder, command, "--listen", `127.0.0.1:${program.port}`], { stdio: "ignore" });
    await answers(program.url, program.child);
    return program;
  }

  run(...args) {
    return execFileSync(PROGRAM, ["--data", this.folder, ...args], { encoding: "utf8" });
  }

  async send(event, headers = {}) {
    const answer = await fetch(`${this.url}/log`, { method: "POST", headers, body: JSON.stringify(event) });
    if (!answer.ok) throw new Error(await answer.text());
    return (await answer.json()).first_index;
  }

  async sql(query) {
    const answer = await fetch(`${this.url}/v1/sql`, { method: "POST", body: query });
    return (await answer.json()).rows;
  }

  stop() {
    const ended = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.kill("SIGTERM");
    return ended;
  }

  async end() {
    if (this.child.exitCode === null) await this.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

export const tool = (name, details, outcome = { status: "success" }, more = {}) => ({ agent: { id: "judge/agent" }, action: { type: "tool", name, parameters: details }, outcome, ...more });
