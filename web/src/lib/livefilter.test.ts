import { expect, test } from "vitest";
import { liveFilter } from "./livefilter.ts";

const row = { agent_id: "eng/o'x", action_name: "Bash", action_type: "tool", outcome_status: "failure", cost_usd: 0.7, duration_us: 2_500_000, exit_code: 1, model: null, action_details: '{"command":"git push"}' };

const shows = (text: string) => {
  const filter = liveFilter(text);
  if (filter.kind === "more") throw new Error(`${text}: more at ${filter.at}`);
  return filter.has(row);
};

test("a search and conditions of one event are told as they arrive", () => {
  for (const text of [
    "",
    "push status:failed",
    "outcome_status = 'failure'",
    "outcome_status = 'failure' and cost_usd > 0.5",
    "where agent = 'eng/o''x'",
    "action_name in ('Read', 'Bash')",
    "model not in ('a') or exit_code = 1",
    "action_details contains 'git ' and not action_name startswith 'R'",
    "(exit_code = 2 or exit_code = 1) and duration_ms >= 2500",
    "action_name endswith 'sh'",
    "not model = 'a'",
  ])
    expect(shows(text), text).toBe(true);
  for (const text of ["status:ok", "outcome_status = 'Failure'", "model != 'a'", "model not in ('a')", "exit_code > 1", "action_name in ('Read')", "cost_usd < 0.5 or exit_code = 2", "not (exit_code = 1 and cost_usd > 0.5)"]) expect(shows(text), text).toBe(false);
});

test("what asks for more than one event tells says where", () => {
  const at = (text: string) => {
    const filter = liveFilter(text);
    return filter.kind === "more" ? filter.at : null;
  };
  expect(at("outcome_status = 'failure' | count() by agent_id")).toBe("|");
  expect(at("action_name =~ '^B'")).toBe("=~");
  expect(at("lower(action_name) contains 'bash'")).toBe("(");
  expect(at("duration_ms > 5s")).toBe("5s");
  expect(at("details.command startswith 'git '")).not.toBeNull();
  expect(at("exit_code = 1 and")).toBe("the end");
  expect(at("exists(error)")).toBe("(");
});
