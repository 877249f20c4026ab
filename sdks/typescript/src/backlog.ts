/**
 * What was recorded and is not answered for: on disk the older, in memory the newer.
 *
 * Invariants
 * - Order: the batch that is being sent, then the spool, then memory.
 * - A batch is on disk before it is sent, so that a process killed in between sends it again, with the same ids. Where
 *   there is no disk it goes from memory.
 * - Memory never holds more than its limits; what is over goes to disk, and what finds no room there is refused.
 * - Nothing is written or sent that was not redacted before.
 */
import { Full, type Segment, type Spool } from "./spool.js";

export interface Waiting {
  id: string;
  /** The place in the order of the calls; 0 for what another process left. */
  number: number;
  /** One line of JSON, redacted when `isClean`. */
  line: string;
  bytes: number;
  isClean: boolean;
}

/** Events that go in one request. */
export interface Batch {
  events: Waiting[];
  segment?: Segment;
}

export interface Limits {
  queueEvents: number;
  queueBytes: number;
  batchEvents: number;
  batchBytes: number;
}

export interface Trouble {
  /** Something on disk did not work; nothing is lost by it yet. */
  disk(reason: string): void;
  /** Lines on disk that were not written to their end. */
  torn(lines: number, where: string): void;
}

/** A call that finds memory full moves so much to disk, bytes, or one event. */
const CALL_BYTES = 8 << 10;
/** Between two turns of the event loop so much is moved. */
const SLICE_BYTES = 64 << 10;
/** After a failure the disk is left alone for so long. */
const DISK_REST_MS = 1000;

export class Backlog {
  private readonly memory: Waiting[] = [];
  private memoryBytes = 0;
  private current: Batch | undefined;
  private diskNotBefore = 0;

  constructor(
    private readonly limits: Limits,
    private readonly spool: Spool,
    private readonly clean: (line: string) => string,
    private readonly trouble: Trouble,
    private readonly nowMs: () => number,
  ) {}

  /** Events in memory, with the batch that is being sent. */
  get inMemory(): number {
    return this.memory.length + (this.current?.events.length ?? 0);
  }

  /** Events that are not answered for. */
  get waiting(): number {
    return this.inMemory + this.spool.events - (this.current?.segment?.events ?? 0);
  }

  get isEmpty(): boolean {
    return this.memory.length === 0 && this.current === undefined && this.spool.first === undefined;
  }

  /** Whether there is a whole batch to send. */
  get isFull(): boolean {
    if (this.current !== undefined) return true;
    const { first } = this.spool;
    if (first !== undefined && !this.spool.isOpen(first)) return true;
    const room = this.spool.room;
    return this.memory.length >= room.events || this.memoryBytes >= room.bytes;
  }

  /** Whether more than half of the bytes that memory may hold are taken: calls that come now leave more out. */
  get isTight(): boolean {
    return (this.flyingBytes + this.memoryBytes) * 2 > this.limits.queueBytes;
  }

  /** Takes an event; false when there is no room anywhere. */
  push(event: Waiting): boolean {
    while (this.isOver(event.bytes)) {
      if (this.memory.length === 0 || !this.spill(CALL_BYTES)) return false;
    }
    this.memory.push(event);
    this.memoryBytes += event.bytes;
    return true;
  }

  private isOver(more: number): boolean {
    return this.inMemory >= this.limits.queueEvents || this.flyingBytes + this.memoryBytes + more > this.limits.queueBytes;
  }

  private get flyingBytes(): number {
    return this.current?.events.reduce((sum, event) => sum + event.bytes, 0) ?? 0;
  }

  /** What is to be sent next, the same until it is answered. With `isDue` also a batch that is not full. */
  next(isDue: boolean): Batch | undefined {
    if (this.current !== undefined) return this.current;
    if (!isDue && !this.isFull) return undefined;
    for (;;) {
      if (this.memory.length > 0 && this.isLastOpen) this.spill();
      const segment = this.spool.first;
      if (segment === undefined) break;
      this.spool.close();
      this.current = this.load(segment);
      if (this.current !== undefined) return this.current;
    }
    if (this.memory.length > 0) this.current = { events: this.take(this.limits.batchEvents, this.limits.batchBytes) };
    return this.current;
  }

  /** The batch is answered for. */
  answered(): void {
    const segment = this.current?.segment;
    this.current = undefined;
    if (segment !== undefined) this.attempt(() => this.spool.delete(segment));
  }

