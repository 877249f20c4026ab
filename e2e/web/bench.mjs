// Figures of the web interface in Debian's Chromium, over a store that exists: weight, times, long tasks, frames, memory.
//
//     target/bench/load_http --file target/bench/events-200000.ndjson --addr ADDRESS      (fills a server that runs)
//     node e2e/web/bench.mjs http://ADDRESS [first] [pages] [many] [tail] [memory=MINUTES]
//
// `tail` and `memory` add events to that server. `many` starts servers of its own in temporary folders, and needs
// TACHOGRAPH. Each part prints one line of JSON for each figure; the load of the machine stands at the beginning and end.

import { loadavg } from "node:os";
import { launch, open } from "./browser.mjs";
import { Program, tool } from "./program.mjs";

const [url, ...asked] = process.argv.slice(2);
if (!url) {
  console.error("of which server? node bench.mjs http://127.0.0.1:7420 [first] [pages] [many] [tail] [memory=MINUTES]");
  process.exit(2);
}
const wanted = new Map((asked.length > 0 ? asked : ["first", "pages", "many", "tail", "memory=10"]).map((part) => part.split("=")));
const tell = (part, figures) => console.log(JSON.stringify({ part, ...figures }));
const load = () => loadavg()[0].toFixed(1);
const middle = (list) => list.toSorted((a, b) => a - b)[list.length >> 1];
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Clicks the navigation and counts until the page shows all its figures, in the page's own clock. */
const visit = (page, path) =>
  page.evaluate(
    (href) =>
      new Promise((done) => {
        const link = document.querySelector(`nav a[href="${href}"]`);
        const began = performance.now();
        let since = null;
        const look = () => {
          // The old page may stand for some frames more: the heading says which one it is.
          const ready = document.querySelector(".page-head h1")?.textContent.startsWith(link.textContent.trim()) && document.querySelector(".bone") === null;
          since = ready ? (since ?? performance.now()) : null;
          // A page that asks for more once its first answers are there shows its bones within some frames.
          if (since !== null && performance.now() - since > 150) done(Math.round(since - began));
          else requestAnimationFrame(look);
        };
        link.click();
        look();
      }),
    path,
  );

/** Tasks of the main thread over 50 ms, as the browser reports them. */
const watchTasks = (page) =>
  page.addInitScript(() => {
    window.tasks = [];
    new PerformanceObserver((list) => window.tasks.push(...list.getEntries().map((one) => Math.round(one.duration)))).observe({ type: "longtask", buffered: true });
  });

/** The milliseconds that each query took on the wire, from its sending to its last byte. */
function watchQueries(page) {
  const took = [];
  page.on("requestfinished", (request) => {
    if (!new URL(request.url()).pathname.startsWith("/v1/") || request.url().endsWith("/tail")) return;
    const { requestStart, responseEnd } = request.timing();
    took.push(Math.round(responseEnd - requestStart));
  });
  return took;
}

async function first(browser) {
  const times = [];
  let sizes = [];
  for (let turn = 0; turn < 7; turn += 1) {
    const page = await open(browser, url);
    sizes = [];
    page.on("requestfinished", async (request) => {
      const { pathname } = new URL(request.url());
      if (!/^\/(assets\/.*|icon.*)?$/.test(pathname)) return;
      sizes.push(Promise.all([pathname, request.sizes(), request.response().then((answer) => answer.headerValue("content-encoding"))]));
    });
    const began = Date.now();
    await page.goto(url);
    await page.getByRole("link", { name: /^Active agents/ }).waitFor();
    times.push(Date.now() - began);
    await page.waitForFunction(() => document.querySelector(".bone") === null);
    if (turn < 6) await page.context().close();
    else {
      const got = await Promise.all(sizes);
      const sum = (list) => list.reduce((all, [, size]) => all + size.responseBodySize, 0);
      const chart = got.filter(([path]) => /echarts|Chart/.test(path));
      tell("first", { files: got.length, kb: Math.round(sum(got) / 1000), kb_of_charts: Math.round(sum(chart) / 1000), not_brotli: got.filter(([, , encoding]) => encoding !== "br").map(([path]) => path), largest: got.toSorted((a, b) => b[1].responseBodySize - a[1].responseBodySize).slice(0, 5).map(([path, size]) => `${path} ${size.responseBodySize}`) });
      await page.context().close();
    }
  }
  tell("first", { usable_ms_median: middle(times), usable_ms: times, load: load() });
}

