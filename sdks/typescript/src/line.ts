/** One event as one line of JSON that the server takes: never throws, within what a call may cost and the server takes. */
import { FULL, Walk, type Json, type Size } from "./plain.js";

/** One event as JSON, bytes. The server takes 1 MiB; what it adds must fit beside. */
export const EVENT_BYTES_MAX = (1 << 20) - (64 << 10);
/** Lengths to which strings are cut, tried in turn until the event fits, characters. */
const STRING_LENGTHS = [8 << 10, 1 << 10, 16];

/** The event as one line; what was left out of it is told in `cut_bytes` and `cut_values`. */
export function line(event: Record<string, unknown>, size: Size = FULL): string {
  const walk = new Walk(size);
  const copy = walk.value(event) as { [name: string]: Json };
  if (walk.cutChars > 0) copy["cut_bytes"] = walk.cutChars;
  if (walk.leftOut > 0) copy["cut_values"] = walk.leftOut;
  const whole = JSON.stringify(copy);
  // A character is at most three bytes of UTF-8, so most events need no count.
  if (whole.length * 3 <= EVENT_BYTES_MAX || Buffer.byteLength(whole) <= EVENT_BYTES_MAX) return whole;
  // Within the limits of a walk, only control characters need so many bytes.
  let text = whole;
  for (const length of STRING_LENGTHS) {
    const shorter = cut(copy, length) as { [name: string]: Json };
    shorter["cut_bytes"] = walk.cutChars + Buffer.byteLength(whole) - Buffer.byteLength(JSON.stringify(shorter));
    text = JSON.stringify(shorter);
    if (Buffer.byteLength(text) <= EVENT_BYTES_MAX) break;
  }
  return text;
}

function cut(value: Json, length: number): Json {
  if (typeof value === "string") {
    return value.length <= length + 64 ? value : `${value.slice(0, length)}… [${value.length - length} characters cut]`;
  }
  if (Array.isArray(value)) return value.map((item) => cut(item, length));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [cut(name, length), cut(item, length)]));
}
