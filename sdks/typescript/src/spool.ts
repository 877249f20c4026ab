/**
 * What waits on disk while the server is away: docs/formats/client-spool.md, which all client libraries share.
 *
 * A file is what one request carries. The last one is open, and takes more, until it is full or about to be sent.
 *
 * On disk: `client/SERVER/PRODUCER/NUMBER.ndjson`, folders 0700, files 0600, one redacted event a line.
 *
 * Invariants
 * - A process writes to the one folder that it made, and to its newest file only.
 * - The folder of a dead process is taken over by one rename: of several that try, one succeeds.
 * - A file is deleted when the server has answered for all of it; until then it may be sent again, with the same ids.
 * - After a failed write nothing is appended to that file; a line without its end is counted and passed over.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { isLeft, newName } from "./owner.js";

export interface Segment {
  path: string;
  events: number;
  bytes: number;
}

/** Beside the limit: room to say what found none. */
const SPARE_BYTES = 4096;

export interface SpoolLimits {
  bytes: number;
  batchEvents: number;
  batchBytes: number;
}

/** A line, and its place in the order of the calls. */
export interface Line {
  number: number;
  line: string;
}

export class Spool {
  private readonly segments: Segment[] = [];
  private readonly own: string;
  private open = false;
  private total = { events: 0, bytes: 0 };

  constructor(
    private readonly folder: string,
    producer: string,
    private readonly limits: SpoolLimits,
  ) {
    this.own = path.join(folder, newName(producer));
  }

  get events(): number {
    return this.total.events;
  }

  /** The oldest segment. */
  get first(): Segment | undefined {
    return this.segments[0];
  }

  /** Whether a segment may still take more. */
  isOpen(segment: Segment): boolean {
    return this.open && segment === this.segments.at(-1) && segment.events < this.limits.batchEvents;
  }

  /** Nothing is written to the last segment any more. */
  close(): void {
    this.open = false;
  }

  /** What the open segment may still take, or a new one. */
  get room(): { events: number; bytes: number } {
    const last = this.segments.at(-1);
    const { batchEvents, batchBytes } = this.limits;
    if (last === undefined || !this.isOpen(last)) return { events: batchEvents, bytes: batchBytes };
    return { events: batchEvents - last.events, bytes: batchBytes - last.bytes };
  }

  /**
   * Writes events behind all others: into the open segment where they have room, else into a new one.
   *
   * `isSpare`: into the room that is kept for what must be said at the end.
   *
   * @throws what the system says, and `Full`; then nothing of them is on disk.
   */
  append(lines: readonly Line[], isSpare = false): Segment {
    const [head] = lines;
    if (head === undefined) throw new RangeError("nothing to write");
    const text = lines.map(({ line }) => `${line}\n`).join("");
    const bytes = Buffer.byteLength(text);
    if (this.total.bytes + bytes > this.limits.bytes + (isSpare ? SPARE_BYTES : 0)) throw new Full(`the spool ${this.folder} is full: ${this.limits.bytes} bytes`);
    const last = this.segments.at(-1);
    const { room } = this;
    const fits = last !== undefined && this.isOpen(last) && lines.length <= room.events && bytes <= room.bytes;
    const segment = fits ? last : { path: path.join(this.own, `${String(head.number).padStart(16, "0")}.ndjson`), events: 0, bytes: 0 };
    this.open = false;
    write(segment.path, text);
    segment.events += lines.length;
    segment.bytes += bytes;
    this.add(lines.length, bytes);
    if (!fits) this.segments.push(segment);
    this.open = true;
    return segment;
  }

  /** The lines of a segment; what has no end, or is not what we write, is counted. */
  read(segment: Segment): { lines: string[]; torn: number } {
    const lines = fs.readFileSync(segment.path, "utf8").split("\n");
    const rest = lines.pop();
    return { lines: lines.filter((line) => line !== ""), torn: rest ? 1 : 0 };
  }

  /** The server has answered for it. */
  delete(segment: Segment): void {
    this.forget(segment);
    fs.rmSync(segment.path, { force: true });
    const folder = path.dirname(segment.path);
    if (!this.segments.some((other) => path.dirname(other.path) === folder)) ignore(() => fs.rmdirSync(folder));
  }

  /** Leaves a segment where it is. */
  forget(segment: Segment): void {
    const at = this.segments.indexOf(segment);
    if (at < 0) return;
    this.segments.splice(at, 1);
    if (at === this.segments.length) this.open = false;
    this.add(-segment.events, -segment.bytes);
  }

  /** Takes over what dead processes left, before all of its own. */
  adopt(nowMs: number): void {
    const found: Segment[] = [];
    for (const { name, changedMs } of this.folders()) {
      if (!isLeft(name, changedMs, nowMs)) continue;
      const mine = path.join(this.folder, newName());
      try {
        // So that it is seen to be in use, by this process as well.
        fs.utimesSync(path.join(this.folder, name), nowMs / 1000, nowMs / 1000);
        fs.renameSync(path.join(this.folder, name), mine);
      } catch {
        continue; // another process was faster
      }
      found.push(...segmentsOf(mine));
      ignore(() => fs.rmdirSync(mine)); // when it was empty
    }
    for (const segment of found) this.add(segment.events, segment.bytes);
    this.segments.unshift(...found);
  }

  /** Folders of other clients, the oldest first. */
  private folders(): { name: string; changedMs: number }[] {
    const found: { name: string; changedMs: number }[] = [];
    ignore(() => {
      for (const name of fs.readdirSync(this.folder)) {
        const folder = path.join(this.folder, name);
        if (folder !== this.own) ignore(() => found.push({ name, changedMs: changedAt(folder) }));
      }
    });
    return found.sort((a, b) => a.changedMs - b.changedMs);
  }

  private add(events: number, bytes: number): void {
    this.total = { events: this.total.events + events, bytes: this.total.bytes + bytes };
  }
}

/** The limit that was set is reached. */
export class Full extends Error {}

function changedAt(folder: string): number {
  const times = fs.readdirSync(folder).map((name) => fs.statSync(path.join(folder, name)).mtimeMs);
  return Math.max(fs.statSync(folder).mtimeMs, ...times);
}

function write(file: string, text: string): void {
  const handle = open(file);
  try {
    const before = fs.fstatSync(handle).size;
    try {
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length; ) at += fs.writeSync(handle, bytes, at);
    } catch (error) {
      ignore(() => (before === 0 ? fs.rmSync(file, { force: true }) : fs.ftruncateSync(handle, before)));
      throw error;
    }
  } finally {
    fs.closeSync(handle);
  }
}

function open(file: string): number {
  try {
    return fs.openSync(file, "a", 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    return fs.openSync(file, "a", 0o600);
  }
}

function segmentsOf(folder: string): Segment[] {
  const found: Segment[] = [];
  ignore(() => {
    const names = fs.readdirSync(folder).filter((name) => name.endsWith(".ndjson"));
    for (const name of names.sort()) {
      const file = path.join(folder, name);
      const bytes = fs.readFileSync(file);
      let events = 0;
      for (const byte of bytes) if (byte === 10) events++;
      found.push({ path: file, events, bytes: bytes.length });
    }
  });
  return found;
}

function ignore(act: () => void): void {
  try {
    act();
  } catch {
    // Nothing depends on it: the next look at the folder finds what is there.
  }
}
