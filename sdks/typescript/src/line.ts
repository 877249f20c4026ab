/**
 * Turns any value into one line of JSON that the server takes: never throws, within the server's limits.
 *
 * What JSON has no word for is told as text: `[circular]`, `[function f]`, `[3 bytes]`. Errors keep their name and
 * message, dates are ISO 8601, maps are objects, sets are arrays.
 */

/** One event as JSON, bytes. The server takes 1 MiB; what it adds must fit beside. */
export const EVENT_BYTES_MAX = (1 << 20) - (64 << 10);
/** Nesting; the server takes 64. */
const DEPTH_MAX = 60;
/** Members over all levels; the server takes 4096. */
const FIELDS_MAX = 4000;
/** Values looked at in one event, so that a giant is not walked to its end. */
const VALUES_MAX = 100_000;
/** Lengths to which strings are cut, tried in turn until the event fits, characters. */
const STRING_LENGTHS = [64 << 10, 8 << 10, 1 << 10, 128];

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** A copy that holds nothing but JSON. */
export function plain(value: unknown): Json {
  return new Walk().value(value, 0) ?? null;
}

/**
 * The event as one line.
 *
 * @throws RangeError when it is too large even with its strings cut.
 */
export function line(event: unknown): string {
  const copy = plain(event);
  let text = JSON.stringify(copy);
  // A character is at most three bytes of UTF-8, so most events need no count.
  if (text.length * 3 <= EVENT_BYTES_MAX || Buffer.byteLength(text) <= EVENT_BYTES_MAX) return text;
  const bytes = Buffer.byteLength(text);
  for (const length of STRING_LENGTHS) {
    const shorter = cut(copy, length) as { [name: string]: Json };
    shorter["cut_bytes"] = bytes - Buffer.byteLength(JSON.stringify(shorter));
    text = JSON.stringify(shorter);
    if (Buffer.byteLength(text) <= EVENT_BYTES_MAX) return text;
  }
  throw new RangeError(`the event has ${bytes} bytes, expected at most ${EVENT_BYTES_MAX}`);
}

function cut(value: Json, length: number): Json {
  if (typeof value === "string") {
    return value.length <= length ? value : `${value.slice(0, length)}… [${value.length - length} characters cut]`;
  }
  if (Array.isArray(value)) return value.map((item) => cut(item, length));
  if (value === null || typeof value !== "object") return value;
  return fromMembers(Object.entries(value).map(([name, item]) => [name, cut(item, length)]));
}

/** An object of its own members only: `__proto__` is a member like any other. */
function fromMembers(members: [string, Json][]): { [name: string]: Json } {
  return Object.fromEntries(members);
}

class Walk {
  private readonly above = new Set<object>();
  private fields = 0;
  private values = 0;

  /** `undefined` is left out, as JSON does. */
  value(value: unknown, depth: number): Json | undefined {
    switch (typeof value) {
      case "string":
        return value;
      case "boolean":
        return value;
      case "number":
        return Number.isFinite(value) ? value : String(value);
      case "bigint":
        return value.toString();
      case "undefined":
        return undefined;
      case "symbol":
        return value.toString();
      case "function":
        return `[function ${value.name}]`;
      default:
        return value === null ? null : this.object(value as object, depth);
    }
  }

  private object(value: object, depth: number): Json {
    if (this.above.has(value)) return "[circular]";
    if (depth >= DEPTH_MAX) return "[too deep]";
    if (++this.values > VALUES_MAX) return "[too many values]";
    this.above.add(value);
    try {
      return this.members(value, depth);
    } catch (error) {
      return `[unreadable: ${error instanceof Error ? error.message : String(error)}]`;
    } finally {
      this.above.delete(value);
    }
  }

  private members(value: object, depth: number): Json {
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? "[invalid date]" : value.toISOString();
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
    if (value instanceof RegExp || value instanceof URL) return String(value);
    if (Array.isArray(value)) return this.items(value, depth);
    if (value instanceof Set) return this.items([...value], depth);
    if (value instanceof Map) return this.named([...value].map(([name, item]) => [String(name), item]), depth);
    if (value instanceof Error) return this.error(value, depth);
    const told: unknown = (value as { toJSON?: unknown }).toJSON;
    if (typeof told === "function") return this.value(told.call(value, ""), depth + 1) ?? null;
    return this.named(Object.keys(value).map((name) => [name, this.read(value, name)]), depth);
  }

  /** A getter may throw; its neighbours are kept. */
  private read(value: object, name: string): unknown {
    try {
      return (value as Record<string, unknown>)[name];
    } catch (error) {
      return `[unreadable: ${error instanceof Error ? error.message : String(error)}]`;
    }
  }

  private items(items: readonly unknown[], depth: number): Json {
    const kept = items.slice(0, VALUES_MAX);
    return kept.map((item) => (++this.values > VALUES_MAX ? null : (this.value(item, depth + 1) ?? null)));
  }

  private error(error: Error, depth: number): Json {
    const members: [string, unknown][] = [
      ["type", error.name],
      ["message", error.message],
    ];
    if (error.stack !== undefined) members.push(["stack", error.stack]);
    if (error.cause !== undefined) members.push(["cause", error.cause]);
    for (const name of Object.keys(error)) members.push([name, this.read(error, name)]);
    return this.named(members, depth);
  }

  private named(members: [string, unknown][], depth: number): Json {
    const kept: [string, Json][] = [];
    for (const [at, [name, item]] of members.entries()) {
      if (this.fields >= FIELDS_MAX) {
        kept.push(["members_left_out", members.length - at]);
        break;
      }
      const value = this.value(item, depth + 1);
      if (value === undefined) continue;
      this.fields++;
      kept.push([name, value]);
    }
    return fromMembers(kept);
  }
}
