// Health checks at the page: what is good, what wants attention, what can't be answered; and the page that is saved.

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
});
after(async () => {
  await browser?.close();
  await program?.end();
});

const SIZES = [
  ["wide", { viewport: { width: 1440, height: 900 } }],
  ["dark and narrow", { viewport: { width: 360, height: 740 }, colorScheme: "dark" }],
];
const fits = (page) => page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth);

/** A report is about what a checkpoint covers. */
async function sealed(size) {
  const reached = async () => (await (await fetch(`${program.url}/health`)).json()).sealed >= size;
  while (!(await reached())) await new Promise((resolve) => setTimeout(resolve, 50));
}

test("an empty store has a health check, too: what can't be answered says why", async () => {
  const page = await open(browser, program.url);
  await page.goto(`${program.url}/reports?kind=health-monthly`);
  await page.getByText("No report is kept").waitFor();
  await page.getByText("reports.schedule of the configuration").waitFor();
  await page.getByRole("button", { name: "Show it" }).click();
  await page.getByText("Nothing is recorded yet").waitFor();
  await page.getByText("nothing: the log is empty").waitFor();
  await page.getByText("cannot be answered").first().waitFor();
  await accessible(page, "a report about an empty store");
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

test("a day's figures stand beside their thresholds, with the entry that shows each, and are drawn", async () => {
  for (let turn = 0; turn < 3; turn += 1) await program.send(tool("Ba<i>sh</i>", { turn }, { status: "success" }));
  const failed = await program.send(tool("Ba<i>sh</i>", {}, { status: "failure", error: { message: "no" } }));
  await sealed(failed + 1);
  const today = new Date().toISOString().slice(0, 10);
  for (const [name, options] of SIZES) {
    const page = await open(browser, program.url, options);
    await page.goto(`${program.url}/reports?kind=health-daily&day=${today}`);
    await page.getByRole("button", { name: "Show it" }).click();
    await page.getByRole("heading", { name: `Daily health check, ${today}` }).waitFor();
    const row = page.getByRole("row", { name: /^Actions that failed/ });
    await row.getByText("attention", { exact: true }).waitFor();
    await row.getByText("25", { exact: true }).waitFor();
    await row.getByText("at most 5", { exact: true }).waitFor();
    assert.equal(await row.getByRole("link", { name: String(failed) }).getAttribute("href"), `/events/${failed}`);
    const unknown = page.getByRole("row", { name: /^Events that were refused/ });
    await unknown.getByText("cannot be answered").waitFor();
    await unknown.getByText("what is refused is not on the log").waitFor();
    await page.getByText(/^\d+ good$/).waitFor();
    await page.getByRole("img", { name: /^Actions an hour, 24 bars/ }).waitFor();
    await accessible(page, `a health check, ${name}`);
    assert.ok(await fits(page), `${name}: the page is not wider than the screen`);
    assert.deepEqual(page.faults, []);
    await page.context().close();
  }
});

test("the page that is saved draws its figures, runs nothing, and can be read wide and narrow, light and dark", async () => {
  const page = await open(browser, program.url);
  await page.goto(`${program.url}/reports?kind=health-daily&day=${new Date().toISOString().slice(0, 10)}`);
  const saving = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save as HTML" }).click();
  const text = readFileSync(await (await saving).path(), "utf8");
  assert.ok(text.includes("<svg") && !text.includes("<script") && !text.includes("<i>sh</i>"));
  await page.context().close();
  for (const [name, options] of SIZES) {
    const saved = await open(browser, program.url, options);
    await saved.setContent(text);
    await saved.getByRole("heading", { name: "Availability" }).waitFor();
    assert.equal(await saved.getByRole("img", { name: "Actions an hour" }).count(), 1);
    assert.ok(await fits(saved), `${name}: the page is not wider than the screen`);
    await accessible(saved, `a saved health check, ${name}`);
    assert.deepEqual(saved.faults, []);
    await saved.context().close();
  }
});
