// Keys, roles, retention, redaction and reports at the page; and what a key sees that is limited to one user.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, launch, open, signIn } from "./browser.mjs";
import { Program, tool } from "./program.mjs";

let program;
let browser;
let admin;
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

test("the first key closes the server, and a key for one user is made and shown once", async () => {
  const page = await open(browser, program.url);
  await page.goto(`${program.url}/settings?section=keys`);
  await page.getByText("There is no key").waitFor();
  await accessible(page, "no keys");
  await page.getByRole("button", { name: "New key" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Who or what will use it").fill("boss");
  assert.ok(await dialog.getByLabel("Role").isDisabled(), "the first one is an administrator's");
  await dialog.getByRole("button", { name: "Make the key" }).click();
  await dialog.getByRole("heading", { name: "The key boss" }).waitFor();
  admin = (await dialog.getByText(/^tgk_[0-9a-f]{64}$/).textContent()).trim();
  await accessible(page, "a new key");
  await dialog.getByRole("button", { name: "I have saved it" }).click();
  await page.getByRole("table", { name: "1 key" }).waitFor();
  assert.equal((await fetch(`${program.url}/v1/search`)).status, 401, "everybody needs one from now on");
  await page.getByRole("button", { name: "New key" }).click();
  await dialog.getByLabel("Who or what will use it").fill("<b>ann</b>");
  await dialog.getByLabel("Sees").selectOption("user");
  await dialog.getByLabel("The user as events name them").fill("ann");
  await dialog.getByRole("button", { name: "Make the key" }).click();
  const limited = (await dialog.getByText(/^tgk_[0-9a-f]{64}$/).textContent()).trim();
  await dialog.getByRole("button", { name: "I have saved it" }).click();
  await page.getByRole("row", { name: /<b>ann<\/b>.*events of the user ann/ }).waitFor();
  assert.ok(!(await page.content()).includes(limited), "it is not shown again");
  for (const [name, options] of SIZES) {
    const other = await open(browser, program.url, options);
    await signIn(other, program, admin);
    await other.goto(`${program.url}/settings?section=keys`);
    await other.getByRole("table", { name: "2 keys" }).waitFor();
    await accessible(other, `keys, ${name}`);
    assert.ok(await other.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), `${name}: the page is not wider than the screen`);
    assert.deepEqual(other.faults, []);
    await other.context().close();
  }
  await seesOneUser(limited);
  await page.getByRole("button", { name: "Revoke <b>ann</b>" }).click();
  await page.getByRole("button", { name: "Revoke it" }).click();
  await page.getByText(/^revoked/).waitFor();
  assert.equal((await fetch(`${program.url}/v1/search`, { headers: { authorization: `Bearer ${limited}` } })).status, 401);
  assert.deepEqual(page.faults, []);
  await page.context().close();
});

async function seesOneUser(key) {
  const headers = { authorization: `Bearer ${admin}` };
  await program.send(tool("HerOwn", { n: 1 }, { status: "success" }, { user: "ann", session_id: "hers" }), headers);
  await program.send(tool("Strangers", { n: 2 }, { status: "success" }, { user: "bob", session_id: "his" }), headers);
  const page = await open(browser, program.url);
  const refused = [];
  page.on("response", (answer) => [401, 403].includes(answer.status()) && refused.push(answer.url()));
  await signIn(page, program, key);
  await page.goto(program.url);
  await page.getByRole("heading", { name: "Overview" }).waitFor();
  for (const hidden of ["Alerts", "Coverage", "Reports"]) assert.equal(await page.getByRole("link", { name: hidden, exact: true }).count(), 0, hidden);
  await page.goto(`${program.url}/mine`);
  await page.getByRole("heading", { name: "My activity" }).waitFor();
  await page.getByText("HerOwn").first().waitFor();
  assert.equal(await page.getByLabel("User name").count(), 0, "there is nobody to choose");
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "As JSON" }).click()]);
  assert.match(file.suggestedFilename(), /ann/);
  await page.goto(`${program.url}/explore?range=all`);
  await page.getByText("HerOwn").first().waitFor();
  assert.equal(await page.getByText("Strangers").count(), 0);
  for (const path of ["/operations", "/agents", "/sessions", "/performance", "/costs", "/security", "/business", "/trading", "/dashboards", "/integrity", "/settings", "/settings?section=keys", "/settings?section=retention", "/settings?section=browser"]) {
    await page.goto(`${program.url}${path}`);
    await page.locator("h1").waitFor();
    await page.waitForLoadState("networkidle").catch(() => undefined);
    assert.equal(await page.getByText("Strangers").count(), 0, path);
  }
  assert.deepEqual(refused, [], "the page asks for nothing that it may not have");
  assert.deepEqual(page.faults, []);
  await page.context().close();
}

