/** What changed between two values, as the audit trail tells it: `{"status": {"before": …, "after": …}}`. */
import { plain, type Json } from "./plain.js";
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
 * not there is `null`. Dates are compared and told as ISO 8601, cycles and functions as text. Secrets are masked on
 * both sides; that one changed is told all the same. Never throws.
 */
export function generateDiff(before: unknown, after: unknown, options: DiffOptions = {}): Diff {
  const comparison = new Comparison(options);
  comparison.compare("", "", plain(before), plain(after), 0);
  return comparison.result();
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

  result(): Diff {
    if (this.leftOut > 0) this.changes.push(["changes_left_out", { before: null, after: this.leftOut }]);
    return Object.fromEntries(this.changes);
  }

  compare(path: string, name: string, before: Json, after: Json, depth: number): void {
    if (this.ignore.has(path) || this.ignore.has(name)) return;
    const inner = depth < this.depthMax && !this.redactor.isSecretName(name);
    if (inner && isObject(before) && isObject(after)) {
      for (const member of new Set([...Object.keys(before), ...Object.keys(after)])) {
        this.compare(join(path, member), member, own(before, member), own(after, member), depth + 1);
      }
    } else if (inner && Array.isArray(before) && Array.isArray(after)) {
      for (let at = 0; at < Math.max(before.length, after.length); at++) {
        this.compare(`${path}[${at}]`, name, before[at] ?? null, after[at] ?? null, depth + 1);
      }
    } else if (!isSame(before, after)) {
      this.add(path, name, before, after);
    }
  }

  private add(path: string, name: string, before: Json, after: Json): void {
    if (this.changes.length >= this.changesMax) {
      this.leftOut++;
      return;
    }
    this.changes.push([path === "" ? NOTHING : path, { before: this.told(name, before), after: this.told(name, after) }]);
  }

  private told(name: string, value: Json): Json {
    // What is not shown need not be masked.
    const whole = JSON.stringify(value).length;
    if (whole > this.valueMax) return `[${whole} characters]`;
    // Masked under its name.
    const masked = (this.redactor.value({ [name]: value }) as Record<string, Json>)[name] ?? null;
    const length = JSON.stringify(masked).length;
    return length <= this.valueMax ? masked : `[${length} characters]`;
  }
}

function isObject(value: Json): value is { [name: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function own(object: { [name: string]: Json }, name: string): Json {
  return Object.hasOwn(object, name) ? (object[name] ?? null) : null;
}

/** Equal content; the order of members does not count. */
function isSame(a: Json, b: Json): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((item, at) => isSame(item, b[at]!));
  if (!isObject(a) || !isObject(b)) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && isSame(a[name]!, b[name]!));
}

function join(path: string, name: string): string {
  if (!/^[\p{L}_$][\p{L}\p{N}_$-]*$/u.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === "" ? name : `${path}.${name}`;
}
