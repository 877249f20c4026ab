// A session's events as the steps a person reads: one for each row of the log, with what else tells of the same call; sub-agents are nested.

import { parseJson } from "./parts.ts";

export interface StepEvent {
  index: number;
  timestamp: string;
  agent_id: string;
  agent_name: string | null;
  action_type: string;
  action_name: string;
  action_details: string | null;
  outcome_status: string;
  outcome_result: string | null;
  outcome_error: string | null;
  decision: string | null;
  duration_us: number | null;
  cost_usd: string | number | null;
  tokens_input: number | null;
  tokens_output: number | null;
  phase: string | null;
  call_id: string | null;
  parent_id: string | null;
  [column: string]: string | number | boolean | null;
}

export interface Step {
  indexes: number[];
  /** The first event, filled up with what later ones of the same call brought. */
  event: StepEvent;
  depth: number;
  title: string;
  failed: boolean;
  cost: number;
  tokens: number;
  durationUs: number | null;
}

const DEPTH_MAX = 5;
/** Kinds of calls: the server has put together what tells of one, so another row is another call, also under the same id. */
const CALLS = ["tool", "skill", "external"];

export function stepsOf(events: StepEvent[]): Step[] {
  const calls = new Map<string, Step>();
  const steps: Step[] = [];
  const main = (events.find((event) => event.parent_id === null) ?? events[0])?.agent_id;
  for (const event of events) {
    const key = event.call_id === null ? null : `${event.agent_id}\n${event.call_id}`;
    const known = key === null || CALLS.includes(event.action_type) ? undefined : calls.get(key);
    if (known) {
      merge(known, event);
      continue;
    }
    const parent = event.parent_id === null ? undefined : [...calls].find(([name]) => name.endsWith(`\n${event.parent_id}`))?.[1];
    const depth = parent ? parent.depth + 1 : event.agent_id === main ? 0 : 1;
    const step: Step = { indexes: [], event: { ...event, timestamp: began(event) }, depth: Math.min(depth, DEPTH_MAX), title: "", failed: false, cost: 0, tokens: 0, durationUs: null };
    merge(step, event);
    steps.push(step);
    if (key !== null) calls.set(key, step);
  }
  return steps;
}

const began = (event: StepEvent): string => (typeof event["began"] === "string" ? event["began"] : event.timestamp);
const lasted = (event: StepEvent): number | null => (typeof event["lasted_us"] === "number" ? event["lasted_us"] : event.duration_us);

function merge(step: Step, event: StepEvent): void {
  const kept = step.event;
  step.indexes.push(event.index);
  for (const name of ["action_details", "outcome_result", "outcome_error", "decision"] as const) {
    kept[name] ??= event[name];
  }
  if (event.outcome_status !== "unknown") kept.outcome_status = event.outcome_status;
  step.failed = kept.outcome_status === "failure";
  step.cost += Number(event.cost_usd ?? 0);
  step.tokens += (event.tokens_input ?? 0) + (event.tokens_output ?? 0);
  step.durationUs = lasted(event) ?? step.durationUs;
  step.title = titleOf(kept);
}

const WORDS: [string, ...string[]][] = [
  ["tool", "command", "file_path", "path", "pattern", "url", "query"],
  ["skill", "query_preview", "operation"],
  ["external", "url", "query", "endpoint"],
  ["communication", "subject", "prompt", "content", "message"],
  ["decision", "question"],
];
const TITLE_MAX = 160;

/** What the step was about, in one line. */
export function titleOf(event: StepEvent): string {
  const details = parseJson(event.action_details);
  const fields = (details !== null && typeof details === "object" ? details : {}) as Record<string, unknown>;
  const names = WORDS.find(([kind]) => kind === event.action_type)?.slice(1) ?? ["description", "message", "name"];
  const text = names.map((name) => fields[name]).find((value) => typeof value === "string" && value !== "");
  const said = typeof text === "string" ? text : typeof details === "string" ? details : "";
  const line = said.split("\n")[0] ?? "";
  return line.length > TITLE_MAX ? `${line.slice(0, TITLE_MAX)}…` : line;
}

/** The next step that failed after (or before) a place; wraps around. */
export function nextFailure(steps: Step[], place: number, by: 1 | -1): number {
  for (let turn = 1; turn <= steps.length; turn += 1) {
    const at = (((place + turn * by) % steps.length) + steps.length) % steps.length;
    if (steps[at]?.failed) return at;
  }
  return place;
}

/** Whether a step is shown open without being asked: what people said and decided, and what failed. */
export function opensByItself(step: Step): boolean {
  const { action_type: kind, action_name: name } = step.event;
  return step.failed || kind === "decision" || (kind === "communication" && name !== "Stop");
}
