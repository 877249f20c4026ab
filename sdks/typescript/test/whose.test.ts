import assert from "node:assert/strict";
import { test } from "node:test";
import { Client } from "../src/index.js";
import { owned } from "../src/whose.js";
import { folder, taking } from "./folder.js";

test("an event in the nested format is of the agent that it names", async (t) => {
  const [server, spoolDir] = [await taking(t), folder(t)];
  const client = new Client({ url: server.url, spoolDir, exitHooks: false, agentId: "mine", sessionId: "s-1" });
  t.after(() => client.close());
  const action = { type: "tool", name: "RawX" };
  client.record({ agent: { id: "me-1" }, action });
  client.record({ agent: { name: "Me" }, action });
  assert.ok(await client.flush());
  assert.deepEqual(server.events.map((event) => [event["agent_id"], event["session_id"]]), [[undefined, "s-1"], ["mine", "s-1"]]);
});

test("what can't be read of an event says nothing of whose it is", () => {
  const part = () => Object.defineProperty({}, "id", { get: () => { throw new Error("no"); } });
  for (const event of [{ agent: part(), session: part() }, { agent: [], session: () => 1, request: null }, {}]) {
    const made = owned(event, "mine", "s-1");
    assert.deepEqual([made["agent_id"], made["session_id"]], ["mine", "s-1"]);
  }
});

test("a Map stands for an object", () => {
  const made = owned({ agent: new Map([["id", "me-1"]]), session: new Map([["id", "s-9"]]) }, "mine", "s-1");
  assert.deepEqual([made["agent_id"], made["session_id"]], [undefined, "s-9"]);
});

test("an event that names nobody is nobody's where the client has no agent", () => {
  assert.deepEqual(owned({ agent_id: "", action: "x" }, undefined, undefined), { agent_id: undefined, session_id: undefined, action: "x" });
});
