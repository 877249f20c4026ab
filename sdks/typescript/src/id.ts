/** Event ids: UUIDv7, assigned at the call, so that a retry is the same event. */
import { randomFillSync } from "node:crypto";

const POOL = Buffer.alloc(4096);
let used = POOL.length;
let last = 0;
let step = 0;

/** A new id; ids of one process sort in the order in which they were made. */
export function newId(nowMs: number = Date.now()): string {
  if (used + 10 > POOL.length) {
    randomFillSync(POOL);
    used = 0;
  }
  const random = POOL.subarray(used, (used += 10));
  // The twelve bits behind the time count within a millisecond; when they run over, the time is lent one.
  const now = Math.floor(nowMs);
  if (now > last) {
    last = now;
    step = random.readUInt16BE(0) & 0x7ff;
  } else if (++step > 0xfff) {
    last++;
    step = 0;
  }
  const time = last.toString(16).padStart(12, "0");
  const count = (0x7000 | step).toString(16);
  const variant = (0x80 | (random[2]! & 0x3f)).toString(16);
  const rest = random.toString("hex", 3, 10);
  return `${time.slice(0, 8)}-${time.slice(8)}-${count}-${variant}${rest.slice(0, 2)}-${rest.slice(2)}`;
}
