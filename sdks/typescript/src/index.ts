/**
 * Records audit events in tachograph, without ever being in the way of the program that calls.
 *
 *     import { auditLog, generateDiff } from "tachograph-client";
 *     auditLog({ action: "AGENT_UPDATED", entityType: "agent", entityId: "7c1f", changes: generateDiff(before, after) });
 */
import { Client } from "./client.js";
import type { AuditEntry } from "./events.js";
import type { Anonymized, AnonymizeOptions, Export, ExportOptions, Failure } from "./person.js";
import type { Receipt } from "./receipts.js";
import type { Options } from "./settings.js";

export { Client, type Stats } from "./client.js";
export { type TrustedProxies } from "./address.js";
export {
  auditContext,
  nextContext,
  withContext,
  type ExpressOptions,
  type HeadersLike,
  type IncomingRequest,
  type NextOptions,
  type RequestContext,
  type RequestLike,
} from "./context.js";
export { generateDiff, type Change, type Diff, type DiffOptions } from "./diff.js";
export type { Action, AiDecision, AuditEntry, Common, Communication, Decision, Trade } from "./events.js";
export type { Anonymized, AnonymizeOptions, Export, ExportOptions, Failure, Page, Query } from "./person.js";
export { Receipt, type Outcome, type Status } from "./receipts.js";
export type { Options, Problem } from "./settings.js";

/** Copies of this package (ESM, CommonJS, one in each bundle that Next.js makes) share the one client of the process. */
const SHARED = Symbol.for("tachograph-client");
const holder = globalThis as { [SHARED]?: Client };

/** The client that `auditLog` uses: made by the first call, from the environment. */
export function client(): Client {
  return (holder[SHARED] ??= new Client());
}

/** Sets up the client that `auditLog` uses; one that was there before is closed, and sends what it has. */
export function configure(options: Options): Client {
  void holder[SHARED]?.close();
  return (holder[SHARED] = new Client(options));
}

/**
 * Records who did what to which entity. Returns at once with the entry's id; `await receipt.settled` tells what became
 * of it. Never throws.
 */
export function auditLog(entry: AuditEntry): Receipt {
  return client().auditLog(entry);
}

/** Everything that is recorded about a user, as JSON or CSV. */
export function exportUserData(userId: string, options: ExportOptions = {}): Promise<Export | Failure> {
  return client().exportUserData(userId, options);
}

/** Takes out of the record who a user was; every proof stays good. */
export function anonymizeUserData(userId: string, options: AnonymizeOptions = {}): Promise<Anonymized | Failure> {
  return client().anonymizeUserData(userId, options);
}

/** Sends what waits: before a serverless function returns, say. */
export function flush(timeoutMs?: number): Promise<boolean> {
  return client().flush(timeoutMs);
}
