import assert from "node:assert/strict";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { test } from "node:test";
import express from "express";
import { address, Proxies } from "../src/address.js";
import { auditContext, Client, nextContext, withContext, type Problem } from "../src/index.js";
import { folder, listen, taking } from "./folder.js";

test("a forwarded address is believed as far as the proxies are known", () => {
  const client = (trusted: ConstructorParameters<typeof Proxies>[0], peer: string | undefined, header?: string) =>
    new Proxies(trusted).client(peer, header);
  // Nobody is trusted: the header is hearsay.
  assert.equal(client(0, "203.0.113.9", "1.2.3.4"), "203.0.113.9");
  assert.equal(client([], "203.0.113.9", "1.2.3.4"), "203.0.113.9");
  // The peer is no proxy of ours.
  assert.equal(client(["10.0.0.0/8"], "203.0.113.9", "1.2.3.4"), "203.0.113.9");
  // Through two of our proxies; what the client itself wrote stands before.
  assert.equal(client(["private"], "10.0.0.1", "6.6.6.6, 203.0.113.9, 10.0.0.2"), "203.0.113.9");
  assert.equal(client(["loopback", "private"], "::1", "203.0.113.9"), "203.0.113.9");
  assert.equal(client(["loopback"], "::ffff:127.0.0.1", "2001:DB8::1"), "2001:db8::1");
  // All of them are proxies: the farthest.
  assert.equal(client(["private"], "10.0.0.1", "10.0.0.3, 10.0.0.2"), "10.0.0.3");
  // Rubbish in the middle ends what is known.
  assert.equal(client(["private"], "10.0.0.1", "203.0.113.9, unknown, 10.0.0.2"), "10.0.0.2");
  // By number.
  assert.equal(client(1, "10.0.0.1", "6.6.6.6, 203.0.113.9"), "203.0.113.9");
  assert.equal(client(2, "10.0.0.1", "6.6.6.6, 203.0.113.9, 10.0.0.2"), "203.0.113.9");
  assert.equal(client(1, undefined, "6.6.6.6, 203.0.113.9"), "203.0.113.9");
  assert.equal(client(0, undefined, "203.0.113.9"), undefined);
});

test("addresses are told from rubbish", () => {
  assert.equal(address("203.0.113.9:4711"), "203.0.113.9");
  assert.equal(address('for="[2001:db8::1]:80"'), "2001:db8::1");
  assert.equal(address("fe80::1%eth0"), "fe80::1");
  for (const bad of ["", "unknown", "_hidden", "999.1.1.1", "<script>", "1.2.3"]) assert.equal(address(bad), undefined, bad);
  for (const bad of ["x", "10.0.0.0/33", "10.0.0.0/", "1.2.3/8"]) assert.throws(() => new Proxies([bad]), TypeError, bad);
});

test("behind Express every entry carries its own request, also after waiting", async (t) => {
  const server = await taking(t);
  const client = new Client({ url: server.url, spoolDir: folder(t), exitHooks: false });
  t.after(() => client.close());
  const app = express();
  app.use(auditContext({ trustedProxies: ["loopback"], session: (request) => request.headers["x-session"] as string, user: () => "u-1" }));
  app.get("/thing/:id", async (request, response) => {
    await new Promise((resolve) => setImmediate(resolve));
    client.auditLog({ action: "THING_READ", entityType: "thing", entityId: request.params.id });
    response.end();
  });
  const url = await listen(t, createServer(app));
  const ask = (id: number) =>
    fetch(`${url}/thing/${id}`, { headers: { "x-forwarded-for": `6.6.6.6, 203.0.113.${id}`, "user-agent": `agent/${id}`, "x-session": `s-${id}` } });
  await Promise.all([1, 2, 3, 4].map(ask));
  await client.flush();
  assert.equal(server.events.length, 4);
  for (const event of server.events) {
    const id = String(event["entityId"]);
    assert.deepEqual(event["request"], { ip: `203.0.113.${id}`, userAgent: `agent/${id}`, sessionId: `s-${id}` });
    assert.equal(event["userId"], "u-1");
    assert.equal(event["session_id"], undefined);
  }
});

test("without proxies of its own it says what Express says", async (t) => {
  const server = await taking(t);
  const client = new Client({ url: server.url, spoolDir: folder(t), exitHooks: false });
  t.after(() => client.close());
  const make = (trust: boolean) => {
    const app = express();
    if (trust) app.set("trust proxy", "loopback");
    app.use(auditContext());
    app.get("/", (_, response) => {
      client.auditLog({ action: "LOOKED", entityType: "page" });
      response.end();
    });
    return listen(t, createServer(app));
  };
  for (const trust of [false, true]) await fetch(await make(trust), { headers: { "x-forwarded-for": "203.0.113.9" } });
  await client.flush();
  assert.deepEqual(server.events.map((event) => (event["request"] as { ip: string }).ip), ["127.0.0.1", "203.0.113.9"]);
});

