// Completions of a search: of the field's name first, then of its values.

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

export function complete(text: string, known: Record<string, string[]>): Offer[] {
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
