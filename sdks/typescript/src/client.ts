/**
 * The client: takes events, and sees to it that they reach the server.
 *
 * Invariants
 * - A call that records returns at once, whatever the server and the disk do, and never throws.
 * - Each event has its id from the call on; a retry is the same event, byte for byte.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Answer, Taken } from "./answer.js";
import { Backlog, type Waiting } from "./backlog.js";
import { contextOf, currentContext } from "./context.js";
import { Courier } from "./courier.js";
import * as shape from "./events.js";
import { isEnding, unwatch, watch, type Saver } from "./exits.js";
import { Connection } from "./http.js";
import { newId } from "./id.js";
import { line } from "./line.js";
import { newRandom } from "./owner.js";
import * as person from "./person.js";
import { few, FULL, TIGHT } from "./plain.js";
import { Receipt, Receipts, type Outcome } from "./receipts.js";
import { Redactor } from "./redact.js";
import { settings, type Options, type Problem, type Settings } from "./settings.js";
import { Spool } from "./spool.js";
import { owned } from "./whose.js";

/**
 * Counts since the start, in events. `recorded`, `duplicates`, `rejected` and `waiting` count also what nobody logged here: the
 * client's own `events_lost`, and what it sends for a process that has ended. So their sum with `lost` may be more than `logged`.
 */
export interface Stats {
  logged: number;
  recorded: number;
  duplicates: number;
  rejected: number;
  lost: number;
  /** Not answered for: in memory or on disk. */
  waiting: number;
  inMemory: number;
}

/** So long an event is in memory alone. */
const PERSIST_MS = 10;
/** Looks for what dead processes left, and how often. */
const ADOPT_MS = 60_000;
/** A flush without a time of its own waits so long. */
const FLUSH_MS = 20_000;

export class Client {
  private readonly settings: Settings;
  private readonly producer = newRandom();
  private readonly receipts = new Receipts();
  private readonly connection = new Connection();
  private readonly backlog: Backlog;
  private readonly courier: Courier;
  private readonly saver: Saver;
  private readonly counts = { logged: 0, recorded: 0, duplicates: 0, rejected: 0, lost: 0 };
  private readonly onProblem: ((problem: Problem) => void) | undefined;
  private readonly adopting: NodeJS.Timeout;
  private firstLook: NodeJS.Immediate | undefined;
  /** Events so far: the place of the last in the order of the calls. */
  private number = 0;
  /** Those of them that had no id of the caller's. */
  private seq = 0;
  /** Lost and not yet told to the server. */
  private untold = 0;
  private timer: NodeJS.Timeout | undefined;
  private persisting: NodeJS.Timeout | undefined;
  private isClosed = false;
  /** The caller's function for problems is being called. */
  private isTelling = false;
  /** What is in memory now was counted as lost. */
  private isLeft = false;

  constructor(options: Options = {}) {
    this.settings = settings(options, process.env, () => newId());
    this.onProblem = this.settings.onProblem;
    const { spoolDir, spoolBytes, batchEvents, batchBytes, queueEvents, queueBytes, retryMinMs, retryMaxMs } = this.settings;
    const spool = new Spool(spoolDir, this.producer, { bytes: spoolBytes, batchEvents, batchBytes });
    const trouble = {
      disk: (reason: string) => this.problem("disk", reason, 0),
      torn: (lines: number, where: string) => this.problem("torn", `${where} holds ${lines} lines that were not written to their end`, lines),
    };
    this.backlog = new Backlog({ queueEvents, queueBytes, batchEvents, batchBytes }, spool, (text) => Redactor.standard().line(text), trouble, Date.now);
    this.courier = new Courier(
      this.backlog,
      { post: (body) => this.post(body) },
      {
        recorded: (events, receipt) => this.recorded(events, receipt),
        rejected: (event, reason) => this.rejected(event, reason),
        away: (error, waitMs) => this.problem("away", `${error}; next try in ${Math.round(waitMs)} ms`, this.backlog.waiting),
      },
      { waitMs: retryMinMs, waitMsMax: retryMaxMs },
    );
    this.saver = {
      last: () => this.send(this.settings.closeMs, "once"),
      save: (isEnd) => (isEnd ? this.leave() : void this.backlog.spillAll()),
      isEmpty: () => this.backlog.isEmpty && this.untold === 0,
    };
    if (this.settings.exitHooks) watch(this.saver);
    for (const wrong of this.settings.wrong) this.problem("settings", wrong, 0);
    this.adopting = setInterval(() => this.adopt(), ADOPT_MS).unref();
    // Reading what was left may take its time, and the first call makes the client.
    this.firstLook = setImmediate(() => this.lookOnce());
  }

