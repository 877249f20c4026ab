// Signing in and out, API keys, retention and redaction: what the settings show and change.

import { type UseMutationResult, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { components } from "./schema";
import type { Who } from "./health.ts";
import { SESSION, askJson, refused, tell, withoutSignIn } from "./http.ts";

type Schemas = components["schemas"];
export type ApiKey = Schemas["ApiKey"];
export type NewKey = Schemas["NewKey"];
export type WantedKey = Schemas["WantedKey"];
export type Redacted = Schemas["Redacted"];
export type Kept = Schemas["Status"];
export type Hold = Schemas["LegalHold"];

export async function signIn(key: string): Promise<Who> {
  const who = await askJson<Who>(SESSION, { body: { key } });
  refused.set(null);
  return who;
}

export async function signOut(): Promise<void> {
  await tell(SESSION, { method: "DELETE" });
  refused.set(null);
}

const KEYS = ["keys"];

export function useKeys(enabled: boolean) {
  return useQuery({ queryKey: KEYS, queryFn: async ({ signal }) => (await askJson<Schemas["ApiKeys"]>("/v1/keys", { signal })).keys, enabled });
}

function useChange<Body, Made>(send: (body: Body) => Promise<Made>, again: unknown[]): UseMutationResult<Made, Error, Body> {
  const client = useQueryClient();
  return useMutation({ mutationFn: send, onSettled: () => client.invalidateQueries({ queryKey: again }) });
}

/** Makes a key. The first one closes the server to everybody without one, so whoever makes it is signed in with it. */
export function useMakeKey(first: boolean) {
  const make = (body: WantedKey) => askJson<NewKey>("/v1/keys", { body });
  const enter = (body: WantedKey) =>
    withoutSignIn(async () => {
      const made = await make(body);
      await signIn(made.key);
      return made;
    });
  return useChange(first ? enter : make, KEYS);
}

export const useRevokeKey = () => useChange((id: string) => tell(`/v1/keys/${encodeURIComponent(id)}/revoke`, { method: "POST" }), KEYS);

const RETENTION = ["retention"];

export function useRetention(enabled: boolean) {
  return useQuery({ queryKey: RETENTION, queryFn: ({ signal }) => askJson<Kept>("/v1/retention", { signal }), refetchInterval: 30_000, enabled });
}

export function useHolds(enabled: boolean) {
  return useQuery({ queryKey: [...RETENTION, "holds"], queryFn: async ({ signal }) => (await askJson<Schemas["LegalHolds"]>("/v1/holds", { signal })).holds, enabled });
}

export const useRunRetention = () => useChange(() => askJson<Schemas["Run"]>("/v1/retention/run", { method: "POST" }), RETENTION);

/** What would be stored of a text. Nothing of it is recorded. */
export const tryRedaction = (text: string, signal?: AbortSignal) => askJson<Redacted>("/v1/redaction/try", { body: { text }, signal });