async function pages(browser) {
  const turns = new Map();
  for (let turn = 0; turn < 3; turn += 1) {
    const page = await open(browser, url);
    await watchTasks(page);
    const took = watchQueries(page);
    await page.goto(`${url}/settings`);
    await page.locator(".page-head h1").waitFor();
    const paths = await page.evaluate(() => [...document.querySelectorAll("nav a[href]")].map((link) => link.getAttribute("href")).filter((href) => !href.startsWith("/settings")));
    for (const path of [...new Set(paths)]) {
      took.length = 0;
      await page.evaluate(() => (window.tasks.length = 0));
      const ms = await visit(page, path);
      const one = turns.get(path) ?? { ms: [], query_ms_max: [], queries: 0, task_ms_max: 0 };
      turns.set(path, one);
      one.ms.push(ms);
      one.query_ms_max.push(Math.max(0, ...took));
      one.queries = took.length;
      one.task_ms_max = Math.max(one.task_ms_max, ...(await page.evaluate(() => window.tasks)));
    }
    await page.context().close();
  }
  for (const [path, one] of turns) tell("page", { path, ms_median: middle(one.ms), ms_max: Math.max(...one.ms), queries: one.queries, slowest_query_ms_median: middle(one.query_ms_max), longest_task_ms: one.task_ms_max });
  tell("pages", { load: load() });
}

/** A day of so many agents: each sends six messages to others and calls a tool as often. */
async function fill(program, agents) {
  const name = (n) => `team-${n % 40}/agent-${n}`;
  const now = Date.now();
  let lines = [];
  for (let n = 0; n < agents * 6; n += 1) {
    const [from, to] = [n % agents, (n * 7 + Math.floor(n / agents) * 13 + 1) % agents];
    const timestamp = new Date(now - (n % 1440) * 60_000).toISOString();
    lines.push(JSON.stringify({ communication_id: `c${n}`, timestamp, type: "inter_agent_request", sender: { agent_id: name(from) }, receiver: { agent_id: name(to), response_required: n % 3 === 0 }, message: { subject: `s${n}` }, workflow: { task_id: `t${n}`, workflow_stage: `s${n % 7}` } }));
    lines.push(JSON.stringify({ id: `x${n}`, timestamp, agent_id: name(from), action: { type: "tool", name: "Bash" }, outcome: { status: n % 9 ? "success" : "failure" }, duration_ms: n % 900 }));
    if (lines.length < 4000 && n + 1 < agents * 6) continue;
    const answer = await fetch(`${program.url}/log`, { method: "POST", headers: { "content-type": "application/x-ndjson" }, body: lines.join("\n") });
    if (!answer.ok) throw new Error(await answer.text());
    lines = [];
  }
}

async function many(browser) {
  for (const agents of [41, 500, 2000]) {
    const program = await Program.start();
    try {
      await fill(program, agents);
      const page = await open(browser, program.url);
      await watchTasks(page);
      const began = Date.now();
      await page.goto(`${program.url}/operations`);
      await page.locator(".network-frame canvas").first().waitFor();
      await page.waitForFunction(() => document.querySelector(".bone") === null);
      const drawn = Date.now() - began;
      await wait(15_000);
      const tasks = await page.evaluate(() => window.tasks);
      tell("many", { agents, drawn_ms: drawn, longest_task_ms: Math.max(0, ...tasks), tasks_over_100_ms: tasks.filter((ms) => ms > 100), load: load() });
      await page.context().close();
    } finally {
      await program.end();
    }
  }
}

/** Sends so many events a second until it is told to stop; resolves to how many it sent. */
function sending(rate) {
  let going = true;
  let sent = 0;
  const began = Date.now();
  const run = async () => {
    while (going) {
      const due = Math.floor(((Date.now() - began) / 1000) * rate) - sent;
      const lines = Array.from({ length: Math.min(due, 1000) }, (_, n) => JSON.stringify(tool(["Bash", "Read", "Edit", "WebFetch"][n % 4], { n: sent + n, command: "cargo test --workspace" }, { status: n % 9 ? "success" : "failure" }, { agent: { id: `bench/agent-${n % 12}` } })));
      if (lines.length > 0) {
        const answer = await fetch(`${url}/log`, { method: "POST", headers: { "content-type": "application/x-ndjson" }, body: lines.join("\n") });
        if (!answer.ok) throw new Error(await answer.text());
        sent += lines.length;
      }
      await wait(20);
    }
    return { sent, rate: Math.round(sent / ((Date.now() - began) / 1000)) };
  };
  const ended = run();
  return () => {
    going = false;
    return ended;
  };
}

