// Incidents: alerts that belong together, what changed before them, and what people do about it.

import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Severity } from "../lib/alerting.ts";
import { isOff } from "./alerts.ts";
import { ask, askJson, tell } from "./http.ts";
import type { components } from "./schema";

export type Stage = "reception" | "investigation" | "remediation" | "post_mortem" | "closed";

type Schemas = components["schemas"];
/** The server's words where its document says only "text". */
type Worded<T extends { severity: string; state: string }> = Omit<T, "severity" | "state"> & { severity: Severity; state: Stage };

export type IncidentSummary = Worded<Schemas["Summary"]>;
export type LogPlace = Schemas["Entry"];
export type Said = Schemas["Word"];
export type Incident = Worded<Omit<Schemas["Incident"], "next" | "alerts_listed">> & {
  next: { state: Stage; needs_note: boolean }[];
  alerts_listed: (Omit<Schemas["Listed"], "severity"> & { severity: Severity })[];
};

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
  what: "state" | "note" | "role" | "follow-up" | "containment" | "event" | "alert" | "merge";
  body: Record<string, string | number | boolean>;
}

/** Something that somebody does about an incident; it is on the log, and the page asks anew. */
export function useStep() {
  const client = useQueryClient();
  return useMutation({ mutationFn: ({ id, what, body }: Step) => tell(of(id, what), { body }), onSettled: () => client.invalidateQueries({ queryKey: ["alerts"] }) });
}

/** Opens an incident by hand. */
export function useOpening() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (body: Record<string, unknown>) => tell(ROOT, { body }),
    onSettled: () => client.invalidateQueries({ queryKey: ["alerts"] }),
  });
}

export type Response = Schemas["Response"];
export type ResponseRun = Schemas["ResponseRun"];

/** The responses that are configured, and what was run. */
export function useResponses() {
  return useQuery({
    queryKey: ["alerts", "responses"],
    queryFn: ({ signal }) => askJson<Schemas["Responses"]>("/v1/responses?limit=300", { signal }),
    refetchInterval: (query) => (isOff(query.state.error) ? 60_000 : 5_000),
  });
}

/** Runs a response, or agrees to a run that waits, or does not. */
export function useResponding() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ path, body }: { path: string; body: Record<string, unknown> }) => tell(`/v1/responses/${path}`, { body }),
    onSettled: () => client.invalidateQueries({ queryKey: ["alerts"] }),
  });
}

/** The post-mortem as a file. */
export async function postMortem(id: string, format: "markdown" | "html" | "pdf"): Promise<Blob> {
  return (await ask(`${of(id, "post-mortem")}?format=${format}`, { accept: "*/*" })).blob();
}
