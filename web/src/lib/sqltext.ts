// Values as SQL literals and searches as SQL conditions: for figures that /v1/search does not count by itself.

/** A text literal; the only way by which a value may get into a query. */
export function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** The text as a LIKE pattern that matches it alone. */
function pattern(text: string): string {
  return text.replace(/[%_\\]/g, (char) => `\\${char}`);
}

export const TEXTS = ["action_details", "outcome_result", "outcome_error", "decision", "extra", "action_name", "agent_id", "resources_accessed"];

export interface Term {
  negated: boolean;
  field: string | null;
  compare: "=" | "<" | "<=" | ">" | ">=";
  value: string;
}

const TERM = /(-?)(?:([A-Za-z_][A-Za-z0-9_]*):)?([<>]=?)?(?:"((?:[^"\\]|\\.)*)"?|(\S+))/g;

/** Splits a search as the server does: words, "phrases", field:value, each with `-` for "not". */
export function parseSearch(search: string): Term[] {
  const terms: Term[] = [];
  for (const [, minus, field, compare, quoted, word] of search.matchAll(TERM)) {
    const sign = field ? (compare ?? "=") : "=";
    const text = quoted === undefined ? `${field ? "" : (compare ?? "")}${word ?? ""}` : quoted.replace(/\\(.)/g, "$1");
    if (text !== "") terms.push({ negated: minus === "-", field: field ?? null, compare: sign as Term["compare"], value: text });
  }
  return terms;
}

/** As the search for a phrase. */
export function quoted(value: string): string {
  return `"${value.replace(/["\\]/g, (char) => `\\${char}`)}"`;
}

export function renderTerm({ negated, field, compare, value }: Term): string {
  const plain = /^[^\s"\\<>-][^\s"\\]*$/.test(value) && (field !== null || !value.includes(":"));
  const text = plain ? value : quoted(value);
  const sign = compare === "=" ? "" : compare;
  return `${negated ? "-" : ""}${field === null ? "" : `${field}:${sign}`}${text}`;
}

/** Adds a filter to a search; one on the same field and value is replaced. */
export function withTerm(search: string, field: string, value: string, negated = false): string {
  const others = parseSearch(search).filter((term) => !(term.field === field && term.value === value));
  return [...others, { negated, field, compare: "=" as const, value }].map(renderTerm).join(" ");
}

export function withoutTerm(search: string, place: number): string {
  return parseSearch(search).filter((_, index) => index !== place).map(renderTerm).join(" ");
}

export const STATUS: Record<string, string> = {
  failed: "failure",
  fail: "failure",
  error: "failure",
  ok: "success",
  succeeded: "success",
  completed: "success",
};
export const KINDS: Record<string, string> = {
  trade_execution: "trade",
  trade_executed: "trade",
  tool_call: "tool",
  tool_use: "tool",
  skill_invocation: "skill",
  external_call: "external",
  api_call: "external",
  ai_decision: "model_decision",
  agent_communication: "communication",
  message: "communication",
};
/** What is no text: a number, or true and false. */
export const LITERAL = /^(-?\d+(\.\d+)?|true|false)$/;

function like(column: string, value: string): string {
  return `${column} ILIKE ${quote(pattern(value).replaceAll("*", "%"))}`;
}

function equal(column: string, value: string): string {
  return value.includes("*") ? like(column, value) : `${column} = ${quote(value)}`;
}

function anywhere(value: string): string {
  const json = JSON.stringify(value).slice(1, -1);
  const shapes = json === value ? [value] : [value, json];
  const has = (column: string) => shapes.map((shape) => `${column} ILIKE ${quote(`%${pattern(shape)}%`)}`);
  return TEXTS.flatMap(has).join(" OR ");
}

function condition({ field, compare, value }: Term): string {
  const lower = value.toLowerCase();
  switch (field) {
    case null:
    case "text":
      return anywhere(value);
    case "status":
    case "outcome":
    case "outcome_status":
      return `outcome_status = ${quote(STATUS[lower] ?? lower)}`;
    case "level":
      return `level = ${quote(value.toUpperCase())}`;
    case "class":
      return `class = ${quote(lower)}`;
    case "type":
    case "action":
    case "action_type": {
      const kind = KINDS[lower] ?? lower;
      return `action_type = ${quote(kind)} OR ${like("action_name", value)} OR ${like("mapped_action", value)}`;
    }
    case "name":
    case "tool":
    case "action_name":
      return like("action_name", value);
    case "agent":
    case "agent_id":
      return `${equal("agent_id", value)} OR ${like("agent_name", value)}`;
    case "session":
    case "session_id":
      return `${equal("session_id", value)} OR ${equal("session_uuid", value)}`;
    case "user":
    case "user_id":
      return equal("user_id", value);
    case "id":
      return `${equal("id", value)} OR ${equal("event_id", value)}`;
    default:
      if (LITERAL.test(value)) return `"${field}" ${compare} ${value}`;
      return compare === "=" ? equal(`"${field}"`, value) : `"${field}" ${compare} ${quote(value)}`;
  }
}

/** The search as one SQL condition. */
export function searchSql(search: string): string {
  const terms = parseSearch(search).map((term) => {
    const inner = `(${condition(term)})`;
    return term.negated ? `${inner} IS NOT TRUE` : inner;
  });
  return terms.length === 0 ? "TRUE" : terms.join(" AND ");
}
