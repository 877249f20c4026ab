// Operations, business, trading and models, one user's activity: from events that were sent, so that figures are known.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { accessible, launch, open } from "./browser.mjs";
import { Program, tool } from "./program.mjs";

const EVIL = '<img src=x onerror="window.hacked=1">';

const message = (from, to, more = {}) => ({
  communication_id: `${from}-${to}-${more.task ?? "x"}`,
  type: "inter_agent_request",
  timestamp: new Date().toISOString(),
  sender: { agent_id: from },
  receiver: { agent_id: to, response_required: true },
  message: { subject: more.subject ?? "Please review", content: "soon", priority: "high", expected_response_time: "5_minutes" },
  workflow: { task_id: more.task ?? "task-1", workflow_stage: more.stage ?? "review", blocking: true },
});
const step = (name, stage, status = "success") => ({ agent: { id: "judge/flow" }, action: { type: "workflow", name, parameters: {} }, outcome: { status }, workflow: { id: "wf-1", task_id: "nightly", step: stage, workflow_stage: stage } });
const trade = (order, side, quantity, price, expected) => ({ order_id: order, agent_id: "judge/trader", symbol: "ETH-USD", side, quantity, execution_price: price, expected_price: expected, gas_used: 1000, status: "filled", timestamp: new Date().toISOString() });

let program;
let browser;
before(async () => {
  program = await Program.start();
  browser = await launch();
  await program.send(message("judge/a", "judge/b"));
  await program.send(message("judge/a", "judge/c", { task: "task-2", subject: EVIL, stage: "other" }));
  await program.send(step("workflow_started", "extract", "running"));
  await program.send(step("step_finished", "extract"));
  await program.send(step("loading", "load", "running"));
  await program.send({ model_id: "judge-model", agent_id: "judge/trader", input_data: { symbol: "ETH-USD", close: [99, 100] }, prediction: 110, confidence: 0.9, explanation: { values: { momentum: 4, [EVIL]: 2 } }, timestamp: new Date().toISOString() });
  await program.send(trade("0x1", "buy", 3, 101, 100));
  await program.send(trade("0x2", "sell", 1, 105, 105));
  await program.send({ agent: { id: "judge/host" }, action: { type: "metric", name: "credit_balance", parameters: { value: 42.5, unit: "usd" } }, outcome: { status: "success" } });
  await program.send(tool("Bash", { command: "ls" }, { status: "failure", error: { message: "no" } }, { user_id: "judge.user", session: { id: "judge-session" } }));
});
after(async () => {
  await browser?.close();
  await program?.end();
});

test("an operator sees what waits for whom and where a workflow stands, and follows it to its events", async () => {
  const page = await open(browser, program.url);
  await page.goto(`${program.url}/operations`);
  const task = page.locator(".task", { hasText: "Please review" });
  await task.getByText("waits for judge/b").waitFor();
  await task.getByText("blocks others").waitFor();
  const flow = page.locator(".task", { hasText: "judge/flow" });
  assert.deepEqual(await flow.locator(".flow-step").evaluateAll((steps) => steps.map((one) => [one.textContent.trim(), one.dataset.state])), [["extract", "done"], ["load", "now"]]);
  await page.locator(".network-frame canvas").first().waitFor();
  const pairs = page.getByRole("table", { name: "Pairs that talk" });
  assert.equal(await pairs.locator("tbody tr").count(), 2);
  await page.getByPlaceholder("Only this agent").fill("judge/c");
  await pairs.getByText("→ judge/b").waitFor({ state: "detached" });
  assert.match(page.url(), /who=judge/);
  await pairs.getByRole("link").click();
  await page.waitForURL(/\/explore/);
  await page.getByRole("heading", { name: "1 event" }).waitFor();
  await page.goto(`${program.url}/operations`);
  await page.getByText("writes and syncs each event").waitFor();
  await accessible(page, "operations");
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("an answer ends the waiting", async () => {
  const page = await open(browser, program.url);
  await page.goto(`${program.url}/operations`);
  const task = page.locator(".task", { hasText: "Please review" });
  await task.waitFor();
  await program.send({ ...message("judge/b", "judge/a"), type: "inter_agent_response", receiver: { agent_id: "judge/a", response_required: false }, response: { response_time: "48s", status: "approved" } });
  await task.waitFor({ state: "detached" });
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("trades and predictions give the figures that can be computed by hand", async () => {
  const page = await open(browser, program.url);
  await page.goto(`${program.url}/trading`);
  const row = page.getByRole("table", { name: "By instrument" }).locator("tbody tr");
  await row.waitFor();
  // Bought 3 at 101, sold 1 at 105, the last price is 105: 2 are held, worth 210, and 210 + 105 - 303 = 12 came out.
  assert.deepEqual((await row.locator("td").allTextContents()).slice(6), ["2", "$210.00", "$12.00"]);
  await page.getByRole("tab", { name: "Models" }).click();
  await page.waitForURL(/part=models/);
  await page.getByText("of 1 prediction with an outcome").waitFor();
  await page.locator(".leans", { hasText: "momentum" }).waitFor();
  await accessible(page, "models");
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a user finds what is theirs and takes it along", async () => {
  const page = await open(browser, program.url);
  await page.goto(`${program.url}/mine`);
  await page.getByText("Who are you?").waitFor();
  await page.getByLabel("User name").fill("judge.user");
  await page.keyboard.press("Enter");
  await page.getByRole("region", { name: /1 event of this user/ }).waitFor();
  assert.match(page.url(), /user=judge.user/);
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "As JSON" }).click()]);
  const mine = JSON.parse(readFileSync(await file.path(), "utf8"));
  assert.equal(mine.count, 1);
  await page.goto(`${program.url}/mine`);
  await page.getByRole("region", { name: /1 event of this user/ }).waitFor();
  await accessible(page, "my activity");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("the business page and the overview show what events state of workflows and credit", async () => {
  const page = await open(browser, program.url);
  await page.goto(`${program.url}/business`);
  await page.getByRole("table", { name: "Steps of workflows" }).getByRole("link", { name: "extract" }).waitFor();
  await page.getByRole("table", { name: "Users" }).getByRole("link", { name: "judge.user" }).waitFor();
  await accessible(page, "business");
  await page.goto(program.url);
  await page.getByText(/\$42\.50 left/).waitFor();
  assert.deepEqual(page.faults, []);
  await page.context().close();
});
