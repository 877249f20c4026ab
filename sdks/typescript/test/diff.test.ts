import assert from "node:assert/strict";
import { test } from "node:test";
import { generateDiff } from "../src/index.js";

test("only what changed is told, as the audit trail tells it", () => {
  const before = { status: "draft", scheduled_time: null, name: "Weekly digest", tags: ["a"] };
  const after = { ...before, status: "active", scheduled_time: "0 8 * * 1" };
  assert.deepEqual(generateDiff(before, after), {
    status: { before: "draft", after: "active" },
    scheduled_time: { before: null, after: "0 8 * * 1" },
  });
  assert.deepEqual(generateDiff(before, structuredClone(before)), {});
});

test("members of members and of arrays have paths", () => {
  const before = { schedule: { cron: "1", zone: "UTC" }, steps: [{ name: "a" }, { name: "b" }], labels: { "a.b": 1 } };
  const after = { schedule: { cron: "2", zone: "UTC" }, steps: [{ name: "a" }, { name: "c" }, { name: "d" }], labels: { "a.b": 2 } };
  assert.deepEqual(generateDiff(before, after), {
    "schedule.cron": { before: "1", after: "2" },
    "steps[1].name": { before: "b", after: "c" },
    "steps[2]": { before: null, after: { name: "d" } },
    'labels["a.b"]': { before: 1, after: 2 },
  });
});

test("what was not there is null, and a change of kind is one change", () => {
  assert.deepEqual(generateDiff({ a: 1 }, { b: { c: 2 } }), { a: { before: 1, after: null }, b: { before: null, after: { c: 2 } } });
  assert.deepEqual(generateDiff({ a: [1] }, { a: { 0: 1 } }), { a: { before: [1], after: { 0: 1 } } });
  assert.deepEqual(generateDiff(null, { a: 1 }), { "[value]": { before: null, after: { a: 1 } } });
  assert.deepEqual(generateDiff(1, 2), { "[value]": { before: 1, after: 2 } });
});

test("dates are compared by their moment", () => {
  const at = new Date("2026-03-02T09:14:07.120Z");
  assert.deepEqual(generateDiff({ at }, { at: new Date(at) }), {});
  assert.deepEqual(generateDiff({ at }, { at: new Date(0) }), { at: { before: "2026-03-02T09:14:07.120Z", after: "1970-01-01T00:00:00.000Z" } });
});

test("cycles, getters that throw and odd values end nothing", () => {
  const cycle: Record<string, unknown> = { n: 1 };
  cycle["self"] = cycle;
  const other: Record<string, unknown> = { n: 2n, nan: NaN, f: () => 1, m: new Map([["k", new Set([1])]]) };
  other["self"] = other;
  Object.defineProperty(other, "bad", { enumerable: true, get: () => { throw new Error("no"); } });
  const diff = generateDiff(cycle, other);
  assert.deepEqual(diff["n"], { before: 1, after: "2" });
  assert.deepEqual(diff["nan"], { before: null, after: "NaN" });
  assert.deepEqual(diff["m"], { before: null, after: { k: [1] } });
  assert.equal(diff["bad"]?.after, "[unreadable: no]");
  assert.equal(Object.hasOwn(diff, "self"), false);
});

test("secrets are masked, and that one changed is told", () => {
  const before = { password: "hunter2", apiKey: "old-key-1", nested: { client_secret: { v: 1 } }, note: "token=abcdef123", tokens_used: 5 };
  const after = { password: "hunter3", apiKey: "new-key-2", nested: { client_secret: { v: 22 } }, note: "token=ghijkl456", tokens_used: 6 };
  const diff = generateDiff(before, after);
  const masked = { before: "[REDACTED]", after: "[REDACTED]" };
  assert.deepEqual([diff["password"], diff["apiKey"], diff["note"]], [masked, masked, masked]);
  assert.ok(!JSON.stringify(diff).includes("22"));
  assert.deepEqual(diff["tokens_used"], { before: 5, after: 6 });
});

test("it is bounded: changes, lengths of values, levels", () => {
  const wide = (x: number) => Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`m${at}`, x]));
  const diff = generateDiff(wide(1), wide(2));
  assert.equal(Object.keys(diff).length, 201);
  assert.deepEqual(diff["changes_left_out"], { before: null, after: 300 });
  assert.deepEqual(generateDiff({ a: "x".repeat(9000) }, { a: "y" })["a"], { before: "[9002 characters]", after: "y" });
  assert.deepEqual(generateDiff({ a: { b: { c: 1 } } }, { a: { b: { c: 2 } } }, { depthMax: 2 }), { "a.b": { before: { c: 1 }, after: { c: 2 } } });
  assert.deepEqual(generateDiff({ a: 1, updatedAt: 1, p: { q: 1 } }, { a: 2, updatedAt: 2, p: { q: 2 } }, { ignore: ["updatedAt", "p.q"] }), { a: { before: 1, after: 2 } });
});

test("names of the language's own are members like any other", () => {
  const after = JSON.parse('{"__proto__": {"x": 1}, "constructor": 2}') as unknown;
  assert.deepEqual(Object.keys(generateDiff({}, after)).sort(), ["__proto__", "constructor"]);
  assert.equal(({} as Record<string, unknown>)["x"], undefined);
});
