// What alerts have in common: the order of severities, matchers of silences, and the words for a state.

import { inReadersTime } from "./time.ts";
import { duration } from "./format.ts";

export type Severity = "critical" | "warning" | "info";
export const SEVERITIES: readonly Severity[] = ["critical", "warning", "info"];

/** The gravest first, then the newest. */
export function byGravity(a: { severity: Severity; starts_at: string }, b: { severity: Severity; starts_at: string }): number {
  return SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || Date.parse(b.starts_at) - Date.parse(a.starts_at);
}

export interface Matcher {
  name: string;
  sign: "=" | "!=" | "=~" | "!~";
  value: string;
}

const MATCHER = /^\s*([A-Za-z_][A-Za-z0-9_.-]*)\s*(=~|!~|!=|=)\s*(?:"((?:[^"\\]|\\.)*)"|([^"=~\s]\S*)|)\s*$/;

/** Reads `label="value"`, also with `!=`, `=~` and `!~`; nothing when it is none. */
export function parseMatcher(text: string): Matcher | null {
  const match = MATCHER.exec(text);
  if (match === null) return null;
  const value = match[3] === undefined ? (match[4] ?? "") : match[3].replace(/\\(.)/g, "$1");
  return { name: match[1] ?? "", sign: match[2] as Matcher["sign"], value };
}

export function renderMatcher({ name, sign, value }: Matcher): string {
  return `${name}${sign}"${value.replace(/["\\]/g, (char) => `\\${char}`)}"`;
}

/** Whether a pattern is one; an empty or broken one matches nothing. */
function pattern(value: string): RegExp | null {
  try {
    return new RegExp(`^(?:${value})$`);
  } catch {
    return null;
  }
}

export function matchesLabels(matchers: Matcher[], labels: Record<string, string>): boolean {
  return matchers.every(({ name, sign, value }) => {
    const label = labels[name] ?? "";
    if (sign === "=") return label === value;
    if (sign === "!=") return label !== value;
    const fits = pattern(value)?.test(label) ?? false;
    return sign === "=~" ? fits : pattern(value) !== null && !fits;
  });
}

/** Whether the matchers fit what has no label at all: such a silence would mute everything, and is refused. */
export const mutesAll = (matchers: Matcher[]): boolean => matchesLabels(matchers, {});

/** The labels of an alert as the matchers of a silence for it, and for nothing else. */
export function matchersOf(labels: Record<string, string>): string[] {
  return Object.entries(labels).map(([name, value]) => renderMatcher({ name, sign: "=", value }));
}

/** Labels with those that every alert has: its rule's name and its severity. */
export function allLabels(alert: { rule: string; severity: Severity; labels: Record<string, string> }): Record<string, string> {
  return { alertname: alert.rule, severity: alert.severity, ...alert.labels };
}

/** Columns that hold lengths of time, in microseconds. */
const LENGTHS = /^(age|idle)$|_us$/;

/** What a rule computed, in one line. */
export function valueText(value: unknown, name = ""): string {
  if (typeof value === "number" && LENGTHS.test(name)) return duration(value);
  if (typeof value === "number") return value.toLocaleString(undefined, { maximumFractionDigits: 4 });
  if (typeof value === "string") return value;
  return JSON.stringify(value) ?? "";
}

interface Told {
  title: string;
  annotations: Record<string, string>;
  /** With units, as messages have it. */
  shown: Record<string, string>;
}

/** What an alert says beside its title: its summary, or else what was computed. */
export function saidOf({ title, annotations, shown }: Told): string {
  const { summary } = annotations;
  if (summary !== undefined && summary !== "" && summary !== title) return summary;
  return Object.entries(shown)
    .map(([name, value]) => `${name.replaceAll("_", " ")} ${inReadersTime(value)}`)
    .join(", ");
}

/** Labels that stand beside an alert anyway. */
export const SAID = new Set(["alertname", "severity", "tier"]);

/** What tells an alert from others of its rule, short: its agent, address, workflow; a session only where there is nothing else. */
export function groupOf(labels: Record<string, string>): string {
  const own = Object.entries(labels).filter(([name, value]) => !SAID.has(name) && value !== "");
  const telling = own.filter(([name]) => name !== "session_id");
  return (telling.length > 0 ? telling : own).map(([name, value]) => (name === "agent_id" ? value : `${name.replaceAll("_", " ")} ${value}`)).join(" · ");
}

/** How many firings fall into each step of the time that was replayed. */
export function perStep(firings: { at: string }[], from: number, to: number, steps: number): number[] {
  const counts = new Array<number>(steps).fill(0);
  for (const { at } of firings) {
    const place = Math.floor(((Date.parse(at) - from) / (to - from)) * steps);
    if (place >= 0 && place < steps) counts[place] = (counts[place] ?? 0) + 1;
  }
  return counts;
}

const FILE = /^[A-Za-z0-9][A-Za-z0-9_-]{0,80}\.ya?ml$/;

export const isRuleFile = (name: string): boolean => FILE.test(name);

/** A beginning for a new rule: short, whole, and understood by the check. */
export const NEW_RULE = `apiVersion: tachograph/v1
kind: AlertRule
id: my-rule
title: Agent failing repeatedly
severity: warning            # critical, warning, info
query: |
  agent_audit_log
  | outcome_status = 'failure'
  | count() by agent_id
  | count > 10
window: 15m
annotations:
  summary: "{{agent_id}} failed {{count}} times"
`;
