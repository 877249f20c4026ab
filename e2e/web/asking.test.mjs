// The search bar takes words and pipes; pages that are pressed are there at once; what is told again in an incident is folded.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, launch, open } from "./browser.mjs";
import { Program, tool } from "./program.mjs";

let program;
let browser;
before(async () => {
  program = await Program.start();
  for (const [name, status, agent] of [["Bash", "failure", "judge/a"], ["Bash", "success", "judge/a"], ["Read", "failure", "judge/b"], ["Edit", "success", "judge/b"]]) await program.send(tool(name, { command: "make" }, { status }, { agent: { id: agent }, duration_ms: 7000 }));
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await program?.end();
});

const ask = async (page, text) => {
  const field = page.getByRole("combobox", { name: "Search events" });
  await field.fill(text);
  await field.press("Escape");
  await field.press("Enter");
};

test("conditions in pipes find events, with values to click, and words become pipes", async () => {
  const page = await open(browser, program.url);
  await page.goto(`${program.url}/explore`);
  await ask(page, "outcome_status = 'failure' and duration_ms > 5s");
  await page.getByRole("heading", { name: "2 events" }).waitFor();
  await page.getByTitle(/^Only judge\/b/).click();
  await page.getByRole("heading", { name: "1 event" }).waitFor();
  assert.equal(await page.getByRole("combobox", { name: "Search events" }).inputValue(), "outcome_status = 'failure' and duration_ms > 5s and agent_id = 'judge/b'");
  await ask(page, "status:failed name:bash");
  await page.getByRole("heading", { name: "1 event" }).waitFor();
  await page.getByRole("link", { name: "As pipes" }).click();
  assert.equal(await page.getByLabel("Query in pipes").inputValue(), "agent_audit_log\n| outcome_status = 'failure'\n| lower(action_name) = 'bash'");
  await page.getByRole("heading", { name: "1 row" }).waitFor();
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a bar adds up, behind a search as behind a condition; what is wrong is shown with its place", async () => {
  const page = await open(browser, program.url);
  await page.goto(`${program.url}/explore`);
  await ask(page, "agent:judge/* | count() as n by outcome_status | sort n desc");
  await page.getByRole("heading", { name: "2 rows" }).waitFor();
  await accessible(page, "an answer in the search");
  await ask(page, "duration_ms > 5s | count() by agent_id");
  await page.getByText("judge/b").first().waitFor();
  page.faults.length = 0;
  await ask(page, "agnet_id = 'x' | count()");
  await page.getByText('column 1: there is no column "agnet_id"; did you mean "agent_id"?').waitFor();
  await page.getByRole("button", { name: "Search for these words instead" }).click();
  await page.getByRole("heading", { name: "0 events" }).waitFor();
  await page.context().close();
});

test("pipes are completed as they are typed", async () => {
  const page = await open(browser, program.url);
  await page.goto(`${program.url}/explore`);
  const field = page.getByRole("combobox", { name: "Search events" });
  await field.pressSequentially("outcome_status = 'fai");
  await page.getByRole("option", { name: /^'failure'/ }).waitFor();
  await field.press("ArrowDown");
  await field.press("Tab");
  await field.pressSequentially(" | cou");
  await page.getByRole("option", { name: /^count\(\) by/ }).waitFor();
  await field.press("ArrowDown");
  await field.press("Enter");
  await field.pressSequentially("act");
  await page.getByRole("option", { name: /^action_name/ }).click();
  assert.equal(await field.inputValue(), "outcome_status = 'failure' | count() by action_name");
  await field.press("Escape");
  await field.press("Enter");
  await page.getByRole("heading", { name: "2 rows" }).waitFor();
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("the code of a page comes before its link is pressed, and at last that of every page", async () => {
  const page = await open(browser, program.url);
  await page.goto(`${program.url}/settings`);
  const costs = page.waitForRequest((request) => /assets\/Costs-/.test(request.url()));
  await page.getByRole("link", { name: "Costs", exact: true }).focus();
  await costs;
  await page.waitForRequest((request) => /assets\/FirstRun-/.test(request.url()));
  assert.deepEqual(page.faults, []);
  await page.context().close();
});
