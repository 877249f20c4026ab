/**
 * Any value as JSON, as much of it as a call may cost. Never throws.
 *
 * What JSON has no word for is told as text: `[circular]`, `[function f]`, `[3 bytes]`. Errors keep their name and
 * message, dates are ISO 8601, maps and headers are objects, sets are arrays. An object that shows no member is told as the
 * text that it makes of itself.
 *
 * The bound: a walk looks at so many values, and keeps so many characters, however large what it is given is. What is
 * left out is said where it was. A text may have half of the characters that are left, so that those behind it have
 * some; an object inside of another leaves values for its neighbours.
 */
import { types } from "node:util";

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
export const JOINED_MAX = 8 << 20;
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
        return this.spelt(value);
      case "boolean":
        return value;
      case "number":
        return Number.isFinite(value) ? value : String(value);
      case "bigint":
        if (value < BIGINT_MAX && value > -BIGINT_MAX) return this.text(value.toString());
        return this.stand(value, "[a number of more than 4096 bits]");
      case "undefined":
        return undefined;
      case "symbol":
        return this.text(value.toString());
      case "function":
        return this.stand(value, this.text(`[function ${nameOf(value)}]`));
      default:
        return value === null ? null : this.object(value as object, depth, floor);
    }
  }

  /** What is told in place of a value that is not told in full. Who compares values keeps the value beside it. */
  protected stand(_value: unknown, told: string): Json {
    return told;
  }

  private spelt(text: string): Json {
    const told = this.text(text);
    return told === text ? told : this.stand(text, told);
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
    if (depth >= DEPTH_MAX) return this.stand(value, "[too deep]");
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
    const isOrdinary = Object.getPrototypeOf(value) === Object.prototype;
    const known = isOrdinary ? undefined : this.known(value, depth, floor);
    if (known !== undefined) return known;
    const told: unknown = (value as { toJSON?: unknown }).toJSON;
    if (typeof told === "function") return this.value(told.call(value, ""), depth + 1, floor) ?? null;
    const names = Object.keys(value);
    const text = isOrdinary || names.length > 0 ? undefined : textOf(value);
    if (text !== undefined) return this.spelt(text);
    return this.members(names, names.length, (name) => (value as Record<string, unknown>)[name as string], depth, floor);
  }

  /** What the language brings along, and JSON has no word for. */
  private known(value: object, depth: number, floor: number): Json | undefined {
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? "[invalid date]" : value.toISOString();
    if (isBytes(value)) return this.stand(value, `[${value.byteLength} bytes]`);
    if (types.isBoxedPrimitive(value)) return this.value(value.valueOf(), depth + 1, floor) ?? null;
    if (value instanceof Set) return this.items(value, value.size, depth, floor);
    if (value instanceof Map) return this.members(value.keys(), value.size, (name) => value.get(name), depth, floor);
    if (value instanceof Error) return this.error(value, depth, floor);
    if (!isForm(value)) return undefined;
    const names = new Set(value.keys());
    return this.members(names, names.size, (name) => value.getAll?.(name as string) ?? value.get(name as string), depth, floor);
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
      set(made, this.text(this.named(name, depth, floor)), value);
    }
    if (left > 0) {
      this.leftOut += left;
      made["members_left_out"] = left;
    }
    return made;
  }

  /** A key of a map may be anything; objects are told apart by what they hold. */
  private named(name: unknown, depth: number, floor: number): string {
    if (typeof name === "string") return name;
    return typeof name === "object" ? JSON.stringify(this.value(name, depth + 1, floor)) : String(name);
  }

  private error(error: Error, depth: number, floor: number): Json {
    const own = new Set(["type", "message", "stack", "cause", ...Object.keys(error)]);
    const read = (name: unknown) => (name === "type" ? error.name : (error as unknown as Record<string, unknown>)[name as string]);
    return this.members(own, own.size, read, depth, floor);
  }
}

export function isBytes(value: unknown): value is ArrayBufferView | ArrayBufferLike {
  return ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value);
}

interface Form {
  keys(): Iterable<string>;
  get(name: string): unknown;
  getAll?(name: string): unknown;
}

/** Headers and the fields of a form, whoever made them. */
function isForm(value: object): value is Form {
  const tag: unknown = (value as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag];
  if (tag !== "Headers" && tag !== "FormData") return false;
  const { keys, get } = value as { keys?: unknown; get?: unknown };
  return typeof keys === "function" && typeof get === "function";
}

/** What an object says of itself, if it is more than `[object Object]`. */
function textOf(value: object): string | undefined {
  const { toString } = value as { toString?: unknown };
  const text: unknown = typeof toString === "function" ? toString.call(value) : undefined;
  return typeof text === "string" && !text.startsWith("[object ") ? text : undefined;
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
