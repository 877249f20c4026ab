// Which live events are shown: a search as Explore takes it, or the conditions of the pipe language that can be told from one
// event as it arrives. What asks for more is said to be more, and nothing is hidden by it.

import { type Row, matches } from "./match.ts";
import { readingOf } from "./pipetext.ts";

export type LiveFilter = { kind: "shown"; has: (row: Row) => boolean } | { kind: "more"; at: string };

type Test = (row: Row) => boolean;
type Value = string | number | boolean;

const TOKEN = /\s*(?:('(?:[^']|'')*')|(-?\d+(?:\.\d+)?)(?![\w.])|([A-Za-z_]\w*)(?![\w.])|(==|=~|!=|<>|<=|>=|[=<>(),]))/y;
const WORDS = ["contains", "startswith", "endswith"];
const SIGNS = ["=", "==", "!=", "<>", "<", "<=", ">", ">="];

/** What stands where something else was expected. */
class More extends Error {}

/** Reads conditions from left to right; whatever it does not know is more than Live can tell. */
class Reader {
  private readonly tokens: string[] = [];
  private at = 0;

  constructor(text: string) {
    TOKEN.lastIndex = 0;
    let end = 0;
    for (let found = TOKEN.exec(text); found !== null; found = TOKEN.exec(text)) {
      this.tokens.push(found[0].trim());
      end = TOKEN.lastIndex;
    }
    const rest = text.slice(end).trim();
    if (rest !== "") this.tokens.push(rest);
  }

  whole(): Test {
    if (this.next()?.toLowerCase() === "where") this.at += 1;
    const test = this.either();
    if (this.next() !== undefined) throw new More(this.next());
    return test;
  }

  private next(): string | undefined {
    return this.tokens[this.at];
  }

  private take(word: string): boolean {
    if (this.next()?.toLowerCase() !== word) return false;
    this.at += 1;
    return true;
  }

  private taken(): string {
    this.at += 1;
    return this.tokens[this.at - 1] ?? "the end";
  }

  private either(): Test {
    const parts = [this.all()];
    while (this.take("or")) parts.push(this.all());
    return (row) => parts.some((part) => part(row));
  }

  private all(): Test {
    const parts = [this.one()];
    while (this.take("and")) parts.push(this.one());
    return (row) => parts.every((part) => part(row));
  }

  private one(): Test {
    if (this.take("not")) {
      const inner = this.one();
      return (row) => !inner(row);
    }
    if (this.take("(")) {
      const inner = this.either();
      if (!this.take(")")) throw new More(this.next());
      return inner;
    }
    return this.comparison();
  }

  private comparison(): Test {
    const name = this.taken();
    if (!/^[A-Za-z_]\w*$/.test(name)) throw new More(name);
    const negated = this.take("not");
    if (this.take("in")) return this.among(name, negated);
    const sign = this.taken().toLowerCase();
    if (negated || (!SIGNS.includes(sign) && !WORDS.includes(sign))) throw new More(sign);
    const value = this.value();
    return (row) => holds(cellOf(row, name), sign, value);
  }

  private among(name: string, negated: boolean): Test {
    if (!this.take("(")) throw new More(this.next());
    const values = [this.value()];
    while (this.take(",")) values.push(this.value());
    if (!this.take(")")) throw new More(this.next());
    return (row) => {
      const cell = cellOf(row, name);
      return cell !== null && values.some((value) => holds(cell, "=", value)) !== negated;
    };
  }

  private value(): Value {
    const token = this.taken();
    if (token.startsWith("'") && token.endsWith("'") && token.length > 1) return token.slice(1, -1).replaceAll("''", "'");
    if (/^-?\d+(\.\d+)?$/.test(token)) return Number(token);
    if (token === "true" || token === "false") return token === "true";
    throw new More(token);
  }
}

const SHORT: Record<string, string> = { agent: "agent_id", session: "session_id", user: "user_id", action: "action_name" };

function cellOf(row: Row, called: string): Value | null {
  const name = SHORT[called] ?? called;
  if (name === "duration_ms" && typeof row.duration_us === "number") return row.duration_us / 1000;
  return row[name] ?? null;
}

/** A comparison with what is absent is false, as in the pipe language. */
function holds(cell: Value | null, sign: string, value: Value): boolean {
  if (cell === null) return false;
  const text = String(cell);
  switch (sign) {
    case "contains":
      return text.includes(String(value));
    case "startswith":
      return text.startsWith(String(value));
    case "endswith":
      return text.endsWith(String(value));
  }
  const [left, right] = typeof value === "number" ? [Number(cell), value] : [text, String(value)];
  switch (sign) {
    case "=":
    case "==":
      return left === right;
    case "!=":
    case "<>":
      return left !== right;
    case "<":
      return left < right;
    case "<=":
      return left <= right;
    case ">":
      return left > right;
    default:
      return left >= right;
  }
}

/** The conditions of stages that only keep events; a stage that does more ends it. */
function conditionsOf(pipes: string): Test {
  const [source, ...stages] = pipes.split("\n| ");
  if (source?.trim() !== "agent_audit_log") throw new More(source);
  const tests = stages.map((stage) => new Reader(stage).whole());
  return (row) => tests.every((test) => test(row));
}

export function liveFilter(text: string): LiveFilter {
  if (text.trim() === "") return { kind: "shown", has: () => true };
  const reading = readingOf(text);
  if (reading.kind === "search") return { kind: "shown", has: (row) => matches(row, reading.q) };
  try {
    if (reading.kind === "answer") throw new More("|");
    return { kind: "shown", has: conditionsOf(reading.pipes) };
  } catch (error) {
    if (error instanceof More) return { kind: "more", at: error.message };
    throw error;
  }
}
