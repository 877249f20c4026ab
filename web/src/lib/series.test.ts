import { expect, test } from "vitest";
import { axisOf, timeLabels } from "./series.ts";

const HOUR = 3_600_000;
const at = Date.parse("2026-11-21T03:30:00Z");

test("a time axis has as many words as tell its moments apart", () => {
  const hours = timeLabels([at, at + HOUR, at + 2 * HOUR]);
  expect(new Set(hours).size).toBe(3);
  expect(hours[0]).not.toMatch(/2026|Nov/);
  const days = timeLabels([at, at + 24 * HOUR, at + 72 * HOUR]);
  expect(new Set(days).size).toBe(3);
  expect(days[0]).not.toMatch(/:/);
  expect(new Set(timeLabels([at, at + 1000])).size).toBe(2);
  expect(new Set(timeLabels([at, at + 12 * HOUR, at + 36 * HOUR])).size).toBe(3);
  expect(timeLabels([])).toEqual([]);
  expect(timeLabels([Number.NaN, at])[0]).toBe("–");
});

test("bars are even, also where nothing happened", () => {
  const axis = axisOf(at + 5, at + 3 * HOUR, 3600);
  expect(axis.times.length).toBe(4);
  expect(axis.times.every((time) => time % HOUR === 0)).toBe(true);
});
