// One event, its proof, and searches for many.

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { ask, askJson } from "./http.ts";
import type { Answer } from "./sql.ts";

/** A row of `agent_audit_log`; every other column is there too, by its name. */
export interface EventRow {
  id: string;
  index: number;
  timestamp: string;
  recorded_at: string;
  agent_id: string;
  agent_name: string | null;
  session_id: string | null;
  action_type: string;
  action_name: string;
  action_details: string | null;
  outcome_status: string;
  outcome_result: string | null;
  outcome_error: string | null;
  decision: string | null;
  resources_accessed: string | null;
  extra: string | null;
  tokens_input: number | null;
  tokens_output: number | null;
  duration_us: number | null;
  cost_usd: string | number | null;
  class: string;
  level: string;
  phase: string | null;
  call_id: string | null;
  parent_id: string | null;
  user_id: string | null;
  [column: string]: string | number | boolean | null;
}

/** `GET /v1/events/{id}`: what stands on the log, in its own parts. */
export interface EventParts {
  header: Record<string, string | number | boolean | null> & { index: number; event_id: string; agent_id: string };
  who?: Record<string, unknown>;
  facts?: Record<string, unknown>;
  sections?: Record<string, unknown>;
  gone?: Record<string, string>;
}

export function useEvent(id: string) {
  return useQuery({ queryKey: ["event", id], queryFn: ({ signal }) => askJson<EventParts>(`/v1/events/${encodeURIComponent(id)}`, { signal }) });
}

/** The proof as text; a new event is sealed within a second, so it is asked for again. */
export function useProof(id: string) {
  return useQuery({
    queryKey: ["proof", id],
    queryFn: async ({ signal }) => (await ask(`/v1/events/${encodeURIComponent(id)}/proof`, { accept: "text/plain", signal })).text(),
    retry: 4,
    retryDelay: 700,
    staleTime: 60_000,
  });
}

export interface SearchPage extends Answer<EventRow> {
  cursor?: string;
}

export interface Search {
  q: string;
  from: string | null;
  to: string | null;
  limit: number;
}

/** All pages of a search that were asked for so far, newest first. */
export function useSearch({ q, from, to, limit }: Search, enabled = true) {
  return useInfiniteQuery({
    queryKey: ["search", q, from, to, limit],
    queryFn: ({ pageParam, signal }) => {
      const params = new URLSearchParams({ q, limit: String(limit) });
      if (from) params.set("from", from);
      if (to) params.set("to", to);
      if (pageParam) params.set("cursor", pageParam);
      return askJson<SearchPage>(`/v1/search?${params}`, { signal });
    },
    initialPageParam: "",
    getNextPageParam: (page) => page.cursor,
    enabled,
  });
}
