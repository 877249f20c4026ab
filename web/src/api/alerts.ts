// Alerts and everything around them: rules, silences, receivers and what was delivered.

import { type UseMutationResult, keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef } from "react";
import type { Severity } from "../lib/alerting.ts";
import { useIsLimited, useMayAct } from "./health.ts";
import { ApiError, askJson, tell } from "./http.ts";
import type { components } from "./schema";
import { useTail } from "./tail.ts";

type Schemas = components["schemas"];

/** The server's words where its document says only "text". */
type Graded<T extends { severity: string }> = Omit<T, "severity"> & { severity: Severity };
export type Alert = Omit<Graded<Schemas["Alert"]>, "values" | "muted_by"> & {
  values: Record<string, unknown>;
  muted_by?: { silence?: string; inhibited_by?: Record<string, string>; maintenance?: string } | null;
};
export type AlertList = Omit<Schemas["Alerts"], "alerts"> & { alerts: Alert[] };
export type Rule = Graded<Schemas["Rule"]>;
export type RuleList = Omit<Schemas["Rules"], "rules"> & { rules: Rule[] };
export type Checked = Schemas["Checked"];
export type ReplayedRule = Schemas["ReplayedRule"];
export type Recomputed = Schemas["Recomputed"];
export type Computed = Schemas["Computed"];
export type Silence = Schemas["Silence"];
export type Edit = Schemas["Edit"];
export type Receiver = Schemas["Receiver"];
export type Delivery = Schemas["Delivery"];

const ROOT = "/v1/alerts";
const REFRESH_MS = 5_000;
const path = (...parts: string[]) => [ROOT, ...parts.map(encodeURIComponent)].join("/");

/** Whether an error says that this server raises no alerts: it has no such paths, or says so. */
export const isOff = (error: unknown): boolean => error instanceof ApiError && (error.status === 501 || error.status === 503 || (error.status === 404 && error.message.startsWith("no such path")));

function useAsked<T>(key: unknown[], url: string, refresh = REFRESH_MS, enabled = true) {
  const limited = useIsLimited();
  return useQuery({
    queryKey: ["alerts", ...key],
    queryFn: ({ signal }) => askJson<T>(url, { signal }),
    // Where nothing raises alerts, asking every few seconds is no use.
    refetchInterval: (query) => (isOff(query.state.error) ? 60_000 : refresh),
    placeholderData: keepPreviousData,
    enabled: enabled && !limited,
  });
}

export interface AlertsAsked {
  state?: string;
  severity?: string;
  rule?: string;
  agent?: string;
  limit?: number;
}

export function useAlerts(asked: AlertsAsked = {}) {
  const params = new URLSearchParams(Object.entries(asked).flatMap(([name, value]) => (value === undefined || value === "" ? [] : [[name, String(value)]])));
  return useAsked<AlertList>(["list", params.toString()], `${ROOT}?${params}`);
}

export const useAlert = (id: string) => useAsked<Alert>(["one", id], path(id));
export const useRules = () => useAsked<RuleList>(["rules"], path("rules"));
export const useRule = (id: string, enabled = true) => useAsked<Rule>(["rule", id], path("rules", id), 15_000, enabled);
export const useSilences = () => useAsked<Schemas["Silences"]>(["silences"], path("silences"));
/** Edits of critical built-in rules that wait for a second person. */
export const useEdits = () => useAsked<Schemas["Edits"]>(["edits"], path("rules", "edits"));
export const useReceivers = () => useAsked<Schemas["Receivers"]>(["receivers"], path("receivers"));
export const useDeliveries = (limit: number) => useAsked<Schemas["Deliveries"]>(["deliveries", limit], `${path("deliveries")}?limit=${limit}`);

export const checkRules = (text: string, signal?: AbortSignal) => askJson<Checked>(path("rules", "check"), { body: { text }, signal });

