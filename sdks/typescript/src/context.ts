/**
 * Who asked: address, user agent and session of the request that an audit entry is about.
 *
 * The Express middleware puts it where every `auditLog` below the request finds it; in Next.js it is read from
 * `headers()` or the `Request` and handed over. Cookies and other credentials are never read.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { Proxies, type TrustedProxies } from "./address.js";

/** The context of a request as the server takes it. */
export interface RequestContext {
  ip?: string | null;
  userAgent?: string | null;
  sessionId?: string | null;
  requestId?: string | null;
}

interface Held {
  request: RequestContext;
  /** Those that the middleware was told to trust. */
  proxies?: Proxies | undefined;
  /** What of the middleware's options can't be meant, until somebody tells of it. */
  wrong?: string[] | undefined;
  userId?: string | undefined;
}

/** One for all copies of this library (ESM, CommonJS, one in each bundle that Next.js makes), which share the client as well. */
const SHARED = Symbol.for("tachograph-client context");
const storage = ((globalThis as { [SHARED]?: AsyncLocalStorage<Held> })[SHARED] ??= new AsyncLocalStorage<Held>());
const USER_AGENT_MAX = 512;
const ID_MAX = 200;

/** The context of the request that is being handled. */
export function currentContext(): Held | undefined {
  return storage.getStore();
}

/** Runs something in a context: what it logs, now or later, carries it. */
export function withContext<T>(request: RequestContext, run: () => T, userId?: string): T {
  return storage.run({ request, userId }, run);
}

/** What of Express's and Node's request is read. */
export interface IncomingRequest {
  headers: Record<string, string | string[] | undefined>;
  socket?: { remoteAddress?: string | undefined };
  /** What Express makes of its own setting `trust proxy`. */
  ip?: string | undefined;
  /** Of express-session. */
  sessionID?: string | undefined;
}

export interface ExpressOptions<R extends IncomingRequest = IncomingRequest> {
  /** Proxies whose `X-Forwarded-For` is believed. Without it, what Express's own `trust proxy` says. */
  trustedProxies?: TrustedProxies;
  /** The session's id; express-session's by default. */
  session?: (request: R) => string | null | undefined;
  /** Who is logged in, for entries that name no user. Asked when something is logged. */
  user?: (request: R) => string | null | undefined;
}

/**
 * Express middleware (also Connect and plain `node:http`): everything that is logged below it carries the request's
 * address, user agent and session. Put it behind the one that makes sessions.
 * `trustedProxies` that can't be meant count as not given; the first entry that is logged below tells of it.
 */
export function auditContext<R extends IncomingRequest = IncomingRequest>(options: ExpressOptions<R> = {}) {
  const wrong: string[] = [];
  const proxies = trusted(options, wrong);
  return (request: R, _response: unknown, next: (error?: unknown) => void): void => {
    // Read late: the session and the user may become known only behind this middleware.
    const held: Held = {
      proxies,
      wrong,
      get request() {
        return safely(() => fromExpress(request, proxies, options)) ?? {};
      },
      get userId() {
        return safely(() => options.user?.(request)) ?? undefined;
      },
    };
    storage.run(held, () => next());
  };
}

function trusted(options: { trustedProxies?: TrustedProxies }, wrong: string[]): Proxies | undefined {
  try {
    return options.trustedProxies === undefined ? undefined : new Proxies(options.trustedProxies);
  } catch (error) {
    wrong.push(error instanceof TypeError ? error.message : "trustedProxies can't be read");
    return undefined;
  }
}

/** A request as the frameworks have it, or its headers. */
export type RequestLike = IncomingRequest | HeadersLike | { headers: HeadersLike };

/**
 * The context from whatever stands for a request: a context as it is, a request of Express, Node or fetch, or headers.
 * What it says of itself (`userAgent`, `sessionId`, `requestId`) counts before its headers. Never throws: `unread` is told of
 * what can't be read, and the rest counts.
 */
