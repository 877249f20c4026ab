// Incidents: alerts that belong together, what changed before them, and what people do about it.

import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Severity } from "../lib/alerting.ts";
import { isOff } from "./alerts.ts";
import { ask, askJson, tell } from "./http.ts";

export type Stage = "reception" | "investigation" | "remediation" | "post_mortem" | "closed";

export interface IncidentSummary {
  id: string;
  title: string;
  severity: Severity;
  state: Stage;
  opened_at: string;
  answer_due_at: string;
  late: boolean;
  answered_at?: string | null;
  answered_by?: string | null;
  contained_at?: string | null;
  resolved_at?: string | null;
  closed_at?: string | null;
  alerts: number;
  firing: number;
  agents: string[];
  commander?: string | null;
  cause?: string | null;
}

export interface LogPlace {
  index: number;
  id: string;
}

export interface Said {
  note: string;
  by: string;
  at: string;
}

export interface Incident extends IncidentSummary {
  next: { state: Stage; needs_note: boolean }[];
  alerts_listed: { id: string; rule: string; title: string; severity: Severity; starts_at: string; ends_at?: string | null }[];
  alerts_more: number;
  entities: { kind: string; value: string; causes: number }[];
  changes: { at: string; kind: string; agent: string; text: string; same_agent: boolean; entry: LogPlace }[];
  changes_known: boolean;
  suggested_cause?: { text: string; entry?: LogPlace | null; alert?: string | null } | null;
  timeline: { at: string; kind: string; text: string; by?: string | null; note?: string | null; entry?: LogPlace | null }[];
  roles: Record<string, string>;
  follow_ups: { number: number; text: string; owner?: string | null; due?: string | null; done_at?: string | null; done_by?: string | null }[];
  containment?: (Said & { verified?: Said | null }) | null;
  related: string[];
}

const ROOT = "/v1/incidents";
const of = (id: string, ...parts: string[]) => [ROOT, encodeURIComponent(id), ...parts].join("/");

export function useIncidents(state: string) {
  return useQuery({
    queryKey: ["alerts", "incidents", state],
    queryFn: ({ signal }) => askJson<{ incidents: IncidentSummary[]; totals: Partial<Record<Stage, number>> }>(`${ROOT}?${new URLSearchParams({ state, limit: "300" })}`, { signal }),
    refetchInterval: (query) => (isOff(query.state.error) ? 60_000 : 5_000),
    placeholderData: keepPreviousData,
  });
}

export function useIncident(id: string) {
  return useQuery({ queryKey: ["alerts", "incident", id], queryFn: ({ signal }) => askJson<Incident>(of(id), { signal }), refetchInterval: 5_000 });
}

export interface Step {
  id: string;
  what: "state" | "note" | "role" | "follow-up" | "containment";
  body: Record<string, string | number | boolean>;
}

/** Something that somebody does about an incident; it is on the log, and the page asks anew. */
export function useStep() {
  const client = useQueryClient();
  return useMutation({ mutationFn: ({ id, what, body }: Step) => tell(of(id, what), { body }), onSettled: () => client.invalidateQueries({ queryKey: ["alerts"] }) });
}

/** The post-mortem as a file. */
export async function postMortem(id: string, format: "markdown" | "html" | "pdf"): Promise<Blob> {
  return (await ask(`${of(id, "post-mortem")}?format=${format}`, { accept: "*/*" })).blob();
}
