/**
 * Carries the backlog to the server: one request at a time, in order, each answered for before the next.
 *
 * Invariants
 * - An event leaves the backlog when the server has answered for it, and not before.
 * - After a failed request everything in memory goes to the spool.
 * - Nothing here throws or rejects.
 */
import { judge, type Answer, type Taken } from "./answer.js";
import type { Backlog, Batch, Waiting } from "./backlog.js";

export interface Wire {
  post(body: string): Promise<Answer | Error>;
}

export interface Told {
  recorded(events: Waiting[], receipt: Taken): void;
  rejected(event: Waiting, reason: string): void;
  /** The server did not take a request; the events are kept. */
  away(error: string, waitMs: number): void;
}

export interface Pace {
  /** The first wait after a failure; it doubles up to `waitMsMax`. */
  waitMs: number;
  waitMsMax: number;
}

export class Courier {
  private failures = 0;
  private running: Promise<void> | undefined;
  private isDue = false;
  private retry: NodeJS.Timeout | undefined;
  /** Until then the server has asked not to be asked. */
  private notBefore = 0;
  private stopped = false;
  private isSpilling = false;

  constructor(
    private readonly backlog: Backlog,
    private readonly wire: Wire,
    private readonly told: Told,
    private readonly pace: Pace,
  ) {}

  /** Whether the last request failed and the next waits for its time. */
  get isAway(): boolean {
    return this.retry !== undefined;
  }

  /** Sends what is there: whole batches, and with `isDue` also the last one. */
  wake(isDue: boolean): void {
    this.isDue ||= isDue;
    if (this.stopped) return;
    if (this.isAway) this.spill();
    else this.running ??= this.run().finally(() => (this.running = undefined));
  }

  /** Tries everything at once; resolves when nothing is left, or when a try has failed. */
  async drain(): Promise<void> {
    await this.running;
    // The server's own word about when to come back holds here, too.
    while (!this.backlog.isEmpty && !this.stopped && Date.now() >= this.notBefore) {
      this.cancelRetry();
      this.wake(true);
      await this.running;
      if (this.isAway) return;
    }
  }

  /** Nothing is sent after the request under way. */
  stop(): void {
    this.stopped = true;
    this.cancelRetry();
  }

  private cancelRetry(): void {
    clearTimeout(this.retry);
    this.retry = undefined;
  }

  private async run(): Promise<void> {
    // The calls that are being made now come first: they join the batch, and pay for nothing of it.
    await new Promise<void>((resolve) => setImmediate(resolve));
    while (!this.stopped) {
      while (this.backlog.fillSome(this.isDue)) await new Promise<void>((resolve) => setImmediate(resolve));
      if (this.stopped) return;
      const batch = this.backlog.next(this.isDue);
      if (batch === undefined) break;
      if (!(await this.carry(batch))) return;
    }
    this.isDue = false;
  }

  /** Sends a batch, in halves where the server can't take it whole; false when it has to wait. */
  private async carry(batch: Batch): Promise<boolean> {
    const parts = [batch.events.slice()];
    for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
      const body = `${part.map((event) => event.line).join("\n")}\n`;
      const verdict = judge(await this.wire.post(body), part.length);
      if (verdict.kind === "wait") {
        this.wait(verdict.error, verdict.retryAfterMs);
        return false;
      }
      if (verdict.kind === "split") {
        const half = Math.ceil(part.length / 2);
        parts.push(part.slice(half), part.slice(0, half));
        continue;
      }
      this.failures = 0;
      batch.events.splice(0, part.length);
      if (batch.events.length === 0) this.backlog.answered();
      this.tell(part, verdict.receipt, verdict.refused);
    }
    return true;
  }

  private tell(part: Waiting[], receipt: Taken, refused: Map<number, string>): void {
    const good = part.filter((_, at) => !refused.has(at));
    if (good.length > 0) this.told.recorded(good, receipt);
    for (const [at, reason] of refused) {
      const event = part[at];
      if (event !== undefined) this.told.rejected(event, reason);
    }
  }

  /** Moves memory to disk, a little at a time: the program goes on meanwhile. */
  spill(): void {
    if (this.isSpilling) return;
    this.isSpilling = true;
    const step = () => {
      this.isSpilling = this.backlog.spillSome();
      if (this.isSpilling) setImmediate(step);
    };
    // Not in the turn of a call: redaction and the file are none of its business.
    setImmediate(step);
  }

  private wait(error: string, retryAfterMs: number | undefined): void {
    const doubled = Math.min(this.pace.waitMs * 2 ** Math.min(this.failures, 16), this.pace.waitMsMax);
    // Clients that lost the same server do not come back at the same moment.
    const ms = retryAfterMs === undefined ? doubled * (1 + Math.random() / 4) : Math.max(retryAfterMs, this.pace.waitMs);
    this.failures++;
    if (retryAfterMs !== undefined) this.notBefore = Date.now() + ms;
    this.spill();
    this.told.away(error, ms);
    if (this.stopped) return;
    this.retry = setTimeout(() => {
      this.retry = undefined;
      this.wake(true);
    }, ms);
    this.retry.unref();
  }
}
