// The live tail: server-sent events over fetch (so that the key goes along), resumed after every break without
// losing or repeating an event: what was missed in between is asked for by its place on the log.

import { useEffect, useRef, useState } from "react";
import { quote } from "../lib/sqltext.ts";
import { ask, askJson } from "./http.ts";
import type { EventRow } from "./events.ts";
import type { Answer } from "./sql.ts";

export type TailState = "connecting" | "live" | "waiting";

const GAP_MAX = 500;
const RETRY_MS = [500, 1_000, 2_000, 5_000];

interface Message {
  index: number;
  entry: Record<string, string | number>;
  who?: Record<string, unknown>;
  facts?: Record<string, unknown>;
  input?: unknown;
  output?: unknown;
  error?: unknown;
  decision?: unknown;
  access?: unknown;
  extra?: unknown;
}

const json = (value: unknown): string | null => (value === undefined ? null : JSON.stringify(value));

/** A live message with the names that queries give the same event. */
export function rowOf(message: Message): EventRow {
  const { entry, facts = {}, who = {} } = message;
  const time = (us: unknown) => new Date(Number(us) / 1000).toISOString();
  return {
    ...(facts as Record<string, string | number>),
    id: String(who.id ?? entry.id),
    index: message.index,
    timestamp: time(entry.claimed ?? entry.time),
    recorded_at: time(entry.time),
    agent_id: String(entry.agent),
    agent_name: (facts.agent_name as string | undefined) ?? null,
    session_id: (who.session as string | undefined) ?? (entry.session as string | undefined) ?? null,
    action_type: String(entry.type),
    action_name: String(entry.action),
    action_details: json(message.input ?? message.decision),
    outcome_status: String(entry.outcome),
    outcome_result: json(message.output),
    outcome_error: json(message.error),
    decision: json(message.decision),
    resources_accessed: json(message.access),
    extra: json(message.extra),
    tokens_input: (facts.tokens_input as number | undefined) ?? null,
    tokens_output: (facts.tokens_output as number | undefined) ?? null,
    duration_us: (facts.duration_us as number | undefined) ?? null,
    cost_usd: typeof facts.cost_micros === "number" ? facts.cost_micros / 1e6 : null,
    class: String(entry.class),
    source: String(entry.source),
    level: String(entry.level),
    phase: (entry.phase as string | undefined) ?? null,
    call_id: (entry.call as string | undefined) ?? null,
    parent_id: (entry.parent as string | undefined) ?? null,
    user_id: (who.user as string | undefined) ?? null,
  };
}

/** Takes whole messages out of a stream's text; what is left waits for the rest of it. */
export function takeMessages(buffer: string): { data: string[]; missed: boolean; rest: string } {
  const parts = buffer.split("\n\n");
  const rest = parts.pop() ?? "";
  const fields = parts.map((part) => part.split("\n"));
  const missed = fields.some((lines) => lines.includes("event: missed"));
  const data = fields
    .filter((lines) => !lines.includes("event: missed"))
    .map((lines) => lines.filter((line) => line.startsWith("data:")).map((line) => line.slice(5).trimStart()).join("\n"))
    .filter((text) => text !== "");
  return { data, missed, rest };
}

async function gap(after: number, agent: string | undefined, signal: AbortSignal): Promise<EventRow[]> {
  const only = agent === undefined ? "" : ` AND agent_id = ${quote(agent)}`;
  const query = `SELECT * FROM agent_audit_log WHERE index > ${after}${only} ORDER BY index DESC LIMIT ${GAP_MAX}`;
  const answer = await askJson<Answer<EventRow>>("/v1/sql", { body: query, signal });
  return answer.rows.reverse();
}

/** Reads the stream until it breaks off. */
async function follow(agent: string | undefined, signal: AbortSignal, last: { index: number | null }, state: (state: TailState) => void, deliver: (rows: EventRow[]) => void) {
  const fresh = (rows: EventRow[]) => {
    const newer = rows.filter((row) => last.index === null || row.index > last.index);
    last.index = newer.at(-1)?.index ?? last.index;
    if (newer.length > 0) deliver(newer);
  };
  const response = await ask(agent === undefined ? "/v1/tail" : `/v1/tail?${new URLSearchParams({ agent })}`, { accept: "text/event-stream", signal });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  if (!reader) return;
  state("live");
  if (last.index !== null) fresh(await gap(last.index, agent, signal));
  let buffer = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const { data, missed, rest } = takeMessages(buffer + value);
    buffer = rest;
    if (missed && last.index !== null) fresh(await gap(last.index, agent, signal));
    fresh(data.map((text) => rowOf(JSON.parse(text) as Message)));
  }
}

/** Follows the log, or one agent on it, while the component is on screen; `on` is called once for each batch, in order. */
export function useTail(on: (rows: EventRow[]) => void, enabled = true, agent?: string): TailState {
  const [state, setState] = useState<TailState>("connecting");
  const deliver = useRef(on);
  deliver.current = on;
  useEffect(() => {
    if (!enabled) return;
    const stop = new AbortController();
    const last = { index: null as number | null };
    let [tries, timer] = [0, 0];
    const run = async () => {
      const live = (next: TailState) => {
        tries = 0;
        setState(next);
      };
      await follow(agent, stop.signal, last, live, (rows) => deliver.current(rows)).catch(() => undefined);
      if (stop.signal.aborted) return;
      setState("waiting");
      timer = window.setTimeout(run, RETRY_MS[Math.min(tries, RETRY_MS.length - 1)]);
      tries += 1;
    };
    void run();
    return () => {
      stop.abort();
      window.clearTimeout(timer);
    };
  }, [enabled, agent]);
  return state;
}
