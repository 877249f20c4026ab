// Incidents: opened by hand, shaped, merged; responses that wait for a person.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { accessible, launch, open } from "./browser.mjs";
import { Program } from "./program.mjs";

const RULE = `id: forbidden
title: Something forbidden was done
severity: critical
query: agent_audit_log | action = 'forbidden'
every: stream
window: 1h
respond: [halt]
`;
const CONFIG = `[otlp]
http = "127.0.0.1:0"
grpc = "127.0.0.1:0"
[alerts.responses.halt]
kind = "stop_agent"
minutes = 30
approve = true
`;

let program;
let browser;
before(async () => {
  const folder = mkdtempSync(join(tmpdir(), "tachograph-web-"));
  mkdirSync(join(folder, "rules"));
  writeFileSync(join(folder, "rules/own.yaml"), RULE);
  writeFileSync(join(folder, "config.toml"), CONFIG);
  program = await Program.start("serve", { folder });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await program?.end();
});

test("an incident is opened by hand, takes an event, and is merged into another", async () => {
  const page = await open(browser, program.url);
  const index = await program.send({ agent: { id: "judge/app" }, action: { type: "tool", name: "Bash" }, id: "seen-1" });
  await page.goto(`${program.url}/incidents`);
  await page.getByRole("button", { name: "Open one" }).click();
  const dialog = page.getByRole("dialog");
  await accessible(page, "opening");
  await dialog.getByLabel("What happened").fill("Customers see wrong invoices");
  await dialog.getByLabel(/^Agent/).fill("judge/app");
  await dialog.getByLabel(/Your name/).fill("Judge");
  await dialog.getByRole("button", { name: "Open" }).click();
  await page.getByRole("link", { name: "Customers see wrong invoices" }).click();
  await page.getByText("the incident was opened by hand").waitFor();
  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("menuitem", { name: "Attach an event" }).click();
  await dialog.getByLabel("Its entry or id").fill(String(index));
  await dialog.getByRole("button", { name: "Attach" }).click();
  await page.getByText("Bash of judge/app").waitFor();
  const other = program.run("incidents", "open", "The same once more").trim();
  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("menuitem", { name: "Merge into another" }).click();
  await dialog.getByLabel("The other incident's id").fill(other);
  await dialog.getByRole("button", { name: "Merge" }).click();
  await page.getByRole("link", { name: "merged into another" }).click();
  await page.getByText(/was merged into it: Customers see wrong invoices/).waitFor();
  await accessible(page, "merged");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a response waits for a person, who agrees; and an alert is detached", async () => {
  const page = await open(browser, program.url);
  await program.send({ agent: { id: "judge/billing" }, action: { type: "tool", name: "forbidden" }, id: "forbidden-1" });
  await page.goto(`${program.url}/incidents`);
  await page.getByRole("link", { name: "Something forbidden was done" }).click();
  await page.getByText("a person has to agree").waitFor();
  await accessible(page, "responses");
  await page.getByRole("button", { name: "Approve halt" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel(/Your name/).fill("Judge");
  await dialog.getByRole("button", { name: "Approve" }).click();
  await page.getByText("judge/billing is stopped").first().waitFor();
  const stopped = await fetch(`${program.url}/v1/agents/stopped`).then((answer) => answer.json());
  assert.deepEqual(stopped.stopped.map((stop) => [stop.agent, stop.by]), [["judge/billing", "Judge"]]);
  await page.getByRole("button", { name: "Detach: Something forbidden was done" }).click();
  await dialog.getByRole("button", { name: "Detach" }).click();
  await page.getByText("no longer part of it: Something forbidden was done").waitFor();
  assert.deepEqual(page.faults, []);
  await page.context().close();
});
