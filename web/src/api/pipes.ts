// Asking in the pipe language: the answer is that of SQL.

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { Range } from "../lib/range.ts";
import { ApiError, type Problem, ask, askJson } from "./http.ts";
import type { AnyRow, Answer } from "./sql.ts";

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

export async function exportPipes(query: string, range: Range, accept: string): Promise<Blob> {
  return (await ask(path(range), { body: query, accept })).blob();
}