async function tail(browser) {
  const page = await open(browser, url);
  const opened = page.waitForResponse((answer) => answer.url().endsWith("/v1/tail"));
  await page.goto(`${url}/live`);
  await opened;
  const stop = sending(500);
  await wait(3000);
  const frames = await page.evaluate(
    () =>
      new Promise((done) => {
        const gaps = [];
        let last = performance.now();
        const end = last + 20_000;
        const tick = (now) => {
          gaps.push(now - last);
          last = now;
          if (now < end) requestAnimationFrame(tick);
          else done(gaps.slice(1));
        };
        requestAnimationFrame(tick);
      }),
  );
  const { sent, rate } = await stop();
  const ordered = frames.toSorted((a, b) => a - b);
  const at = (part) => Math.round(ordered[Math.floor(ordered.length * part)] * 10) / 10;
  tell("tail", { events: sent, events_a_second: rate, frames_a_second: Math.round(10 * (1000 * frames.length) / frames.reduce((sum, gap) => sum + gap, 0)) / 10, frame_ms_p50: at(0.5), frame_ms_p95: at(0.95), frame_ms_p99: at(0.99), frame_ms_max: Math.round(ordered.at(-1)), load: load() });
  await page.context().close();
}

/** The heap of the page's scripts once all rubbish is gone. */
async function heap(client) {
  for (let turn = 0; turn < 3; turn += 1) await client.send("HeapProfiler.collectGarbage");
  const { usedSize } = await client.send("Runtime.getHeapUsage");
  const { metrics } = await client.send("Performance.getMetrics");
  return { mb: Math.round(usedSize / 10_000) / 100, nodes: metrics.find(({ name }) => name === "Nodes").value };
}

/** What the heap consists of, kB by kind of thing: growth of `code` is the engine's own, compiling what runs often. */
async function heapByKind(client) {
  const parts = [];
  const take = ({ chunk }) => parts.push(chunk);
  client.on("HeapProfiler.addHeapSnapshotChunk", take);
  await client.send("HeapProfiler.takeHeapSnapshot", { reportProgress: false });
  client.off("HeapProfiler.addHeapSnapshotChunk", take);
  const { snapshot, nodes } = JSON.parse(parts.join(""));
  const { node_fields: fields, node_types: types } = snapshot.meta;
  const [type, size] = [fields.indexOf("type"), fields.indexOf("self_size")];
  const kinds = {};
  for (let at = 0; at < nodes.length; at += fields.length) {
    const kind = types[0][nodes[at + type]];
    kinds[kind] = (kinds[kind] ?? 0) + nodes[at + size] / 1000;
  }
  return kinds;
}

async function memory(browser, minutes) {
  const watched = [];
  for (const path of ["/", "/operations", "/live"]) {
    const page = await open(browser, url);
    await page.goto(url + path);
    await page.locator(".page-head h1").waitFor();
    const client = await page.context().newCDPSession(page);
    await client.send("HeapProfiler.enable");
    await client.send("Performance.enable");
    watched.push({ path, page, client, readings: [] });
  }
  const stop = sending(100);
  // The first reading is taken when the list of the live page is full (5,000 events).
  for (let minute = 0; minute <= minutes; minute += 1) {
    await wait(60_000);
    for (const one of watched) {
      one.readings.push(await heap(one.client));
      if (minute === 0) one.first = await heapByKind(one.client);
    }
  }
  const { sent, rate } = await stop();
  for (const { path, page, client, first, readings } of watched) {
    const last = await heapByKind(client);
    const grown_kb = Object.fromEntries(Object.keys(last).map((kind) => [kind, Math.round(last[kind] - (first[kind] ?? 0))]).filter(([, kb]) => kb !== 0));
    tell("memory", { path, minutes, events: sent, events_a_second: rate, heap_mb: readings.map(({ mb }) => mb), nodes: readings.map(({ nodes }) => nodes), grown_kb, load: load() });
    await page.context().close();
  }
}

const PARTS = { first, pages, many, tail, memory };
const browser = await launch();
tell("begin", { load: load(), chromium: browser.version() });
for (const [part, value] of wanted) {
  if (!(part in PARTS)) throw new Error(`no part is named ${part}: ${Object.keys(PARTS).join(", ")}`);
  await PARTS[part](browser, Number(value ?? 10));
}
await browser.close();
