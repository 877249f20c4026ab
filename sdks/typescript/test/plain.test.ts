import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Client, type Problem } from "../src/index.js";
import { EVENT_BYTES_MAX, line } from "../src/line.js";
import { few, FULL, plain, TEXT_LEAST, TIGHT, Walk, type Json } from "../src/plain.js";
import { settings, stateFolder } from "../src/settings.js";

type Members = { [name: string]: Json };

/** Characters and values of plain JSON, without the marks. */
function spelt(value: Json): [number, number] {
  if (typeof value === "string") return [value.replace(/… \[\d+ characters cut\]$/, "").length, 1];
  if (value === null || typeof value !== "object") return [0, 1];
  const parts = Array.isArray(value) ? value.map((item) => spelt(item)) : Object.entries(value).map(([name, item]): [number, number] => [spelt(name)[0] + spelt(item)[0], spelt(item)[1]]);
  return parts.reduce(([chars, values], [more, others]) => [chars + more, values + others], [0, 1]);
}

const nested = (levels: number): unknown => (levels === 0 ? "word ".repeat(20) : Array.from({ length: 9 }, () => nested(levels - 1)));
const large: Record<string, unknown> = {
  text: "word ".repeat(600_000),
  "a text without end": "x".repeat(9 << 20),
  numbers: Array.from({ length: 600_000 }, (_, at) => at),
  members: Object.fromEntries(Array.from({ length: 30_000 }, (_, at) => [`m${at}`, at])),
  "a name": { ["k".repeat(2_000_000)]: 1 },
  rows: Array.from({ length: 20_000 }, (_, id) => ({ id, name: `row ${id}`, when: new Date(id) })),
  texts: Array.from({ length: 5000 }, (_, at) => "z".repeat(at)),
  nested: nested(6),
  map: new Map(Array.from({ length: 50_000 }, (_, at) => [at, at])),
  set: new Set(Array.from({ length: 50_000 }, (_, at) => at)),
  error: new Error("e".repeat(3_000_000)),
};

for (const [name, content] of Object.entries(large)) {
  for (const size of [FULL, TIGHT]) {
    test(`of ${name} a call looks at no more than ${size.values} values`, () => {
      const walk = new Walk(size);
      const made = walk.value({ event_id: "e-1", content, status: "success", after: { n: [1] } }) as Members;
      const [chars, values] = spelt(made);
      assert.ok(chars <= size.chars + 2 * TEXT_LEAST * size.values && values <= size.values + 100, `${chars} ${values}`);
      assert.deepEqual([made["event_id"], made["status"], made["after"]], ["e-1", "success", { n: [1] }]);
      assert.ok(made["content"] !== undefined && walk.cutChars + walk.leftOut > 0);
    });
  }
}

test("what is behind the bound is not looked at", () => {
  let looks = 0;
  const items = new Proxy(Array.from({ length: 90_000 }, (_, at) => at), {
    get: (list, name) => (typeof name === "string" && /^\d+$/.test(name) ? (looks++, list[Number(name)]) : Reflect.get(list, name)),
  });
  const made = plain({ items }) as { items: Json[] };
  assert.ok(looks <= FULL.values + 1, String(looks));
  assert.equal(made.items.at(-1), `… [${90_000 - (made.items.length - 1)} items left out]`);
});

test("what is cut says how much, and no half of a word is left", () => {
  const made = JSON.parse(line({ text: "x".repeat(65_520) + " password=hunter2 and " + "z ".repeat(90_000), list: Array(50_000).fill(1) })) as Members;
  assert.match(made["text"] as string, /^x{65520} … \[\d+ characters cut\]$/);
  assert.ok((made["cut_bytes"] as number) > 100_000);
  assert.equal(made["cut_values"], 50_000 - ((made["list"] as Json[]).length - 1));
});

test("of what is no entry or request no more is looked at than of one", async () => {
  assert.deepEqual(few(Buffer.alloc(5 << 20)), { bytes: 5 << 20 });
  const list = new Proxy(new Array(1 << 20).fill(1), { ownKeys: () => assert.fail("its members were listed") });
  assert.equal(few(list)["members_left_out"], (1 << 20) - FULL.values);
  const problems: Problem[] = [];
  const client = new Client({ url: "http://127.0.0.1:9", spoolDir: "/dev/null/nowhere", exitHooks: false, onProblem: (problem) => problems.push(problem) });
  const sealed = new Proxy({ action: "X", entityType: "y" }, { ownKeys: () => assert.fail("its members were listed") });
  for (const entry of [sealed, "x".repeat(100_000), { action: "X", entityType: "y", request: Buffer.alloc(5 << 20) }]) client.auditLog(entry as never);
  assert.deepEqual(problems.filter(({ kind }) => kind === "rejected"), []);
  await client.close();
});

test("control characters are longer as JSON than the server takes", () => {
  const text = line({ event_id: "e-1", texts: Array(4000).fill("\0".repeat(60_000)) });
  assert.ok(Buffer.byteLength(text) <= EVENT_BYTES_MAX);
  assert.ok(((JSON.parse(text) as Members)["cut_bytes"] as number) > 1 << 20);
});

test("settings that can't be meant are told, and the default is used", async () => {
  const problems: Problem[] = [];
  const evil = new Proxy({}, { get: () => { throw new Error("no"); } });
  const given = { url: 5, key: 5, metadata: 3, batchEvents: "many", closeMs: -1, exitHooks: 1, spoolDir: "/dev/null/nowhere", onProblem: (problem: Problem) => problems.push(problem) };
  for (const options of [given, null, 7, evil]) {
    const made = new Client(options as never);
    if (options !== given) assert.ok(settings(options as never, {}, () => "s").wrong.length > 0);
    await made.close();
  }
  const names = problems.filter(({ kind }) => kind === "settings").map(({ message }) => message.split(":")[0]);
  assert.deepEqual(names.sort(), ["batchEvents", "closeMs", "exitHooks", "key", "metadata", "url"]);
  const used = settings(given as never, {}, () => "s");
  assert.deepEqual([used.batchEvents, used.key, used.url?.href], [100, undefined, "http://127.0.0.1:7420/v1/events"]);
});

test("an address that can't be meant is told without its secrets, and the default is used", () => {
  const used = (url: string | undefined, env?: string) => settings({ url }, { AUDIT_LOG_URL: env }, () => "s");
  for (const url of ["tcp://127.0.0.1:7420", "no address: at all", "http://", "http:///log", "http://h:70000", "http://h:port/log", "http://a b"]) {
    for (const given of [used(url), used(undefined, url), used(url, "tcp://h")]) {
      assert.equal(given.url.href, "http://127.0.0.1:7420/v1/events");
      assert.ok(given.wrong.length === 1 && given.wrong[0]?.startsWith("url: "), url);
    }
    assert.equal(used(url, "log.example:1").url.href, "http://log.example:1/v1/events");
  }
  for (const url of ["h", "h:1", " http://h/ ", "https://[::1]:7420", "http://me:secret@h:1/log?a=b"]) assert.deepEqual(used(url).wrong, []);
  const [told] = used("tcp://me:secret@h:1/log?key=hidden").wrong;
  assert.match(told ?? "", /found "h:1\/log"; the default is used$/);
});

test("without a home events wait in the temporary folder", () => {
  const nobody = () => { throw new Error("no passwd entry"); };
  assert.equal(stateFolder({}, nobody), join(tmpdir(), "tachograph"));
  assert.equal(stateFolder({ XDG_STATE_HOME: "/state" }, nobody), "/state/tachograph");
  assert.equal(stateFolder({}, () => "/home/me"), "/home/me/.local/state/tachograph");
});