  /** Who did what to which entity. Carries the context of the request that is being handled. */
  auditLog(entry: shape.AuditEntry): Receipt {
    return this.take(entry, () => {
      const known = currentContext();
      const request = contextOf(entry.request, known?.proxies, (what) => this.problem("rejected", what, 0));
      for (const wrong of known?.wrong?.splice(0) ?? []) this.problem("settings", wrong, 0);
      const members = shape.fromAudit(entry, request, known?.request, known?.userId);
      const hasSession = (members["request"] as { sessionId?: unknown } | undefined)?.sessionId !== undefined;
      return {
        ...members,
        agent_id: members["agent_id"] ?? (entry.entityType === "agent" ? undefined : this.settings.agentId),
        session_id: members["session_id"] ?? (hasSession ? undefined : this.settings.sessionId),
      };
    });
  }

  /** A tool call, or any other action of an agent. */
  logAction(action: shape.Action): Receipt {
    return this.take(action, () => this.ofAgent(shape.fromAction(action)));
  }

  logDecision(decision: shape.Decision): Receipt {
    return this.take(decision, () => this.ofAgent(shape.fromDecision(decision)));
  }

  /** What a model decided, with what it was given and why. */
  logAiDecision(decision: shape.AiDecision): Receipt {
    return this.take(decision, () => this.ofAgent(shape.fromAiDecision(decision)));
  }

  logTrade(trade: shape.Trade): Receipt {
    return this.take(trade, () => this.ofAgent(shape.fromTrade(trade)));
  }

  /** A message between agents, or between users and agents. */
  logCommunication(message: shape.Communication): Receipt {
    const make = () => ({ ...this.ofAgent(shape.fromCommunication(message, this.settings.agentId)), agent_id: undefined });
    return this.take(message, make, "communication_id");
  }

  /**
   * Any event that the server knows, under its own names (docs/formats/events.md), as it stands. The client's agent and session
   * are added where it says nothing of them itself.
   */
  record(event: Record<string, unknown>): Receipt {
    const common = {
      get eventId() {
        return event["event_id"] as string | undefined;
      },
      get timestamp() {
        return event["timestamp"] as string | undefined;
      },
    };
    return this.take(common, () => owned(few(event), this.settings.agentId, this.settings.sessionId));
  }

  /** What became of an event of this client; undefined when it is not known any more. */
  receipt(id: string): Outcome | undefined {
    return this.receipts.get(id)?.outcome;
  }

  get stats(): Stats {
    return { ...this.counts, waiting: this.backlog.waiting, inMemory: this.backlog.inMemory };
  }

  /**
   * Sends what waits. True when everything that was recorded is answered for; false when the time is over or the server
   * is away: then the rest stays on disk, or in memory where there is no disk, and is sent later. Never rejects.
   */
  flush(timeoutMs: number = FLUSH_MS): Promise<boolean> {
    return this.send(timeoutMs, "until the time is over");
  }

  private async send(timeoutMs: number, tries: "until the time is over" | "once"): Promise<boolean> {
    // This timer is also what keeps the process alive meanwhile.
    const over = new AbortController();
    this.lookOnce();
    const deadline = Date.now() + timeoutMs;
    const timeout = sleep(timeoutMs, undefined, { signal: over.signal }).catch(() => undefined);
    await Promise.race([this.drain(deadline, tries === "once"), timeout]);
    over.abort();
    if (!this.backlog.isEmpty) this.backlog.spillAll();
    return this.backlog.isEmpty && this.untold === 0;
  }

