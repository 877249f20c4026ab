// Turns as they are drawn: where each begins and ends, which days there are, who has which colour.

import type { Policy, Turn } from "../api/oncall.ts";

/** A piece of the time line, in shares of its length. */
export interface Piece {
  turn: Turn;
  left: number;
  width: number;
  /** It goes on beyond the end of the line. */
  open: boolean;
}

/** The pieces of turns on a line from one moment to another, those beside it left out. */
export function pieces(turns: Turn[], from: number, until: number): Piece[] {
  const length = until - from;
  return turns.flatMap((turn) => {
    const [begins, ends] = [Math.max(Date.parse(turn.from), from), Math.min(Date.parse(turn.until), until)];
    if (!(ends > begins)) return [];
    return [{ turn, left: (begins - from) / length, width: (ends - begins) / length, open: Date.parse(turn.until) >= until }];
  });
}

export interface Day {
  at: Date;
  left: number;
  weekend: boolean;
}

/** The midnights of the reader's zone on a line; a day of a changing clock has 23 or 25 hours. */
export function days(from: number, until: number): Day[] {
  const found: Day[] = [];
  const at = new Date(from);
  at.setHours(0, 0, 0, 0);
  if (at.getTime() < from) at.setDate(at.getDate() + 1);
  for (; at.getTime() < until; at.setDate(at.getDate() + 1)) {
    found.push({ at: new Date(at), left: (at.getTime() - from) / (until - from), weekend: [0, 6].includes(at.getDay()) });
  }
  return found;
}

const minutes = new Intl.DateTimeFormat(undefined, { weekday: "short", month: "short", day: "numeric", hour: "2-digit", minute: "2-digit" });

/** A handoff in the reader's zone, to the minute. */
export function handoffTime(text: string): string {
  const at = Date.parse(text);
  return Number.isFinite(at) ? minutes.format(at) : text;
}

/** Colours of people: the same for the same people in whichever order their turns come. */
const COLORS = 6;
export function colors(people: Iterable<string>): Map<string, string> {
  const names = [...new Set(people)].sort();
  return new Map(names.map((name, place) => [name, `var(--t-${(place % COLORS) + 1})`]));
}

/** A time span in whole words: "at once", "15 minutes", "2 hours". */
export function spanText(seconds: number): string {
  if (seconds === 0) return "at once";
  const units: [number, string][] = [
    [86_400, "day"],
    [3_600, "hour"],
    [60, "minute"],
    [1, "second"],
  ];
  const parts: string[] = [];
  let rest = seconds;
  for (const [size, name] of units) {
    const number = Math.floor(rest / size);
    rest %= size;
    if (number > 0) parts.push(`${number} ${name}${number === 1 ? "" : "s"}`);
  }
  return parts.join(" ");
}

/** Who is told at a level, in one line. */
export function targets(level: Policy["levels"][number]): string[] {
  return [...level.schedules.map((name) => `on call in ${name}`), ...level.people, ...level.receivers];
}

/** What to write where there is no schedule yet. */
export const EXAMPLE = `route: {receiver: oncall}
people:
  - {name: ana, receiver: ana-phone}
  - {name: bo, receiver: bo-phone}
schedules:
  - name: ops
    location: Europe/Berlin
    rotations:
      - people: [ana, bo]
        starts: 2026-01-05
        handoff: '09:00'
        length: 1w
receivers:
  - {name: oncall, schedule: ops}
  - name: ana-phone
    webhook_configs: [{url: 'https://example.com/ana'}]
  - name: bo-phone
    webhook_configs: [{url: 'https://example.com/bo'}]
escalations:
  - name: critical
    levels:
      - {after: 0s, schedules: [ops]}
      - {after: 15m, people: [bo]}
    repeat: 2`;
