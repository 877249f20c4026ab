import { expect, test } from "vitest";
import { folded } from "./course.ts";

const change = (text: string) => ({ at: "2026-11-21T10:00:00Z", kind: "change", text });
const shown = (lines: ReturnType<typeof change>[]) => folded(lines).map(({ line, before }) => [...before.map((one) => one.text.slice(-1)), line.text].join(" < "));

test("what is told of one thing again is one line, where its newest stands", () => {
  const lines = [change("deployment of a: x, 1"), change("deployment of b:c: y, 2"), change("deployment of a: x, 3"), change("version of a: v, 4"), change("deployment of a: x, 5")];
  expect(shown(lines)).toEqual(["deployment of b:c: y, 2", "version of a: v, 4", "1 < 3 < deployment of a: x, 5"]);
});

test("what stands between is kept between, and other lines are never folded", () => {
  const alert = { ...change("warning: of x: y"), kind: "alert" };
  const lines = [change("model of a: m, 1"), alert, alert, change("model of a: m, 2")];
  expect(shown(lines)).toEqual(["model of a: m, 1", "warning: of x: y", "warning: of x: y", "model of a: m, 2"]);
  expect(folded([])).toEqual([]);
});
