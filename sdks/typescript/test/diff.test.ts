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

test("what is told alike is compared by what it is", () => {
  class Amount {
    readonly #cents: number;
    constructor(cents: number) {
      this.#cents = cents;
    }
    toString(): string {
      return `${this.#cents} ct`;
    }
  }
  const long = "word ".repeat(20_000);
  const form = (value: string) => {
    const made = new FormData();
    made.append("a", "1");
    made.append("a", value);
    return made;
  };
  const pairs: [of: (last: number) => unknown, before: unknown, after: unknown][] = [
    [(last) => Buffer.from([1, last]), "[2 bytes]", "[2 bytes]"],
    [(last) => new Uint8Array([1, last]), "[2 bytes]", "[2 bytes]"],
    [(last) => new Float32Array([1, last]), "[8 bytes]", "[8 bytes]"],
    [(last) => new Uint8Array([1, last]).buffer, "[2 bytes]", "[2 bytes]"],
    [(last) => new DataView(new Uint8Array([1, last]).buffer), "[2 bytes]", "[2 bytes]"],
    [(last) => new Uint8Array(new SharedArrayBuffer(2)).fill(last).buffer, "[2 bytes]", "[2 bytes]"],
    [(last) => new Number(last), 2, 3],
    [(last) => new String(last), "2", "3"],
    [(last) => new Boolean(last === 2), true, false],
    [(last) => Object(BigInt(last)) as unknown, "2", "3"],
    [(last) => 2n ** 5000n + BigInt(last), "[a number of more than 4096 bits]", "[a number of more than 4096 bits]"],
    [(last) => new URLSearchParams({ a: String(last) }), "a=2", "a=3"],
    [(last) => new RegExp(`x{${last}}`), "/x{2}/", "/x{3}/"],
    [(last) => new Amount(last), "2 ct", "3 ct"],
    [(last) => (last === 2 ? { f: () => 2 } : { f: () => 3 }).f, "[function f]", "[function f]"],
    [(last) => long + last, "[65561 characters]", "[65561 characters]"],
  ];
  for (const [of, before, after] of pairs) {
    assert.deepEqual(generateDiff({ v: of(2) }, { v: of(3) }), { v: { before, after } });
    assert.deepEqual(generateDiff({ v: of(2) }, { v: of(2) }), {});
  }
  const headers = (value: string) => ({ h: new Headers({ authorization: `Bearer ${value}`, accept: value }) });
  const masked = { before: "[REDACTED]", after: "[REDACTED]" };
  assert.deepEqual(generateDiff(headers("abc1"), headers("abc2")), { "h.accept": { before: "abc1", after: "abc2" }, "h.authorization": masked });
  assert.deepEqual(generateDiff({ f: form("2") }, { f: form("3") }), { "f.a[1]": { before: "2", after: "3" } });
  const keyed = (a: number) => ({ m: new Map([[{ a }, 1]]) });
  assert.deepEqual(generateDiff(keyed(2), keyed(3)), {
    'm["{\\"a\\":2}"]': { before: 1, after: null },
    'm["{\\"a\\":3}"]': { before: null, after: 1 },
  });
});

test("what a call does not look at is counted, and not told to be the same", () => {
  const rows = (last: number) => Array.from({ length: 5000 }, (_, at) => (at < 4999 ? at : last));
  assert.deepEqual(generateDiff(rows(1), rows(2)), { not_compared: { before: 1000, after: 1000 } });
  const bytes = (last: number) => new Uint8Array(9 << 20).fill(last, -1);
  assert.deepEqual(generateDiff({ a: bytes(1), n: 1 }, { a: bytes(2), n: 2 }), {
    n: { before: 1, after: 2 },
    not_compared: { before: 1, after: 1 },
  });
});

test("all that stands under a secret's name is masked, on both sides, and lists under its plural", () => {
  const masked = { before: "[REDACTED]", after: "[REDACTED]" };
  assert.deepEqual(generateDiff({ token: { x: 1 } }, { token: { x: 2 } }), { token: masked });
  assert.deepEqual(generateDiff({ password: 1234 }, { password: "on" }), { password: masked });
  assert.deepEqual(generateDiff({ tokens: ["sekret-AAA"] }, { tokens: ["sekret-BBB"] }), { tokens: masked });
  assert.deepEqual(generateDiff({ tokens: ["sekret-AAA"] }, { tokens: 2 }), { tokens: masked });
  const ci = { apiTokens: [{ name: "ci", value: "sekret-AAA" }], token: { x: 1 } };
  assert.deepEqual(generateDiff({}, { ci }), { ci: { before: null, after: { apiTokens: "[REDACTED]", token: "[REDACTED]" } } });
  assert.deepEqual(generateDiff({ token: null, secret: true }, { token: "a", secret: false }), {
    token: { before: null, after: "[REDACTED]" },
    secret: { before: true, after: false },
  });
  assert.deepEqual(generateDiff({ tokens: 5, max_tokens: [1] }, { tokens: 6, max_tokens: [2] }), {
    tokens: { before: 5, after: 6 },
    "max_tokens[0]": { before: 1, after: 2 },
  });
  assert.deepEqual(generateDiff({ pwd: "/srv/a" }, { pwd: "/srv/b" }), { pwd: { before: "/srv/a", after: "/srv/b" } });
});

test("a value is masked that its neighbour names a secret", () => {
  const masked = { before: "[REDACTED]", after: "[REDACTED]" };
  const of = (value: string) => ({ env: [{ name: "DB_PASSWORD", value }, { name: "REGION", value }], args: ["--password", value, "-v", value] });
  assert.deepEqual(generateDiff(of("sekret-AAA"), of("sekret-BBB")), {
    "env[0].value": masked,
    "env[1].value": { before: "sekret-AAA", after: "sekret-BBB" },
    "args[1]": masked,
    "args[3]": { before: "sekret-AAA", after: "sekret-BBB" },
  });
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
