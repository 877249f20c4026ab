import { describe, expect, test } from "vitest";
import { complete } from "./complete.ts";
import { pipesOf, placedAsTyped, readingOf, withCondition } from "./pipetext.ts";

const kind = (text: string) => readingOf(text).kind;

describe("what the search bar takes a text for", () => {
  test("words, phrases and field:value are a search", () => {
    for (const text of ["", "deploy failed", "status:failed -agent:ops/*", "duration_us:>1000000", '"a | b"', '"x = \'y\'"', "RUST_LOG=debug", "a = b", "don't", "in (", "12:30 http://x/y", "contains 'x'", "where it broke"]) expect(kind(text), text).toBe("search");
  });
  test("what begins with a comparison are conditions on events", () => {
    for (const text of [
      "outcome_status = 'failure'",
      "duration_ms > 5s and not agent_id = 'a'",
      "not exists(error)",
      "(agent = 'a' or agent = 'b') and cost_usd >= 0.5",
      "where details.command startswith 'git '",
      "agent_id in ('a', 'b')",
      "agent not in ('a')",
      "lower(action_name) contains 'deploy'",
      "action =~ '^a|b$'",
      "sensitive_data_accessed = true",
      "details.\"a b\" = 'x'",
    ])
      expect(readingOf(text), text).toEqual({ kind: "events", pipes: `agent_audit_log\n| ${text}` });
  });
  test("a bar makes it a query, whatever stands before it", () => {
    expect(readingOf("| count() by agent_id")).toEqual({ kind: "answer", pipes: "agent_audit_log\n| count() by agent_id" });
    expect(readingOf("outcome_status = 'a|b' | count()")).toEqual({ kind: "answer", pipes: "agent_audit_log\n| outcome_status = 'a|b' | count()" });
    expect(readingOf("status:failed | count() by agent_id")).toEqual({ kind: "answer", pipes: "agent_audit_log\n| outcome_status = 'failure'\n| count() by agent_id" });
    for (const text of ["agent_audit_log | count()", "metrics[1h] | avg(value)", "open(call) | age > 5m", "(agent_audit_log | count() by agent_id) | limit 3"]) expect(readingOf(text), text).toEqual({ kind: "answer", pipes: text });
    expect(readingOf("don't | count()").kind).toBe("answer");
  });
});

test("a search in pipes says the same", () => {
  const lines = (text: string) => pipesOf(text).split("\n").slice(1);
  expect(lines("status:failed class:critical level:warning")).toEqual(["| outcome_status = 'failure'", "| class = 'critical'", "| level = 'WARNING'"]);
  expect(lines("agent:ops/* -name:Bash")).toEqual(["| agent_id =~ '(?is)^ops/.*$' or agent_name =~ '(?is)^ops/.*$'", "| not (lower(action_name) = 'bash')"]);
  expect(lines("duration_us:>1000000 sensitive_data_accessed:true model:o'x")).toEqual(["| duration_us > 1000000", "| sensitive_data_accessed = true", "| model = 'o''x'"]);
  expect(lines("it's")[0]).toContain("lower(action_details) contains 'it''s' or lower(outcome_result) contains 'it''s'");
  expect(pipesOf("")).toBe("agent_audit_log");
});

test("a value that is clicked joins the conditions", () => {
  expect(withCondition("exit_code = 1", "agent_id", "o'x", false)).toBe("exit_code = 1 and agent_id = 'o''x'");
  expect(withCondition("a = 1 or b = 2", "class", "critical", true)).toBe("(a = 1 or b = 2) and class != 'critical'");
});

test("places are those of the text as it was typed", () => {
  expect(placedAsTyped('line 2, column 3: there is no column "x"\n  | x = 1\n    ^')).toBe('column 1: there is no column "x"\n  | x = 1\n    ^');
  expect(placedAsTyped("line 1, column 19: found")).toBe("column 19: found");
  expect(placedAsTyped("something else")).toBe("something else");
});

test("pipes are completed: stages behind a bar, columns, values in quotes", () => {
  const first = (text: string, known = {}) => complete(text, known)[0]?.text;
  expect(first("status:failed | co")).toBe("status:failed | count() by ");
  expect(first("| count() by age")).toBe("| count() by agent_id");
  expect(first("outcome_status = 'fai")).toBe("outcome_status = 'failure'");
  expect(first("outcome_status = ")).toBe("outcome_status = 'failure'");
  expect(first("agent_id in ('a', 'eng/c", { agent: ["eng/coder"] })).toBe("agent_id in ('a', 'eng/coder'");
  expect(first("exit_code = 1 and dur")).toBe("exit_code = 1 and duration_ms");
  expect(complete("outcome_status = 'failure' and model = 'x y", {})).toEqual([]);
});