/** What is said of a text of rules, while it is written. */
export function useCheck(text: string) {
  return useQuery({ queryKey: ["check", text], queryFn: ({ signal }) => checkRules(text, signal), enabled: text.trim() !== "", placeholderData: keepPreviousData, staleTime: 60_000, retry: false });
}

/** Over what is recorded: how often a text of rules would have fired. Asked for by hand, since it reads much. */
export function useReplay() {
  return useMutation({ mutationFn: (body: { text: string; days: number }) => askJson<Schemas["Replayed"]>(path("rules", "replay"), { body }) });
}

/** Whether the alerts of a rule are those that were due; read from the log, so asked for by hand. */
export function useRecompute() {
  return useMutation({ mutationFn: (asked: { rule: string; last: string }) => askJson<Recomputed>(`${path("recompute")}?${new URLSearchParams(asked)}`) });
}

/** The text of a file of rules, which each of its rules brings along. */
export function useRuleFile(file: string, rules: Rule[]) {
  const id = rules.find((rule) => rule.source === file)?.id ?? null;
  return useQuery({
    queryKey: ["rule-file", file, id],
    queryFn: async ({ signal }) => (await askJson<Rule>(path("rules", id ?? ""), { signal })).text ?? "",
    enabled: id !== null,
    staleTime: 0,
  });
}

/** Something that changes what the server knows of alerts; what is on screen is asked for again. */
function useTelling<Body>(send: (body: Body) => Promise<unknown>): UseMutationResult<unknown, Error, Body> {
  const client = useQueryClient();
  return useMutation({ mutationFn: send, onSettled: () => client.invalidateQueries({ queryKey: ["alerts"] }) });
}

/** What goes along with an act; the server takes the name of the key for whoever gives none. */
export interface ActBody {
  by?: string;
  note?: string;
  minutes?: number;
  to?: string;
}

export type Act = "acknowledge" | "resolve" | "snooze" | "assign" | "note";

export interface Acting {
  id: string;
  act: Act;
  body: ActBody;
}

export const useActing = () => useTelling(({ id, act, body }: Acting) => tell(path(id, act), { body }));

/** The open alerts as a panel of other pages shows them. */
export function useFeed() {
  const list = useAlerts({ state: "open", limit: 100 });
  const doing = useActing();
  const limited = useIsLimited();
  const off = limited || isOff(list.error);
  return {
    alerts: list.data?.alerts,
    off: off && list.data === undefined,
    fault: list.error === null || off ? null : list.error.message,
    may: useMayAct(),
    busy: doing.isPending,
    error: doing.error,
    acknowledge: (id: string, body: Acting["body"], done: () => void) => doing.mutate({ id, act: "acknowledge", body }, { onSuccess: done }),
  };
}

export const useSilencing = () => useTelling((body: Schemas["Wanted"]) => tell(path("silences"), { body }));
export const useApproving = () => useTelling((id: string) => tell(path("silences", id, "approve"), { method: "POST" }));
export const useAgreeing = () => useTelling((id: string) => tell(path("rules", "edits", id, "approve"), { method: "POST" }));
export const useWithdrawing = () => useTelling((id: string) => tell(path("rules", "edits", id), { method: "DELETE" }));
export const useExpiring = () => useTelling((id: string) => tell(path("silences", id), { method: "DELETE" }));
export const useTesting = () => useTelling((name: string) => tell(path("receivers", name, "test"), { method: "POST" }));
export const useSaving = () => useTelling(({ file, text, by }: { file: string; text: string; by?: string }) => tell(path("rules", file), { method: "PUT", body: { text, ...(by ? { by } : {}) } }));
export const useRemoving = () => useTelling((file: string) => tell(path("rules", file), { method: "DELETE" }));

/** What tachograph does about alerts is on the log: when something of it comes, alerts are asked for at once. */
export function useLiveAlerts(): void {
  const client = useQueryClient();
  const timer = useRef(0);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const soon = useCallback(() => {
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => void client.invalidateQueries({ queryKey: ["alerts"] }), 150);
  }, [client]);
  useTail(soon, true, "tachograph");
}
