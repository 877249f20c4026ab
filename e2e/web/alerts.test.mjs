// Alerts: be alerted without a reload, answer by keyboard, look at the evidence, silence, write a rule of one's own.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { accessible, launch, open } from "./browser.mjs";
import { Program } from "./program.mjs";

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

const login = (ip, number) => ({ agent: { id: "judge/app" }, action: { type: "auth", name: "login" }, outcome: { status: "failure" }, user_id: "judge.user", context: { ip_address: ip }, ip, id: `login-${ip}-${number}` });
const failLogins = async (ip) => {
  for (let number = 0; number < 5; number += 1) await program.send(login(ip, number));
};

test("an alert comes without a reload and is acknowledged by keyboard, under a name that is kept", async () => {
  const page = await open(browser, program.url);
  const opened = page.waitForResponse((answer) => answer.url().includes("/v1/tail"));
  await page.goto(`${program.url}/alerts`);
  await page.getByText("No alert is open").waitFor();
  await accessible(page, "no alert");
  await opened;
  await failLogins("192.0.2.7");
  const alert = page.locator(".alert", { hasText: "192.0.2.7" });
  await alert.waitFor();
  await page.locator(".alerts").focus();
  await page.keyboard.press("j");
  await page.keyboard.press("a");
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("heading", { name: "Acknowledge" }).waitFor();
  await accessible(page, "dialog");
  await dialog.getByLabel(/Note/).fill("I look into it");
  await dialog.getByLabel(/Your name/).fill("Judge");
  await page.keyboard.press("Enter");
  await alert.getByText("Acknowledged by Judge").waitFor();
  await page.reload();
  await alert.getByText("Acknowledged by Judge").waitFor();
  await accessible(page, "alerts");
  const said = await program.sql("SELECT action_name FROM agent_audit_log WHERE agent_id = 'tachograph' AND action_name ILIKE '%acknowledge%'");
  assert.ok(said.length > 0, "it is on the log");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("an alert leads to its events and their proof, to its rule, its runbook and its history", async () => {
  const page = await open(browser, program.url);
  await page.goto(`${program.url}/alerts`);
  await page.locator(".alert", { hasText: "192.0.2.7" }).getByRole("link").first().click();
  await page.waitForURL(/\/alerts\/.+/);
  await page.getByRole("heading", { name: "What to do" }).waitFor();
  await page.locator(".runbook-item").first().waitFor();
  await page.locator(".history", { hasText: "I look into it" }).waitFor();
  await accessible(page, "one alert");
  const evidence = page.locator(".line.evidence");
  await evidence.first().waitFor();
  assert.ok((await evidence.count()) >= 1);
  await evidence.first().getByRole("link").first().click();
  await page.waitForURL(/\/events\/\d+/);
  await page.getByText("Consistent, not yet proved").waitFor();
  await page.goBack();
  await page.getByRole("link", { name: "failed_logins" }).click();
  await page.waitForURL(/\/rules\/failed_logins/);
  await page.getByText("count() by source_ip").first().waitFor();
  await page.getByRole("button", { name: "Replay" }).click();
  await page.locator(".replayed li").first().waitFor();
  await page.getByRole("button", { name: "Compute again" }).click();
  await page.getByText(/entr(y|ies) were read/).waitFor();
  await accessible(page, "one rule");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a silence shows what it would mute before it does, mutes it, and ends on request", async () => {
  const page = await open(browser, program.url);
  await page.goto(`${program.url}/silences?new=1`);
  await page.getByLabel("Matcher 1").fill('x=~".*"');
  await page.getByText("These matchers fit everything").waitFor();
  assert.ok(await page.getByRole("button", { name: "Silence", exact: true }).isDisabled());
  await page.getByLabel("Matcher 1").fill('source_ip="192.0.2.7"');
  await page.getByText("1 alert of 1 that are open").waitFor();
  await page.getByLabel("Why").fill("A test of ours");
  await accessible(page, "new silence");
  await page.getByRole("button", { name: "Silence", exact: true }).click();
  const silence = page.locator(".silence", { hasText: "A test of ours" });
  await silence.getByText("mutes 1 alert").waitFor();
  await page.goto(`${program.url}/alerts`);
  await page.locator(".alert", { hasText: "muted" }).waitFor();
  await page.goto(`${program.url}/silences`);
  await silence.getByRole("button", { name: /End now/ }).click();
  await page.getByText("Nothing is silenced").waitFor();
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a rule of one's own is checked while it is typed, replayed, saved, and fires", async () => {
  const page = await open(browser, program.url);
  await page.goto(`${program.url}/rules`);
  await page.getByRole("table", { name: /rules$/ }).waitFor();
  await accessible(page, "rules");
  await page.getByRole("link", { name: "New rule" }).click();
  const text = page.getByLabel("Rules as YAML");
  const rule = "apiVersion: tachograph/v1\nkind: AlertRule\nid: judge-rule\ntitle: The judge's rule\nseverity: info\nquery: |\n  agent_audit_log\n  | action = 'judged'\nevery: stream\nannotations: {summary: \"<b>{{agent_id}}</b> was judged\"}\n";
  await text.fill(rule.replace("severity", "severty"));
  await page.getByText("1 error").waitFor();
  await page.getByRole("button", { name: "line 5" }).click();
  assert.ok(await page.getByRole("button", { name: "Save" }).isDisabled());
  await text.fill(rule);
  await page.getByText("It is understood").waitFor();
  await accessible(page, "editor");
  await page.getByLabel("File", { exact: true }).fill("judge.yaml");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  await page.waitForURL(/\/rules$/);
  await page.getByRole("link", { name: /The judge's rule/ }).waitFor();
  await program.send({ agent: { id: "judge/agent" }, action: { type: "tool", name: "judged" }, outcome: { status: "success" } });
  await page.goto(`${program.url}/alerts?severity=info`);
  await page.locator(".alert", { hasText: "<b>judge/agent</b> was judged" }).waitFor();
  await page.goto(`${program.url}/rules/judge-rule`);
  await page.getByRole("link", { name: "Edit" }).click();
  assert.equal(await text.inputValue(), rule);
  await page.getByRole("button", { name: "Remove" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await page.waitForURL(/\/rules$/);
  await page.getByRole("table", { name: /rules$/ }).waitFor();
  await page.getByRole("link", { name: /The judge's rule/ }).waitFor({ state: "detached" });
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("alerts become an incident, which is taken, contained and written up, each step with its place on the log", async () => {
  const page = await open(browser, program.url);
  await page.goto(`${program.url}/incidents`);
  const incident = page.locator(".alert", { hasText: "Five failed logins" });
  await incident.waitFor();
  await accessible(page, "incidents");
  await incident.getByRole("link").first().click();
  await page.waitForURL(/\/incidents\/.+/);
  await page.getByRole("button", { name: "Investigation" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(/Note/).fill("looking <b>now</b>");
  await dialog.getByRole("button", { name: "Investigation" }).click();
  await page.locator("#main").getByText("looking <b>now</b>").waitFor();
  await page.getByRole("button", { name: "Contained" }).click();
  await dialog.getByLabel("What was done").fill("address is blocked");
  await dialog.getByRole("button", { name: "Say" }).click();
  await page.locator(".facts", { hasText: "address is blocked" }).waitFor();
  await accessible(page, "one incident");
  await page.getByRole("button", { name: /The post-mortem as a file/ }).click();
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("menuitem", { name: "Markdown" }).click()]);
  assert.match(readFileSync(await file.path(), "utf8"), /address is blocked/);
  await page.locator(".course").first().getByRole("link", { name: /^entry \d+$/ }).first().click();
  await page.waitForURL(/\/events\/\d+/);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("receivers say over which channels they tell, and the feed on other pages has the same alerts", async () => {
  const page = await open(browser, program.url);
  await page.goto(`${program.url}/receivers`);
  await page.getByRole("heading", { name: "oncall", exact: true }).waitFor();
  await accessible(page, "receivers");
  await page.goto(`${program.url}/operations`);
  await page.locator(".feed-row", { hasText: "failed logins" }).waitFor();
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a server without alerting says so, and nothing else is missing", async () => {
  const folder = mkdtempSync(join(tmpdir(), "tachograph-web-"));
  writeFileSync(join(folder, "config.toml"), "[alerts]\nenabled = false\n");
  const quiet = await Program.start("serve", { folder });
  const page = await open(browser, quiet.url);
  for (const path of ["/alerts", "/alerts/x", "/incidents", "/incidents/x", "/rules", "/rules/x", "/silences", "/receivers"]) {
    await page.goto(quiet.url + path);
    await page.getByText("Alerting is not switched on").waitFor();
    await accessible(page, `${path} without alerting`);
  }
  await page.goto(`${quiet.url}/operations`);
  await page.getByText("this server raises no alerts").waitFor();
  assert.deepEqual(page.faults, []);
  await page.context().close();
  await quiet.end();
});
