// Matchers of silences, the order of alerts, and what a runbook shows.

import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { allLabels, byGravity, isRuleFile, matchersOf, matchesLabels, mutesAll, parseMatcher, perStep, renderMatcher, saidOf, valueText, groupOf } from "./alerting.ts";
import { blocksOf } from "./runbook.ts";

const parsed = (...texts: string[]) => texts.map((text) => parseMatcher(text)).filter((matcher) => matcher !== null);

describe("matchers", () => {
  it("are read and written back, whatever stands in a value", () => {
    for (const value of ["a", "", 'x" or 1="1', "back\\slash", "=~", "two words"]) {
      const text = renderMatcher({ name: "agent_id", sign: "!=", value });
      expect(parseMatcher(text)).toEqual({ name: "agent_id", sign: "!=", value });
    }
    expect(parseMatcher(" severity = warning ")).toEqual({ name: "severity", sign: "=", value: "warning" });
    for (const text of ["", "agent_id", '="x"', 'a="b" c', 'a=="b"']) expect(parseMatcher(text)).toBeNull();
  });

  it("match as the server does: the whole value, and a missing label as an empty one", () => {
    const labels = { agent_id: "eng/coder", severity: "critical" };
    expect(matchesLabels(parsed('agent_id=~"eng/.*"', 'severity!="info"'), labels)).toBe(true);
    expect(matchesLabels(parsed('agent_id=~"eng"'), labels)).toBe(false);
    expect(matchesLabels(parsed('team!~".+"'), labels)).toBe(true);
    expect(matchesLabels(parsed('agent_id=~"("'), labels)).toBe(false);
    expect(matchesLabels(parsed('agent_id!~"("'), labels)).toBe(false);
  });

  it("that fit everything are found out", () => {
    for (const texts of [[], ['x!="y"'], ['x=~".*"'], ['x=""']]) expect(mutesAll(parsed(...texts)), texts.join()).toBe(true);
    expect(mutesAll(parsed('x!="y"', 'agent_id="a"'))).toBe(false);
  });

  it("made of an alert fit this alert and no other", () => {
    const alert = { rule: "r", severity: "warning" as const, labels: { agent_id: 'a"b' } };
    const matchers = parsed(...matchersOf(allLabels(alert)));
    expect(matchers).toHaveLength(3);
    expect(matchesLabels(matchers, allLabels(alert))).toBe(true);
    expect(matchesLabels(matchers, allLabels({ ...alert, labels: { agent_id: "a" } }))).toBe(false);
  });
});

describe("alerts", () => {
  it("stand with the gravest first, and the newest of a kind before the older", () => {
    const at = (severity: "critical" | "warning" | "info", starts_at: string) => ({ severity, starts_at });
    const list = [at("info", "2026-01-03T00:00:00Z"), at("warning", "2026-01-01T00:00:00Z"), at("warning", "2026-01-02T00:00:00Z"), at("critical", "2026-01-01T00:00:00Z")];
    expect(list.toSorted(byGravity).map((one) => one.severity + one.starts_at.slice(8, 10))).toEqual(["critical01", "warning02", "warning01", "info03"]);
  });

  it("show what was computed as it is", () => {
    expect([valueText(0.12345678), valueText("<b>"), valueText(null), valueText({ a: 1 })]).toEqual(["0.1235", "<b>", "null", '{"a":1}']);
    expect([valueText(322_382_133, "age"), valueText(7, "count")]).toEqual(["5 min 22 s", "7"]);
  });

  it("say their summary, and what was computed where it says no more than the title", () => {
    const alert = { title: "Slow", annotations: { summary: "Slow" }, shown: { n_slow: "7 events", share: "25 %" } };
    expect(saidOf(alert)).toBe("n slow 7 events, share 25 %");
    expect(saidOf({ ...alert, annotations: { summary: "a was slow" } })).toBe("a was slow");
    expect(saidOf({ ...alert, annotations: {}, shown: {} })).toBe("");
    expect(saidOf({ ...alert, annotations: {}, shown: { started: "2026-11-22T03:33:22.273574Z" } })).not.toContain("T03:33");
  });

  it("that a replay found are counted where they fall, and those outside nowhere", () => {
    const firings = [0, 5, 9, 10, -1].map((second) => ({ at: new Date(second * 1000).toISOString() }));
    expect(perStep(firings, 0, 10_000, 2)).toEqual([1, 2]);
    expect(perStep([{ at: "nonsense" }], 0, 10_000, 2)).toEqual([0, 0]);
  });
});

describe("files of rules", () => {
  it("have plain names: no folder, no dot at the beginning, YAML", () => {
    expect(["my-rules.yaml", "a.yml"].every(isRuleFile)).toBe(true);
    for (const name of ["../x.yaml", "a/b.yaml", ".x.yaml", "x.json", "", "x.yaml\n"]) expect(isRuleFile(name), name).toBe(false);
  });
});

describe("runbooks", () => {
  it("of the built-in rules are shown whole: every step, and every command as one", () => {
    const folder = new URL("../../../docs/runbooks/", import.meta.url);
    for (const name of readdirSync(folder)) {
      const text = readFileSync(new URL(name, folder), "utf8");
      const blocks = blocksOf(text);
      const steps = text.match(/^\d+\. /gm)?.length ?? 0;
      const numbered = blocks.filter((block) => block.kind === "item" && /^\d+\./.test(block.spans.map((span) => span.text).join("")));
      expect(numbered.length, name).toBe(steps);
      expect(blocks.filter((block) => block.kind === "code").length, name).toBeGreaterThanOrEqual(text.match(/^ {4,}tachograph sql/gm)?.length ?? 0);
      const shown = blocks.map((block) => ("spans" in block ? block.spans.map((span) => span.text).join("") : block.text)).join("\n");
      expect(shown, name).not.toMatch(/\*\*|\]\(/);
    }
  });

  it("keep markup of others as text", () => {
    expect(blocksOf("<script>alert(1)</script> [x](javascript:alert(1))")).toEqual([{ kind: "text", spans: [{ kind: "text", text: "<script>alert(1)</script> " }, { kind: "text", text: "x" }, { kind: "text", text: ")" }] }]);
  });
});

it("an alert is told from others of its rule by what its labels add", () => {
  expect(groupOf({ alertname: "x", severity: "critical", tier: "security", source_ip: "198.51.100.7" })).toBe("source ip 198.51.100.7");
  expect(groupOf({ alertname: "x", agent_id: "eng/a", session_id: "s-1", workflow_id: "w" })).toBe("eng/a · workflow id w");
  expect(groupOf({ session_id: "s-1", user_id: "" })).toBe("session id s-1");
  expect(groupOf({ severity: "info" })).toBe("");
});
