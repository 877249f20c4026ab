// Tasks and what they wait for, the network, and the state of tachograph's own parts.

import { describe, expect, it } from "vitest";
import { type Edge, filtered, nodesOf, scaled, shortName, spiral } from "./network.ts";
import { ownParts } from "./ownhealth.ts";
import { type StepRow, tasksOf } from "./tasks.ts";

const NOW = Date.parse("2026-01-01T12:00:00Z");
const at = (minutesAgo: number) => new Date(NOW - minutesAgo * 60_000).toISOString();

const step = (index: number, fields: Partial<StepRow>): StepRow => ({
  task: "t",
  step: "extract",
  kind: "workflow",
  subject: null,
  first: at(5),
  last: at(5),
  index,
  status: "success",
  doing: "step_finished_not",
  agent_id: "a",
  to_agent: null,
  asks: null,
  answered: 0,
  blocking: null,
  approval: null,
  expected_us: null,
  escalation_us: null,
  ...fields,
});
const request = (index: number, fields: Partial<StepRow>) => step(index, { kind: "communication", step: "review", doing: "inter_agent_request", asks: 1, to_agent: "b", status: "unknown", expected_us: 600e6, escalation_us: 3_600e6, ...fields });

describe("tasks under way", () => {
  it("show their steps in the order of the log, and stand at the last one", () => {
    const [task] = tasksOf([step(7, { step: "load", doing: "loading" }), step(3, { step: "extract", doing: "x" }), step(5, { step: "clean", doing: "x", status: "failure" })], [], NOW);
    expect(task?.steps.map((one) => [one.name, one.state])).toEqual([["extract", "done"], ["clean", "failed"], ["load", "now"]]);
    expect(task).toMatchObject({ waitsFor: null, delay: "none", ageMs: 300_000, index: 7 });
  });

  it("are over when a workflow says so, and when a message is answered or asks nothing", () => {
    for (const doing of ["workflow_finished", "task_completion", "workflow_cancelled"]) expect(tasksOf([step(1, { doing })], [], NOW), doing).toEqual([]);
    expect(tasksOf([step(1, { step: "end", doing: "x" })], [], NOW)).toEqual([]);
    expect(tasksOf([request(1, { answered: 1 })], [], NOW)).toEqual([]);
    expect(tasksOf([request(1, { asks: 0 })], [], NOW)).toEqual([]);
  });

  it("are answered by whoever was asked, at the same stage and later, and by nobody else", () => {
    const answer = { from_agent: "b", to_agent: "a", stage: "review", last: at(1) };
    expect(tasksOf([request(1, {})], [answer], NOW)).toEqual([]);
    for (const other of [{ from_agent: "c" }, { to_agent: "c" }, { stage: "other" }, { last: at(9) }]) expect(tasksOf([request(1, {})], [{ ...answer, ...other }], NOW)).toHaveLength(1);
  });

  it("say for whom they wait and when that is too long", () => {
    const delay = (minutes: number) => tasksOf([request(1, { first: at(minutes), last: at(minutes) })], [], NOW)[0]?.delay;
    expect([delay(9), delay(11), delay(61)]).toEqual(["none", "late", "escalated"]);
    expect(tasksOf([request(1, {})], [], NOW)[0]?.waitsFor).toEqual({ kind: "agent", id: "b" });
    expect(tasksOf([step(1, { approval: 1, doing: "x" })], [], NOW)[0]?.waitsFor).toEqual({ kind: "person" });
    expect(tasksOf([step(1, { status: "failure", doing: "x", last: at(61) })], [], NOW)[0]).toMatchObject({ waitsFor: { kind: "step", name: "extract" }, delay: "silent" });
  });

  it("that are the same asked again are one line, as old as the first", () => {
    const ask = (index: number, minutes: number, fields: Partial<StepRow> = {}) => request(index, { task: `t${index}`, subject: "S", first: at(minutes), last: at(minutes), ...fields });
    const lines = tasksOf([ask(1, 3), ask(2, 8), ask(3, 1), ask(4, 2, { to_agent: "c" }), ask(5, 2, { subject: "T" }), ask(6, 90)], [], NOW);
    expect(lines.map((task) => [task.times, task.ageMs / 60_000, task.index]).sort()).toEqual([[1, 2, 4], [1, 2, 5], [1, 90, 6], [3, 8, 3]]);
  });

  it("that block others come first", () => {
    const ids = tasksOf([step(9, { task: "plain", doing: "x" }), request(5, { task: "waits" }), request(3, { task: "blocks", blocking: 1 })], [], NOW).map((task) => task.id);
    expect(ids).toEqual(["blocks", "waits", "plain"]);
  });
});

