// Answers of `date_bin` queries as even series: a bar for every step, also where nothing happened.

export interface Axis {
  /** Beginning of each bar, milliseconds. */
  times: number[];
  labels: string[];
  stepMs: number;
}

const BARS_MAX = 2000;
/** Above it the day stands beside the time. */
const LONG_MS = 26 * 3600_000;

/** The words of a time axis: no more of date and clock than tells its moments apart. */
function labelFormat(long: boolean, stepMs: number): Intl.DateTimeFormat {
  const clock = { hour: "2-digit", minute: "2-digit" } as const;
  return new Intl.DateTimeFormat(undefined, long ? { month: "short", day: "numeric", ...(stepMs < 86_400_000 ? clock : {}) } : { ...clock, ...(stepMs < 60_000 ? { second: "2-digit" } : {}) });
}

/** Labels of the moments that an answer has on its axis. */
export function timeLabels(moments: number[]): string[] {
  const known = moments.filter(Number.isFinite).toSorted((a, b) => a - b);
  const steps = known.slice(1).map((at, place) => at - (known[place] ?? at)).filter((step) => step > 0);
  const format = labelFormat((known.at(-1) ?? 0) - (known[0] ?? 0) > LONG_MS, Math.min(86_400_000, ...steps));
  return moments.map((at) => (Number.isFinite(at) ? format.format(at) : "–"));
}

export function axisOf(from: number, to: number, stepSeconds: number): Axis {
  const stepMs = stepSeconds * 1000;
  const start = Math.floor(from / stepMs) * stepMs;
  const bars = Math.min(BARS_MAX, Math.max(1, Math.ceil((to - start) / stepMs)));
  const times = Array.from({ length: bars }, (_, place) => start + place * stepMs);
  const format = labelFormat(bars * stepMs > LONG_MS, stepMs);
  return { times, labels: times.map((time) => format.format(time)), stepMs };
}

/** Values of rows put on the axis; several rows of one bar are added up. */
export function onAxis<Row extends { t: string }>(axis: Axis, rows: Row[], value: (row: Row) => number): number[] {
  const values = new Array<number>(axis.times.length).fill(0);
  const start = axis.times[0] ?? 0;
  for (const row of rows) {
    const place = Math.floor((Date.parse(row.t) - start) / axis.stepMs);
    if (place >= 0 && place < values.length) values[place] = (values[place] ?? 0) + value(row);
  }
  return values;
}
