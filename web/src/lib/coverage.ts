// What the report of coverage is asked about, as parameters.

import type { Range } from "./range.ts";

export function asked(range: Range, agent: string): URLSearchParams {
  const params = new URLSearchParams();
  if (range.kind === "last") params.set("last", range.preset);
  else params.set("from", new Date(range.kind === "all" ? 0 : range.from).toISOString());
  if (range.kind === "between") params.set("to", new Date(range.to).toISOString());
  if (agent !== "") params.set("agent", agent);
  return params;
}
