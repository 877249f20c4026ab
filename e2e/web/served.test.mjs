// How the interface is served: its headers, its size, its keys.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { gunzipSync, brotliDecompressSync } from "node:zlib";
import { request } from "node:http";
import { launch, open, signIn } from "./browser.mjs";
import { Program, tool } from "./program.mjs";

/** What a first visit may weigh, compressed. */
const FIRST_LOAD_BYTES_MAX = 400_000;

let program;
let browser;
before(async () => {
  program = await Program.start();
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await program?.end();
});

/** A request as it goes over the wire: nothing is unpacked on the way. */
const raw = (path, headers = {}, method = "GET") =>
  new Promise((resolve, reject) => {
    const asked = request(program.url + path, { headers, method }, (answer) => {
      const parts = [];
      answer.on("data", (part) => parts.push(part)).on("end", () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(parts) }));
    });
    asked.on("error", reject).end();
  });

test("each file comes in the form that the client takes, and is the same", async () => {
  const plain = await raw("/");
  assert.equal(plain.headers["content-encoding"], undefined);
  const brotli = await raw("/", { "accept-encoding": "gzip, br" });
  const gzip = await raw("/", { "accept-encoding": "gzip" });
  assert.deepEqual(brotliDecompressSync(brotli.body), plain.body);
  assert.deepEqual(gunzipSync(gzip.body), plain.body);
  const script = plain.body.toString().match(/src="(\/assets\/[^"]+\.js)"/)[1];
  const file = await raw(script, { "accept-encoding": "br" });
  assert.match(file.headers["cache-control"], /immutable/);
  assert.match(file.headers["content-type"], /^text\/javascript/);
  assert.equal(file.headers["x-content-type-options"], "nosniff");
});

test("the content policy lets in nothing from elsewhere, and programs are told by status", async () => {
  const { headers } = await raw("/agents/some%2Fagent", { accept: "text/html" });
  assert.match(headers["content-security-policy"], /^default-src 'none'/);
  assert.doesNotMatch(headers["content-security-policy"], /unsafe|https?:|\*/);
  assert.equal(headers["cache-control"], "no-cache");
  for (const [path, accept] of [["/v1/nothing", "text/html"], ["/assets/nothing.js", "text/html"], ["/agents", "application/json"], ["/../Cargo.toml", "*/*"]]) {
    assert.equal((await raw(path, { accept })).status, 404, path);
  }
  assert.equal((await raw("/", {}, "DELETE")).status, 404);
});

test("a first visit is light", async () => {
  await program.send(tool("Bash", {}));
  const page = await open(browser, program.url);
  const sizes = [];
  page.on("response", async (answer) => {
    if (/\/(assets|icon)|\/$/.test(new URL(answer.url()).pathname)) sizes.push(answer.request().sizes().then((size) => size.responseBodySize));
  });
  const began = Date.now();
  await page.goto(program.url);
  await page.getByRole("link", { name: /^Active agents/ }).waitFor();
  const took = Date.now() - began;
  const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  console.log(`first load: ${bytes} bytes compressed, usable after ${took} ms`);
  assert.ok(bytes > 50_000 && bytes < FIRST_LOAD_BYTES_MAX, `${bytes} bytes`);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

/** A running server notices new keys within seconds: until then they are unknown to it. */
async function known(key) {
  for (let turn = 0; turn < 100; turn += 1) {
    const answer = await fetch(`${program.url}/ui/about`, { headers: { authorization: `Bearer ${key}` } });
    const { keys_needed: needed = true } = await answer.json();
    if (answer.status !== 401 && needed) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("the server did not notice a new key");
}

test("where keys are needed, one is asked for, kept nowhere in the browser, and forgotten on request", async () => {
  const text = program.run("key", "create", "reader", "--role", "read").match(/tgk_[0-9a-f]+/)[0];
  const writer = program.run("key", "create", "writer", "--role", "write").match(/tgk_[0-9a-f]+/)[0];
  const page = await open(browser, program.url);
  const refusals = [];
  page.on("response", (answer) => answer.status() === 401 && refusals.push(answer.url()));
  await known(text);
  await known(writer);
  await page.goto(`${program.url}/live`);
  await page.getByRole("heading", { name: "A key is needed" }).waitFor();
  assert.deepEqual(refusals, [], "asking for the page is no failed login");
  await page.getByLabel("Key").fill("tgk_wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByText("this key is unknown or was revoked").waitFor();
  await page.getByLabel("Key").fill(text);
  const opened = page.waitForResponse((answer) => answer.url().endsWith("/v1/tail") && answer.ok());
  await page.getByRole("button", { name: "Sign in" }).click();
  await opened;
  await program.send(tool("with-key", {}), { authorization: `Bearer ${writer}` });
  await page.getByText("with-key").waitFor();
  await page.reload();
  await page.getByRole("heading", { name: "Live" }).waitFor();
  const kept = await page.evaluate(() => JSON.stringify([{ ...sessionStorage }, { ...localStorage }, document.cookie, location.href]));
  assert.ok(!kept.includes(text) && !kept.includes("tgk_") && !kept.includes("tachograph="), kept);
  const [cookie] = await page.context().cookies();
  assert.deepEqual([cookie.httpOnly, cookie.sameSite, cookie.value.includes(text)], [true, "Strict", false]);
  const other = await page.context().newPage();
  await other.goto(`${program.url}/live`);
  await other.getByRole("heading", { name: "Live" }).waitFor();
  const forged = await page.evaluate(() => fetch("/v1/sql", { method: "POST", body: "SELECT 1" }).then((answer) => answer.status));
  assert.equal(forged, 401, "the cookie alone opens nothing");
  await page.goto(`${program.url}/settings`);
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "A key is needed" }).waitFor();
  await other.getByRole("heading", { name: "A key is needed" }).waitFor();
  assert.equal((await page.context().cookies()).length, 0);
  await page.context().close();
});

test("who may only look is shown nothing that acts, and who may act is", async () => {
  for (const [role, acts, edits] of [["read", 0, 0], ["auditor", 0, 0], ["operator", 1, 0], ["admin", 1, 1]]) {
    const key = program.run("key", "create", `of-${role}`, "--role", role).match(/tgk_[0-9a-f]+/)[0];
    await known(key);
    const page = await open(browser, program.url);
    await signIn(page, program, key);
    await page.goto(`${program.url}/rules`);
    await page.getByRole("table", { name: /rules$/ }).waitFor();
    assert.equal(await page.getByRole("link", { name: "New rule" }).count(), edits, role);
    await page.goto(`${program.url}/silences`);
    await page.getByText("Nothing is silenced").waitFor();
    assert.equal(await page.getByRole("button", { name: "New silence" }).count(), acts, role);
    await page.goto(`${program.url}/rules/failed_logins`);
    await page.getByRole("heading", { name: "As it is written" }).waitFor();
    assert.equal(await page.getByRole("link", { name: "Make it your own" }).count(), edits, role);
    assert.deepEqual(page.faults, []);
    await page.context().close();
  }
});
