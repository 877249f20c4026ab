// Turns as they are drawn.

import { describe, expect, it } from "vitest";
import type { Turn } from "../api/oncall.ts";
import { colors, days, pieces, spanText, targets } from "./oncall.ts";

const turn = (person: string | undefined, from: string, until: string): Turn => ({ ...(person ? { person } : {}), from, until, from_local: from, until_local: until });
const at = Date.parse;

describe("the time line of a schedule", () => {
  const from = at("2026-01-05T00:00:00Z");
  const until = at("2026-01-15T00:00:00Z");

  it("cuts turns where the line ends, and leaves out what lies beside it", () => {
    const turns = [turn("x", "2026-01-01T00:00:00Z", "2026-01-05T00:00:00Z"), turn("ana", "2026-01-04T00:00:00Z", "2026-01-10T00:00:00Z"), turn(undefined, "2026-01-10T00:00:00Z", "2026-01-12T12:00:00Z"), turn("bo", "2026-01-12T12:00:00Z", "2026-01-19T00:00:00Z")];
    const drawn = pieces(turns, from, until);
    expect(drawn.map((piece) => [piece.turn.person, piece.left, piece.width, piece.open])).toEqual([
      ["ana", 0, 0.5, false],
      [undefined, 0.5, 0.25, false],
      ["bo", 0.75, 0.25, true],
    ]);
    expect(pieces([turn("ana", "rubbish", "2026-01-12T00:00:00Z")], from, until)).toEqual([]);
  });

  it("has a midnight for each day of the reader, also where clocks change", () => {
    for (const [from, until] of [
      ["2026-03-20T10:00:00Z", "2026-04-03T10:00:00Z"],
      ["2026-10-20T10:00:00Z", "2026-11-03T10:00:00Z"],
    ]) {
      const found = days(at(from as string), at(until as string));
      expect(found.length).toBe(14);
      expect(found.every((day) => day.at.getHours() === 0 && day.left >= 0 && day.left < 1)).toBe(true);
      expect(new Set(found.map((day) => day.at.toDateString())).size).toBe(14);
      expect(found.filter((day) => day.weekend).length).toBe(4);
    }
  });

  it("gives the same people the same colours, and more people than colours one each", () => {
    expect(colors(["bo", "ana", "bo"])).toEqual(new Map([["ana", "var(--t-1)"], ["bo", "var(--t-2)"]]));
    const many = colors(Array.from({ length: 9 }, (_, n) => `p${n}`));
    expect([many.size, many.get("p6")]).toEqual([9, "var(--t-1)"]);
  });
});

describe("a policy", () => {
  it("is told in words", () => {
    expect([0, 1, 60, 900, 5400, 90_061].map(spanText)).toEqual(["at once", "1 second", "1 minute", "15 minutes", "1 hour 30 minutes", "1 day 1 hour 1 minute 1 second"]);
    expect(targets({ after_s: 0, receivers: ["team"], people: ["bo"], schedules: ["ops"] })).toEqual(["on call in ops", "bo", "team"]);
  });
});
