// Answers of `date_bin` queries as even series: a bar for every step, also where nothing happened.

export interface Axis {
  /** Beginning of each bar, milliseconds. */
  times: number[];
  labels: string[];
  stepMs: number;
}

const BARS_MAX = 2000;

export function axisOf(from: number, to: number, stepSeconds: number): Axis {
  const stepMs = stepSeconds * 1000;
  const start = Math.floor(from / stepMs) * stepMs;
  const bars = Math.min(BARS_MAX, Math.max(1, Math.ceil((to - start) / stepMs)));
  const times = Array.from({ length: bars }, (_, place) => start + place * stepMs);
  const long = bars * stepMs > 26 * 3600_000;
  const format = new Intl.DateTimeFormat(undefined, long ? { month: "short", day: "numeric", ...(stepSeconds < 86_400 ? { hour: "2-digit", minute: "2-digit" } : {}) } : { hour: "2-digit", minute: "2-digit", ...(stepSeconds < 60 ? { second: "2-digit" } : {}) });
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