  private async drain(deadline: number, isOnce: boolean): Promise<void> {
    for (;;) {
      // When something is left to be answered for, the answer is what tells.
      if (this.backlog.isEmpty) this.tellLost();
      await this.courier.drain();
      const isDone = this.backlog.isEmpty && this.untold === 0;
      if (isDone || this.isClosed || Date.now() >= deadline) return;
      // An end does not wait for a server that is away, when the disk keeps what there is.
      if (isOnce && this.backlog.spillAll()) return;
      await sleep(Math.min(this.settings.retryMinMs, Math.max(deadline - Date.now(), 1)), undefined, { ref: false });
    }
  }

  /** Writes to disk what is in memory: synchronous. False when that can't be. */
  persist(): boolean {
    return this.backlog.spillAll();
  }

  /** Sends what waits, for so long as `closeMs` says, leaves the rest on disk, and ends. Never rejects. */
  async close(): Promise<boolean> {
    if (this.isClosed) return this.backlog.isEmpty;
    const flushed = await this.send(this.settings.closeMs, "once");
    this.isClosed = true;
    this.courier.stop();
    this.leave();
    clearTimeout(this.timer);
    clearTimeout(this.persisting);
    clearInterval(this.adopting);
    unwatch(this.saver);
    this.connection.close();
    this.receipts.giveUp();
    return flushed;
  }

  /** Events by words and filters; newest first. */
  search(query: person.Query): Promise<person.Page | person.Failure> {
    return person.search(this.asker, query);
  }

  /** Everything that is recorded about a user, as JSON or CSV. */
  exportUserData(userId: string, options: person.ExportOptions = {}): Promise<person.Export | person.Failure> {
    return person.exportUserData(this.asker, userId, options);
  }

  /** Asks the server to destroy what is personal in a user's events; every proof stays good. */
  anonymizeUserData(userId: string, options: person.AnonymizeOptions): Promise<person.Anonymized | person.Failure> {
    return person.anonymizeUserData(this.asker, userId, options);
  }

  private get asker(): person.Asker {
    const { url, timeoutMs } = this.settings;
    return {
      url,
      ask: (method, target, body) =>
        this.connection.ask({ method, url: target, headers: this.headers("application/json"), ...(body === undefined ? {} : { body }), timeoutMs: Math.max(timeoutMs, 60_000), holds: true }),
    };
  }

  private ofAgent(members: shape.Members): shape.Members {
    const { agentId, sessionId, user, metadata } = this.settings;
    return {
      ...members,
      agent_id: members["agent_id"] ?? agentId,
      session_id: members["session_id"] ?? sessionId,
      // Of a program that acts by itself it is the system's user; a web server's actions belong to those who ask.
      user: members["user_id"] === undefined && currentContext() === undefined ? user : undefined,
      metadata,
    };
  }

  /** The one way in. */
  private take(common: shape.Common, make: () => shape.Members, idName = "event_id"): Receipt {
    let id = newId();
    try {
      const { eventId } = common;
      if (eventId) id = String(eventId);
      const receipt = this.receipts.open(id);
      this.counts.logged++;
      const stamps = {
        [idName]: id,
        timestamp: common.timestamp ?? new Date(),
        // Logged again, an event with an id of the caller's is the same one: it has nothing that is new each time.
        ...(eventId ? { producer: undefined, producer_seq: undefined } : { producer: this.producer, producer_seq: ++this.seq }),
        host: this.settings.host,
      };
      const text = line({ ...stamps, ...make(), ...stamps }, this.backlog.isTight ? TIGHT : FULL);
      this.put({ id, number: ++this.number, line: text, bytes: Buffer.byteLength(text) + 1, isClean: false });
      return receipt;
    } catch (error) {
      return this.refused(id, error);
    }
  }

  private refused(id: string, error: unknown): Receipt {
    const receipt = this.receipts.get(id) ?? new Receipt(id);
    const reason = error instanceof Error ? error.message : String(error);
    this.counts.rejected++;
    receipt.settle("rejected", { reason });
    this.problem("rejected", reason, 1);
    return receipt;
  }

