// The time range of a view: a preset such as `24h`, `all`, or two moments. It lives in the URL.

export type Range = { kind: "last"; preset: Preset; ms: number } | { kind: "all" } | { kind: "between"; from: number; to: number };

export const PRESETS = { "15m": 15, "1h": 60, "6h": 360, "24h": 1440, "7d": 10080, "30d": 43200 } as const;
export type Preset = keyof typeof PRESETS;

const NAMES: Record<Preset, string> = {
  "15m": "Last 15 minutes",
  "1h": "Last hour",
  "6h": "Last 6 hours",
  "24h": "Last 24 hours",
  "7d": "Last 7 days",
  "30d": "Last 30 days",
};

export function readRange(params: URLSearchParams, fallback: Preset = "24h"): Range {
  const [from, to] = [Date.parse(params.get("from") ?? ""), Date.parse(params.get("to") ?? "")];
  if (Number.isFinite(from) && Number.isFinite(to) && from < to) return { kind: "between", from, to };
  const word = params.get("range") ?? fallback;
  if (word === "all") return { kind: "all" };
  const preset = word in PRESETS ? (word as Preset) : fallback;
  return { kind: "last", preset, ms: PRESETS[preset] * 60_000 };
}

export function writeRange(params: URLSearchParams, range: Range): URLSearchParams {
  const out = new URLSearchParams(params);
  for (const name of ["range", "from", "to"]) out.delete(name);
  if (range.kind === "between") {
    out.set("from", new Date(range.from).toISOString());
    out.set("to", new Date(range.to).toISOString());
  } else {
    out.set("range", range.kind === "all" ? "all" : range.preset);
  }
  return out;
}

export function rangeName(range: Range): string {
  if (range.kind === "all") return "All time";
  if (range.kind === "last") return NAMES[range.preset];
  const format = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
  return format.formatRange(range.from, range.to);
}

/** The condition on `timestamp`, with a leading AND-able form; `back` shifts the window into the past. */
export function rangeSql(range: Range, back = 0): string {
  if (range.kind === "all") return back === 0 ? "TRUE" : "FALSE";
  if (range.kind === "between") {
    const shift = back * (range.to - range.from);
    return `timestamp >= ${moment(range.from - shift)} AND timestamp < ${moment(range.to - shift)}`;
  }
  const minutes = PRESETS[range.preset];
  const from = `timestamp >= now() - INTERVAL '${minutes * (back + 1)} minutes'`;
  return back === 0 ? from : `${from} AND timestamp < now() - INTERVAL '${minutes * back} minutes'`;
}

export function moment(ms: number): string {
  return `TIMESTAMP '${new Date(ms).toISOString()}'`;
}

const STEPS = [1, 5, 15, 30, 60, 300, 900, 1800, 3600, 10800, 21600, 43200, 86400, 604800, 2592000];

/** Seconds of a histogram's bar so that there are some `bars` of them. */
export function stepSeconds(spanMs: number, bars = 60): number {
  const wanted = spanMs / 1000 / bars;
  return STEPS.find((step) => step >= wanted) ?? STEPS[STEPS.length - 1] ?? 86400;
}

/** Where the window lies now, for axes and for searches; `first` is the oldest event, for "all". */
export function bounds(range: Range, now: number, first = now - 86_400_000): [number, number] {
  if (range.kind === "between") return [range.from, range.to];
  return range.kind === "all" ? [first, now] : [now - range.ms, now];
}
