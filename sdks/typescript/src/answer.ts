/**
 * What an answer of the server means for a batch. Pure.
 *
 * | answer | what is done |
 * |---|---|
 * | 200 or 422 that counts every line | the next batch; refused lines are told to the caller |
 * | 400, 413, 415 and other 4xx | half as many events, down to one; that one is refused |
 * | 401, 403, 404, 405, 407, 408, 425, 429, 5xx, 3xx, none | wait: the events are good |
 * | 200 that is no receipt | wait: something else answers at that address |
 */

/** An HTTP answer as far as it matters. */
export interface Answer {
  status: number;
  retryAfter?: string | undefined;
  body: string;
}

/** The server's receipt for a request. */
export interface Taken {
  accepted: number;
  duplicates: number;
  firstIndex?: number | undefined;
  lastIndex?: number | undefined;
}

export type Verdict =
  | { kind: "taken"; receipt: Taken; refused: Map<number, string> }
  | { kind: "split" }
  | { kind: "wait"; error: string; retryAfterMs?: number };

/** A server may ask for more, up to this. */
const RETRY_AFTER_MS_MAX = 600_000;
const WAITING = new Set([401, 403, 404, 405, 407, 408, 425, 429]);

/** Judges the answer to a batch of so many lines; an `Error` stands for no answer. */
export function judge(answer: Answer | Error, lines: number): Verdict {
  if (answer instanceof Error) return { kind: "wait", error: answer.message };
  const { status } = answer;
  if (status === 200 || status === 422) {
    const taken = receipt(answer.body, lines);
    if (taken) return taken;
    if (status === 422) return unreadable(answer, lines);
    return { kind: "wait", error: "what answers at this address is no tachograph: its answer does not count every event" };
  }
  if (status >= 400 && status < 500 && !WAITING.has(status)) return unreadable(answer, lines);
  const asked = retryAfterMs(answer.retryAfter);
  return { kind: "wait", error: told(answer), ...(asked === undefined ? {} : { retryAfterMs: asked }) };
}

function unreadable(answer: Answer, lines: number): Verdict {
  if (lines > 1) return { kind: "split" };
  return { kind: "taken", receipt: { accepted: 0, duplicates: 0 }, refused: new Map([[0, told(answer)]]) };
}

function receipt(body: string, lines: number): Verdict | undefined {
  const read = parse(body);
  const count = (name: string) => (Number.isSafeInteger(read[name]) ? (read[name] as number) : undefined);
  const [accepted, duplicates, refusedCount] = [count("accepted"), count("duplicates"), count("rejected_count")];
  if (accepted === undefined || duplicates === undefined || refusedCount === undefined) return undefined;
  // A line may hold several events, so there may be more than lines, never fewer.
  if (accepted + duplicates + refusedCount < lines || !Array.isArray(read["rejected"])) return undefined;
  const refused = new Map<number, string>();
  for (const item of read["rejected"] as { line?: unknown; reason?: unknown }[]) {
    const at = Number(item?.line) - 1;
    if (Number.isInteger(at) && at >= 0 && at < lines) refused.set(at, String(item.reason));
  }
  if (refused.size !== refusedCount) return undefined;
  const places = { firstIndex: count("first_index"), lastIndex: count("last_index") };
  return { kind: "taken", receipt: { accepted, duplicates, ...places }, refused };
}

function parse(body: string): Record<string, unknown> {
  try {
    const read: unknown = JSON.parse(body);
    return typeof read === "object" && read !== null ? (read as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function told(answer: Answer): string {
  const problem = parse(answer.body);
  const parts = [problem["title"], problem["detail"]].filter((part) => typeof part === "string" && part !== "");
  const text = [`the server answered ${answer.status}`, ...parts].join(": ");
  return text.slice(0, 500);
}

function retryAfterMs(text: string | undefined): number | undefined {
  if (text === undefined || !/^\s*\d{1,9}\s*$/.test(text)) return undefined;
  return Math.min(Number(text) * 1000, RETRY_AFTER_MS_MAX);
}