  private put(event: Waiting): void {
    if (this.isClosed) return this.lose(event, "the client is closed");
    if (!this.backlog.push(event)) return this.lose(event, "there is no room, neither in memory nor on disk");
    if (isEnding()) return void this.backlog.spillAll();
    if (this.backlog.isFull) this.courier.wake(false);
    else this.timer ??= this.later();
    this.persisting ??= setTimeout(() => {
      this.persisting = undefined;
      this.courier.spill();
    }, PERSIST_MS).unref();
  }

  private later(): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.timer = undefined;
      this.courier.wake(true);
    }, this.settings.batchMs);
    return timer.unref();
  }

  private lose(event: Waiting, reason: string): void {
    this.counts.lost++;
    this.untold++;
    this.receipts.get(event.id)?.settle("lost", { reason });
    this.problem("lost", reason, 1);
  }

  /** A gap in the record is itself recorded. */
  private tellLost(): void {
    if (this.untold === 0 || this.isClosed) return;
    if (!this.backlog.push(this.lostEvent(this.untold))) return;
    this.lossIsTold();
    this.timer ??= this.later();
  }

  private lostEvent(count: number): Waiting {
    const event = { action_type: "log", action_name: "events_lost", level: "WARNING", action_details: { count } };
    const stamps = { event_id: newId(), timestamp: new Date(), producer: this.producer, producer_seq: this.seq + 1, host: this.settings.host };
    const { agentId, sessionId } = this.settings;
    const text = line({ ...stamps, agent_id: agentId, session_id: sessionId, ...event });
    return { id: stamps.event_id, number: this.number + 1, line: text, bytes: Buffer.byteLength(text) + 1, isClean: true };
  }

  /** The last that is done: what waits goes to disk, and behind it how many found no room; whoever takes the folder over
   * sends both. */
  private leave(): void {
    this.backlog.spillAll();
    const count = this.untold + this.backlog.unsaved;
    if (count === 0 || this.isLeft || !this.backlog.leave(this.lostEvent(count))) return;
    this.isLeft = true;
    this.lossIsTold();
  }

  private lossIsTold(): void {
    this.number++;
    this.seq++;
    this.untold = 0;
  }

  private lookOnce(): void {
    if (this.firstLook === undefined) return;
    clearImmediate(this.firstLook);
    this.firstLook = undefined;
    this.adopt();
  }

  private adopt(): void {
    this.backlog.adopt();
    if (this.backlog.isFull) this.courier.wake(false);
  }

  private async post(body: string): Promise<Answer | Error> {
    const { url, timeoutMs } = this.settings;
    return this.connection.ask({ method: "POST", url, headers: this.headers("application/x-ndjson"), body, timeoutMs, holds: false });
  }

  private headers(type: string): Record<string, string> {
    const { key } = this.settings;
    return { "content-type": type, accept: "application/json", ...(key === undefined ? {} : { authorization: `Bearer ${key}` }) };
  }

  private recorded(events: Waiting[], receipt: Taken): void {
    const areKnown = receipt.accepted === 0 && receipt.duplicates > 0;
    this.counts.duplicates += Math.min(receipt.duplicates, events.length);
    this.counts.recorded += Math.max(events.length - receipt.duplicates, 0);
    // Places follow each other where one line was one event and none was known.
    const first = receipt.accepted === events.length && receipt.duplicates === 0 ? receipt.firstIndex : undefined;
    const isRun = first !== undefined && receipt.lastIndex === first + events.length - 1;
    for (const [at, event] of events.entries()) {
      this.receipts.get(event.id)?.settle(areKnown ? "duplicate" : "recorded", isRun ? { index: first + at } : {});
    }
    this.tellLost();
  }

  private rejected(event: Waiting, reason: string): void {
    this.counts.rejected++;
    this.receipts.get(event.id)?.settle("rejected", { reason });
    this.problem("rejected", `event ${event.id}: ${reason}`, 1);
  }

  private problem(kind: Problem["kind"], message: string, count: number): void {
    // What the function records may have a problem of its own: told, too, it would never end.
    if (this.isTelling) return;
    this.isTelling = true;
    try {
      this.onProblem?.({ kind, message, count });
    } catch {
      // Somebody else's function; the record goes on.
    } finally {
      this.isTelling = false;
    }
  }
}
