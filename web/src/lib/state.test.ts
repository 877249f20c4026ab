// What stands in a URL, in a search and in a figure.

import { describe, expect, it } from "vitest";
import { type Day, changesOf } from "./changes.ts";
import { complete } from "./complete.ts";
import { bytes, duration, percent } from "./format.ts";
import { matches } from "./match.ts";
import { microsOf } from "./micros.ts";
import { rangeSql, readRange, stepSeconds, writeRange } from "./range.ts";
import { axisOf, onAxis } from "./series.ts";
import { parseSearch, quote, renderTerm, searchSql, withTerm, withoutTerm } from "./sqltext.ts";
import { type StepEvent, nextFailure, stepsOf } from "./steps.ts";

describe("time ranges", () => {
  it("come back from the URL as they went in", () => {
    for (const text of ["range=1h", "range=all", "from=2026-01-01T00%3A00%3A00.000Z&to=2026-01-02T00%3A00%3A00.000Z"]) {
      expect(writeRange(new URLSearchParams(), readRange(new URLSearchParams(text))).toString()).toBe(text);
    }
  });

  it("fall back where the URL makes no sense, and never reach SQL as they stand", () => {
    for (const text of ["range=1'; --", "from=x&to=y", "from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z"]) {
      expect(readRange(new URLSearchParams(text))).toMatchObject({ kind: "last", preset: "24h" });
    }
    expect(rangeSql(readRange(new URLSearchParams("range=1h")), 1)).toBe("timestamp >= now() - INTERVAL '120 minutes' AND timestamp < now() - INTERVAL '60 minutes'");
  });

  it("have a bearable number of bars", () => {
    for (const hours of [0.1, 1, 24, 24 * 30, 24 * 365]) expect((hours * 3600) / stepSeconds(hours * 3_600_000)).toBeLessThanOrEqual(60);
    const axis = axisOf(0, 3_600_000, 60);
    expect(onAxis(axis, [{ t: "1970-01-01T00:01:30Z", n: 2 }, { t: "1970-01-01T00:01:10Z", n: 3 }, { t: "1980-01-01T00:00:00Z", n: 9 }], (row) => row.n)[1]).toBe(5);
  });
});

describe("searches", () => {
  it("are split as the server splits them, and written back", () => {
    const text = 'status:failed "connection reset" -agent:ops/* duration_us:>1000 name:"a b"';
    expect(parseSearch(text)).toEqual([
      { negated: false, field: "status", compare: "=", value: "failed" },
      { negated: false, field: null, compare: "=", value: "connection reset" },
      { negated: true, field: "agent", compare: "=", value: "ops/*" },
      { negated: false, field: "duration_us", compare: ">", value: "1000" },
      { negated: false, field: "name", compare: "=", value: "a b" },
    ]);
    expect(parseSearch(text).map(renderTerm).join(" ")).toBe(text);
    expect(withoutTerm(withTerm("x", "agent", 'a "b"'), 0)).toBe('agent:"a \\"b\\""');
  });

  it("never leave their quotes in SQL", () => {
    const evil = "x' OR 1=1 --";
    expect(quote(evil)).toBe("'x'' OR 1=1 --'");
    for (const field of ["", "agent:", "status:", "model:", "name:", "id:"]) {
      const sql = searchSql(`${field}"${evil}"`);
      expect(sql.replace(/'(?:[^']|'')*'/g, "")).not.toContain("OR 1=1");
    }
    expect(searchSql('duration_us:>"1; DROP"')).toContain("'1; DROP'");
  });

  it("filter live events alike", () => {
    const row = { agent_id: "ops/a", agent_name: null, outcome_status: "failure", action_type: "tool", action_name: "Bash", duration_us: 5 };
    for (const [text, wanted] of [["status:failed", true], ["agent:ops/*", true], ["-name:Bash", false], ["bas", true], ["duration_us:>4", true], ["duration_us:>5", false], ["user:x", false]] as const) expect(matches(row, text), text).toBe(wanted);
  });

  it("are completed: fields first, then values", () => {
    expect(complete("sta", {})[0]?.text).toBe("status:");
    expect(complete("x -status:fai", {})[0]?.text).toBe("x -status:failed");
    expect(complete("agent:cod", { agent: ["eng/coder", 'a "b"'] })[0]?.text).toBe("agent:eng/coder");
    expect(complete('"open quo', {})).toEqual([]);
  });
});