test("redaction is tried out, retention is shown, and nothing of the text is recorded", async () => {
  for (const [name, options] of SIZES) {
    const page = await open(browser, program.url, options);
    await signIn(page, program, admin);
    await page.goto(`${program.url}/settings?section=redaction`);
    await page.getByText("Nothing to show yet").waitFor();
    await page.getByRole("button", { name: "An example" }).click();
    await page.getByText(/email · 1 place/).waitFor();
    assert.ok(!(await page.locator("pre.redacted").textContent()).includes("bob@example.com"));
    await accessible(page, `redaction, ${name}`);
    await page.getByLabel(/^A text, or JSON/).fill("nothing secret in here");
    await page.getByText("Nothing was found").waitFor();
    await page.goto(`${program.url}/settings?section=retention`);
    await page.getByRole("heading", { name: "By age" }).waitFor();
    await page.getByText("7 years").waitFor();
    await accessible(page, `retention, ${name}`);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), `${name}: retention is not wider than the screen`);
    await page.goto(`${program.url}/settings`);
    await page.getByRole("heading", { name: "Roles" }).waitFor();
    await accessible(page, `access, ${name}`);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), `${name}: the page is not wider than the screen`);
    assert.deepEqual(page.faults, []);
    await page.context().close();
  }
  const found = await fetch(`${program.url}/v1/search?q=hunter2`, { headers: { authorization: `Bearer ${admin}` } });
  assert.equal((await found.json()).rows_count, 0);
});

test("a report is made by an auditor, taken along as a file, and the log tells of it", async () => {
  const headers = { authorization: `Bearer ${admin}` };
  await program.send(tool("Report<i>ed</i>", {}, { status: "failure", error: { message: "<script>no</script>" } }), headers);
  const made = async (role) => (await (await fetch(`${program.url}/v1/keys`, { method: "POST", headers, body: JSON.stringify({ name: `of-${role}`, role }) })).json()).key;
  const [auditor, viewer] = [await made("auditor"), await made("viewer")];
  const looking = await open(browser, program.url);
  await signIn(looking, program, viewer);
  await looking.goto(`${program.url}/reports`);
  await looking.getByText("Making reports is for auditors").waitFor();
  await looking.getByText("None was made yet").waitFor();
  await accessible(looking, "reports of others");
  const today = new Date().toISOString().slice(0, 10);
  for (const [name, options] of SIZES) {
    const page = await open(browser, program.url, options);
    await signIn(page, program, auditor);
    await page.goto(`${program.url}/reports?day=${today}`);
    await page.getByRole("button", { name: "Show it" }).click();
    await page.getByRole("heading", { name: `Daily agent activity, ${today}` }).waitFor();
    await page.getByRole("region", { name: "Failures" }).getByText("<script>no</script>").waitFor();
    await page.getByText("the time is not over yet").waitFor();
    await accessible(page, `a report, ${name}`);
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), `${name}: the page is not wider than the screen`);
    const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Save as PDF" }).click()]);
    assert.equal(file.suggestedFilename(), `agent-activity-${today}.pdf`);
    await page.getByRole("combobox").selectOption("communication-review");
    await page.getByRole("button", { name: "Show it" }).click();
    await page.getByRole("heading", { name: /^Weekly communication review/ }).waitFor();
    await page.getByText("None in this time").first().waitFor();
    assert.deepEqual(page.faults, []);
    await page.context().close();
  }
  await looking.reload();
  await looking.getByRole("cell", { name: "of-auditor" }).first().waitFor();
  assert.equal(await looking.getByRole("button", { name: "Show it" }).count(), 0);
  assert.deepEqual(looking.faults, []);
  await looking.context().close();
});
