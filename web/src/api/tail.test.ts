// The stream of live events, cut anywhere.

import { describe, expect, it } from "vitest";
import { rowOf, takeMessages } from "./tail.ts";

describe("server-sent events", () => {
  it("are whole however the stream is cut", () => {
    const stream = 'id: 1\ndata: {"a":1}\n\n: keep-alive\n\nevent: missed\ndata: 3\n\ndata: {"a":2}\n\ndata: {"a"';
    for (let cut = 0; cut <= stream.length; cut += 1) {
      const first = takeMessages(stream.slice(0, cut));
      const second = takeMessages(first.rest + stream.slice(cut));
      expect([...first.data, ...second.data]).toEqual(['{"a":1}', '{"a":2}']);
      expect(first.missed || second.missed).toBe(true);
      expect(second.rest).toBe('data: {"a"');
    }
  });

  it("become rows with the names that queries give", () => {
    const row = rowOf({ index: 4, entry: { agent: "a", type: "tool", action: "Bash", outcome: "failure", class: "standard", level: "INFO", id: "u", time: 2_000_000, source: "http" }, who: { id: "mine", session: "s" }, facts: { cost_micros: 5, model: "m" }, input: { x: 1 } });
    expect(row).toMatchObject({ id: "mine", index: 4, timestamp: "1970-01-01T00:00:02.000Z", session_id: "s", cost_usd: 0.000005, action_details: '{"x":1}', outcome_result: null, model: "m" });
  });
});
