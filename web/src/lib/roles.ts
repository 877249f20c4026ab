// Roles of keys in words, and what a key sees.

export interface Limits {
  user?: string | null;
  agents?: string[];
  teams?: string[];
}

export const ROLES = [
  { role: "viewer", may: "Looks: queries, sessions, proofs, alerts, incidents, dashboards. May be limited to a user, or to agents and teams." },
  { role: "auditor", may: "Looks, verifies, makes reports, sees legal holds. Acts on nothing." },
  { role: "operator", may: "Looks, and acts on alerts, incidents, silences and on-call; saves dashboards and searches for everybody." },
  { role: "admin", may: "Everything: keys, rules, retention, legal holds, erasure, history." },
  { role: "write", may: "Sends events, also as a witness: for hooks and telemetry. Reads nothing." },
  { role: "agent", may: "Sends events as an agent's own word: for what an agent itself can read. Reads nothing." },
] as const;

/** Whose events a key sees. */
export function seesOf(limits: Limits | null | undefined): string {
  if (!limits) return "everything";
  if (limits.user) return `events of the user ${limits.user}`;
  const parts = [listed("agent", limits.agents ?? []), listed("team", limits.teams ?? [])].filter((part) => part !== "");
  return parts.length === 0 ? "nothing" : `events of ${parts.join(", and of ")}`;
}

function listed(what: string, names: string[]): string {
  if (names.length === 0) return "";
  return `the ${what}${names.length === 1 ? "" : "s"} ${names.join(", ")}`;
}

/** Names as they are typed: separated by commas. */
export const namesOf = (text: string): string[] => [...new Set(text.split(",").map((name) => name.trim()))].filter((name) => name !== "");

/** What is typed, as the server takes it: a viewer may be limited, others are not. */
export function limitsOf(role: string, kind: string, text: string): Limits {
  if (role !== "viewer" || text.trim() === "") return {};
  if (kind === "user") return { user: text.trim() };
  if (kind === "agents") return { agents: namesOf(text) };
  if (kind === "teams") return { teams: namesOf(text) };
  return {};
}
