// The pictures of the documentation, made anew from the demo's fleet and from an empty store.
//
//     TACHOGRAPH=target/debug/tachograph node e2e/web/pictures.mjs docs/screenshots [NAME ...]
//
// Look at each of them before it is kept; `pngquant --ext .png --force --strip` takes two thirds off their size. What a page complained of is printed, and makes the exit code 1.

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launch, open } from "./browser.mjs";
import { filled, ownPages } from "./demo.mjs";
import { Program } from "./program.mjs";

const WIDE = { width: 1280, height: 800 };
const NARROW = { width: 360, height: 780 };
/** Charts draw after their figures are there; a tail is worth a look once it has some lines. */
const DRAWN_MS = 1200;
const TAILED_MS = 9000;

/** Who is on call: the demo says nothing of it. */
const ROUTING = `route: {receiver: oncall}
receivers:
  - {name: oncall, schedule: ops}
  - {name: ana-phone}
  - {name: bo-phone}
  - {name: cy-phone}
people:
  - {name: ana, receiver: ana-phone}
  - {name: bo, receiver: bo-phone}
  - {name: cy, receiver: cy-phone}
schedules:
  - name: ops
    location: Europe/Berlin
    rotations: [{people: [ana, bo, cy], starts: 2026-01-05, handoff: '09:00', length: 2d}]
  - name: nights
    location: Europe/Berlin
    rotations: [{people: [cy, bo], starts: 2026-01-05, length: 1w}]
escalations:
  - {name: critical, levels: [{after: 0s, schedules: [ops]}, {after: 15m, people: [bo]}], repeat: 2}
`;

const [folder, ...wanted] = process.argv.slice(2);
if (!folder) {
  console.error("where to? node pictures.mjs docs/screenshots [NAME ...]");
  process.exit(2);
}

/** Name, address, and what is different from a wide page in light colours. */
async function pictures(program) {
  const own = Object.fromEntries((await ownPages(program)).map(({ name, path }) => [name, path]));
  const [session] = await program.sql("SELECT session_id AS id FROM agent_audit_log WHERE session_id IS NOT NULL GROUP BY 1 HAVING count(*) FILTER (WHERE outcome_status = 'failure') BETWEEN 1 AND 3 AND count(DISTINCT action_name) > 5 ORDER BY count(*) DESC LIMIT 1");
  const [failed] = await program.sql("SELECT index FROM agent_audit_log WHERE action_name = 'Bash' AND outcome_status = 'failure' ORDER BY index LIMIT 1");
  const replay = session ? `/sessions/${encodeURIComponent(session.id)}` : own["one-session"];
  const costs = new URLSearchParams({ mode: "sql", sql: "SELECT date_trunc('hour', timestamp) AS hour, sum(cost_usd) AS cost, count(*) AS events\nFROM agent_audit_log\nWHERE timestamp >= now() - INTERVAL '24 hours'\nGROUP BY 1 ORDER BY 1" });
  return [
    ["overview", "/"],
    ["overview-dark", "/", { colorScheme: "dark" }],
    ["overview-narrow", "/", { viewport: NARROW }],
    ["operations", "/operations"],
    ["operations-narrow", "/operations", { viewport: NARROW }],
    ["agents", "/agents"],
    ["agent", "/agents/eng%2Ftest-runner"],
    ["sessions", "/sessions"],
    ["replay", replay],
    ["replay-narrow", replay, { viewport: NARROW }],
    ["explore", "/explore?q=status%3Afailed"],
    ["explore-sql", `/explore?${costs}`],
    ["live", "/live"],
    ["event", `/events/${failed.index}`],
    ["alerts", "/alerts"],
    ["alert", own["one-alert"]],
    ["incident", own["one-incident"]],
    ["rules", "/rules"],
    ["rule-editor", "/rules/edit?from=failed_logins"],
    ["performance", "/performance"],
    ["costs", "/costs"],
    ["security", "/security"],
    ["business", "/business"],
    ["trading", "/trading"],
    ["dashboard", "/dashboards/example"],
    ["coverage", "/coverage"],
    ["integrity", "/integrity"],
    ["reports", `/reports?day=${new Date().toISOString().slice(0, 10)}`],
  ];
}

async function take(browser, program, [name, path, options = {}]) {
  if (wanted.length > 0 && !wanted.includes(name)) return [];
  const page = await open(browser, program.url, { viewport: WIDE, reducedMotion: "reduce", ...options });
  await page.goto(program.url + path);
  await page.locator(".page-head h1, .first-run").first().waitFor();
  if (name === "reports") await page.getByRole("button", { name: "Show it" }).click();
  if (name === "explore-sql") await page.getByRole("button", { name: /^Run/ }).click();
  if (name === "live") await page.waitForTimeout(TAILED_MS);
  await page.waitForFunction(() => document.querySelector(".bone") === null);
  await page.waitForTimeout(DRAWN_MS);
  await page.screenshot({ path: join(folder, `${name}.png`) });
  await page.context().close();
  return page.faults.map((fault) => `${name}: ${fault}`);
}

const browser = await launch();
const faults = [];
const own = mkdtempSync(join(tmpdir(), "tachograph-web-"));
writeFileSync(join(own, "routing.yaml"), ROUTING);
const empty = await Program.start("serve", { folder: own });
try {
  faults.push(...(await take(browser, empty, ["start", "/"])), ...(await take(browser, empty, ["oncall", "/oncall"])));
} finally {
  await empty.end();
}
const program = await Program.start("demo");
try {
  await filled(program);
  for (const picture of await pictures(program)) faults.push(...(await take(browser, program, picture).catch((error) => [`${picture[0]}: ${error.message}`])));
} finally {
  await program.end();
}
await browser.close();
for (const fault of faults) console.log(fault);
process.exitCode = faults.length > 0 ? 1 : 0;
