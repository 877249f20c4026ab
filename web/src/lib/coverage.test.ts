import { describe, expect, it } from "vitest";
import { asked } from "./coverage.ts";

describe("what the report is asked about", () => {
  it("is a length of time, all of it, or two moments, and perhaps one agent", () => {
    expect(asked({ kind: "last", preset: "7d", ms: 0 }, "").toString()).toBe("last=7d");
    expect(asked({ kind: "all" }, "ops/a&b").toString()).toBe("from=1970-01-01T00%3A00%3A00.000Z&agent=ops%2Fa%26b");
    expect(asked({ kind: "between", from: 0, to: 1000 }, "").get("to")).toBe("1970-01-01T00:00:01.000Z");
  });
});
