// How the text of the search bar is read: as words and field:value, or in the pipe language. The rule is plain, so that one can
// know it: what has a bar or begins with a comparison is pipes; in front of a bar either may stand.

import { KINDS, LITERAL, STATUS, TEXTS, type Term, parseSearch } from "./sqltext.ts";

export type Reading =
  | { kind: "search"; q: string }
  /** Conditions only: the events that satisfy them. */
  | { kind: "events"; pipes: string }
  /** Whatever the last stage leaves. */
  | { kind: "answer"; pipes: string };

export const SOURCE = "agent_audit_log";
/** What is put before a text that begins with a condition, on a line of its own: places in the text keep their meaning. */
const BEFORE = `${SOURCE}\n| `;

const TABLE = /^(agent_audit_log|observations|metrics)\s*(\[[^\]]*\])?$/;
const NESTED = /^(open\s*\(|\(\s*(agent_audit_log|observations|metrics|open\s*\(|\())/;
const NAME = `(?:(?:[A-Za-z_]\\w*|"[^"]+")(?:\\.(?:\\w+|"[^"]+"))*|[a-z]+\\([A-Za-z_][\\w.]*\\))`;
const VALUE = `(?:'|-?\\d|true\\b|false\\b)`;
const CONDITION = new RegExp(`^(?:where\\s+|not\\s+|\\(\\s*)*(?:exists\\s*\\(|${NAME}\\s*(?:(?:==?|!=|<>|<=?|>=?)\\s*${VALUE}|=~\\s*'|(?:not\\s+)?in\\s*\\(|(?:contains|startswith|endswith|cidr)\\s+'))`);

/** Where the first bar stands that is in no quotes. A quote within a word is an apostrophe. */
function firstBar(text: string): number {
  let quote = "";
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at] ?? "";
    if (quote !== "") quote = char === quote ? "" : quote;
    else if (char === "|") return at;
    else if (char === '"' || (char === "'" && !/\w/.test(text[at - 1] ?? ""))) quote = char;
  }
  return -1;
}

export function readingOf(text: string): Reading {
  const typed = text.trim();
  const bar = firstBar(typed);
  const head = (bar < 0 ? typed : typed.slice(0, bar)).trim();
  if (bar < 0) return CONDITION.test(typed) ? { kind: "events", pipes: BEFORE + typed } : { kind: "search", q: typed };
  if (TABLE.test(head) || (NESTED.test(head) && !CONDITION.test(head))) return { kind: "answer", pipes: typed };
  if (head === "") return { kind: "answer", pipes: `${SOURCE}\n${typed}` };
  if (CONDITION.test(head)) return { kind: "answer", pipes: BEFORE + typed };
  return { kind: "answer", pipes: `${pipesOf(head)}\n${typed.slice(bar)}` };
}

/** Short names of a search, beside the columns' own. */
const SHORT: Record<string, string> = { status: "outcome_status", outcome: "outcome_status", type: "action_type", action: "action_type", name: "action_name", tool: "action_name", agent: "agent_id", session: "session_id", user: "user_id" };

const text = (value: string) => `'${value.replaceAll("'", "''")}'`;
const escaped = (value: string) => value.replace(/[.+?^${}()|[\]\\]/g, "\\$&").replaceAll("*", ".*");

/** The value in upper or lower case; `*` stands for any text. */
const same = (column: string, value: string) => (value.includes("*") ? `${column} =~ ${text(`(?is)^${escaped(value)}$`)}` : `lower(${column}) = ${text(value.toLowerCase())}`);
const equal = (column: string, value: string) => (value.includes("*") ? same(column, value) : `${column} = ${text(value)}`);

function conditionOf({ field, compare, value }: Term): string {
  const lower = value.toLowerCase();
  const name = field === null ? "text" : (SHORT[field] ?? field);
  switch (name) {
    case "text":
      return TEXTS.map((column) => `lower(${column}) contains ${text(lower)}`).join(" or ");
    case "outcome_status":
      return `outcome_status = ${text(STATUS[lower] ?? lower)}`;
    case "level":
      return `level = ${text(value.toUpperCase())}`;
    case "class":
      return `class = ${text(lower)}`;
    case "action_type":
      return `action_type = ${text(KINDS[lower] ?? lower)} or ${same("action_name", value)} or ${same("mapped_action", value)}`;
    case "action_name":
      return same("action_name", value);
    case "agent_id":
      return `${equal("agent_id", value)} or ${same("agent_name", value)}`;
    case "session_id":
      return `${equal("session_id", value)} or ${equal("session_uuid", value)}`;
    case "id":
      return `${equal("id", value)} or ${equal("event_id", value)}`;
    default:
      if (LITERAL.test(value)) return `${name} ${compare} ${value}`;
      return compare === "=" ? equal(name, value) : `${name} ${compare} ${text(value)}`;
  }
}

/** A search as the same query in pipes: what a rule can be made of. */
export function pipesOf(search: string): string {
  const conditions = parseSearch(search).map((term) => {
    const condition = conditionOf(term);
    return term.negated ? `not (${condition})` : condition;
  });
  return [SOURCE, ...conditions.map((condition) => `| ${condition}`)].join("\n");
}

/** One more condition on a text that has nothing but conditions. */
export function withCondition(typed: string, column: string, value: string, negated: boolean): string {
  const before = /\bor\b/.test(typed) ? `(${typed.trim()})` : typed.trim();
  return `${before} and ${column} ${negated ? "!=" : "="} ${text(value)}`;
}

/** What is wrong, with places of the text as it was typed. */
export function placedAsTyped(detail: string): string {
  return detail.replace(/^line 2, column (\d+)/, (whole, column: string) => (Number(column) > 2 ? `column ${Number(column) - 2}` : whole)).replace(/^line 1, column/, "column");
}
