// Completions of a search and of a query in pipes: of the field's name first, then of its values.

import { readingOf } from "./pipetext.ts";

export interface Offer {
  /** The whole search with the completion in it. */
  text: string;
  shown: string;
  hint: string;
}

const FIELDS: [string, string][] = [
  ["status", "how it ended"],
  ["agent", "who acted"],
  ["type", "kind of action"],
  ["name", "tool or action"],
  ["session", "one run"],
  ["user", "for whom"],
  ["class", "critical, high_priority, standard"],
  ["level", "CRITICAL to DEBUG"],
  ["model", "language model"],
  ["duration_us", "how long, e.g. >1000000"],
  ["cost_usd", "what it cost, e.g. >0.5"],
  ["tokens_input", "e.g. >1000"],
  ["exit_code", "of commands"],
  ["environment", "e.g. production"],
  ["sensitive_data_accessed", "true or false"],
];
const VALUES: Record<string, string[]> = {
  status: ["failed", "success", "partial", "running", "unknown"],
  class: ["critical", "high_priority", "standard"],
  level: ["CRITICAL", "HIGH", "WARNING", "INFO", "DEBUG"],
  type: ["tool", "skill", "decision", "model_decision", "communication", "trade", "external", "auth", "memory", "metric", "workflow", "lifecycle", "settings"],
  sensitive_data_accessed: ["true", "false"],
};
const OFFERS_MAX = 10;

/** What may stand behind a bar. */
const STAGES: [string, string][] = [
  ["count() by ", "how many, by …"],
  ["avg(duration_ms) by ", "the mean, by …"],
  ["p95(duration_ms) by ", "what 95 of 100 take at most"],
  ["sum(cost_usd) by ", "added up, by …"],
  ["sort count desc", "order"],
  ["top 10 by ", "the largest"],
  ["limit 20", "cut"],
  ["fields ", "only these columns"],
  ["dedup by ", "the first of each"],
  ["where ", "keep what satisfies a condition"],
  ["eval ", "compute a column"],
];
const COLUMNS: [string, string][] = [
  ["agent_id", "who acted"],
  ["outcome_status", "'failure', 'success' …"],
  ["action_name", "tool or action"],
  ["action_type", "'tool', 'decision' …"],
  ["duration_ms", "with units: > 5s"],
  ["cost_usd", "what it cost"],
  ["session_id", "one run"],
  ["user_id", "for whom"],
  ["class", "'critical' …"],
  ["level", "'CRITICAL' … 'DEBUG'"],
  ["model", "language model"],
  ["team", "of the agent"],
  ["tokens_input", "read by a model"],
  ["tokens_output", "written by a model"],
  ["exit_code", "of commands"],
  ["environment", "'production' …"],
  ["details.", "a member of the input"],
  ["result.", "a member of the output"],
  ["bucket(1h)", "by hours; behind by"],
];
const COLUMN_VALUES: Record<string, string> = { outcome_status: "status", action_type: "type", agent_id: "agent", action_name: "name" };
const STATUSES = ["failure", "success", "partial", "running", "unknown"];

/** Completions of a query in pipes: stages behind a bar, columns elsewhere, values in quotes behind a comparison. */
function completePipes(text: string, known: Record<string, string[]>): Offer[] {
  const open = /([A-Za-z_][\w.]*)\s*(?:==?|!=|<>|in\s*\((?:\s*'[^']*'\s*,)*)\s*'?([^']*)$/.exec(text);
  const column = open?.[1] ?? "";
  const field = COLUMN_VALUES[column] ?? column;
  const values = open === null ? [] : [...(column === "outcome_status" ? STATUSES : (VALUES[field] ?? [])), ...(known[field] ?? [])];
  if (open !== null && values.length > 0) {
    const start = open[2] ?? "";
    const before = text.slice(0, text.length - start.length).replace(/'$/, "");
    return offersOf(values.map((value) => [`'${value.replaceAll("'", "''")}'`, column]), start, before);
  }
  const [, before = "", word = ""] = /^([^]*?)([A-Za-z_]*)$/.exec(text) ?? [];
  // Within an open quote nothing is known.
  if (((before.match(/(?<!\w)'|'(?!\w)/g) ?? []).length & 1) === 1) return [];
  return offersOf(/\|\s*$/.test(before) ? [...STAGES, ...COLUMNS] : COLUMNS, word, before);
}

function offersOf(words: [string, string][], start: string, before: string): Offer[] {
  const wanted = start.toLowerCase();
  return words
    .filter(([word]) => word.toLowerCase().replace(/^'/, "").startsWith(wanted) && word !== start)
    .slice(0, OFFERS_MAX)
    .map(([word, hint]) => ({ text: before + word, shown: word, hint }));
}

export function complete(text: string, known: Record<string, string[]>): Offer[] {
  if (readingOf(text).kind !== "search" || /[A-Za-z_][\w.]*\s*!?=\s*'?$/.test(text)) return completePipes(text, known);
  const cut = text.lastIndexOf(" ") + 1;
  // Within an open quote a blank belongs to the value.
  if ((text.match(/"/g) ?? []).length % 2 === 1) return [];
  const [before, word] = [text.slice(0, cut), text.slice(cut)];
  const minus = word.startsWith("-") ? "-" : "";
  const bare = word.slice(minus.length);
  const colon = bare.indexOf(":");
  if (colon < 0) {
    const fields = FIELDS.filter(([name]) => name.startsWith(bare.toLowerCase()));
    return fields.slice(0, OFFERS_MAX).map(([name, hint]) => ({ text: `${before}${minus}${name}:`, shown: `${name}:`, hint }));
  }
  const [field, start] = [bare.slice(0, colon), bare.slice(colon + 1).toLowerCase()];
  const values = [...(VALUES[field] ?? []), ...(known[field] ?? [])];
  return values
    .filter((value) => value.toLowerCase().includes(start) && value.toLowerCase() !== start)
    .slice(0, OFFERS_MAX)
    .map((value) => ({ text: `${before}${minus}${field}:${/[\s"]/.test(value) ? JSON.stringify(value) : value}`, shown: value, hint: field }));
}
