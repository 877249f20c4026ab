// From the empty store on: the first event, live updates, a lost connection, hostile content.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, launch, open } from "./browser.mjs";
import { Program, tool } from "./program.mjs";

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

test("a newcomer sees the first event arrive, without a reload, and its proof", async () => {
  const page = await open(browser, program.url);
  await page.goto(program.url);
  await page.getByText("Waiting for the first event").waitFor();
  await page.locator("pre", { hasText: `${program.url}/log` }).waitFor();
  await accessible(page, "first run");
  for (const path of ["/operations", "/business", "/trading", "/trading?part=models", "/mine", "/alerts", "/silences", "/agents", "/sessions", "/explore", "/costs", "/performance", "/security", "/coverage", "/integrity"]) {
    await page.goto(program.url + path);
    await page.locator(".page-head h1").waitFor();
    await page.waitForFunction(() => document.querySelector(".bone") === null);
    await accessible(page, `${path} of the empty store`);
  }
  const opened = page.waitForResponse((answer) => answer.url().endsWith("/v1/tail"));
  await page.goto(program.url);
  await page.getByText("Waiting for the first event").waitFor();
  await opened;
  await program.send(tool("Bash", { command: "ls" }));
  await page.getByText("It is on the record").waitFor();
  await page.getByRole("link", { name: "See it and its proof" }).click();
  await page.getByText("Consistent, not yet proved").waitFor();
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("the tail shows events as they come, holds them while paused, and opens one by keyboard", async () => {
  const page = await open(browser, program.url);
  const opened = page.waitForResponse((answer) => answer.url().endsWith("/v1/tail"));
  await page.goto(`${program.url}/live`);
  await opened;
  await program.send(tool("first-live", {}));
  const list = page.getByRole("region", { name: /newest first/ });
  await list.getByText("first-live").waitFor();
  await page.getByRole("button", { name: "Pause" }).click();
  await program.send(tool("while-paused", {}));
  await page.getByRole("button", { name: /1 waiting/ }).waitFor();
  assert.equal(await list.getByText("while-paused").count(), 0);
  await page.getByRole("button", { name: /Go on/ }).click();
  await list.getByText("while-paused").waitFor();
  const filter = page.getByLabel("Filter");
  await filter.fill("action_name = 'first-live' and outcome_status = 'success'");
  await page.getByRole("region", { name: "1 event, newest first" }).getByText("first-live").waitFor();
  await filter.fill("outcome_status = 'success' | count() by agent_id");
  await page.getByRole("status").filter({ hasText: "At “|” this asks for more, so everything is shown" }).waitFor();
  await list.getByText("while-paused").waitFor();
  await accessible(page, "a filter that Live can't tell");
  await filter.fill("");
  await list.focus();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await page.waitForURL(/\/events\/\d+/);
  await page.getByRole("heading", { name: "while-paused" }).waitFor();
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a lost connection is told, and what came meanwhile is there when it is back", async () => {
  const page = await open(browser, program.url);
  const opened = page.waitForResponse((answer) => answer.url().endsWith("/v1/tail"));
  await page.goto(`${program.url}/live`);
  await opened;
  await program.send(tool("before-the-break", {}));
  await page.getByText("before-the-break").waitFor();
  await program.stop();
  await page.getByRole("alert").filter({ hasText: "can't be reached" }).waitFor();
  const { folder, port } = program;
  program = await Program.start("serve", { folder, port });
  await program.send(tool("after-the-break", {}));
  await page.getByText("after-the-break").waitFor();
  await page.getByRole("alert").filter({ hasText: "can't be reached" }).waitFor({ state: "detached" });
  assert.equal(await page.getByText("before-the-break").count(), 1);
  await page.context().close();
});

const EVIL = {
  html: '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script><a href="https://evil.example">click</a>',
  ansi: "\u001b[31mred\u001b[0m \u001b]8;;https://evil.example\u0007link\u001b]8;;\u0007 \u001b]0;title\u0007\u202egnp.exe",
};

test("hostile content stays text everywhere it is shown", async () => {
  const page = await open(browser, program.url);
  const session = "evil-session\"><img src=x onerror=alert(1)>";
  const index = await program.send({ agent: { id: EVIL.html.slice(0, 60), name: EVIL.html }, session: { id: session }, action: { type: "tool", name: `Bash ${EVIL.html}`.slice(0, 200), parameters: { command: EVIL.html, [EVIL.html]: EVIL.html } }, outcome: { status: "failure", result: { stdout: EVIL.ansi }, error: { message: "javascript:alert(1) https://evil.example/x" } } });
  const [{ session_id: known, agent_id: agent }] = await program.sql(`SELECT session_id, agent_id FROM agent_audit_log WHERE index = ${index}`);
  const paths = [`/events/${index}`, "/explore?range=all", "/agents", `/agents/${encodeURIComponent(agent)}`, "/sessions", "/", "/operations", "/business", "/alerts", "/performance", "/security", ...(known ? [`/sessions/${encodeURIComponent(known)}`] : [])];
  for (const path of paths) {
    await page.goto(program.url + path);
    await page.locator(".page-head h1").waitFor();
    await page.waitForFunction(() => document.querySelector(".bone") === null);
    const found = await page.evaluate(() => ({
      hacked: window.hacked,
      scripts: document.querySelectorAll("script:not([src])").length,
      images: [...document.images].filter((image) => !image.src.endsWith("/icon.svg")).length,
      links: [...document.links].filter((link) => link.origin !== location.origin).length,
      marks: /[\u0000-\u0008\u001b\u202a-\u202e]/.test(document.body.innerText),
    }));
    assert.deepEqual(found, { hacked: undefined, scripts: 0, images: 0, links: 0, marks: false }, path);
  }
  await page.goto(`${program.url}/events/${index}`);
  await page.getByText("hxxps[:]//evil.example/x").first().waitFor();
  await page.locator(".terminal span", { hasText: "red" }).first().waitFor();
  assert.deepEqual(page.faults, []);
  await page.context().close();
});
