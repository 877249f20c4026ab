/** Whose folder in the spool it is, and whether that process is still there. */
import { createHash, randomBytes } from "node:crypto";
import { hostname } from "node:os";

const NAME = /^v1-([0-9a-f]{8})-(\d{1,10})-([0-9a-f]{16})$/;
const HOST = createHash("sha256").update(hostname()).digest("hex").slice(0, 8);
/** Owners that can't be asked whether they live count as dead when nothing changed for so long. */
const SILENT_MS = 3_600_000;
/** File systems tell times in steps of up to this. */
const SLACK_MS = 2_000;

/** A new name for a folder of this process. */
export function newName(random: string = newRandom()): string {
  return `v1-${HOST}-${process.pid}-${random}`;
}

export function newRandom(): string {
  return randomBytes(8).toString("hex");
}

/** Whether a folder was left by a process that has ended; `changedMs` is when something in it changed last. */
export function isLeft(name: string, changedMs: number, nowMs: number): boolean {
  const [, host, text] = NAME.exec(name) ?? [];
  if (host === undefined || text === undefined) return false;
  if (host !== HOST) return nowMs - changedMs > SILENT_MS;
  const pid = Number(text);
  // In a container that was started again we have the name of the process before us.
  if (pid === process.pid) return changedMs < nowMs - process.uptime() * 1000 - SLACK_MS;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
