// The keys that this browser holds the log to. Pinned once, from a trustworthy place; a server cannot change them.

import { type VerifierKey, parseKey } from "./proof/note.ts";

const NAME = "tachograph.pins";
const KEYS_MAX = 8;

export function readPins(): string[] {
  try {
    const list: unknown = JSON.parse(localStorage.getItem(NAME) ?? "[]");
    return Array.isArray(list) ? list.filter((one) => typeof one === "string") : [];
  } catch {
    return [];
  }
}

/** Checks every line and keeps them in place of what was pinned before. */
export async function pin(text: string): Promise<VerifierKey[]> {
  const lines = text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
  if (lines.length === 0) throw new Error("expected one verifier key a line, as \"tachograph keys\" prints them");
  if (lines.length > KEYS_MAX) throw new Error(`expected at most ${KEYS_MAX} keys, found ${lines.length}`);
  const keys = await Promise.all(lines.map(parseKey));
  localStorage.setItem(NAME, JSON.stringify(keys.map((key) => key.text)));
  window.dispatchEvent(new Event(NAME));
  return keys;
}

export function unpin(): void {
  localStorage.removeItem(NAME);
  window.dispatchEvent(new Event(NAME));
}

export function watchPins(on: () => void): () => void {
  window.addEventListener(NAME, on);
  window.addEventListener("storage", on);
  return () => {
    window.removeEventListener(NAME, on);
    window.removeEventListener("storage", on);
  };
}

/** Changes exactly when the pins do: what `useSyncExternalStore` follows. */
export const pinsText = (): string => localStorage.getItem(NAME) ?? "[]";
