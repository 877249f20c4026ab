// What is computed of predictions, trades and agents.

import { describe, expect, it } from "vitest";
import { moneyShort } from "./format.ts";
import { type AgentFigures, type Deed, reportOf } from "./intelligence.ts";
import { type Predicted, WITHIN_MS, calibration, figuresOf, importance, judge } from "./models.ts";
import { type SymbolTrades, positionsOf, slippageBars } from "./trades.ts";

const START = Date.parse("2026-01-01T00:00:00Z");
const at = (ms: number) => new Date(START + ms).toISOString();

const predicted = (fields: Partial<Predicted>): Predicted => ({ index: 1, at: at(0), model: "m", symbol: "S", value: 110, base: 100, confidence: 0.8, durationUs: 10, parts: null, ...fields });
const outcome = (ms: number, value: number, symbol = "S") => ({ at: at(ms), symbol, value });

describe("predictions", () => {
  it("are held against the first outcome of their symbol that follows in time", () => {
    const outcomes = [outcome(5_000, 105), outcome(9_000, 90), outcome(-1_000, 50), outcome(1_000, 7, "T")];
    expect(judge([predicted({})], outcomes)[0]).toMatchObject({ outcome: 105, right: true });
    expect(judge([predicted({ at: at(6_000) })], outcomes)[0]).toMatchObject({ outcome: 90, right: false });
    expect(judge([predicted({})], [outcome(WITHIN_MS + 1, 120)])[0]).toMatchObject({ outcome: null, error: null, right: null });
    expect(judge([predicted({ symbol: null })], outcomes)[0]?.outcome).toBeNull();
  });

  it("have no direction without a price before, and none when nothing moved", () => {
    expect(judge([predicted({ base: null }), predicted({ value: 100 }), predicted({ value: null })], [outcome(1, 105)]).map((one) => one.right)).toEqual([null, null, null]);
    expect(judge([predicted({})], [outcome(1, 100)])[0]?.right).toBeNull();
    expect(judge([predicted({ base: null })], [outcome(1, 100)])[0]?.error).toBeCloseTo(0.1);
  });

  it("give figures of those that were judged, and say of how many", () => {
    const judged = judge([predicted({}), predicted({ value: 90, confidence: 0.6 }), predicted({ symbol: "none", parts: { a: -2, b: 1 } })], [outcome(1, 105)]);
    expect(figuresOf(judged)).toEqual([{ model: "m", predictions: 3, judged: 2, accuracy: 0.5, error: (5 / 105 + 15 / 105) / 2, confidence: (0.8 + 0.6 + 0.8) / 3, durationUs: 10, brier: ((0.8 - 1) ** 2 + 0.6 ** 2) / 2, explained: 1 }]);
    expect(importance(judged)).toEqual([{ name: "a", size: 2, n: 1 }, { name: "b", size: 1, n: 1 }]);
  });

  it("fall into one bin each, also at its edges", () => {
    const judged = judge([0, 0.1, 0.55, 0.999, 1].map((confidence) => predicted({ confidence })), [outcome(1, 105)]);
    const bins = calibration(judged);
    expect(bins.map((bin) => bin.n)).toEqual([1, 1, 0, 0, 0, 1, 0, 0, 0, 2]);
    expect(bins[9]?.accuracy).toBe(1);
    expect(bins[2]?.accuracy).toBeNull();
  });
});

describe("trades", () => {
  const row = (fields: Partial<SymbolTrades>): SymbolTrades => ({ symbol: "S", trades: 1, finished: 1, filled: 1, bought: 0, sold: 0, paid: 0, got: 0, last_price: 10, slippage: null, gas: null, p50: null, ...fields });

  it("give what is held, what it is worth, and what came out of it", () => {
    const [one] = positionsOf([row({ bought: 5, paid: 40, sold: 2, got: 22 })]);
    expect(one).toMatchObject({ quantity: 3, value: 30, result: 12 });
    expect(positionsOf([row({ last_price: null, bought: 1, paid: 1 })])[0]).toMatchObject({ value: null, result: null });
  });

  it("are drawn with every step of slippage, and with not more than fit", () => {
    expect(slippageBars([{ ppm: -200, n: 1 }, { ppm: 100, n: 4 }], 100).map((bar) => bar.n)).toEqual([1, 0, 0, 4]);
    expect(slippageBars([], 100)).toEqual([]);
    expect(slippageBars([{ ppm: 0, n: 1 }, { ppm: 1e9, n: 1 }], 100)).toHaveLength(200);
  });

  it("of large sums fit into a figure", () => {
    expect(moneyShort(37_770_123.4)).toMatch(/^\D?37\.8M$/);
    expect([moneyShort(null), moneyShort(12.5)]).toEqual(["–", "$12.50"]);
  });
});

describe("the report of an agent", () => {
  const figures = (fields: Partial<AgentFigures> = {}): AgentFigures => ({ events: 100, sessions: 2, successes: 98, failures: 2, avg: 1e6, cost: 1, models: "a", ...fields });
  const deed = (action_name: string, n: number, failures = 0): Deed => ({ action_type: "tool", action_name, n, failures });
  const told = (now: AgentFigures, before: AgentFigures, deeds = [deed("Bash", 90), deed("Read", 10)], old = deeds) => reportOf(now, before, deeds, old, []).map((one) => `${one.about} ${one.tone} ${one.text}`);

  it("says what it does, how well, what changed and with whom", () => {
    const lines = told(figures(), figures());
    expect(lines).toEqual([
      "does plain It did 100 things in 2 runs, mostly Bash (90%) and Read (10%).",
      "well good 98% of 100 finished actions succeeded; the target is 97.8 %.",
      "changed plain It works much as in the time before.",
      "works plain It exchanged no message with another agent.",
    ]);
  });

  it("names what got worse and better, and only then", () => {
    const lines = told(figures({ successes: 80, failures: 20, avg: 3e6, cost: 9, models: "b" }), figures(), [deed("Bash", 50, 20), deed("Deploy", 3)], [deed("Bash", 50)]).join("\n");
    for (const part of ["well bad 80%", "Bash fails most: 20 times of 50", "less often", "slower: 3 s", "cost $9.00, $1.00 before", "b; before a", "New to it: Deploy"]) expect(lines).toContain(part);
    expect(told(figures(), figures({ successes: 80, failures: 20 })).join("\n")).toContain("changed good It succeeds more often");
  });

  it("says nothing of a rate of a few, nor of a time before that is not known", () => {
    const lines = told(figures({ successes: 2, failures: 1 }), figures({ events: 0 })).join("\n");
    expect(lines).toContain("too little to speak of a rate");
    expect(lines).toContain("Nothing is known of the time before");
    expect(reportOf(figures({ events: 0 }), figures(), [], [], [])).toEqual([]);
  });

  it("tells of those it works with most, and of failures among them", () => {
    const mates = ["a", "b", "c", "d"].map((partner, place) => ({ partner, sent: place, received: 0, failures: place === 1 ? 2 : 0 }));
    expect(reportOf(figures(), figures(), [], [], mates).at(-1)).toEqual({ about: "works", tone: "bad", text: "It works with d (3 sent, 0 received), c (2 sent, 0 received) and b (1 sent, 0 received); 2 messages failed." });
  });
});
