/** What a client is told: by the caller, else by the environment, else the default. Never throws. */
import { createHash } from "node:crypto";
import { homedir, hostname, tmpdir, userInfo } from "node:os";
import * as path from "node:path";

/** A problem that the caller may want to log; nothing is thrown. */
export interface Problem {
  kind: "away" | "disk" | "lost" | "rejected" | "settings" | "torn";
  message: string;
  /** Events that it is about. */
  count: number;
}

export interface Options {
  /** The server, or the whole address of its way in. `AUDIT_LOG_URL`, else `http://127.0.0.1:7420`. */
  url?: string | undefined;
  /** The API key. `AUDIT_LOG_KEY`. */
  key?: string | undefined;
  /** The agent of events that name none. `AGENT_ID`. */
  agentId?: string | undefined;
  /** The session of events that name none. `SESSION_ID`, else a new one for each client. */
  sessionId?: string | undefined;
  /** Where environment, commit and branch of what runs here go. `environment`, `git_commit`, `branch`. */
  metadata?: Record<string, string> | undefined;
  /** Where events wait while the server is away. `AUDIT_LOG_SPOOL`, else `~/.local/state/tachograph`. */
  spoolDir?: string | undefined;
  /** What may wait on disk. 64 MiB. */
  spoolBytes?: number | undefined;
  /** A request has so many events (100), so many bytes (1 MiB), or what came in so long a time (5000 ms). */
  batchEvents?: number | undefined;
  batchBytes?: number | undefined;
  batchMs?: number | undefined;
  /** What may wait in memory, with the batch that is being sent: 10,000 events, 16 MiB. */
  queueEvents?: number | undefined;
  queueBytes?: number | undefined;
  /** One request may take so long. 10,000 ms. */
  timeoutMs?: number | undefined;
  /** The first wait after a failure, and the longest: 500 ms, doubling up to 60,000 ms. */
  retryMinMs?: number | undefined;
  retryMaxMs?: number | undefined;
  /** The longest that an end of the process waits for the server. 5000 ms. */
  closeMs?: number | undefined;
  /** Whether the client saves what waits when the process ends. True. */
  exitHooks?: boolean | undefined;
  /** Told of what went wrong; what it throws is ignored. A problem of what it records itself, before it returns, is counted and not told. */
  onProblem?: ((problem: Problem) => void) | undefined;
}

export interface Settings {
  url: URL;
  key: string | undefined;
  agentId: string | undefined;
  sessionId: string | undefined;
  metadata: Record<string, string> | undefined;
  host: string;
  user: string | undefined;
  spoolDir: string;
  spoolBytes: number;
  batchEvents: number;
  batchBytes: number;
  batchMs: number;
  queueEvents: number;
  queueBytes: number;
  timeoutMs: number;
  retryMinMs: number;
  retryMaxMs: number;
  closeMs: number;
  exitHooks: boolean;
  onProblem: ((problem: Problem) => void) | undefined;
  /** What of the options can't be meant. */
  wrong: string[];
}

/** The variables of the process; in words of our own, since not every program tells its compiler of Node's types. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The server's own default address. */
const URL_DEFAULT = "http://127.0.0.1:7420";

/** Names of the environment for what runs here, in the order in which they are believed. */
const METADATA: Record<string, readonly string[]> = {
  environment: ["AUDIT_LOG_ENVIRONMENT", "DEPLOYMENT_ENVIRONMENT", "NODE_ENV"],
  git_commit: ["GIT_COMMIT", "GITHUB_SHA", "CI_COMMIT_SHA"],
  branch: ["GIT_BRANCH", "GITHUB_REF_NAME", "CI_COMMIT_BRANCH"],
};

