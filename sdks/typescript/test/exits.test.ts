import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import * as path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { folder, program, taking } from "./folder.js";

// An address where nobody listens: the discard port of this machine.
const AWAY = "http://127.0.0.1:9";

function spooled(root: string): string {
  const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ndjson"));
  return files.map((name) => readFileSync(path.join(root, name), "utf8")).join("");
}

const LOG = `import { auditLog, flush } from "tachograph-client";
const log = (name) => auditLog({ action: name, entityType: "thing", entityId: "1" });
`;

test("a program that ends sends what waits, without a word about it", async (t) => {
  const server = await taking(t);
  const end = await program(t, `${LOG} log("ONE"); log("TWO");`, { AUDIT_LOG_URL: server.url, AUDIT_LOG_SPOOL: folder(t) });
  assert.deepEqual([end.code, end.signal, end.out, end.errors], [0, null, "", ""]);
  assert.deepEqual(server.events.map((event) => event["action"]), ["ONE", "TWO"]);
});

test("process.exit leaves what waits on disk", async (t) => {
  const spool = folder(t);
  const end = await program(t, `${LOG} log("ONE"); process.exit(3);`, { AUDIT_LOG_URL: AWAY, AUDIT_LOG_SPOOL: spool });
  assert.equal(end.code, 3);
  assert.match(spooled(spool), /"action":"ONE"/);
});

test("what listeners of exit record is on disk, whenever they began to listen", async (t) => {
  const listen = 'process.on("exit", () => log("LAST"));';
  for (const code of [`${listen} log("ONE");`, `log("ONE"); ${listen}`, listen, `log("ONE"); ${listen} process.exit();`]) {
    const spool = folder(t);
    const end = await program(t, `${LOG} ${code}`, { AUDIT_LOG_URL: AWAY, AUDIT_LOG_SPOOL: spool });
    assert.equal(end.code, 0);
    assert.match(spooled(spool), /"action":"LAST"/, code);
  }
});

test("an error that nobody catches ends the program as ever, and what waits is on disk", async (t) => {
  const spool = folder(t);
  const end = await program(t, `${LOG} log("ONE"); throw new Error("of the program");`, { AUDIT_LOG_URL: AWAY, AUDIT_LOG_SPOOL: spool });
  assert.equal(end.code, 1);
  assert.match(end.errors, /of the program/);
  assert.match(spooled(spool), /"action":"ONE"/);
});

test("a signal that nobody listens to ends the program as ever, and what waits is on disk", async (t) => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    const spool = folder(t);
    const code = `${LOG} log("ONE"); setInterval(() => {}, 1000); console.log("ready");`;
    const end = await program(t, code, { AUDIT_LOG_URL: AWAY, AUDIT_LOG_SPOOL: spool }, (_, kill) => kill(signal));
    assert.deepEqual([end.code, end.signal], [null, signal]);
    assert.match(spooled(spool), /"action":"ONE"/);
  }
});

test("a signal that the program handles is the program's", async (t) => {
  const spool = folder(t);
  const code = `${LOG} process.on("SIGTERM", () => { log("TWO"); console.log("mine"); process.exitCode = 7; clearInterval(timer); });
    log("ONE"); const timer = setInterval(() => {}, 1000); console.log("ready");`;
  const env = { AUDIT_LOG_URL: AWAY, AUDIT_LOG_SPOOL: spool };
  const end = await program(t, code, env, (line, kill) => line === "ready" && kill("SIGTERM"));
  assert.deepEqual([end.code, end.out], [7, "ready\nmine\n"]);
  assert.match(spooled(spool), /"action":"ONE"[^]*"action":"TWO"/);
});

test("another copy of the library, and one that ends programs as we do, do not keep a program from ending", async (t) => {
  const cjs = fileURLToPath(new URL("../../cjs/index.js", import.meta.url));
  const signalExit = fileURLToPath(new URL("../../../node_modules/signal-exit/dist/mjs/index.js", import.meta.url));
  const spool = folder(t);
  const code = `${LOG} import { createRequire } from "node:module"; import { onExit } from ${JSON.stringify(signalExit)};
    const other = new (createRequire(import.meta.url)(${JSON.stringify(cjs)}).Client)();
    log("ONE"); other.auditLog({ action: "TWO", entityType: "thing" }); onExit(() => console.log("told"));
    setInterval(() => {}, 1000); console.log("ready");`;
  const env = { AUDIT_LOG_URL: AWAY, AUDIT_LOG_SPOOL: spool };
  const end = await program(t, code, env, (line, kill) => line === "ready" && kill("SIGTERM"));
  assert.deepEqual([end.signal, end.out], ["SIGTERM", "ready\ntold\n"]);
  assert.match(spooled(spool), /"action":"ONE"/);
  assert.match(spooled(spool), /"action":"TWO"/);
});

test("how many events were lost is left on disk, whatever ends the program", async (t) => {
  const LOST = `import { configure } from "tachograph-client";
    const client = configure({ spoolBytes: 2000, queueBytes: 2000, batchEvents: 1 });
    for (let n = 0; n < 30; n++) client.logAction({ name: "STEP", details: "word ".repeat(100) });
  `;
  const ends = { exit: "process.exit(0);", end: "", close: "await client.close();", signal: 'process.kill(process.pid, "SIGTERM"); setInterval(() => {}, 1000);' };
  for (const [name, end] of Object.entries(ends)) {
    const spool = folder(t);
    await program(t, LOST + end, { AUDIT_LOG_URL: AWAY, AUDIT_LOG_SPOOL: spool });
    const events = spooled(spool).trim().split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);
    const steps = events.filter((event) => event["action_name"] === "STEP").length;
    assert.ok(steps > 0 && steps < 30, name);
    assert.equal(events.length, steps + 1, name);
    const told = events.find((event) => event["action_name"] === "events_lost");
    assert.deepEqual(told?.["action_details"], { count: 30 - steps }, name);
  }
});

test("children of child_process.fork and cluster have spools of their own", async (t) => {
  const server = await taking(t);
  const spool = folder(t);
  const code = `${LOG} import { fork } from "node:child_process"; import cluster from "node:cluster"; import { fileURLToPath } from "node:url";
    const kind = process.env.KIND ?? "parent";
    log(kind);
    if (kind === "parent") {
      fork(fileURLToPath(import.meta.url), { env: { ...process.env, KIND: "child" } });
      cluster.fork({ KIND: "worker" });
    } else if (cluster.isWorker) {
      await flush();
      cluster.worker.disconnect();
    }`;
  const end = await program(t, code, { AUDIT_LOG_URL: server.url, AUDIT_LOG_SPOOL: spool });
  assert.deepEqual([end.code, end.errors], [0, ""]);
  assert.deepEqual(server.events.map((event) => event["action"]).sort(), ["child", "parent", "worker"]);
  assert.equal(new Set(server.events.map((event) => event["producer"])).size, 3);
  assert.equal(spooled(spool), "");
});

test("a worker thread sends what it logged", async (t) => {
  const server = await taking(t);
  const code = `${LOG} import { Worker, isMainThread } from "node:worker_threads"; import { fileURLToPath } from "node:url";
    if (isMainThread) new Worker(fileURLToPath(import.meta.url)); else log("WORKER");`;
  const end = await program(t, code, { AUDIT_LOG_URL: server.url, AUDIT_LOG_SPOOL: folder(t) });
  assert.deepEqual([end.code, end.errors], [0, ""]);
  assert.deepEqual(server.events.map((event) => event["action"]), ["WORKER"]);
});
