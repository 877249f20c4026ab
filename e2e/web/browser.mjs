// The browser that judges: Debian's Chromium, without a window. Every page tells what went wrong on it.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { chromium } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
export const WAIT_MS = 20_000;

export const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });

/** A page that notes errors, refusals by the content policy, and requests to any other host. */
export async function open(browser, url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, colorScheme: "light", acceptDownloads: true, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(WAIT_MS);
  const faults = [];
  page.on("pageerror", (error) => faults.push(`error: ${error.message}`));
  page.on("console", (line) => {
    if (line.type() === "error" && !/ERR_CONNECTION|ERR_INCOMPLETE_CHUNKED|status of (401|404|503)|ERR_EMPTY_RESPONSE|ERR_SOCKET/.test(line.text())) faults.push(`console: ${line.text()}`);
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(url) && !/^(blob|data):/.test(request.url())) faults.push(`asked elsewhere: ${request.url()}`);
  });
  page.faults = faults;
  return page;
}

/** Signs in as the page does; the cookie is the browser's from then on. */
export async function signIn(page, program, key) {
  const answer = await page.context().request.post(`${program.url}/v1/session`, { headers: { "x-tachograph-page": "1" }, data: { key } });
  assert.equal(answer.status(), 200, await answer.text());
}

/** Axe finds nothing serious; it runs in the page's own world only, so the content policy stays as it is. */
export async function accessible(page, name) {
  const found = await page.evaluate(`(() => { ${AXE}; return axe.run(document, { resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] }); })()`);
  const serious = found.violations.filter((one) => one.impact === "serious" || one.impact === "critical");
  const told = serious.map((one) => `${one.id}: ${one.nodes.slice(0, 3).map((node) => `${node.html.slice(0, 160)} ${node.any[0]?.message ?? ""}`).join(" | ")}`);
  assert.deepEqual(told, [], `${name}: ${told.join("\n")}`);
}
