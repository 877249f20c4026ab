// Content of agents is hostile: what it must never become.

import { describe, expect, it } from "vitest";
import { ansiSpans, visible } from "./ansi.ts";
import { defang } from "./defang.ts";
import { lineDiff, parsePatch } from "./diff.ts";
import { partsOf } from "./parts.ts";

const text = (spans: { text: string }[]) => spans.map((span) => span.text).join("");

describe("terminal output", () => {
  it("keeps colours and weight", () => {
    const spans = ansiSpans("\x1b[1;31mred\x1b[0m plain \x1b[38;5;200mindexed\x1b[39m");
    expect(spans.map((span) => [span.text, span.color, span.bold])).toEqual([
      ["red", 1, true],
      [" plain ", null, false],
      ["indexed", null, false],
    ]);
  });

  it("drops what a terminal would obey: titles, links, clipboard, cursor, alternate screens", () => {
    const evil = "a\x1b]0;title\x07b\x1b]8;;http://evil.example\x1b\\c\x1b]52;c;ZXZpbA==\x07d\x1b[2J\x1b[1;1He\x1b[?1049hf\x1bP1$r\x1b\\g\x1b(Bh\x1b[";
    expect(text(ansiSpans(evil)).replace("␛[", "")).toBe("abcdefgh");
  });

  it("never lets a control or direction-changing character through", () => {
    const all = Array.from({ length: 0x2100 }, (_, code) => String.fromCharCode(code)).join("");
    const shown = text(ansiSpans(all)) + visible(all);
    expect(shown).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/);
    expect(visible("user\u202egnp.exe")).toBe("user⟨202E⟩gnp.exe");
  });

  it("ends on any input, quickly", () => {
    for (const start of ["\x1b]", "\x1bP", "\x1b[", "\x1b[;", "\x1b"]) expect(text(ansiSpans(start.repeat(20_000))).length).toBeLessThan(200_000);
  });
});

describe("links", () => {
  it("are defanged in every spelling", () => {
    expect(defang("see https://evil.example/x and JavaScript:alert(1) data:text/html,x")).toBe("see hxxps[:]//evil.example/x and JavaScript[:]alert(1) data[:]text/html,x");
    expect(defang("a file: and data: of yesterday")).toBe("a file: and data: of yesterday");
  });
});

describe("content of a call", () => {
  const call = (fields: object) => partsOf({ action_name: "x", action_type: "tool", action_details: null, outcome_result: null, outcome_error: null, decision: null, ...fields });

  it("shows a command with its output as a terminal and leaves nothing out", () => {
    const parts = call({ action_details: '{"command":"ls","timeout":5}', outcome_result: '{"stdout":"a\\nb","exit_code":0}', outcome_error: '{"message":"boom"}' });
    expect(parts[0]).toMatchObject({ kind: "terminal", command: "ls", output: "a\nb\nboom" });
    expect(parts.slice(1)).toMatchObject([{ label: "Also given", value: { timeout: 5 } }, { label: "Result", value: { exit_code: 0 } }]);
  });

  it("shows an edit as a diff, a decision with its options, and what it does not know as JSON", () => {
    expect(call({ action_details: '{"file_path":"a.rs","old_string":"x","new_string":"y"}' })[0]).toMatchObject({ kind: "diff", path: "a.rs", lines: [{ sign: "-", text: "x" }, { sign: "+", text: "y" }] });
    const decision = '{"question":"?","chosen":"a","options_considered":[{"option":"a","reasoning":"r","score":0.9},"b"]}';
    expect(call({ action_details: decision, decision })).toEqual([{ kind: "decision", question: "?", chosen: "a", options: [{ name: "a", why: "r", score: 0.9 }, { name: "b", why: null, score: null }] }]);
    expect(call({ action_details: "[1]" })).toEqual([{ kind: "json", label: "Input", value: [1] }]);
    expect(call({ action_details: "{broken" })).toEqual([{ kind: "prose", label: "Input", text: "{broken" }]);
    expect(call({})).toEqual([]);
  });
});

describe("diffs", () => {
  it("reads a patch and takes other text for none", () => {
    expect(parsePatch("@@ -1 +1 @@\n-a\n+b\n c")?.map((line) => line.sign)).toEqual(["@", "-", "+", " "]);
    expect(parsePatch("- a list\n+ of things")).toBeNull();
    expect(lineDiff("x".repeat(200_001), "")[0]?.sign).toBe("@");
  });
});
