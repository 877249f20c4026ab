// Asking in SQL: rows as objects, and whole answers as files.

import { type UseQueryResult, keepPreviousData, useQuery } from "@tanstack/react-query";
import { ApiError, type Problem, ask, askJson } from "./http.ts";

export interface Column {
  name: string;
  type: string;
}

export interface Answer<Row> {
  columns: Column[];
  rows: Row[];
  rows_count: number;
  tree_size: number;
}

export type Cell = string | number | boolean | null | object;
export type AnyRow = Record<string, Cell>;

export async function runSql<Row = AnyRow>(query: string, signal?: AbortSignal): Promise<Answer<Row>> {
  const answer = await askJson<Answer<Row> & { error?: Problem }>("/v1/sql", { body: query, signal });
  // An answer that had begun when it reached a limit: a part is not shown as the whole.
  if (answer.error !== undefined) throw new ApiError(answer.error.status, answer.error.title, answer.error.detail);
  return answer;
}

export interface SqlOptions {
  /** Asks again after so many milliseconds. */
  refresh?: number;
  enabled?: boolean;
}

/** The rows of a query; what was there stays on screen while a new range or a refresh is on its way. */
export function useSql<Row = AnyRow>(query: string, { refresh, enabled = true }: SqlOptions = {}): UseQueryResult<Answer<Row>> {
  return useQuery({
    queryKey: ["sql", query],
    queryFn: ({ signal }) => runSql<Row>(query, signal),
    refetchInterval: refresh ?? false,
    placeholderData: keepPreviousData,
    enabled,
  });
}

/** The answer as the server writes it in another format. */
export async function exportSql(query: string, accept: string): Promise<Blob> {
  return (await ask("/v1/sql", { body: query, accept })).blob();
}
