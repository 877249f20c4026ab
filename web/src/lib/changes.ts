// What changed since yesterday, in sentences: each agent's last 24 hours beside the 24 before.

import { duration, money, percent, plural } from "./format.ts";
import { agentUrl } from "./links.ts";

export interface Day {
  agent_id: string;
  agent_name: string | null;
  events: number;
  events_before: number;
  failures: number;
  failures_before: number;
  done: number;
  done_before: number;
  cost: number | string | null;
  cost_before: number | string | null;
  p50: number | null;
  p50_before: number | null;
  first_seen: string | null;
}

export interface Change {
  tone: "bad" | "good" | "note";
  agent: string;
  /** Changes of one kind are alike. */
  kind: string;
  text: string;
  to: string;
  /** For the order: how much it matters. */
  weight: number;
}

/** Fewer finished actions say nothing about a rate. */
const SAMPLE_MIN = 15;
const CHANGES_MAX = 8;
const SAME_KIND_MAX = 3;

export function changesOf(days: Day[], now = Date.now()): Change[] {
  const all = days.flatMap((day) => changesOfAgent(day, now));
  all.sort((a, b) => b.weight - a.weight);
  // Five of a kind would hide what else there is.
  const seen = new Map<string, number>();
  const varied = all.filter((one) => {
    const number = (seen.get(one.kind) ?? 0) + 1;
    seen.set(one.kind, number);
    return number <= SAME_KIND_MAX;
  });
  return varied.slice(0, CHANGES_MAX);
}

function times(ratio: number): string {
  return ratio < 10 ? `${ratio.toFixed(1)} times` : `${Math.round(ratio)} times`;
}

function changesOfAgent(day: Day, now: number): Change[] {
  const agent = day.agent_name ?? day.agent_id;
  const to = (q: string) => `/explore?${new URLSearchParams({ q: `agent:"${day.agent_id}"${q}`, range: "24h" })}`;
  const out: Change[] = [];
  const add = (tone: Change["tone"], weight: number, text: string, target = to("")) => out.push({ tone, agent, kind: text.split(/[ :]/).slice(0, 2).join(" ").replace(/[$\d].*/, ""), text, to: target, weight });
  const fresh = day.first_seen !== null && now - Date.parse(day.first_seen) < 86_400_000;
  if (day.events_before === 0 && fresh) {
    add("note", 45, `was seen for the first time and sent ${plural(day.events, "event")}`, agentUrl(day.agent_id));
    return out;
  }
  if (day.events === 0) {
    if (day.events_before < SAMPLE_MIN) return out;
    add("bad", 60, `went silent: nothing since yesterday, ${plural(day.events_before, "event")} the day before`, agentUrl(day.agent_id));
    return out;
  }
  if (day.done >= SAMPLE_MIN && day.done_before >= SAMPLE_MIN) {
    const [rate, before] = [day.failures / day.done, day.failures_before / day.done_before];
    if (rate - before >= 0.05) add("bad", 100 + (rate - before) * 100, `fails more: ${percent(rate)} of ${plural(day.done, "action")}, ${percent(before)} before`, to(" status:failed"));
    if (before - rate >= 0.05) add("good", 40 + (before - rate) * 50, `fails less: ${percent(rate)} of ${plural(day.done, "action")}, ${percent(before)} before`, to(" status:failed"));
  }
  const [cost, costBefore] = [Number(day.cost ?? 0), Number(day.cost_before ?? 0)];
  if (cost - costBefore >= 1 && cost > costBefore * 1.5) {
    add("bad", 70 + Math.min(cost, 25), `cost ${money(cost)}${costBefore > 0 ? `, ${times(cost / costBefore)} the day before` : ""}`, to(" cost_usd:>0"));
  }
  if (day.p50 !== null && day.p50_before !== null && day.p50 > day.p50_before * 2 && day.p50 - day.p50_before > 200_000) {
    add("bad", 50, `became slower: half of its actions take ${duration(day.p50)} or more, ${duration(day.p50_before)} before`);
  }
  if (day.events_before >= SAMPLE_MIN && (day.events > day.events_before * 3 || day.events * 3 < day.events_before)) {
    const more = day.events > day.events_before;
    add("note", 30, `did ${more ? "much more" : "much less"}: ${plural(day.events, "event")}, ${plural(day.events_before, "event")} the day before`);
  }
  return out;
}
