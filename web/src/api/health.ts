// How the server is: asked every few seconds, so that a lost connection shows by itself.

import { useQuery } from "@tanstack/react-query";
import { ApiError, ask, askJson } from "./http.ts";
import type { components } from "./schema";

export type Health = components["schemas"]["Health"];
export type Who = components["schemas"]["Who"];

export function useHealth() {
  return useQuery({
    queryKey: ["health"],
    queryFn: ({ signal }) => askJson<Health>("/health", { signal }),
    refetchInterval: 4_000,
    refetchIntervalInBackground: true,
    retry: false,
  });
}

/** What only the server can tell about itself; nothing where it does not know this path yet. */
export interface About {
  version: string;
  origin?: string;
  /** Verifier keys as the server states them: to compare with, never to trust blindly. */
  keys: string[];
  /** What the last verification of the whole folder found, while it runs: nothing. */
  verification: { good: boolean; entries: number; found: number; summary: string; findings: string[] } | null;
  keys_needed: boolean;
  /** Who asks, where that is known. */
  who?: Who;
  /** Whether the reader may act: the server refuses it all the same. */
  may_act?: boolean;
}

export function useAbout() {
  return useQuery({
    queryKey: ["about"],
    queryFn: async ({ signal }) => {
      try {
        return await askJson<About>("/ui/about", { signal });
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return null;
        throw error;
      }
    },
    refetchInterval: 30_000,
  });
}

/** Who asks; nothing while that is not known. */
export const useWho = (): Who | undefined => useAbout().data?.who;

/** Whether somebody has one of these roles; an administrator has all. */
export function useHasRole(...roles: string[]): boolean {
  const role = useWho()?.role;
  return role === "admin" || (role !== undefined && roles.includes(role));
}

/** Whether the reader sees only some of the events: then what is about everybody is not asked for. */
export const useIsLimited = (): boolean => (useWho()?.limits ?? null) !== null;

/** Whether buttons that act are shown: not to those who may only look. */
export function useMayAct(): boolean {
  return useAbout().data?.may_act !== false;
}

export function useCheckpoint(refresh = 5_000) {
  return useQuery({
    queryKey: ["checkpoint"],
    queryFn: async ({ signal }) => {
      try {
        return await (await ask("/tlog/checkpoint", { accept: "text/plain", signal })).text();
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return null;
        throw error;
      }
    },
    refetchInterval: refresh,
  });
}

export function useMetrics() {
  return useQuery({
    queryKey: ["metrics"],
    queryFn: async ({ signal }) => parseMetrics(await (await ask("/metrics", { accept: "text/plain", signal })).text()),
    refetchInterval: 10_000,
  });
}

/** A figure over all that its labels tell apart; nothing where the server does not know it. */
export function summed(metrics: Record<string, number>, name: string): number | undefined {
  const parts = Object.entries(metrics).filter(([line]) => line === name || line.startsWith(`${name}{`));
  return parts.length === 0 ? undefined : parts.reduce((sum, [, value]) => sum + value, 0);
}

function parseMetrics(text: string): Record<string, number> {
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]));
}