describe("figures", () => {
  it("are readable at every size", () => {
    expect(duration(950)).toBe("950 µs");
    expect(duration(1_200_000)).toBe("1.2 s");
    expect(duration(3_725_000_000)).toBe("1 h 2 min");
    expect(bytes(1_500)).toBe("1.5 kB");
    expect(percent(null)).toBe("–");
    expect(microsOf("2026-11-21T10:00:50.792519Z")).toBe(1795255250792519);
    expect(microsOf("2026-11-21T10:00:50Z")).toBe(1795255250000000);
    expect(microsOf("nonsense")).toBeNull();
  });
});

describe("changes since yesterday", () => {
  const day = (fields: Partial<Day>): Day => ({ agent_id: "a", agent_name: null, events: 100, events_before: 100, failures: 0, failures_before: 0, done: 100, done_before: 100, cost: 0, cost_before: 0, p50: null, p50_before: null, first_seen: "2026-01-01T00:00:00Z", ...fields });
  const now = Date.parse("2026-06-01T00:00:00Z");

  it("tell what got worse before what got better, and nothing of what stayed", () => {
    const found = changesOf([day({}), day({ agent_id: "b", failures: 30 }), day({ agent_id: "c", failures_before: 30 })], now);
    expect(found.map((change) => [change.agent, change.tone])).toEqual([["b", "bad"], ["c", "good"]]);
    expect(found[0]?.to).toContain("status%3Afailed");
  });

  it("say nothing about the rate of a few", () => {
    expect(changesOf([day({ done: 3, failures: 3, events: 100 })], now)).toEqual([]);
  });

  it("tell of the silent and of the new", () => {
    expect(changesOf([day({ events: 0 })], now)[0]?.text).toContain("went silent");
    expect(changesOf([day({ events_before: 0, first_seen: "2026-05-31T20:00:00Z" })], now)[0]?.text).toContain("first time");
  });
});

describe("steps of a session", () => {
  const event = (index: number, fields: Partial<StepEvent>): StepEvent => ({ index, timestamp: "2026-01-01T00:00:00Z", agent_id: "main", agent_name: null, action_type: "tool", action_name: "Bash", action_details: null, outcome_status: "unknown", outcome_result: null, outcome_error: null, decision: null, duration_us: null, cost_usd: null, tokens_input: null, tokens_output: null, phase: null, call_id: null, parent_id: null, ...fields });

  it("take in what else is told of a call, keep calls apart and nest what sub-agents did", () => {
    const steps = stepsOf([
      event(0, { agent_id: "sub", parent_id: "c" }),
      event(1, { call_id: "c", outcome_status: "failure", action_details: '{"command":"ls"}', began: "2026-01-01T00:00:01Z", lasted_us: 7, duration_us: 5, cost_usd: "2" }),
      event(2, { call_id: "c", action_type: "log", outcome_result: '"x"' }),
      event(3, { agent_id: "sub", parent_id: "c" }),
      event(4, { agent_id: "other" }),
      event(5, { call_id: "c", cost_usd: "1" }),
    ]);
    expect(steps.map((step) => [step.indexes, step.depth, step.failed, step.cost])).toEqual([[[0], 1, false, 0], [[1, 2], 0, true, 2], [[3], 1, false, 0], [[4], 1, false, 0], [[5], 0, false, 1]]);
    expect(steps[1]).toMatchObject({ title: "ls", durationUs: 7, event: { timestamp: "2026-01-01T00:00:01Z", outcome_result: '"x"' } });
  });

  it("lead from failure to failure, around the end", () => {
    const steps = stepsOf([event(1, {}), event(2, { outcome_status: "failure" }), event(3, {}), event(4, { outcome_status: "failure" })]);
    expect([nextFailure(steps, -1, 1), nextFailure(steps, 1, 1), nextFailure(steps, 3, 1), nextFailure(steps, 1, -1)]).toEqual([1, 3, 1, 3]);
    expect(nextFailure(stepsOf([event(1, {})]), 0, 1)).toBe(0);
  });
});
