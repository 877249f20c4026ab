/** What became of each event. Never rejects, so that nobody has to catch anything. */

export type Status = "waiting" | "recorded" | "duplicate" | "rejected" | "lost";

export interface Outcome {
  id: string;
  status: Status;
  /** The event's place on the log, where the answer tells it. */
  index?: number;
  /** Why it was rejected or lost. */
  reason?: string;
}

/** Receipts that are followed; the oldest are given up first. */
const RECEIPTS_MAX = 20_000;

/** The receipt for one event. It is there at once; `settled` says later what became of the event. */
export class Receipt implements Outcome {
  status: Status = "waiting";
  index?: number;
  reason?: string;
  private promise: Promise<Outcome> | undefined;
  private resolve: ((outcome: Outcome) => void) | undefined;

  constructor(readonly id: string) {}

  /**
   * Resolves when the server has answered for the event, or when it is lost. While the server is away that may take
   * long; an event that this process leaves on disk for the next one stays `waiting`.
   */
  get settled(): Promise<Outcome> {
    this.promise ??= this.status === "waiting" ? new Promise((resolve) => (this.resolve = resolve)) : Promise.resolve(this.outcome);
    return this.promise;
  }

  get outcome(): Outcome {
    const { id, status, index, reason } = this;
    return { id, status, ...(index === undefined ? {} : { index }), ...(reason === undefined ? {} : { reason }) };
  }

  settle(status: Status, detail: { index?: number; reason?: string } = {}): void {
    Object.assign(this, { status }, detail);
    this.giveUp();
  }

  /** Answers those who wait with what is known. */
  giveUp(): void {
    this.resolve?.(this.outcome);
    this.resolve = undefined;
  }
}

export class Receipts {
  private readonly all = new Map<string, Receipt>();

  open(id: string): Receipt {
    const receipt = new Receipt(id);
    this.all.set(id, receipt);
    if (this.all.size > RECEIPTS_MAX) this.drop();
    return receipt;
  }

  get(id: string): Receipt | undefined {
    return this.all.get(id);
  }

  /** For a process that ends: nobody waits for what it will not hear. */
  giveUp(): void {
    for (const receipt of this.all.values()) receipt.giveUp();
  }

  private drop(): void {
    for (const [id, receipt] of this.all) {
      receipt.giveUp();
      this.all.delete(id);
      return;
    }
  }
}
