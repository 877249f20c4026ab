// On call: who is told now and next, a turn taken over and taken back, policies; and what to write where there is nothing.

import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { accessible, launch, open } from "./browser.mjs";
import { Program } from "./program.mjs";

const ROUTING = `route: {receiver: oncall}
receivers:
  - {name: oncall, schedule: ops}
  - name: ana-phone
  - name: bo-phone
people:
  - {name: ana, receiver: ana-phone}
  - {name: "<b>bo</b>", receiver: bo-phone}
schedules:
  - name: ops
    location: Europe/Berlin
    rotations: [{people: [ana], starts: 2026-01-05, length: 1w}]
  - name: nights
    rotations: [{people: [ana], starts: 2026-01-05, length: 1d, only: [{years: ['1999']}]}]
escalations:
  - {name: critical, levels: [{after: 0s, schedules: [ops]}, {after: 15m, people: ["<b>bo</b>"]}], repeat: 2}
maintenance:
  - {name: backup, matchers: ['host="db"'], comment: every night, strategy: deliver_after, time_intervals: [{months: ['1:12']}]}
`;

let program;
let empty;
let browser;
before(async () => {
  const folder = mkdtempSync(join(tmpdir(), "tachograph-web-"));
  writeFileSync(join(folder, "routing.yaml"), ROUTING);
  [program, empty, browser] = await Promise.all([Program.start("serve", { folder }), Program.start(), launch()]);
});
after(async () => {
  await browser?.close();
  await Promise.all([program?.end(), empty?.end()]);
});

test("whoever is on call is named, a turn is taken over and taken back, and both are on the log", async () => {
  const page = await open(browser, program.url);
  await page.goto(`${program.url}/oncall`);
  const ops = page.locator(".panel", { has: page.getByRole("heading", { name: "ops", exact: true, level: 2 }) });
  await ops.getByText("ana", { exact: true }).waitFor();
  await page.locator(".panel", { has: page.getByRole("heading", { name: "nights", level: 2 }) }).getByText("Nobody", { exact: true }).waitFor();
  await page.getByLabel("Policy critical").getByText("on call in ops").waitFor();
  await page.getByText("And again 2 times, 15 minutes after the last level").waitFor();
  assert.equal(await page.locator(".line-turn").count(), 2);
  const beyond = await page.evaluate(() => {
    const end = document.querySelector(".line-grid").getBoundingClientRect().right;
    return [...document.querySelectorAll(".line-day > span")].filter((label) => label.getBoundingClientRect().right > end).map((label) => label.textContent);
  });
  assert.deepEqual(beyond, [], "each day's label is seen whole, the last one's too");
  await accessible(page, "on call");
  await page.getByRole("button", { name: "Take over" }).click();
  await accessible(page, "take over");
  await page.locator("form").getByLabel("In").first().selectOption("ops");
  await page.getByLabel("Who takes over").selectOption("<b>bo</b>");
  await page.getByLabel("Why").fill("dentist");
  await page.getByLabel(/Your name/).fill("Judge");
  await page.locator("form").getByRole("button", { name: "Take over" }).click();
  await page.locator(".oncall-overrides", { hasText: "dentist by Judge" }).waitFor();
  await ops.getByText("<b>bo</b>", { exact: true }).waitFor();
  await page.locator(".line-turn.taken").waitFor();
  await accessible(page, "taken over");
  await page.getByRole("button", { name: /^Take back/ }).click();
  await page.getByText("Nobody: each turn is as the schedule has it.").waitFor();
  await ops.getByText("ana", { exact: true }).waitFor();
  // The page knows first; the log is told within a second.
  const asked = "SELECT action_name FROM agent_audit_log WHERE agent_id = 'tachograph' AND action_name LIKE 'oncall_%' ORDER BY index";
  const until = Date.now() + 20_000;
  let said = [];
  while (said.length < 2 && Date.now() < until) said = (await program.sql(asked)).map((row) => row.action_name);
  assert.deepEqual(said, ["oncall_override_set", "oncall_override_ended"]);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a receiver of a schedule says so", async () => {
  const page = await open(browser, program.url);
  await page.goto(`${program.url}/receivers`);
  await page.getByText("Whoever is on call in ops").waitFor();
  await page.getByRole("link", { name: "on call", exact: true }).click();
  await page.getByRole("heading", { name: "The coming two weeks" }).waitFor();
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("maintenance is listed where silences are, begun and ended there", async () => {
  const page = await open(browser, program.url);
  await page.goto(`${program.url}/silences`);
  await page.getByText("planned in the routing as backup").waitFor();
  await page.getByRole("button", { name: "New silence" }).click();
  await page.getByLabel("Matcher 1").fill('host="web"');
  await page.getByLabel("What it is").selectOption("deliver_after");
  await page.getByLabel("Why").fill("the disk is swapped");
  await page.getByRole("button", { name: "Begin maintenance" }).click();
  const begun = page.locator(".silence", { hasText: "the disk is swapped" });
  await begun.getByText("what still fires at its end is told then").waitFor();
  await accessible(page, "maintenance");
  await begun.getByRole("button", { name: /End now/ }).click();
  await begun.waitFor({ state: "detached" });
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("where there is no schedule the page says what to write", async () => {
  const page = await open(browser, empty.url, { viewport: { width: 390, height: 800 } });
  await page.goto(`${empty.url}/oncall`);
  await page.getByText("There is no schedule yet").waitFor();
  const example = join(empty.folder, "example.yaml");
  writeFileSync(example, await page.locator("pre").innerText());
  assert.match(empty.run("rules", "routing", "check", example), /1 schedules, 1 escalations.*\n.*it can be used/, "what the page says can be used");
  await page.getByText("As built in: critical alerts go to").waitFor();
  await accessible(page, "no schedule");
  assert.ok((await page.evaluate("document.documentElement.scrollWidth")) <= 390, "nothing is wider than the screen");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});
