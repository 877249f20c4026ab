// Addresses of views with their state: what stands behind a figure is one click away.

import { type Range, writeRange } from "./range.ts";

export function exploreUrl(q: string, range: Range): string {
  const params = writeRange(new URLSearchParams(), range);
  if (q !== "") params.set("q", q);
  return `/explore?${params}`;
}

export function sqlUrl(query: string): string {
  return `/explore?${new URLSearchParams({ mode: "sql", sql: query })}`;
}

export const agentUrl = (id: string): string => `/agents/${encodeURIComponent(id)}`;
export const sessionUrl = (id: string, at?: number): string => `/sessions/${encodeURIComponent(id)}${at === undefined ? "" : `?at=${at}`}`;
export const eventUrl = (index: number | string): string => `/events/${encodeURIComponent(index)}`;
