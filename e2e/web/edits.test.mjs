// What takes the place of a critical built-in rule waits for a second person: whoever asked can't agree, another one can, or
// says no; whoever may only look sees it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, launch, open, signIn } from "./browser.mjs";
import { Program } from "./program.mjs";

const RULE = "unauthorized_access";
const FILE = `${RULE}.yaml`;

let program;
let browser;
const keys = {};
before(async () => {
  program = await Program.start();
  browser = await launch();
  for (const [name, role] of [["boss", "admin"], ["<b>ann</b>", "operator"], ["looker", "viewer"]]) {
    const headers = { "content-type": "application/json", ...(keys.boss ? { authorization: `Bearer ${keys.boss}` } : {}) };
    const answer = await fetch(`${program.url}/v1/keys`, { method: "POST", headers, body: JSON.stringify({ name, role }) });
    assert.ok(answer.ok, `${name}: ${answer.status}`);
    keys[name] = (await answer.json()).key;
  }
});
after(async () => {
  await browser?.close();
  await program?.end();
});

async function signedIn(name, path, options) {
  const page = await open(browser, program.url, options);
  await signIn(page, program, keys[name]);
  await page.goto(program.url + path);
  return page;
}

const waiting = (page) => page.locator("section.panel", { has: page.getByRole("heading", { name: /^Waiting for a second person/ }) });
const saved = async () => {
  const answer = await fetch(`${program.url}/v1/alerts/rules/${RULE}`, { headers: { authorization: `Bearer ${keys.boss}` } });
  return (await answer.json()).source;
};

/** What is saved counts once the rules are read again. */
const until = (page, source) => page.waitForFunction(async ([rule, source]) => (await (await fetch(`/v1/alerts/rules/${rule}`)).json()).source === source, [RULE, source]);

test("an edit of a critical built-in rule waits, is agreed with or refused by another person, and never by who asked", async () => {
  const [boss, ann] = [await signedIn("boss", `/rules/${RULE}`), await signedIn("<b>ann</b>", "/rules")];
  await ann.getByRole("table", { name: /rules$/ }).waitFor();
  assert.equal(await waiting(ann).count(), 0, "nothing waits");

  await boss.getByRole("link", { name: "Make it your own" }).click();
  const text = boss.getByLabel("Rules as YAML");
  const own = `# <b>Ours</b>\n${await text.inputValue()}`.replace("severity: critical", "severity: warning");
  const save = async (what) => {
    await text.fill(what);
    await boss.getByText("It is understood").waitFor();
    await boss.getByRole("button", { name: "Save" }).click();
    await boss.getByRole("dialog").getByText("waits for a second person").waitFor();
    await boss.getByRole("dialog").getByRole("button", { name: "Save" }).click();
  };
  await save(own);
  await waiting(boss).getByText(`${FILE} is saved by boss`).waitFor();
  assert.equal(await saved(), "builtin", "nothing is saved yet");
  await waiting(boss).getByRole("button", { name: `Agree with the edit of ${FILE}` }).click();
  await waiting(boss).getByRole("alert").filter({ hasText: /own|second|somebody else/ }).waitFor();
  assert.equal(await saved(), "builtin", "whoever asked can't agree");

  await ann.reload();
  await waiting(ann).getByText("Its text").click();
  await waiting(ann).getByText("# <b>Ours</b>").waitFor();
  await accessible(ann, "an edit that waits");
  await waiting(ann).getByRole("button", { name: `Agree with the edit of ${FILE}` }).focus();
  await ann.keyboard.press("Enter");
  await waiting(ann).waitFor({ state: "detached" });
  await until(boss, FILE);

  await boss.goto(`${program.url}/rules/edit?file=${FILE}`);
  assert.equal(await text.inputValue(), own);
  await save(own.replace("severity: warning", "severity: info"));
  await waiting(boss).getByText(`${FILE} is saved by boss`).waitFor();
  const narrow = await signedIn("<b>ann</b>", "/rules", { viewport: { width: 360, height: 740 }, colorScheme: "dark" });
  await waiting(narrow).getByRole("button", { name: `Say no to the edit of ${FILE}` }).waitFor();
  await accessible(narrow, "an edit that waits, dark and narrow");
  assert.ok(await narrow.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), "the page is not wider than the screen");
  const looker = await signedIn("looker", "/rules");
  await waiting(looker).getByText(FILE).waitFor();
  assert.equal(await waiting(looker).getByRole("button").count(), 0, "a viewer only looks");
  await waiting(narrow).getByRole("button", { name: `Say no to the edit of ${FILE}` }).click();
  await waiting(narrow).waitFor({ state: "detached" });
  await boss.goto(`${program.url}/rules/edit?file=${FILE}`);
  assert.equal(await text.inputValue(), own, "what was refused changes nothing");
  await boss.getByRole("button", { name: "Remove" }).click();
  await boss.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await boss.waitForURL(/\/rules$/);
  await boss.getByRole("table", { name: /rules$/ }).waitFor();
  // To be as built in needs nobody.
  await until(boss, "builtin");
  for (const page of [boss, ann, narrow, looker]) {
    assert.deepEqual(page.faults.filter((fault) => !fault.includes("status of 400")), []);
    await page.context().close();
  }
});