export function contextOf(given: unknown, proxies: Proxies | undefined, unread: (what: string) => void): RequestContext | undefined {
  if (typeof given !== "object" || given === null) return undefined;
  const read = safely(() => {
    const from = given as Partial<IncomingRequest & RequestContext>;
    const held = headersOf(given);
    if (held === undefined) return readable(given, unread);
    const header = (name: string) => safely(() => headerOf(held, name));
    const read = <T>(get: () => T) => safely(get);
    const told = read(() => from.ip);
    const plain = proxies ?? new Proxies();
    const peer = read(() => from.socket?.remoteAddress);
    const ip = proxies === undefined && typeof told === "string" ? plain.client(told, undefined) : plain.client(peer, header("x-forwarded-for"));
    return context(
      ip,
      text(read(() => from.userAgent)) ?? header("user-agent"),
      text(read(() => from.sessionId)) ?? text(read(() => from.sessionID)),
      text(read(() => from.requestId)) ?? header("x-request-id"),
    );
  });
  if (read === undefined) unread("an entry's request can't be read");
  return read ?? {};
}

/** A copy of a context, without the members that throw when they are read. */
function readable(given: object, unread: (what: string) => void): RequestContext {
  const members: Record<string, unknown> = {};
  for (const name of Object.keys(given)) {
    const member = safely(() => ({ value: (given as Record<string, unknown>)[name] }));
    if (member === undefined) unread(`member ${name} of an entry's request can't be read`);
    else members[name] = member.value;
  }
  return members;
}

/** The headers of a request, or those that stand for it: what `headers()` of Next.js gives has both a `get` and `headers`. */
function headersOf(given: object): object | undefined {
  const { headers, get } = given as { headers?: unknown; get?: unknown };
  const held = headers ?? (typeof get === "function" ? given : undefined);
  return typeof held === "object" && held !== null ? held : undefined;
}

/** A header by its name in small letters, of `Headers`, a `Map` or a plain object however it spells its names. */
function headerOf(headers: object, name: string): string | undefined {
  const { get } = headers as { get?: unknown };
  if (typeof get === "function") return text(get.call(headers, name));
  const plain = headers as Record<string, unknown>;
  const value = plain[name] ?? plain[Object.keys(plain).find((other) => other.toLowerCase() === name) ?? name];
  return Array.isArray(value) ? value.filter((item) => typeof item === "string").join(",") : text(value);
}

function text(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function fromExpress<R extends IncomingRequest>(request: R, proxies: Proxies | undefined, options: ExpressOptions<R>): RequestContext {
  const peer = request.socket?.remoteAddress;
  const plain = proxies ?? new Proxies();
  const ip = proxies === undefined && request.ip !== undefined ? plain.client(request.ip, undefined) : plain.client(peer, joined(request.headers["x-forwarded-for"]));
  const session = options.session === undefined ? request.sessionID : options.session(request);
  return context(ip, joined(request.headers["user-agent"]), session, joined(request.headers["x-request-id"]));
}

export interface NextOptions {
  /**
   * How many proxies stand in front (one where only the platform's own does), or their networks. The App Router does not tell
   * the other end of the connection: only with a number is there an address that could be believed, else none is recorded.
   * A request of the Pages Router tells the other end.
   */
  trustedProxies?: TrustedProxies;
  session?: string | null | undefined;
}

/** What of `Headers`, `Request` and `NextRequest` is read. */
export interface HeadersLike {
  get(name: string): string | null;
}

/**
 * The context from Next.js: hand it `await headers()` in server components and actions, the `Request` in route handlers,
 * the request of Node in API routes of the Pages Router. Never throws.
 *
 *     auditLog({ action: "SETTINGS_CHANGED", …, request: nextContext(await headers(), { trustedProxies: 1 }) });
 */
export function nextContext(from: RequestLike, options: NextOptions = {}): RequestContext {
  const read = safely(() => {
    const held = headersOf(from) ?? {};
    const header = (name: string) => safely(() => headerOf(held, name));
    const peer = safely(() => (from as Partial<IncomingRequest>).socket?.remoteAddress);
    const ip = safely(() => new Proxies(options.trustedProxies).client(peer, header("x-forwarded-for")));
    return context(ip, header("user-agent"), options.session, header("x-request-id"));
  });
  return read ?? {};
}

function context(
  ip: string | undefined,
  userAgent: string | null | undefined,
  sessionId: string | null | undefined,
  requestId: string | null | undefined,
): RequestContext {
  const made: RequestContext = { ip: ip ?? null, userAgent: userAgent?.slice(0, USER_AGENT_MAX) ?? null, sessionId: sessionId ?? null };
  if (requestId) made.requestId = requestId.slice(0, ID_MAX);
  return made;
}

function joined(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value.join(",") : value;
}

/** Somebody else's function may throw; the caller must not hear of it. */
function safely<T>(get: () => T): T | undefined {
  try {
    return get();
  } catch {
    return undefined;
  }
}
