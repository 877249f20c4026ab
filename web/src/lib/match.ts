// Whether a live event matches a search: the same words as Explore, over the fields that stand on screen.

import { type Term, parseSearch } from "./sqltext.ts";

export type Row = Record<string, string | number | boolean | null>;

const NAMES: Record<string, string[]> = {
  agent: ["agent_id", "agent_name"],
  status: ["outcome_status"],
  type: ["action_type", "action_name", "mapped_action"],
  name: ["action_name"],
  tool: ["action_name"],
  session: ["session_id"],
  user: ["user_id"],
};
const WORDS: Record<string, string> = { failed: "failure", error: "failure", ok: "success" };

export function matches(row: Row, search: string): boolean {
  return parseSearch(search).every((term) => holds(row, term) !== term.negated);
}

function holds(row: Row, { field, compare, value }: Term): boolean {
  if (field === null) {
    const wanted = value.toLowerCase();
    return Object.values(row).some((cell) => typeof cell === "string" && cell.toLowerCase().includes(wanted));
  }
  const names = NAMES[field] ?? [field];
  return names.some((name) => compareCell(row[name] ?? null, compare, field === "status" ? (WORDS[value] ?? value) : value));
}

function compareCell(cell: string | number | boolean | null, compare: Term["compare"], value: string): boolean {
  if (cell === null) return false;
  if (compare === "=") {
    const pattern = value.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
    return new RegExp(`^${pattern.join(".*")}$`, "is").test(String(cell));
  }
  const [left, right] = [Number(cell), Number(value)];
  return { "<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right }[compare];
}
