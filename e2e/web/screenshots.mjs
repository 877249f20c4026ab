// Pictures of every page, wide and narrow, light and dark, of the demo fleet and of an empty store, to be looked at.
//
//     TACHOGRAPH=target/debug/tachograph node e2e/web/screenshots.mjs FOLDER [PART OF AN ADDRESS ...]
//
// FOLDER/STORE-WIDTH-LOOK/PAGE.png is a page at its full height; FOLDER/sheet-STORE-WIDTH-LOOK-N.png shows several
// at once. What a page complained of (errors, requests elsewhere, too wide) is printed, and makes the exit code 1.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { launch, open } from "./browser.mjs";
import { filled, ownPages } from "./demo.mjs";
import { PAGES } from "./pages.mjs";
import { Program } from "./program.mjs";

const WIDTHS = { wide: { width: 1440, height: 900 }, narrow: { width: 360, height: 780 } };
const LOOKS = ["light", "dark"];
/** Charts draw after their figures are there. */
const DRAWN_MS = 900;
const HEIGHT_PX_MAX = 6000;
const SHEET = { wide: { across: 3, rows: 1, width: 660, height: 1100 }, narrow: { across: 9, rows: 1, width: 215, height: 1100 } };

const [folder, ...parts] = process.argv.slice(2);
if (!folder) {
  console.error("where to? node screenshots.mjs FOLDER [PART OF AN ADDRESS ...]");
  process.exit(2);
}
const nameOf = (path) => path.replace(/^\//, "").replace(/[^a-z0-9]+/gi, "-").replace(/-$/, "") || "overview";

async function look(page, program, { path, name }, store, width) {
  await page.goto(program.url + path);
  await page.locator(".page-head h1, .first-run").first().waitFor();
  await page.waitForFunction(() => document.querySelector(".bone") === null);
  for (const scheme of LOOKS) {
    await page.emulateMedia({ colorScheme: scheme });
    await page.waitForTimeout(DRAWN_MS);
    const { over, height } = await page.evaluate(() => ({ over: document.documentElement.scrollWidth - window.innerWidth, height: document.documentElement.scrollHeight }));
    if (over > 0) page.faults.push(`${over} pixels too wide`);
    const clip = { x: 0, y: 0, width: WIDTHS[width].width, height: Math.min(Math.max(height, WIDTHS[width].height), HEIGHT_PX_MAX) };
    await page.screenshot({ path: join(folder, `${store}-${width}-${scheme}`, `${name}.png`), fullPage: true, clip });
  }
  return page.faults.splice(0).map((fault) => `${store} ${width} ${path}: ${fault}`);
}

async function walk(browser, program, store, width, pages) {
  for (const scheme of LOOKS) mkdirSync(join(folder, `${store}-${width}-${scheme}`), { recursive: true });
  const page = await open(browser, program.url, { viewport: WIDTHS[width], reducedMotion: "reduce" });
  const faults = [];
  for (const one of pages) faults.push(...(await look(page, program, one, store, width).catch((error) => [`${store} ${width} ${one.path}: ${error.message}`])));
  await page.context().close();
  return faults;
}

/** Several pages on one picture, each with its name above and cut at the foot. */
async function sheets(browser, store, width, scheme, pages) {
  const { across, rows, width: w, height: h } = SHEET[width];
  const page = await browser.newPage({ viewport: { width: across * (w + 8), height: rows * (h + 28) } });
  const file = (name) => join(folder, `${store}-${width}-${scheme}`, `${name}.png`);
  pages = pages.filter(({ name }) => existsSync(file(name)));
  for (let from = 0, n = 1; from < pages.length; from += across * rows, n += 1) {
    const cells = pages.slice(from, from + across * rows).map(({ name }) => {
      const picture = readFileSync(file(name)).toString("base64");
      return `<figure style="margin:0 4px;width:${w}px;height:${h + 28}px;overflow:hidden"><figcaption style="font:14px sans-serif;height:22px">${name}</figcaption><img style="width:${w}px" src="data:image/png;base64,${picture}"></figure>`;
    });
    await page.setContent(`<body style="margin:0;display:flex;flex-wrap:wrap;background:#aac">${cells.join("")}`);
    writeFileSync(join(folder, `sheet-${store}-${width}-${scheme}-${n}.png`), await page.screenshot());
  }
  await page.close();
}

const browser = await launch();
const faults = [];
for (const [store, command] of [["fleet", "demo"], ["empty", "serve"]]) {
  const program = await Program.start(command);
  try {
    if (command === "demo") await filled(program);
    const all = [...PAGES.map((path) => ({ path, name: nameOf(path) })), ...(await ownPages(program))];
    const there = command === "demo" ? all : all.filter(({ path }) => !/^\/(events|agents)\//.test(path));
    const pages = there.filter(({ path }) => parts.length === 0 || parts.some((part) => path.includes(part)));
    faults.push(...(await Promise.all(Object.keys(WIDTHS).map((width) => walk(browser, program, store, width, pages)))).flat());
    for (const width of Object.keys(WIDTHS)) for (const scheme of LOOKS) await sheets(browser, store, width, scheme, pages);
    console.log(`${store}: ${pages.length} pages`);
  } finally {
    await program.end();
  }
}
await browser.close();
for (const fault of faults) console.log(fault);
process.exitCode = faults.length > 0 ? 1 : 0;
