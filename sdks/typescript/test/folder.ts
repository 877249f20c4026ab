/** What the tests share: folders, a server that takes everything, a program of its own. */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import * as path from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";

export function folder(t: TestContext): string {
  const made = mkdtempSync(path.join(tmpdir(), "tacho-ts-"));
  t.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}

export interface Taking {
  url: string;
  events: Record<string, unknown>[];
  /** Resolves when so many have come. */
  have(count: number): Promise<Record<string, unknown>[]>;
}

/** A server that accepts every event. */
export async function taking(t: TestContext): Promise<Taking> {
  const events: Record<string, unknown>[] = [];
  let look = () => {};
  const server = createServer((request, response) => {
    void body(request).then((text) => {
      const lines = text.split("\n").filter(Boolean);
      events.push(...lines.map((line) => JSON.parse(line) as Record<string, unknown>));
      response.end(JSON.stringify({ accepted: lines.length, duplicates: 0, rejected: [], rejected_count: 0 }));
      look();
    });
  });
  const url = await listen(t, server);
  const have = (count: number) =>
    new Promise<Record<string, unknown>[]>((resolve) => {
      look = () => events.length >= count && resolve(events);
      look();
    });
  return { url, events, have };
}

export async function listen(t: TestContext, server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function body(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString("utf8");
}

export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  out: string;
  errors: string;
}

/** Runs a program that imports the package as `tachograph-client`; `heard` gets each line of its output. */
export function program(
  t: TestContext,
  code: string,
  env: Record<string, string>,
  heard: (line: string, kill: (signal: NodeJS.Signals) => void) => void = () => {},
): Promise<Ended> {
  const home = folder(t);
  const file = path.join(home, "program.mjs");
  const index = fileURLToPath(new URL("../src/index.js", import.meta.url));
  writeFileSync(file, code.replaceAll('"tachograph-client"', JSON.stringify(index)));
  const child = spawn(process.execPath, [file], { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
  t.after(() => child.kill("SIGKILL"));
  return new Promise((resolve) => {
    let out = "";
    let errors = "";
    child.stderr.on("data", (part: Buffer) => (errors += part.toString()));
    child.stdout.on("data", (part: Buffer) => {
      out += part.toString();
      for (const line of part.toString().split("\n").filter(Boolean)) heard(line, (signal) => child.kill(signal));
    });
    child.on("close", (code, signal) => resolve({ code, signal, out, errors }));
  });
}