test("a session or user function that throws is no reason to fail", async (t) => {
  const server = await taking(t);
  const client = new Client({ url: server.url, spoolDir: folder(t), exitHooks: false });
  t.after(() => client.close());
  const fail = () => {
    throw new Error("no");
  };
  const request = { headers: {}, socket: { remoteAddress: "203.0.113.9" } };
  auditContext({ session: fail, user: fail })(request, {}, () => client.auditLog({ action: "X", entityType: "y" }));
  assert.ok(await client.flush());
  assert.equal(server.events[0]?.["userId"], undefined);
});

test("in Next.js the context comes from headers() and from the Request", () => {
  const request = new Request("http://app/", { headers: { "x-forwarded-for": "6.6.6.6, 203.0.113.9", "user-agent": "Mozilla/5.0", cookie: "session=secret" } });
  const expected = { ip: "203.0.113.9", userAgent: "Mozilla/5.0", sessionId: "s-1" };
  assert.deepEqual(nextContext(request, { trustedProxies: 1, session: "s-1" }), expected);
  assert.deepEqual(nextContext(request.headers, { trustedProxies: 1, session: "s-1" }), expected);
  assert.deepEqual(nextContext(request), { ip: null, userAgent: "Mozilla/5.0", sessionId: null });
  assert.deepEqual(nextContext(undefined as unknown as Request), {});
  // What `headers()` gives has, beside its methods, a member with the headers as Node has them.
  const sealed = Object.assign(new Headers(request.headers), { headers: Object.fromEntries(request.headers) });
  assert.deepEqual(nextContext(sealed, { trustedProxies: 1, session: "s-1" }), expected);
  // Networks are of no use where nobody tells the other end.
  assert.deepEqual(nextContext(request, { trustedProxies: ["private"], session: "s-1" }), { ...expected, ip: null });
  // A number of proxies that is none costs the address alone.
  assert.deepEqual(nextContext(request, { trustedProxies: NaN, session: "s-1" }), { ...expected, ip: null });
});

test("trusted proxies that can't be meant are told once, and the default holds", async (t) => {
  const server = await taking(t);
  const problems: Problem[] = [];
  const client = new Client({ url: server.url, spoolDir: folder(t), exitHooks: false, onProblem: (problem) => problems.push(problem) });
  t.after(() => client.close());
  const request = { headers: { "x-forwarded-for": "9.9.9.9" }, socket: { remoteAddress: "127.0.0.1" } };
  const all = ["loopback", true, -1, null, ["10.0.0.0/33"], [5], {}];
  for (const trustedProxies of all as (string[] | number)[]) {
    const handle = auditContext({ trustedProxies });
    const log = () => client.auditLog({ action: "X", entityType: "y" });
    for (let twice = 0; twice < 2; twice++) handle(request, undefined, log);
  }
  assert.equal(problems.filter(({ kind, message }) => kind === "settings" && message.startsWith("trustedProxies: ")).length, all.length);
  await client.flush();
  assert.deepEqual(new Set(server.events.map((event) => (event["request"] as { ip?: string }).ip)), new Set(["127.0.0.1"]));
});

test("in the Pages Router of Next.js the request tells the other end", () => {
  const headers = { "x-forwarded-for": "6.6.6.6, 203.0.113.9", "user-agent": "Mozilla/5.0", "x-request-id": "r-1" };
  const request = { headers, socket: { remoteAddress: "::ffff:10.0.0.1" } };
  const expected = { ip: "203.0.113.9", userAgent: "Mozilla/5.0", sessionId: "s-1", requestId: "r-1" };
  assert.deepEqual(nextContext(request, { trustedProxies: 1, session: "s-1" }), expected);
  assert.deepEqual(nextContext(request, { trustedProxies: ["10.0.0.0/8"], session: "s-1" }), expected);
  assert.deepEqual(nextContext(request, { trustedProxies: ["loopback"], session: "s-1" }), { ...expected, ip: "10.0.0.1" });
  assert.deepEqual(nextContext(request, { session: "s-1" }), { ...expected, ip: "10.0.0.1" });
});

test("copies of the library in one process know one context", async (t) => {
  const server = await taking(t);
  const client = new Client({ url: server.url, spoolDir: folder(t), exitHooks: false });
  t.after(() => client.close());
  const other = createRequire(import.meta.url)("../../cjs/index.js") as { withContext: typeof withContext };
  assert.notEqual(other.withContext, withContext);
  await other.withContext({ ip: "203.0.113.9" }, async () => {
    await new Promise((resolve) => setImmediate(resolve));
    client.auditLog({ action: "X", entityType: "y" });
  });
  await client.flush();
  assert.deepEqual(server.events[0]?.["request"], { ip: "203.0.113.9" });
});

