// Named texts that this browser keeps where the server keeps none: dashboards and searches. Files carry them elsewhere.

/** Shelves, by the name under which this browser keeps them. */
export const DASHBOARDS = "tachograph.dashboards";
export const SEARCHES = "tachograph.searches";

const KEPT_MAX = 200;
const BYTES_MAX = 2_000_000;

export type Kept = Record<string, string>;

export function readKept(shelf: string): Kept {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(shelf) ?? "{}");
    if (value === null || typeof value !== "object" || Array.isArray(value)) return {};
    return Object.fromEntries(Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string"));
  } catch {
    return {};
  }
}

/** Keeps a text, or takes it away; says why where it can't. */
export function keep(shelf: string, name: string, text: string | null): string | null {
  const kept = readKept(shelf);
  if (text === null) delete kept[name];
  else kept[name] = text;
  const whole = JSON.stringify(kept);
  if (Object.keys(kept).length > KEPT_MAX || whole.length > BYTES_MAX) return `this browser keeps at most ${KEPT_MAX} of them, ${BYTES_MAX / 1e6} MB together`;
  try {
    localStorage.setItem(shelf, whole);
    return null;
  } catch {
    return "this browser keeps nothing more";
  }
}

export interface Shelved {
  text: string;
  /** On the server, for everybody; else in this browser only. */
  shared: boolean;
}

/** What the server and this browser keep, by name: what stands on both is the server's. */
export function shelved(served: Kept, here: Kept): Record<string, Shelved> {
  const own = Object.entries(here).map(([name, text]) => [name, { text, shared: false }] as const);
  const all = Object.entries(served).map(([name, text]) => [name, { text, shared: true }] as const);
  return Object.fromEntries([...own, ...all].sort(([a], [b]) => a.localeCompare(b)));
}

/** The searches of a file, names with addresses; or why it is none. */
export function readSearches(text: string): Kept | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return "the file is no JSON";
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) return "the file is no list of searches: expected names with addresses";
  const searches: Kept = {};
  for (const [name, address] of Object.entries(value)) {
    if (typeof address !== "string" || name.length > 80) return `"${name.slice(0, 40)}" is no search: expected an address as text`;
    // An address is parsed and written anew: only parameters get in.
    searches[name] = new URLSearchParams(address).toString();
  }
  return searches;
}
