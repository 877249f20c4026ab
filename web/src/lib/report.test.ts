import { expect, test } from "vitest";
import { cellText, places, stateTone } from "./report.ts";

test("cells of a report are read as what their column says", () => {
  expect(cellText("time", "2026-11-21T20:22:01.517742Z")).toBe("2026-11-21 20:22:01");
  expect(cellText("success_percent", 97.2)).toBe("97.2 %");
  expect(cellText("cost_usd", 1.5)).toBe("$1.50");
  expect(cellText("tokens", 12345)).toBe("12,345");
  expect(cellText("error", "2026 was not a good year")).toBe("2026 was not a good year");
  expect(cellText("error", null)).toBe("");
});

test("a check's state has its tone, and what is not known to be good is none of it", () => {
  expect(["good", "attention", "cannot be answered", "else"].map(stateTone)).toEqual(["ok", "fail", "warn", "warn"]);
});

test("a place without a figure is drawn without one", () => {
  const rows = [["00:00", 3, null], ["01:00", 0, 2.5]];
  expect(places(["hour", "actions", "failed_percent"], rows, "hour", "failed_percent")).toEqual([
    { label: "00:00", figure: null },
    { label: "01:00", figure: 2.5 },
  ]);
  expect(places(["hour"], rows, "hour", "gone")[0]).toEqual({ label: "00:00", figure: null });
});
