import { expect, test } from "vitest";
import { cellText } from "./report.ts";

test("cells of a report are read as what their column says", () => {
  expect(cellText("time", "2026-11-21T20:22:01.517742Z")).toBe("2026-11-21 20:22:01");
  expect(cellText("success_percent", 97.2)).toBe("97.2 %");
  expect(cellText("cost_usd", 1.5)).toBe("$1.50");
  expect(cellText("tokens", 12345)).toBe("12,345");
  expect(cellText("error", "2026 was not a good year")).toBe("2026 was not a good year");
  expect(cellText("error", null)).toBe("");
});
