// Requests to the server that this page came from. A cookie that no script can read says who asks; the header beside it says
// that this page does, which no other site can. Knows whether the server is reachable.

import type { components } from "./schema";

export type Problem = components["schemas"]["Problem"];

export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    detail: string,
  ) {
    super(detail);
  }
}

/** A value that React components can follow. */
class Signal<T> {
  #listeners = new Set<() => void>();
  constructor(private value: T) {}
  get = (): T => this.value;
  set = (value: T): void => {
    if (Object.is(value, this.value)) return;
    this.value = value;
    for (const listener of this.#listeners) listener();
  };
  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };
}

export type Reach = "unknown" | "connected" | "lost";
export const reach = new Signal<Reach>("unknown");

/** Why the server refused the last request for want of a key. */
export const refused = new Signal<string | null>(null);

/** While somebody makes the first key the door closes behind them: until they are signed in, a refusal is no news. */
let holding = false;

export async function withoutSignIn<T>(work: () => Promise<T>): Promise<T> {
  holding = true;
  return work().finally(() => (holding = false));
}

/** Where one signs in and out: what is refused there is said there. */
export const SESSION = "/v1/session";

export interface Asking {
  accept?: string;
  /** Text, or a value that is sent as JSON. */
  body?: string | object;
  method?: "GET" | "POST" | "PUT" | "DELETE";
  signal?: AbortSignal;
}

export async function ask(path: string, { accept = "application/json", body, method = body === undefined ? "GET" : "POST", signal }: Asking = {}): Promise<Response> {
  const headers = new Headers({ accept, "x-tachograph-page": "1" });
  if (typeof body === "object") headers.set("content-type", "application/json");
  let response: Response;
  try {
    response = await fetch(path, { method, headers, body: typeof body === "object" ? JSON.stringify(body) : body, signal, cache: "no-store" });
  } catch (error) {
    if (!(error instanceof DOMException && error.name === "AbortError")) reach.set("lost");
    throw error;
  }
  // A proxy before a server that is away answers with these.
  reach.set(response.status === 502 || response.status === 504 ? "lost" : "connected");
  if (response.ok) return response;
  const problem = await readProblem(response);
  if (response.status === 401 && path !== SESSION && !holding) refused.set(problem.message);
  throw problem;
}

async function readProblem(response: Response): Promise<ApiError> {
  const text = await response.text();
  try {
    const problem = JSON.parse(text) as Partial<Problem>;
    return new ApiError(response.status, problem.title ?? response.statusText, problem.detail ?? text.slice(0, 300));
  } catch {
    return new ApiError(response.status, `The server answered ${response.status}`, text.slice(0, 300));
  }
}

export async function askJson<T>(path: string, asking?: Asking): Promise<T> {
  return (await (await ask(path, asking)).json()) as T;
}

/** Does something and gives what the server says of it, which may be nothing. */
export async function tell<T = unknown>(path: string, asking: Asking): Promise<T | null> {
  const text = await (await ask(path, asking)).text();
  return text === "" ? null : (JSON.parse(text) as T);
}
