// Who is on call, overrides and maintenance, as the server tells them.

import { keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { isOff } from "./alerts.ts";
import { askJson, tell } from "./http.ts";
import type { components } from "./schema";

type Schemas = components["schemas"];

export type Duty = Schemas["OnCall"];
export type Schedule = Schemas["OnCallSchedule"];
export type Turn = Schemas["OnCallTurn"];
export type Override = Schemas["OnCallOverride"];
export type Policy = Schemas["EscalationPolicy"];
export type Window = Schemas["MaintenanceWindow"];

const ROOT = "/v1/alerts";
const one = (kind: string, id: string) => `${ROOT}/${kind}/${encodeURIComponent(id)}`;

/** Below `alerts`, so that whatever alerting does has it asked for again. */
function useAsked<T>(name: string, url: string) {
  return useQuery({
    queryKey: ["alerts", name],
    queryFn: ({ signal }) => askJson<T>(url, { signal }),
    refetchInterval: (query) => (isOff(query.state.error) ? 60_000 : 10_000),
    placeholderData: keepPreviousData,
  });
}

export const useDuty = () => useAsked<Duty>("oncall", `${ROOT}/oncall?days=14`);
export const useMaintenance = () => useAsked<Schemas["Maintenance"]>("maintenance", `${ROOT}/maintenance`);

function useTelling<Body>(send: (body: Body) => Promise<unknown>) {
  const client = useQueryClient();
  return useMutation({ mutationFn: send, onSettled: () => client.invalidateQueries({ queryKey: ["alerts"] }) });
}

export const useTakingOver = () => useTelling((body: Schemas["TakeOver"]) => tell(`${ROOT}/oncall/overrides`, { body }));
export const useGivingBack = () => useTelling((id: string) => tell(one("oncall/overrides", id), { method: "DELETE" }));
export const useBeginning = () => useTelling((body: Schemas["Begun"]) => tell(`${ROOT}/maintenance`, { body }));
export const useEnding = () => useTelling((id: string) => tell(one("maintenance", id), { method: "DELETE" }));
export const useAgreeing = () => useTelling((id: string) => tell(`${one("maintenance", id)}/approve`, { method: "POST" }));
