// Asking in the pipe language: the answer is that of SQL.

import { keepPreviousData, useInfiniteQuery, useQuery } from "@tanstack/react-query";
import type { Range } from "../lib/range.ts";
import type { components } from "./schema";
import type { EventRow } from "./events.ts";
import { ApiError, type Problem, ask, askJson } from "./http.ts";
import { type AnyRow, type Answer, runSql } from "./sql.ts";

function path(range: Range, explain = false): string {
  const params = new URLSearchParams();
  if (range.kind === "last") params.set("last", range.preset);
  if (range.kind === "between") {
    params.set("from", new Date(range.from).toISOString());
    params.set("to", new Date(range.to).toISOString());
  }
  // The senders' time, as on every other page.
  params.set("time", "event");
  if (explain) params.set("explain", "true");
  return `/v1/query?${params}`;
}

export function usePipes(query: string, range: Range) {
  return useQuery({
    queryKey: ["pipes", query, range],
    queryFn: async ({ signal }) => {
      const answer = await askJson<Answer<AnyRow> & { error?: Problem }>(path(range), { body: query, signal });
      if (answer.error !== undefined) throw new ApiError(answer.error.status, answer.error.title, answer.error.detail);
      return answer;
    },
    placeholderData: keepPreviousData,
    retry: false,
  });
}

/** What a query means, in words, and its SQL. */
export function useMeaning(query: string, range: Range, enabled: boolean) {
  return useQuery({ queryKey: ["meaning", query, range], queryFn: async ({ signal }) => (await ask(path(range, true), { accept: "text/plain", body: query, signal })).text(), enabled, retry: false });
}

/** Of a query that only keeps events: its condition in SQL, for what is counted and listed of them. */
export function useCondition(query: string | null) {
  return useQuery({
    queryKey: ["condition", query],
    queryFn: async ({ signal }) => (await askJson<components["schemas"]["Meaning"]>("/v1/query?explain=true", { body: query ?? "", signal })).condition ?? null,
    enabled: query !== null,
    staleTime: 60_000,
    retry: false,
  });
}

/** The events that satisfy a condition, newest first, page by page; `when` is a condition on their time. */
export function useEventsWhere(condition: string | null, when: string, limit: number) {
  return useInfiniteQuery({
    queryKey: ["events", condition, when, limit],
    queryFn: ({ pageParam, signal }) =>
      runSql<EventRow>(`SELECT * FROM agent_audit_log WHERE (${condition}) AND ${when}${pageParam} ORDER BY timestamp DESC, index DESC LIMIT ${limit}`, signal),
    initialPageParam: "",
    getNextPageParam: ({ rows }) => {
      const last = rows.length === limit ? rows.at(-1) : undefined;
      return last && ` AND (timestamp < TIMESTAMP '${last.timestamp}' OR timestamp = TIMESTAMP '${last.timestamp}' AND index < ${last.index})`;
    },
    enabled: condition !== null,
  });
}

export async function exportPipes(query: string, range: Range, accept: string): Promise<Blob> {
  return (await ask(path(range), { body: query, accept })).blob();
}
