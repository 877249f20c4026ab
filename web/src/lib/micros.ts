// RFC 3339 with microseconds, without losing them: JavaScript's own dates stop at milliseconds.

export function microsOf(text: string): number | null {
  const match = /^(.+?)(?:\.(\d{1,6}))?(Z|[+-]\d\d:\d\d)$/.exec(text);
  const seconds = match ? Date.parse(`${match[1]}${match[3]}`) : Number.NaN;
  return Number.isNaN(seconds) ? null : seconds * 1000 + Number((match?.[2] ?? "").padEnd(6, "0"));
}
