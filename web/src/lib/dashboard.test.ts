// Dashboards as files: what is understood, what is refused and where, and what a query becomes.

import { describe, expect, it } from "vitest";
import { EXAMPLE, filledIn, readDashboard } from "./dashboard.ts";

const faultsOf = (source: string) => readDashboard(source).faults.map((fault) => `${fault.line ?? "-"} ${fault.message}`);

describe("a dashboard's file", () => {
  it("of the example is understood, with its panels in their places", () => {
    const { dashboard, faults } = readDashboard(EXAMPLE);
    expect(faults).toEqual([]);
    expect(dashboard).toMatchObject({ name: "my-fleet", title: "My fleet", preset: "24h", refreshMs: 30_000, variables: [{ name: "agent", value: "%" }] });
    expect(dashboard?.panels.map((panel) => [panel.id, panel.kind, panel.x, panel.y, panel.width, panel.height])).toEqual([
      ["events", "StatChart", 0, 0, 6, 8],
      ["failures", "BarChart", 6, 0, 18, 8],
      ["times", "TimeSeriesChart", 0, 8, 12, 9],
      ["worst", "Table", 12, 8, 12, 9],
    ]);
  });

  it("is as good in JSON", () => {
    const source = JSON.stringify({ kind: "Dashboard", metadata: { name: "j" }, spec: { panels: { a: { spec: { queries: [{ spec: { query: "SELECT 1" } }] } } } } });
    expect(readDashboard(source).dashboard?.panels[0]).toMatchObject({ id: "a", kind: "Table", width: 12 });
  });

  it("is refused with the line of what is wrong", () => {
    expect(faultsOf(EXAMPLE.replace("kind: Dashboard", "kind: Board"))).toEqual(['1 kind is "Board", expected "Dashboard"']);
    expect(faultsOf(EXAMPLE.replace("name: my-fleet", "name: ../x"))).toEqual([expect.stringMatching(/^2 metadata.name/)]);
    expect(faultsOf(EXAMPLE.replace("duration: 24h", "duration: 25h"))).toEqual([expect.stringMatching(/^5 duration is "25h"/)]);
    expect(faultsOf(EXAMPLE.replace("refreshInterval: 30s", "refreshInterval: 1s"))).toEqual([expect.stringMatching(/^6 refreshInterval/)]);
    expect(faultsOf(EXAMPLE.replace("BarChart", "PieChart"))[0]).toMatch(/"failures" is a "PieChart"/);
    expect(faultsOf(EXAMPLE.replaceAll("$agent", "$agnt"))[0]).toMatch(/names \$agnt, which is no variable/);
    expect(faultsOf(EXAMPLE.replace("x: 12, y: 8, width: 12", "x: 13, y: 8, width: 12"))[0]).toMatch(/"worst" does not fit/);
    expect(faultsOf(EXAMPLE.replace("panels/worst", "panels/best"))[0]).toMatch(/there is no panel "best"/);
  });

  it("that is rubbish gives faults and never throws", () => {
    for (const source of ["", "[]", "kind: [", "\u0000", "a: &a [*a]", "kind: Dashboard\nspec: 7", "x: ".repeat(500), `${"k: ".repeat(1)}${"[".repeat(2000)}`, "a".repeat(300_000)]) {
      const { dashboard, faults } = readDashboard(source);
      expect(dashboard, source.slice(0, 20)).toBeNull();
      expect(faults.length, source.slice(0, 20)).toBeGreaterThan(0);
    }
  });

  it("may not grow by aliases", () => {
    const bomb = `a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]\n${EXAMPLE}`;
    expect(readDashboard(bomb).dashboard).toBeNull();
  });
});

describe("a query of a dashboard", () => {
  const range = { kind: "last" as const, preset: "1h" as const, ms: 3_600_000 };

  it("gets values as literals, whatever stands in them", () => {
    expect(filledIn("a = $x AND b = $x", { x: "it's'; DROP TABLE y --" }, range, 1)).toBe("a = 'it''s''; DROP TABLE y --' AND b = 'it''s''; DROP TABLE y --'");
    expect(filledIn("a = $x", { x: "$y", y: "z" }, range, 1)).toBe("a = '$y'");
    expect(filledIn("a = $constructor", {}, range, 1)).toBe("a = $constructor");
  });

  it("gets the time as a condition and a step as an interval", () => {
    expect(filledIn("SELECT date_bin($__step, t) WHERE $__range", {}, range, 3_600_000)).toBe("SELECT date_bin(INTERVAL '60 seconds', t) WHERE timestamp >= now() - INTERVAL '60 minutes'");
  });
});
