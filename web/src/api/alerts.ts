// Alerts and everything around them: rules, silences, receivers and what was delivered.

import { type UseMutationResult, keepPreviousData, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef } from "react";
import type { Severity } from "../lib/alerting.ts";
import { ApiError, askJson, tell } from "./http.ts";
import { useTail } from "./tail.ts";

export type AlertState = "firing" | "acknowledged" | "snoozed" | "resolved";

export interface Alert {
  id: string;
  rule: string;
  title: string;
  severity: Severity;
  tier?: string;
  state: AlertState;
  flapping?: boolean;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  values?: Record<string, string>;
  starts_at: string;
  ends_at?: string | null;
  acknowledged_by?: string | null;
  acknowledged_at?: string | null;
  snoozed_until?: string | null;
  assigned_to?: string | null;
  muted_by?: { silence?: string; inhibited_by?: { labels: Record<string, string> } } | null;
  receivers?: string[];
  evidence?: { index: number; id?: string; at?: string }[];
  window?: { from: string; to: string } | null;
  rule_hash?: string;
  tree_size?: number;
  index?: number | null;
}

export interface AlertDetail extends Alert {
  history?: { at: string; what: string; by?: string | null; note?: string | null }[];
}

export interface AlertList {
  alerts: Alert[];
  totals: Record<Severity, number>;
}

export interface Rule {
  id: string;
  title: string;
  severity: Severity;
  tier?: string | null;
  source: string;
  query: string;
  window?: string | null;
  every?: string | null;
  state: "inactive" | "learning" | "pending" | "firing";
  firing?: number;
  groups?: number;
  learning?: number;
  late?: number;
  refused?: number;
  last_fired_at?: string | null;
}

export interface RuleDetail extends Rule {
  text: string;
  explanation?: string;
}

export interface Checked {
  errors: { line?: number | null; message: string }[];
  advice: (string | { line?: number | null; message: string })[];
  formatted?: string | null;
  explanation?: string | null;
}

export interface Replayed {
  fired: number;
  per_week: number;
  firings: { at: string; [name: string]: unknown }[];
}

export interface Silence {
  id: string;
  matchers: string[];
  starts_at: string;
  ends_at: string;
  by: string;
  comment: string;
  approved_by?: string | null;
}

export interface Receiver {
  name: string;
  channels: { kind: string; to: string }[];
  waiting: number;
  sent: number;
  failed: number;
  last_error?: string | null;
}

export interface Delivery {
  id: string | number;
  at: string;
  receiver: string;
  kind: string;
  title: string;
  state: "waiting" | "sent" | "failed";
  attempts: number;
  error?: string | null;
}

const ROOT = "/v1/alerts";
const REFRESH_MS = 5_000;
const path = (...parts: string[]) => [ROOT, ...parts.map(encodeURIComponent)].join("/");

/** Whether an error says that this server raises no alerts: it has no such paths, or says so. */
export const isOff = (error: unknown): boolean => error instanceof ApiError && (error.status === 501 || error.status === 503 || (error.status === 404 && error.message.startsWith("no such path")));

function useAsked<T>(key: unknown[], url: string, refresh = REFRESH_MS, enabled = true) {
  return useQuery({
    queryKey: ["alerts", ...key],
    queryFn: ({ signal }) => askJson<T>(url, { signal }),
    // Where nothing raises alerts, asking every few seconds is no use.
    refetchInterval: (query) => (isOff(query.state.error) ? 60_000 : refresh),
    placeholderData: keepPreviousData,
    enabled,
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

export const useAlert = (id: string) => useAsked<AlertDetail>(["one", id], path(id));
export const useRules = () => useAsked<{ rules: Rule[]; error?: string | null }>(["rules"], path("rules"));
export const useRule = (id: string, enabled = true) => useAsked<RuleDetail>(["rule", id], path("rules", id), 15_000, enabled);
export const useSilences = () => useAsked<{ silences: Silence[] }>(["silences"], path("silences"));
export const useReceivers = () => useAsked<{ receivers: Receiver[] }>(["receivers"], path("receivers"));
export const useDeliveries = (limit: number) => useAsked<{ deliveries: Delivery[] }>(["deliveries", limit], `${path("deliveries")}?limit=${limit}`);

export const checkRules = (text: string, signal?: AbortSignal) => askJson<Checked>(path("rules", "check"), { body: { text }, signal });

/** What is said of a text of rules, while it is written. */
export function useCheck(text: string) {
  return useQuery({ queryKey: ["check", text], queryFn: ({ signal }) => checkRules(text, signal), enabled: text.trim() !== "", placeholderData: keepPreviousData, staleTime: 60_000, retry: false });
}

/** Over what is recorded: how often a text of rules would have fired. Asked for by hand, since it reads much. */
export function useReplay() {
  return useMutation({ mutationFn: (body: { text: string; days: number }) => askJson<Replayed>(path("rules", "replay"), { body }) });
}

/** The text of a file of rules: its rules one behind the other. */
export function useRuleFile(file: string, rules: Rule[]) {
  const ids = rules.filter((rule) => rule.source === file).map((rule) => rule.id);
  return useQuery({
    queryKey: ["rule-file", file, ids],
    queryFn: async ({ signal }) => (await Promise.all(ids.map((id) => askJson<RuleDetail>(path("rules", id), { signal })))).map((rule) => rule.text.trim()).join("\n---\n"),
    enabled: ids.length > 0,
    staleTime: 0,
  });
}

/** Something that changes what the server knows of alerts; what is on screen is asked for again. */
function useTelling<Body>(send: (body: Body) => Promise<unknown>): UseMutationResult<unknown, Error, Body> {
  const client = useQueryClient();
  return useMutation({ mutationFn: send, onSettled: () => client.invalidateQueries({ queryKey: ["alerts"] }) });
}

export type Act = "acknowledge" | "resolve" | "snooze" | "assign" | "note";

export interface Acting {
  id: string;
  act: Act;
  body: { by: string; note?: string; minutes?: number; to?: string };
}

export const useActing = () => useTelling(({ id, act, body }: Acting) => tell(path(id, act), { body }));

/** The open alerts as a panel of other pages shows them. */
export function useFeed() {
  const list = useAlerts({ state: "open", limit: 100 });
  const doing = useActing();
  const off = isOff(list.error);
  return {
    alerts: list.data?.alerts,
    off: off && list.data === undefined,
    fault: list.error === null || off ? null : list.error.message,
    busy: doing.isPending,
    error: doing.error,
    acknowledge: (id: string, body: Acting["body"], done: () => void) => doing.mutate({ id, act: "acknowledge", body }, { onSuccess: done }),
  };
}

export interface NewSilence {
  matchers: string[];
  minutes: number;
  starts_at?: string;
  by: string;
  comment: string;
  approved_by?: string;
}

export const useSilencing = () => useTelling((body: NewSilence) => tell(path("silences"), { body }));
export const useExpiring = () => useTelling((id: string) => tell(path("silences", id), { method: "DELETE" }));
export const useTesting = () => useTelling(({ name, by }: { name: string; by: string }) => tell(path("receivers", name, "test"), { body: { by } }));
export const useSaving = () => useTelling(({ file, text, by }: { file: string; text: string; by: string }) => tell(path("rules", file), { method: "PUT", body: { text, by } }));
export const useRemoving = () => useTelling(({ file, by }: { file: string; by: string }) => tell(`${path("rules", file)}?${new URLSearchParams({ by })}`, { method: "DELETE" }));

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
