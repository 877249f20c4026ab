// What somebody makes in the browser: dashboards and saved searches, as files too; the pipe language.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { accessible, launch, open } from "./browser.mjs";
import { Program, tool } from "./program.mjs";

let program;
let browser;
before(async () => {
  program = await Program.start();
  browser = await launch();
  for (let number = 0; number < 3; number += 1) await program.send(tool("Bash", { number }, { status: "failure", error: { message: "no" } }));
});
after(async () => {
  await browser?.close();
  await program?.end();
});

test("a dashboard is written, kept, taken along as a file and opened elsewhere", async () => {
  const page = await open(browser, program.url);
  await page.goto(`${program.url}/dashboards`);
  await page.getByText("None is kept yet").waitFor();
  await accessible(page, "no dashboards");
  await page.getByRole("link", { name: "New dashboard" }).click();
  const text = page.getByLabel("The dashboard as YAML");
  const source = await text.inputValue();
  await text.fill(source.replace("kind: Dashboard", "kind: Bored"));
  await page.getByText('line 1: kind is "Bored", expected "Dashboard"').waitFor();
  assert.ok(await page.getByRole("button", { name: "Keep for everybody" }).isDisabled());
  await text.fill(source.replace("name: my-fleet", "name: judged").replace("name: Events}", 'name: "<b>Three</b>"}').replace("SELECT count(*) FROM agent_audit_log WHERE", "SELECT count(*) FROM agent_audit_log WHERE source <> 'internal' AND"));
  await page.locator(".board-figure", { hasText: /^3/ }).waitFor();
  await page.getByRole("heading", { name: "<b>Three</b>" }).waitFor();
  await accessible(page, "dashboard");
  await page.getByRole("button", { name: "Keep for everybody" }).click();
  await page.waitForURL(/\/dashboards\/judged/);
  // The address changes before the page does: what is typed until then is typed into the one that goes.
  await text.waitFor({ state: "detached" });
  const variable = page.getByLabel(/^Agent/);
  await variable.fill("nobody");
  await page.locator(".board-figure", { hasText: /^0/ }).waitFor();
  assert.match(page.url(), /var-agent=nobody/);
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "File" }).click()]);
  assert.equal(file.suggestedFilename(), "judged.yaml");
  const saved = await file.path();
  assert.match(readFileSync(saved, "utf8"), /name: judged/);
  assert.deepEqual(page.faults, []);
  const other = await open(browser, program.url);
  await other.goto(`${program.url}/dashboards`);
  await other.getByRole("link", { name: /judged.*shared|shared.*judged/ }).waitFor();
  await other.getByLabel("A dashboard as a file").setInputFiles({ name: "broken.yaml", mimeType: "application/yaml", buffer: Buffer.from("kind: [") });
  await other.getByRole("alert").filter({ hasText: "broken.yaml: line" }).waitFor();
  await other.getByLabel("A dashboard as a file").setInputFiles({ name: "judged.yaml", mimeType: "application/yaml", buffer: readFileSync(saved) });
  await other.waitForURL(/\/dashboards\/judged/);
  await other.locator(".board-figure", { hasText: /^3/ }).waitFor();
  assert.deepEqual(other.faults, []);
  await other.context().close();
  await page.context().close();
});

test("a query in pipes answers, says what it means, is saved under a name and found again", async () => {
  const page = await open(browser, program.url);
  await page.goto(`${program.url}/explore?mode=pipes`);
  const query = page.getByLabel("Query in pipes");
  await query.fill("agent_audit_log\n| outcome_statu = 'failure'");
  await page.keyboard.press("Control+Enter");
  await page.getByRole("alert").filter({ hasText: 'did you mean "outcome_status"' }).waitFor();
  await query.fill("agent_audit_log\n| outcome_status = 'failure'\n| count() as failures by agent_id");
  await page.keyboard.press("Control+Enter");
  await page.getByRole("heading", { name: "1 row" }).waitFor();
  await page.getByRole("button", { name: "What it means" }).click();
  await page.getByText("failures: how many events").waitFor();
  await accessible(page, "pipes");
  await page.getByRole("button", { name: "Saved", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name").fill("<i>Failures</i>");
  await page.keyboard.press("Enter");
  await dialog.getByRole("link", { name: "<i>Failures</i>" }).waitFor();
  await accessible(page, "saved searches");
  await page.goto(`${program.url}/explore`);
  await page.getByRole("button", { name: "Saved", exact: true }).click();
  await dialog.getByRole("link", { name: "<i>Failures</i>" }).click();
  await page.waitForURL(/mode=pipes/);
  await page.getByRole("heading", { name: "1 row" }).waitFor();
  assert.deepEqual(page.faults.filter((fault) => !fault.includes("status of 400")), []);
  await page.context().close();
});