  /** Moves the oldest of memory to disk: what fits into one segment, and one event at least. */
  spill(bytesMax: number = this.limits.batchBytes): boolean {
    if (this.memory.length === 0) return true;
    if (this.nowMs() < this.diskNotBefore) return false;
    // A batch that flies from memory is the oldest: it goes first.
    const { current } = this;
    if (current !== undefined && current.segment === undefined) return false;
    let { room } = this.spool;
    if (this.memory[0]!.bytes > room.bytes) {
      this.spool.close();
      ({ room } = this.spool);
    }
    const events = this.take(room.events, Math.min(room.bytes, bytesMax));
    const failed = this.attempt(() => this.spool.append(events));
    if (failed) this.putBack(events);
    return !failed;
  }

  /** Moves a little to disk, for those who let the program run in between. True when there is more. */
  spillSome(): boolean {
    this.ground();
    return this.spill(SLICE_BYTES) && this.memory.length > 0;
  }

  /** Moves a little into the file that is sent next, so that the program runs in between. True when more of it fits there. */
  fillSome(isDue: boolean): boolean {
    if (this.current !== undefined || !this.isLastOpen || !(isDue || this.isFull)) return false;
    if (this.memory.length === 0 || !this.spill(SLICE_BYTES)) return false;
    const { events, bytes } = this.spool.room;
    return this.memory.length > 0 && events > 0 && this.memory[0]!.bytes <= bytes && this.isLastOpen;
  }

  /** Whether what is in memory goes into the file that is sent next. */
  private get isLastOpen(): boolean {
    const { first } = this.spool;
    return first === undefined || this.spool.isOpen(first);
  }

  /** Moves everything to disk, or says that it can't. */
  spillAll(): boolean {
    this.ground();
    while (this.memory.length > 0) if (!this.spill()) return false;
    return this.current === undefined || this.current.segment !== undefined;
  }

  /** Events in memory that no one has on disk or sends. */
  get unsaved(): number {
    return this.memory.length;
  }

  /** Writes an event behind all others, into the room that is kept for the end. */
  leave(event: Waiting): boolean {
    return !this.attempt(() => this.spool.append([event], true));
  }

  /** Takes over what dead processes left. */
  adopt(): void {
    this.spool.adopt(this.nowMs());
  }

  /** A batch that flies from memory, because the disk failed, goes to disk now if that can be: alone, before the rest. */
  private ground(): void {
    const { current } = this;
    if (current === undefined || current.segment !== undefined || this.spool.first !== undefined) return;
    this.attempt(() => {
      current.segment = this.spool.append(current.events);
      this.spool.close();
    });
  }

  private take(eventsMax: number, bytesMax: number): Waiting[] {
    let bytes = 0;
    let count = 0;
    const max = Math.min(eventsMax, this.memory.length);
    while (count < max && (count === 0 || bytes + this.memory[count]!.bytes <= bytesMax)) bytes += this.memory[count++]!.bytes;
    const events = this.memory.splice(0, count);
    this.memoryBytes -= bytes;
    for (const event of events) {
      if (!event.isClean) [event.line, event.isClean] = [this.clean(event.line), true];
    }
    return events;
  }

  private putBack(events: Waiting[]): void {
    this.memory.unshift(...events);
    this.memoryBytes += events.reduce((sum, event) => sum + event.bytes, 0);
  }

  private load(segment: Segment): Batch | undefined {
    let read: { lines: string[]; torn: number } = { lines: [], torn: 0 };
    if (this.attempt(() => (read = this.spool.read(segment)))) {
      // What can't be read now can't be sent; the file stays for whoever takes the folder over.
      this.spool.forget(segment);
      return undefined;
    }
    const events: Waiting[] = [];
    for (const line of read.lines) {
      const id = idOf(line);
      if (id === undefined) read.torn++;
      else events.push({ id, number: 0, line, bytes: Buffer.byteLength(line) + 1, isClean: true });
    }
    if (read.torn > 0) this.trouble.torn(read.torn, segment.path);
    if (events.length > 0) return { events, segment };
    this.attempt(() => this.spool.delete(segment));
    return undefined;
  }

  /** True when it failed; that is told, never thrown. */
  private attempt(act: () => void): boolean {
    try {
      act();
      return false;
    } catch (error) {
      // A spool that is full has room again when something is answered for.
      if (!(error instanceof Full)) this.diskNotBefore = this.nowMs() + DISK_REST_MS;
      this.trouble.disk(error instanceof Error ? error.message : String(error));
      return true;
    }
  }
}

/** The id of a line; nothing when it is no whole event. Clients write it first. */
function idOf(line: string): string | undefined {
  const found = /^\{"(?:event_id|communication_id)":("(?:[^"\\]|\\.)*")/.exec(line);
  try {
    if (found !== null && line.endsWith("}")) return JSON.parse(found[1]!) as string;
    const event = JSON.parse(line) as { event_id?: unknown; communication_id?: unknown };
    const id = event.event_id ?? event.communication_id;
    return typeof id === "string" ? id : undefined;
  } catch {
    return undefined;
  }
}