export function settings(options: Options, env: Environment, newSession: () => string): Settings {
  const wrong: string[] = [];
  const read = reader(options, wrong);
  const text = (name: keyof Options, variable: string) => (read(name, "a text", isText) || env[variable] || undefined) as string | undefined;
  const number = (name: keyof Options, least: number, otherwise: number) =>
    (read(name, `a number from ${least} up`, (given) => typeof given === "number" && given >= least) ?? otherwise) as number;
  const url = server(text("url", "AUDIT_LOG_URL"), env, wrong);
  return {
    url,
    key: text("key", "AUDIT_LOG_KEY"),
    agentId: text("agentId", "AGENT_ID"),
    sessionId: text("sessionId", "SESSION_ID") ?? newSession(),
    metadata: (read("metadata", "an object", isObject) as Settings["metadata"]) ?? metadata(env),
    host: hostname(),
    user: user(),
    spoolDir: spoolFolder(text("spoolDir", "AUDIT_LOG_SPOOL") ?? stateFolder(env), url.href),
    spoolBytes: number("spoolBytes", 0, 64 << 20),
    batchEvents: number("batchEvents", 1, 100),
    batchBytes: number("batchBytes", 1, 1 << 20),
    batchMs: number("batchMs", 0, 5000),
    queueEvents: number("queueEvents", 1, 10_000),
    queueBytes: number("queueBytes", 1, 16 << 20),
    timeoutMs: number("timeoutMs", 1, 10_000),
    retryMinMs: number("retryMinMs", 1, 500),
    retryMaxMs: number("retryMaxMs", 1, 60_000),
    closeMs: number("closeMs", 0, 5000),
    exitHooks: (read("exitHooks", "true or false", (given) => typeof given === "boolean") as boolean | undefined) ?? true,
    onProblem: read("onProblem", "a function", (given) => typeof given === "function") as Settings["onProblem"],
    wrong,
  };
}

type Read = (name: keyof Options, expected: string, isGood: (given: unknown) => boolean) => unknown;

/** Reads options one by one: what can't be meant, or can't be read, is told and counts as not given. */
function reader(options: unknown, wrong: string[]): Read {
  const given = isObject(options) ? options : {};
  if (given !== options && options !== undefined) wrong.push(`options: expected an object, found ${kindOf(options)}`);
  return (name, expected, isGood) => {
    try {
      const value = (given as Record<string, unknown>)[name];
      if (value === undefined || isGood(value)) return value;
      wrong.push(`${name}: expected ${expected}, found ${typeof value === "number" ? value : kindOf(value)}; the default is used`);
    } catch {
      wrong.push(`${name}: could not be read; the default is used`);
    }
    return undefined;
  };
}

const isText = (value: unknown) => typeof value === "string";
const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;
const kindOf = (value: unknown) => (value === null ? "null" : typeof value);

/** The server that is named, else that of the environment, else the default: one that events can't be sent to would have them wait for ever. */
function server(named: string | undefined, env: Environment, wrong: string[]): URL {
  const url = named === undefined ? undefined : endpoint(named);
  if (url !== undefined) return url;
  if (named !== undefined) {
    const found = (named.split("@").pop() ?? "").split("?")[0]?.slice(0, 100); // a password may be in the rest
    wrong.push(`url: expected an address such as ${URL_DEFAULT}, found "${found}"; the default is used`);
  }
  return endpoint(env["AUDIT_LOG_URL"] || URL_DEFAULT) ?? new URL(`${URL_DEFAULT}/v1/events`);
}

/** Where events are posted to: an address with a path is taken as it stands. */
export function endpoint(address: string): URL | undefined {
  const trimmed = address.trim();
  const at = trimmed.indexOf("://");
  const scheme = at < 0 ? "http" : trimmed.slice(0, at);
  const rest = (at < 0 ? trimmed : trimmed.slice(at + 3)).replace(/\/+$/, "");
  if (/^(\/|$)/.test(rest)) return undefined; // `URL` would take the first part of the path for the host
  try {
    const url = new URL(`${scheme}://${rest}${rest.includes("/") ? "" : "/v1/events"}`);
    return url.protocol === "http:" || url.protocol === "https:" ? url : undefined;
  } catch {
    return undefined;
  }
}

/** Each address has its own folder, so that what was meant for one server never reaches another. */
function spoolFolder(root: string, address: string): string {
  return path.join(root, "client", createHash("sha256").update(address).digest("hex").slice(0, 16));
}

/** Who has no home shares the temporary folder with the clients of other languages. */
export function stateFolder(env: Environment, homeOf: () => string = homedir): string {
  const home = quietly(homeOf);
  return path.join(env["XDG_STATE_HOME"] || (home ? path.join(home, ".local", "state") : tmpdir()), "tachograph");
}

function user(): string | undefined {
  return quietly(() => userInfo().username);
}

function metadata(env: Environment): Record<string, string> | undefined {
  const found = Object.entries(METADATA).flatMap(([name, variables]) => {
    const value = variables.map((variable) => env[variable]).find(Boolean);
    return value === undefined ? [] : [[name, value] as const];
  });
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

function quietly<T>(get: () => T): T | undefined {
  try {
    return get();
  } catch {
    return undefined;
  }
}