describe("the network", () => {
  const edge = (source: string, target: string, n: number, failures = 0): Edge => ({ source, target, n, failures, asks: 0, p50: null, p95: null, last: at(0) });
  const edges = [edge("eng/a", "eng/b", 10), edge("eng/b", "ops/c", 2, 1), edge("ops/c", "eng/a", 1)];

  it("is filtered by agent, failures and volume", () => {
    const names = (filter: Partial<Parameters<typeof filtered>[1]>) => filtered(edges, { who: "", failing: false, least: 1, ...filter }).map((one) => one.n);
    expect([names({}), names({ who: "OPS/" }), names({ failing: true }), names({ least: 2 })]).toEqual([[10, 2, 1], [2, 1], [2], [10, 2]]);
  });

  it("has each agent once, with what it sent and received", () => {
    expect(nodesOf(edges)).toEqual([
      { id: "eng/a", sent: 10, received: 1, failures: 0 },
      { id: "eng/b", sent: 2, received: 10, failures: 1 },
      { id: "ops/c", sent: 1, received: 2, failures: 0 },
    ]);
  });

  it("of many has the busiest in the middle, all within the frame, and is the same each time", () => {
    const nodes = Array.from({ length: 500 }, (_, place) => ({ id: `a${place}`, sent: place, received: 0 }));
    const places = spiral(nodes, 600, 400);
    expect(places.get("a499")).toEqual({ x: 0, y: 0 });
    expect([...places.values()].every(({ x, y }) => Math.abs(x) <= 300 && Math.abs(y) <= 200)).toBe(true);
    expect(spiral(nodes.toReversed(), 600, 400)).toEqual(places);
    expect(spiral([{ id: "one", sent: 1, received: 0 }], 10, 10).get("one")).toEqual({ x: 0, y: 0 });
  });

  it("draws more as wider, within bounds", () => {
    expect([scaled(1, 100, 1, 7), scaled(100, 100, 1, 7), scaled(1, 1, 1, 7)]).toEqual([1, 7, 1]);
    expect(scaled(10, 100, 1, 7)).toBeCloseTo(4);
    expect([shortName("eng/a"), shortName("plain"), shortName("end/")]).toEqual(["a", "plain", "end/"]);
  });
});

describe("tachograph's own parts", () => {
  const good = { tachograph_up: 1, tachograph_queue_jobs: 0, tachograph_queue_limit_jobs: 10, 'tachograph_follower_lag_seconds{follower="sealer"}': 0.4, 'tachograph_follower_lag_events{follower="sealer"}': 3, 'tachograph_follower_lag_seconds{follower="tiles"}': 40, tachograph_verify_good: 1, tachograph_verify_entries: 5 };
  const state = (metrics: Record<string, number>, name: string) => ownParts({ ...good, ...metrics }).find((part) => part.name === name)?.state;

  it("are good, to be watched or bad by their figures, and unknown without one", () => {
    expect([state({}, "Recorder"), state({ tachograph_up: 0 }, "Recorder")]).toEqual(["ok", "fail"]);
    expect([state({}, "Queue"), state({ tachograph_queue_jobs: 8 }, "Queue"), state({ tachograph_queue_jobs: 10 }, "Queue")]).toEqual(["ok", "warn", "fail"]);
    expect([state({}, "Sealer"), state({ 'tachograph_follower_lag_seconds{follower="sealer"}': 6 }, "Sealer"), state({ 'tachograph_follower_failing{follower="sealer"}': 1 }, "Sealer")]).toEqual(["ok", "warn", "fail"]);
    expect([state({}, "Tiles"), state({}, "Store"), state({ tachograph_verify_good: 0 }, "Integrity")]).toEqual(["ok", "unknown", "fail"]);
  });
});
