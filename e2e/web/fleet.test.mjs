// With the demo fleet: find a failed call, prove it, replay its session, look at every page.

import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { accessible, launch, open } from "./browser.mjs";
import { PAGES } from "./pages.mjs";
import { Program } from "./program.mjs";

let program;
let browser;
before(async () => {
  program = await Program.start("demo");
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await program?.end();
});

const quiet = (page) => assert.deepEqual(page.faults, []);

test("a failed call is found by clicking and proved in the browser under a pinned key", async () => {
  const page = await open(browser, program.url);
  await page.goto(`${program.url}/explore?range=all`);
  await page.getByRole("button", { name: /^failure/ }).click();
  await page.waitForURL(/status/);
  await page.getByRole("button", { name: /^Bash/ }).first().click();
  await page.getByRole("region", { name: "Hits, newest first" }).getByRole("link", { name: "Bash" }).first().click();
  await page.waitForURL(/\/events\/\d+/);
  const badge = page.locator("[data-verdict].badge");
  await badge.getByText("Consistent, not yet proved").waitFor();
  await page.getByLabel("Verifier keys, one a line").fill(program.run("keys"));
  await page.getByRole("button", { name: "Pin", exact: true }).click();
  await badge.getByText("Proved", { exact: true }).waitFor();
  assert.equal(await page.locator(".proof-step[data-verdict=good]").count(), 5);
  quiet(page);

  const here = page.url();
  const index = here.match(/events\/(\d+)/)[1];
  await page.route(`**/v1/events/${index}`, async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ body: (await answer.text()).replace('"outcome_status":"failure"', '"outcome_status":"success"'), contentType: "application/json" });
  });
  await page.goto(here);
  await badge.getByText("Not proved").waitFor();
  await page.getByText("What you see is what was recorded").click();
  await page.getByText('outcome is "failure" in the entry and "success" on this page').waitFor();
  await page.unroute(`**/v1/events/${index}`);

  await page.route("**/proof", async (route) => {
    const lines = (await (await route.fetch()).text()).split("\n");
    [lines[3], lines[4]] = [lines[4], lines[3]];
    await route.fulfill({ body: lines.join("\n"), contentType: "text/plain" });
  });
  await page.goto(here);
  await badge.getByText("Not proved").waitFor();
  await page.context().close();
});

test("the evidence that is downloaded holds a proof that the command line accepts", async () => {
  const page = await open(browser, program.url);
  await page.goto(`${program.url}/events/10`);
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Proof file" }).click()]);
  const path = await file.path();
  const pins = `${program.folder}.keys`;
  writeFileSync(pins, program.run("keys"));
  program.run("verify", "--proof", path, "--pin", pins);
  const spoiled = readFileSync(path, "utf8").replace(/^index \d+$/m, "index 11");
  writeFileSync(path, spoiled);
  assert.throws(() => program.run("verify", "--proof", path, "--pin", pins));
  rmSync(pins);
  quiet(page);
  await page.context().close();
});

test("a session is replayed by keyboard, from failure to failure", async () => {
  const [{ session_id: id }] = await program.sql("SELECT session_id FROM agent_audit_log WHERE session_id IS NOT NULL GROUP BY 1 HAVING count(*) FILTER (WHERE outcome_status = 'failure') > 1 AND count(DISTINCT action_name) > 2 ORDER BY count(*) DESC LIMIT 1");
  const page = await open(browser, program.url);
  await page.goto(`${program.url}/sessions/${id}`);
  await page.locator(".step").first().waitFor();
  await page.keyboard.press("n");
  const active = page.locator(".step[data-active=true]");
  await active.waitFor();
  assert.equal(await active.getAttribute("data-failed"), "true");
  const first = await active.getAttribute("id");
  await page.keyboard.press("n");
  await page.locator(`.step[data-active=true][data-failed=true]:not(#${first})`).waitFor();
  await page.keyboard.press("p");
  await page.locator(`#${first}[data-active=true]`).waitFor();
  const head = active.locator(".step-head");
  const turned = (await head.getAttribute("aria-expanded")) === "true" ? "false" : "true";
  await page.keyboard.press("Enter");
  await active.locator(`.step-head[aria-expanded=${turned}]`).waitFor();
  assert.match(page.url(), /at=\d+/);
  await page.reload();
  await page.locator(`#${first}[data-active=true]`).waitFor();
  quiet(page);
  await page.context().close();
});

test("the figures of a search are those of its list", async () => {
  const page = await open(browser, program.url);
  const [{ n }] = await program.sql("SELECT count(*) AS n FROM agent_audit_log WHERE index < 2000 AND outcome_status = 'failure' AND NOT agent_id LIKE 'ops/%' AND (action_details ILIKE '%test%' OR outcome_result ILIKE '%test%' OR outcome_error ILIKE '%test%' OR decision ILIKE '%test%' OR extra ILIKE '%test%' OR action_name ILIKE '%test%' OR agent_id ILIKE '%test%' OR resources_accessed ILIKE '%test%')");
  assert.ok(n > 0);
  await page.goto(`${program.url}/explore?${new URLSearchParams({ range: "all", q: "status:failed test -agent:ops/* index:<2000" })}`);
  await page.getByRole("heading", { name: new RegExp(`^${n} events?$`) }).waitFor();
  await page.getByText(`${n}, newest first`).waitFor();
  quiet(page);
  await page.context().close();
});

test("SQL answers as a table, errors say where, and nothing can be changed", async () => {
  const page = await open(browser, program.url);
  await page.goto(`${program.url}/explore?mode=sql`);
  const query = page.getByLabel("SQL query");
  await query.fill("SELECT action_type, count(*) AS n FROM agent_audit_log GROUP BY 1 ORDER BY 2 DESC LIMIT 3");
  await page.keyboard.press("Control+Enter");
  await page.getByRole("heading", { name: "3 rows" }).waitFor();
  await page.getByRole("tab", { name: "Chart" }).click();
  await page.getByRole("img", { name: "The answer as a chart" }).locator("canvas").waitFor();
  await query.fill("DROP TABLE events");
  await page.keyboard.press("Control+Enter");
  await page.getByRole("alert").filter({ hasText: "only read" }).waitFor();
  await page.context().close();
});

test("the palette goes to a page and to an agent", async () => {
  const page = await open(browser, program.url);
  await page.goto(program.url);
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Search and go" }).fill("integ");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/integrity$/);
  await page.getByRole("heading", { name: "Newest checkpoint" }).waitFor();
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox", { name: "Search and go" }).fill("test-runner");
  await page.getByRole("option", { name: /eng\/test-runner/ }).click();
  await page.waitForURL(/\/agents\/eng%2Ftest-runner$/);
  await page.getByRole("heading", { name: "What fails" }).waitFor();
  quiet(page);
  await page.context().close();
});

for (const [look, options] of [
  ["wide and light", {}],
  ["narrow and dark", { viewport: { width: 360, height: 740 }, colorScheme: "dark" }],
]) {
  test(`every page is accessible and within its frame, ${look}`, async () => {
    const page = await open(browser, program.url, options);
    for (const path of PAGES) {
      await page.goto(program.url + path);
      await page.locator(".page-head h1").waitFor();
      await page.waitForFunction(() => document.querySelector(".bone") === null);
      await accessible(page, path);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(over <= 0, `${path} is ${over} pixels too wide`);
    }
    quiet(page);
    await page.context().close();
  });
}