test("what is said at the call counts before what the request says", async (t) => {
  const server = await taking(t);
  const client = new Client({ url: server.url, spoolDir: folder(t), exitHooks: false });
  t.after(() => client.close());
  withContext({ ip: "203.0.113.9", userAgent: "a" }, () => {
    client.auditLog({ action: "X", entityType: "y", userId: null, request: { ip: "198.51.100.7" } });
  }, "u-9");
  await client.flush();
  assert.deepEqual(server.events[0]?.["request"], { ip: "198.51.100.7", userAgent: "a" });
  // A login that failed has no user, even where somebody is logged in.
  assert.equal(server.events[0]?.["userId"], undefined);
});

test("a request as fetch, Express or Node have it is understood", async (t) => {
  const server = await taking(t);
  const client = new Client({ url: server.url, spoolDir: folder(t), exitHooks: false });
  t.after(() => client.close());
  const log = (request: unknown) => client.auditLog({ action: "X", entityType: "y", request: request as Request });
  const headers = { "user-agent": "Mozilla/5.0", "x-forwarded-for": "6.6.6.6, 203.0.113.9", cookie: "sid=hidden", "x-request-id": "r-1" };
  const request = new Request("http://app/", { headers });
  log(request);
  log(request.headers);
  log({ headers, ip: "198.51.100.7", sessionID: "s-9", body: { secret: 1 } });
  log({ headers: { "User-Agent": ["a"] }, socket: { remoteAddress: "::ffff:10.0.0.1" } });
  log({ ip: "198.51.100.7", userAgent: "as it is" });
  await client.flush();
  const fromFetch = { userAgent: "Mozilla/5.0", requestId: "r-1" };
  assert.deepEqual(server.events.map((event) => event["request"]), [
    fromFetch,
    fromFetch,
    { ip: "198.51.100.7", userAgent: "Mozilla/5.0", sessionId: "s-9", requestId: "r-1" },
    { ip: "10.0.0.1", userAgent: "a" },
    { ip: "198.51.100.7", userAgent: "as it is" },
  ]);
});

test("below the middleware a raw request is read with its trusted proxies", async (t) => {
  const server = await taking(t);
  const client = new Client({ url: server.url, spoolDir: folder(t), exitHooks: false });
  t.after(() => client.close());
  const headers = { "x-forwarded-for": "6.6.6.6, 203.0.113.9", "user-agent": "b" };
  const outer = { headers: { "user-agent": "outer" }, socket: { remoteAddress: "127.0.0.1" } };
  const within = (trustedProxies: number | string[], request: object) =>
    auditContext({ trustedProxies })(outer, undefined, () => client.auditLog({ action: "X", entityType: "y", request: request as Request }));
  within(1, new Request("http://app/", { headers }));
  within(["10.0.0.0/8"], { headers, ip: "10.0.0.1", socket: { remoteAddress: "10.0.0.1" } });
  within(["10.0.0.0/8"], { headers, socket: { remoteAddress: "198.51.100.1" } });
  await client.flush();
  assert.deepEqual(server.events.map((event) => (event["request"] as { ip: string }).ip), ["203.0.113.9", "203.0.113.9", "198.51.100.1"]);
});

test("a request that throws when it is read loses no entry", async (t) => {
  const server = await taking(t);
  const client = new Client({ url: server.url, spoolDir: folder(t), exitHooks: false });
  t.after(() => client.close());
  const fail = () => {
    throw new Error("of the request");
  };
  const odd = [
    { get headers() { return fail(); } },
    { headers: { get: fail } },
    { headers: { "user-agent": "a" }, get ip() { return fail(); }, get socket() { return fail(); } },
    "text", 7, null, new Proxy({}, { get: fail, ownKeys: fail }),
  ];
  for (const request of odd) client.auditLog({ action: "X", entityType: "y", request: request as Request });
  await client.flush();
  assert.equal(server.events.length, odd.length);
  assert.deepEqual(server.events[2]?.["request"], { userAgent: "a" });
});

test("a context whose members throw loses these alone, and says so", async (t) => {
  const server = await taking(t);
  const told: string[] = [];
  const client = new Client({ url: server.url, spoolDir: folder(t), exitHooks: false, onProblem: (problem) => told.push(problem.message) });
  t.after(() => client.close());
  const fail = () => {
    throw new Error("of the request");
  };
  const odd = [{ requestId: "r-1", get sessionId() { return fail(); } }, new Proxy({}, { ownKeys: fail })];
  for (const request of odd) client.auditLog({ action: "X", entityType: "y", request });
  await client.flush();
  assert.deepEqual(server.events.map((event) => event["request"]), [{ requestId: "r-1" }, undefined]);
  assert.deepEqual(told, ["member sessionId of an entry's request can't be read", "an entry's request can't be read"]);
});
