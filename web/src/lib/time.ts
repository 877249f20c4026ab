// Moments in the reader's zone; the exact one in UTC stands beside it on hover.

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", second: "2-digit" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto", style: "short" });

export function parseTime(text: string | null | undefined): Date | null {
  const ms = Date.parse(text ?? "");
  return Number.isFinite(ms) ? new Date(ms) : null;
}

/** The time of day for today, with the date for other days. */
export function shortTime(at: Date, now = new Date()): string {
  return at.toDateString() === now.toDateString() ? clock.format(at) : day.format(at);
}

/** Both spellings: the reader's zone in words, and UTC as it was recorded. */
export function exactTime(text: string): string {
  const at = parseTime(text);
  return at === null ? text : `${full.format(at)}\n${text} (UTC)`;
}

const MOMENT = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z/g;

/** A text in which moments are the reader's. */
export function inReadersTime(text: string): string {
  return text.replace(MOMENT, (moment) => shortTime(new Date(moment)));
}

const UNITS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
];

export function ago(at: Date, now = Date.now()): string {
  const seconds = Math.round((at.getTime() - now) / 1000);
  const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? ["second", 1];
  if (unit === "second" && Math.abs(seconds) < 5) return "now";
  return relative.format(Math.trunc(seconds / size), unit);
}
