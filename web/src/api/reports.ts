// Reports: which there are, which were made, and making one.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { components } from "./schema";
import { ask, askJson } from "./http.ts";

type Schemas = components["schemas"];
export type ReportKind = Schemas["ReportKind"];
export type MadeReport = Schemas["MadeReport"];
export type Reports = Schemas["Reports"];
export type ReportSection = Schemas["ReportSection"];
export type HealthTally = Schemas["HealthTally"];
export type ReportMade = Schemas["ReportMade"];
export type Wanted = Schemas["WantedReport"];
export type Paper = Schemas["ReportPaper"];

const LIST = ["reports"];

export function useReports() {
  return useQuery({ queryKey: LIST, queryFn: ({ signal }) => askJson<Schemas["Reports"]>("/v1/reports", { signal }), refetchInterval: 30_000 });
}

/** Makes a report to be shown. That it was made is on the record. */
export function useMakeReport() {
  const client = useQueryClient();
  return useMutation({ mutationFn: (body: Wanted) => askJson<MadeReport>("/v1/reports", { body }), onSettled: () => client.invalidateQueries({ queryKey: LIST }) });
}

/** Makes a report as a file. */
export function useReportFile() {
  const client = useQueryClient();
  return useMutation({ mutationFn: async (body: Wanted) => (await ask("/v1/reports", { accept: "*/*", body })).blob(), onSettled: () => client.invalidateQueries({ queryKey: LIST }) });
}
