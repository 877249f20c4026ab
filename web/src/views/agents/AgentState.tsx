// Whether an agent is at work, quiet, or missing.

import { CircleAlert, CirclePlay, Moon } from "lucide-react";

interface Seen {
  last_seen: string | null;
  expected: boolean | null;
}

const WORKING_MS = 2 * 60_000;
const SILENT_MS = 3_600_000;

export function stateOf(row: Seen, now = Date.now()): "working" | "quiet" | "silent" {
  const quiet = now - (Date.parse(row.last_seen ?? "") || 0);
  if (quiet < WORKING_MS) return "working";
  return row.expected && quiet > SILENT_MS ? "silent" : "quiet";
}

export function AgentState({ row }: { row: Seen }) {
  const state = stateOf(row);
  if (state === "working") {
    return (
      <span className="status success" title="Sent an event within the last two minutes">
        <CirclePlay aria-hidden /> At work
      </span>
    );
  }
  if (state === "silent") {
    return (
      <span className="status failure" title="Registered as expected, and silent for more than an hour">
        <CircleAlert aria-hidden /> Missing
      </span>
    );
  }
  return (
    <span className="status" title="Nothing for two minutes">
      <Moon aria-hidden /> Quiet
    </span>
  );
}
