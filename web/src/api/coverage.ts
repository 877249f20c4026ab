// What should have been seen and was not: the report of the server, over a range in the time that senders say.

import { useQuery } from "@tanstack/react-query";
import { asked } from "../lib/coverage.ts";
import type { Range } from "../lib/range.ts";
import { askJson } from "./http.ts";
import type { components } from "./schema";

export type Report = components["schemas"]["Report"];
export type Figure = components["schemas"]["Figure"];
export type Finding = components["schemas"]["Finding"];
export type PointState = components["schemas"]["PointState"];

export function useCoverage(range: Range, agent: string) {
  return useQuery({
    queryKey: ["coverage", range, agent],
    queryFn: ({ signal }) => askJson<Report>(`/v1/coverage?${asked(range, agent)}`, { signal }),
    refetchInterval: 60_000,
    placeholderData: (old) => old,
  });
}
