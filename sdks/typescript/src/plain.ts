/**
 * Any value as JSON, as much of it as a call may cost. Never throws.
 *
 * What JSON has no word for is told as text: `[circular]`, `[function f]`, `[3 bytes]`. Errors keep their name and
 * message, dates are ISO 8601, maps are objects, sets are arrays.
 *
 * The bound: a walk looks at so many values, and keeps so many characters, however large what it is given is. What is
 * left out is said where it was. A text may have half of the characters that are left, so that those behind it have
 * some; an object inside of another leaves values for its neighbours.
 */

/** How much one event may hold. The same numbers in every language: sdks/conformance. */
export interface Size {
  values: number;
  chars: number;
}

export const FULL: Size = { values: 4000, chars: 128 << 10 };
/** While memory is more than half full. */
export const TIGHT: Size = { values: 250, chars: 4 << 10 };
/** A text may always have so many characters. */
export const TEXT_LEAST = 16;
/** Nesting; the server takes 64. */
const DEPTH_MAX = 60;
/** Values that an object inside of another leaves for each of its neighbours. */
const RESERVE = 16;
/** A text that the program put together in pieces is joined by the first look at it, and that takes time with its
 * length: texts of so many characters are looked at in one event, of others only the length is told. */
const JOINED_MAX = 8 << 20;
const WORD_MAX = 256;
/** Larger numbers take long to spell. */
const BIGINT_MAX = 2n ** 4096n;

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** A copy that holds nothing but JSON. */
export function plain(value: unknown): Json {
  return new Walk().value(value) ?? null;
}

/** A copy of an object's own members that costs no more than a call may, with the number of those that are not in it. */
export function few(object: object): Record<string, unknown> {
  if (ArrayBuffer.isView(object)) return { bytes: object.byteLength }; // it has a member for each
  if (Array.isArray(object) && object.length > FULL.values) {
    return { ...(object.slice(0, FULL.values) as unknown[]), members_left_out: object.length - FULL.values };
  }
  const names = Object.keys(object);
  if (names.length <= FULL.values) return { ...object };
  const kept = names.slice(0, FULL.values).map((name) => [name, (object as Record<string, unknown>)[name]]);
  return { ...Object.fromEntries(kept), members_left_out: names.length - FULL.values };
}

/** One look at a value. */
export class Walk {
  /** What is left. */
  values: number;
  chars: number;
  cutChars = 0;
  leftOut = 0;
  private joined = JOINED_MAX;
  private readonly above = new Set<object>();

  constructor(size: Size = FULL) {
    this.values = size.values;
    this.chars = size.chars;
  }

  /** `undefined` is left out, as JSON does. `floor`: so many values are left for others. */
  value(value: unknown, depth = 0, floor = 0): Json | undefined {
    switch (typeof value) {
      case "string":
        return this.text(value);
      case "boolean":
        return value;
      case "number":
        return Number.isFinite(value) ? value : String(value);
      case "bigint":
        return value < BIGINT_MAX && value > -BIGINT_MAX ? this.text(value.toString()) : "[a number of more than 4096 bits]";
      case "undefined":
        return undefined;
      case "symbol":
        return this.text(value.toString());
      case "function":
        return this.text(`[function ${nameOf(value)}]`);
      default:
        return value === null ? null : this.object(value as object, depth, floor);
    }
  }

  /** At most half of the characters that are left, and no half of a word: half a secret is no longer known for one. */
  private text(text: string): string {
    const room = Math.max(this.chars >> 1, TEXT_LEAST);
    const { length } = text;
    if (length <= room) {
      this.chars -= length;
      return text;
    }
    this.joined -= length;
    let kept = this.joined < 0 ? "" : text.slice(0, room);
    const space = Math.max(kept.lastIndexOf(" "), kept.lastIndexOf("\n"));
    if (space > 0 && space >= kept.length - WORD_MAX) kept = kept.slice(0, space + 1);
    this.chars -= kept.length;
    this.cutChars += length - kept.length;
    return `${kept}… [${length - kept.length} characters cut]`;
  }

  private object(value: object, depth: number, floor: number): Json {
    if (this.above.has(value)) return "[circular]";
    if (depth >= DEPTH_MAX) return "[too deep]";
    this.above.add(value);
    try {
      return this.inside(value, depth, floor);
    } catch (error) {
      return unreadable(error);
    } finally {
      this.above.delete(value);
    }
  }

  private inside(value: object, depth: number, floor: number): Json {
    if (Array.isArray(value)) return this.items(value, value.length, depth, floor);
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? "[invalid date]" : value.toISOString();
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return `[${value.byteLength} bytes]`;
    if (value instanceof RegExp || value instanceof URL) return this.text(String(value));
    if (value instanceof Set) return this.items(value, value.size, depth, floor);
    if (value instanceof Map) return this.members(value.keys(), value.size, (name) => value.get(name), depth, floor);
    if (value instanceof Error) return this.error(value, depth, floor);
    const told: unknown = (value as { toJSON?: unknown }).toJSON;
    if (typeof told === "function") return this.value(told.call(value, ""), depth + 1, floor) ?? null;
    const names = Object.keys(value);
    return this.members(names, names.length, (name) => (value as Record<string, unknown>)[name as string], depth, floor);
  }

  private items(items: Iterable<unknown>, size: number, depth: number, floor: number): Json {
    const made: Json[] = [];
    for (const item of items) {
      if (this.values <= floor) break;
      this.values--;
      made.push(this.value(item, depth + 1, floor) ?? null);
    }
    if (made.length < size) {
      this.leftOut += size - made.length;
      made.push(`… [${size - made.length} items left out]`);
    }
    return made;
  }

  private members(names: Iterable<unknown>, size: number, read: (name: unknown) => unknown, depth: number, floor: number): Json {
    const made: { [name: string]: Json } = {};
    let left = size;
    for (const name of names) {
      if (this.values <= floor) break;
      left--;
      const reserve = Math.min(RESERVE * left, Math.floor((this.values - floor) / 2));
      const value = this.value(attempt(read, name), depth + 1, floor + reserve);
      if (value === undefined) continue;
      this.values--;
      set(made, this.text(typeof name === "string" ? name : String(name)), value);
    }
    if (left > 0) {
      this.leftOut += left;
      made["members_left_out"] = left;
    }
    return made;
  }

  private error(error: Error, depth: number, floor: number): Json {
    const own = new Set(["type", "message", "stack", "cause", ...Object.keys(error)]);
    const read = (name: unknown) => (name === "type" ? error.name : (error as unknown as Record<string, unknown>)[name as string]);
    return this.members(own, own.size, read, depth, floor);
  }
}

/** `__proto__` is a member like any other. */
function set(made: { [name: string]: Json }, name: string, value: Json): void {
  if (name !== "__proto__") made[name] = value;
  else Object.defineProperty(made, name, { value, enumerable: true, configurable: true, writable: true });
}

/** A getter may throw; its neighbours are kept. */
function attempt(read: (name: unknown) => unknown, name: unknown): unknown {
  try {
    return read(name);
  } catch (error) {
    return unreadable(error);
  }
}

function unreadable(error: unknown): string {
  try {
    return `[unreadable: ${(error instanceof Error ? error.message : String(error)).slice(0, 1000)}]`;
  } catch {
    return "[unreadable]";
  }
}

function nameOf(made: unknown): string {
  try {
    return String((made as { name?: unknown }).name);
  } catch {
    return "";
  }
}
