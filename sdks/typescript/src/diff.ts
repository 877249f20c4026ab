/** What changed between two values, as the audit trail tells it: `{"status": {"before": …, "after": …}}`. */
import { isBytes, JOINED_MAX, Walk, type Json } from "./plain.js";
import { Redactor } from "./redact.js";

export interface Change {
  before: Json;
  after: Json;
}

export type Diff = Record<string, Change>;

export interface DiffOptions {
  /** Changes that are told; behind them stands `changes_left_out` with the number of the others. 200. */
  changesMax?: number;
  /** A value that is longer as JSON is told by its size, characters. 4096. */
  valueMax?: number;
  /** Levels that are compared member by member; below, values are compared as a whole. 8. */
  depthMax?: number;
  /** Members that are not compared, by name or by path: `updatedAt`, `profile.picture`. */
  ignore?: readonly string[];
}

/**
 * Compares two values member by member. Paths are `schedule.cron`, `steps[2].name`, `labels["a.b"]`; a value that is
 * not there is `null`. What JSON has no word for is told as text: dates (ISO 8601), functions, `[3 bytes]`; texts, bytes
 * and functions are compared by their content all the same. Secrets are masked on both sides; that one changed is told
 * all the same. What was beyond the bound of a call is counted in `not_compared`. Never throws.
 */
export function generateDiff(before: unknown, after: unknown, options: DiffOptions = {}): Diff {
  const comparison = new Comparison(options);
  const [first, second] = [new Look(), new Look()];
  comparison.compare("", "", first.value(before) ?? null, second.value(after) ?? null, 0);
  return comparison.result(first.leftOut, second.leftOut);
}

/** Told as a text, and compared by its value: two that are told alike may differ. */
class Stand {
  constructor(
    readonly told: string,
    readonly value: unknown,
  ) {}

  toJSON(): string {
    return this.told;
  }
}

/** A look at a value that keeps what is not told in full, up to a bound; what is beyond it counts as left out. */
class Look extends Walk {
  private room = JOINED_MAX;

  protected override stand(value: unknown, told: string): Json {
    const isBinary = isBytes(value);
    const isKept = isBinary || (typeof value !== "object" && value !== undefined);
    this.room -= isBinary ? value.byteLength : typeof value === "string" ? value.length : 0;
    if (isKept && this.room >= 0) return new Stand(told, value) as unknown as Json; // is one as soon as it is told
    this.leftOut++;
    return told;
  }
}

const NOTHING = "[value]";

class Comparison {
  private readonly changes: [string, Change][] = [];
  private leftOut = 0;
  private readonly redactor = Redactor.standard();
  private readonly changesMax: number;
  private readonly valueMax: number;
  private readonly depthMax: number;
  private readonly ignore: ReadonlySet<string>;

  constructor(options: DiffOptions) {
    this.changesMax = options.changesMax ?? 200;
    this.valueMax = options.valueMax ?? 4096;
    this.depthMax = options.depthMax ?? 8;
    this.ignore = new Set(options.ignore);
  }

  result(beforeLeftOut: number, afterLeftOut: number): Diff {
    if (beforeLeftOut + afterLeftOut > 0) this.changes.push(["not_compared", { before: beforeLeftOut, after: afterLeftOut }]);
    if (this.leftOut > 0) this.changes.push(["changes_left_out", { before: null, after: this.leftOut }]);
    return Object.fromEntries(this.changes);
  }

  /** `isSecret`: what stands beside or before the value says so. */
  compare(path: string, name: string, before: Json, after: Json, depth: number, isSecret = false): void {
    if (this.ignore.has(path) || this.ignore.has(name)) return;
    const isHidden = isSecret || this.redactor.hides(name, before) || this.redactor.hides(name, after);
    const inner = depth < this.depthMax && !isHidden && !this.redactor.isSecretName(name);
    if (inner && isObject(before) && isObject(after)) {
      for (const member of new Set([...Object.keys(before), ...Object.keys(after)])) {
        const isNamed = this.redactor.isNamedSecret(member, before) || this.redactor.isNamedSecret(member, after);
        this.compare(join(path, member), member, own(before, member), own(after, member), depth + 1, isNamed);
      }
    } else if (inner && Array.isArray(before) && Array.isArray(after)) {
      for (let at = 0; at < Math.max(before.length, after.length); at++) {
        const isArmed = (this.redactor.armedBy(before[at - 1]) ?? this.redactor.armedBy(after[at - 1])) !== undefined;
        this.compare(`${path}[${at}]`, name, before[at] ?? null, after[at] ?? null, depth + 1, isArmed);
      }
    } else if (!isSame(before, after)) {
      this.add(path, before, after, (value) => (isHidden ? this.masked(value) : this.told(name, value)));
    }
  }

  private add(path: string, before: Json, after: Json, tell: (value: Json) => Json): void {
    if (this.changes.length >= this.changesMax) {
      this.leftOut++;
      return;
    }
    this.changes.push([path === "" ? NOTHING : path, { before: tell(before), after: tell(after) }]);
  }

  private masked(value: Json): Json {
    return value === null || typeof value === "boolean" ? value : this.redactor.replacement;
  }

  private told(name: string, value: Json): Json {
    // What is not shown need not be masked.
    const whole = JSON.stringify(value);
    if (whole.length > this.valueMax) return `[${whole.length} characters]`;
    const open = JSON.parse(whole, (inner: string, item: Json) => (this.redactor.hides(inner, item) ? this.masked(item) : item)) as Json;
    // Masked under its name.
    const masked = (this.redactor.value({ [name]: open }) as Record<string, Json>)[name] ?? null;
    const length = JSON.stringify(masked).length;
    return length <= this.valueMax ? masked : `[${length} characters]`;
  }
}

function isObject(value: Json): value is { [name: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isStand(value);
}

function isStand(value: unknown): value is Stand {
  return value instanceof Stand;
}

function own(object: { [name: string]: Json }, name: string): Json {
  return Object.hasOwn(object, name) ? (object[name] ?? null) : null;
}

/** Equal content; the order of members does not count. */
function isSame(a: Json, b: Json): boolean {
  if (a === b) return true;
  if (isStand(a) || isStand(b)) return isSameContent(isStand(a) ? a.value : a, isStand(b) ? b.value : b);
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, at) => isSame(item, b[at]!));
  if (!isObject(a) || !isObject(b)) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && isSame(a[name]!, b[name]!));
}

function isSameContent(a: unknown, b: unknown): boolean {
  if (isBytes(a) && isBytes(b)) return Buffer.compare(bytesOf(a), bytesOf(b)) === 0;
  if (typeof a === "function" && typeof b === "function") return sourceOf(a) === sourceOf(b);
  return a === b;
}

function bytesOf(value: ArrayBufferView | ArrayBufferLike): Uint8Array {
  return ArrayBuffer.isView(value) ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : new Uint8Array(value);
}

function sourceOf(made: object): string {
  return Function.prototype.toString.call(made);
}

function join(path: string, name: string): string {
  if (!/^[\p{L}_$][\p{L}\p{N}_$-]*$/u.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === "" ? name : `${path}.${name}`;
}
