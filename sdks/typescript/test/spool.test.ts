import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, utimesSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import * as path from "node:path";
import { test, type TestContext } from "node:test";
import { Client, type Problem } from "../src/index.js";
import { folder, taking, type Taking } from "./folder.js";

const hash = (text: string, digits: number) => createHash("sha256").update(text).digest("hex").slice(0, digits);
const HOST = hash(hostname(), 8);
const GONE = 4_194_999; // larger than any process's number
const OLD = new Date(Date.now() - 7 * 86_400_000);

/** A folder that another process left, with one event in it. */
function left(spool: string, server: Taking, name: string, id: string, changed?: Date): string {
  const made = path.join(spool, "client", hash(`${server.url}/v1/events`, 16), name);
  mkdirSync(made, { recursive: true });
  const file = path.join(made, "0000000000000001.ndjson");
  writeFileSync(file, `{"event_id":"${id}","action_type":"log"}\n`);
  if (changed !== undefined) for (const each of [file, made]) utimesSync(each, changed, changed);
  return file;
}

function client(t: TestContext, server: Taking, spool: string, problems: Problem[] = []): Client {
  const made = new Client({ url: server.url, spoolDir: spool, exitHooks: false, onProblem: (problem) => problems.push(problem) });
  t.after(() => made.close());
  return made;
}

test("what an ended process left is sent, what a living one has is not", async (t) => {
  const [server, spool] = [await taking(t), folder(t)];
  left(spool, server, `v1-${HOST}-${GONE}-0000000000000001`, "of the dead");
  left(spool, server, `v1-${HOST}-${process.ppid}-0000000000000002`, "of the living", OLD);
  left(spool, server, `v1-${HOST}-${process.pid}-0000000000000003`, "of a client beside us");
  left(spool, server, `v1-${HOST}-${process.pid}-0000000000000004`, "of a process before us", OLD);
  left(spool, server, `v1-aaaaaaaa-${GONE}-0000000000000005`, "of another host");
  left(spool, server, `v1-aaaaaaaa-${GONE}-0000000000000006`, "of another host, silent", OLD);
  left(spool, server, `v2-${HOST}-${GONE}-0000000000000007`, "of another version");
  assert.ok(await client(t, server, spool).flush());
  assert.deepEqual(server.events.map((event) => event["event_id"]).sort(), ["of a process before us", "of another host, silent", "of the dead"]);
});

test("lines without an end are counted, and take no other with them", async (t) => {
  const [server, spool, problems] = [await taking(t), folder(t), [] as Problem[]];
  const file = left(spool, server, `v1-${HOST}-${GONE}-0000000000000001`, "whole");
  writeFileSync(file, '{"event_id":"torn","acti\nnothing like it\n{"event_id":"also torn"', { flag: "a" });
  assert.ok(await client(t, server, spool, problems).flush());
  assert.deepEqual(server.events.map((event) => event["event_id"]), ["whole"]);
  assert.deepEqual(problems.map(({ kind, count }) => [kind, count]), [["torn", 3]]);
  assert.deepEqual(readdirSync(path.join(spool, "client", hash(`${server.url}/v1/events`, 16))), []);
});

test("whatever is handed over, nothing is thrown, and a receipt says what became of it", async (t) => {
  const [server, spool, problems] = [await taking(t), folder(t), [] as Problem[]];
  const sender = client(t, server, spool, problems);
  const getter = Object.defineProperty({}, "action", { get: () => { throw new Error("no"); } });
  for (const bad of [null, undefined, 7, "text", getter]) {
    const receipt = sender.auditLog(bad as never);
    assert.ok(["rejected", "waiting"].includes(receipt.status), String(bad));
  }
  const huge = sender.auditLog({ action: "X", entityType: "y", details: Array.from({ length: 90_000 }, (_, at) => `value ${at}`) });
  const good = sender.auditLog({ action: "X", entityType: "y" });
  assert.equal(good.status, "waiting");
  await sender.flush();
  assert.equal((await good.settled).status, "recorded");
  assert.equal((await huge.settled).status, "recorded");
  assert.ok(problems.some(({ kind }) => kind === "rejected"));
});

test("a function for problems that throws ends nothing", async (t) => {
  const server = await taking(t);
  const onProblem = () => {
    throw new Error("no");
  };
  const sender = new Client({ url: server.url, spoolDir: folder(t), exitHooks: false, batchMs: -1, onProblem });
  t.after(() => sender.close());
  sender.auditLog({ action: "X", entityType: "y" });
  assert.ok(await sender.flush());
});

test("an event under the server's own names keeps the id and the time that it has", async (t) => {
  const [server, spool] = [await taking(t), folder(t)];
  const event = { event_id: "day-7", timestamp: "2026-03-02T00:00:00Z", action_type: "log", action_name: "closed", producer_seq: 7 };
  for (const made of [client(t, server, spool), client(t, server, spool)]) {
    assert.equal(made.record(event).id, "day-7");
    assert.ok(await made.flush());
  }
  const [first, again] = server.events;
  assert.equal(first?.["timestamp"], "2026-03-02T00:00:00Z");
  assert.deepEqual(again, { ...first, session_id: again?.["session_id"] });
  const odd = client(t, server, spool).record(null as unknown as Record<string, unknown>);
  assert.equal(odd.status, "rejected");
  assert.match(odd.id, /^[0-9a-f-]{36}$/);
});
