/** What is asked of the server: events, a person's data, and that it goes. Results are values; nothing is thrown. */
import type { Answer } from "./answer.js";

/** Something that did not work, and why. */
export interface Failure {
  ok: false;
  /** The server's status; 0 when there was no answer. */
  status: number;
  error: string;
}

export interface Asker {
  url: URL;
  ask(method: "GET" | "POST", url: URL, body?: string): Promise<Answer | Error>;
}

export interface Query {
  query?: string | undefined;
  eventType?: string | undefined;
  status?: string | undefined;
  agent?: string | undefined;
  session?: string | undefined;
  user?: string | undefined;
  start?: string | Date | undefined;
  end?: string | Date | undefined;
  limit?: number | undefined;
  /** `next` of the page before. */
  cursor?: string | undefined;
}

export interface Page {
  ok: true;
  events: Record<string, unknown>[];
  next: string | undefined;
}

export async function search(asker: Asker, query: Query): Promise<Page | Failure> {
  const time = (moment: string | Date | undefined) => (moment instanceof Date ? moment.toISOString() : moment);
  const parameters: Record<string, string | undefined> = {
    q: query.query,
    type: query.eventType,
    status: query.status,
    agent: query.agent,
    session: query.session,
    user: query.user,
    from: time(query.start),
    to: time(query.end),
    limit: query.limit?.toString(),
    cursor: query.cursor,
  };
  const answer = await ask(asker, "GET", "/v1/search", parameters);
  if (!answer.ok) return answer;
  const read = parse(answer.body);
  const events = read?.["events"] ?? read?.["rows"];
  if (!Array.isArray(events)) return noTachograph(200);
  const next = read?.["next"] ?? read?.["cursor"];
  return { ok: true, events: events as Record<string, unknown>[], next: typeof next === "string" ? next : undefined };
}

export interface ExportOptions {
  format?: "json" | "csv" | undefined;
}

export interface Export {
  ok: true;
  format: "json" | "csv";
  contentType: string;
  /** The file, for the person who asked. */
  body: string;
  /** Events in it; of a CSV it is not told. */
  count: number | undefined;
}

/** Everything that is recorded about a user. Needs a key with role `admin`; the server records that it was asked. */
export async function exportUserData(asker: Asker, userId: string, options: ExportOptions): Promise<Export | Failure> {
  const format = options.format ?? "json";
  const answer = await ask(asker, "GET", `/v1/subjects/${encodeURIComponent(userId)}/export`, { format });
  if (!answer.ok) return answer;
  if (format === "csv") return { ok: true, format, contentType: "text/csv; charset=utf-8", body: answer.body, count: undefined };
  const read = parse(answer.body);
  // An export that broke off in the middle is no JSON: it is never taken for the whole.
  if (!Array.isArray(read?.["events"])) return noTachograph(200);
  return { ok: true, format, contentType: "application/json", body: answer.body, count: read["events"].length };
}

export interface AnonymizeOptions {
  /** `anonymise`: only who it was goes. `erase`: everything that belongs to the person goes. */
  mode?: "anonymise" | "erase" | undefined;
  /** Why, for the record. Do not name the person in it. */
  reason?: string | undefined;
}

export interface Anonymized {
  ok: true;
  mode: string;
  /** The id under which the log tells of it. */
  erasure: string;
  /** Entries without the person's data now. */
  entries: number;
  /** Entries that a legal hold keeps for now. */
  held: number;
}

/** Asks the server to make a user's events anonymous. Needs a key with role `admin`. Every proof stays good. */
export async function anonymizeUserData(asker: Asker, userId: string, options: AnonymizeOptions): Promise<Anonymized | Failure> {
  const wish = JSON.stringify({ mode: options.mode ?? "anonymise", ...(options.reason === undefined ? {} : { reason: options.reason }) });
  const answer = await ask(asker, "POST", `/v1/subjects/${encodeURIComponent(userId)}/erase`, {}, wish);
  if (!answer.ok) return answer;
  const read = parse(answer.body);
  if (typeof read?.["erasure"] !== "string") return noTachograph(200);
  const count = (name: string) => (typeof read[name] === "number" ? (read[name] as number) : 0);
  return { ok: true, mode: String(read["mode"]), erasure: read["erasure"], entries: count("entries"), held: count("held") };
}

async function ask(
  asker: Asker,
  method: "GET" | "POST",
  path: string,
  parameters: Record<string, string | undefined>,
  body?: string,
): Promise<{ ok: true; body: string } | Failure> {
  try {
    const url = new URL(path, asker.url.origin);
    for (const [name, value] of Object.entries(parameters)) if (value !== undefined) url.searchParams.set(name, value);
    const answer = await asker.ask(method, url, body);
    if (answer instanceof Error) return { ok: false, status: 0, error: answer.message };
    return answer.status === 200 ? { ok: true, body: answer.body } : refused(answer);
  } catch (error) {
    return { ok: false, status: 0, error: error instanceof Error ? error.message : String(error) };
  }
}

function refused(answer: Answer): Failure {
  const { status } = answer;
  const problem = parse(answer.body);
  const told = [problem?.["title"], problem?.["detail"]].filter((part) => typeof part === "string" && part !== "").join(": ");
  return { ok: false, status, error: told === "" ? `the server answered ${status}` : `the server answered ${status}: ${told.slice(0, 500)}` };
}

function noTachograph(status: number): Failure {
  return { ok: false, status, error: "what answers at this address is no tachograph, or its answer broke off" };
}

function parse(body: string): Record<string, unknown> | undefined {
  try {
    const read: unknown = JSON.parse(body);
    return typeof read === "object" && read !== null ? (read as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
