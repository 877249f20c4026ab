// What is to be said of an agent, in sentences: what it does, how well, what changed, with whom it works.

import { duration, money, percent, plural, short } from "./format.ts";

export interface AgentFigures {
  events: number;
  sessions: number;
  successes: number;
  failures: number;
  avg: number | null;
  cost: number | string | null;
  models: string | null;
}

export interface Deed {
  action_type: string;
  action_name: string;
  n: number;
  failures: number;
}

export interface Mate {
  partner: string;
  sent: number;
  received: number;
  failures: number;
}

export interface Said {
  about: "does" | "well" | "changed" | "works";
  tone: "good" | "bad" | "plain";
  text: string;
}

/** Fewer say nothing about a rate. */
const SAMPLE_MIN = 15;
const NAMES_MAX = 3;

const list = (words: string[]): string => (words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`);

export function reportOf(now: AgentFigures, before: AgentFigures, deeds: Deed[], deedsBefore: Deed[], mates: Mate[]): Said[] {
  if (now.events === 0) return [];
  return [...doing(now, deeds), ...quality(now, deeds), ...changes(now, before, deeds, deedsBefore), ...company(mates)];
}

function doing(now: AgentFigures, deeds: Deed[]): Said[] {
  const all = deeds.reduce((sum, deed) => sum + deed.n, 0);
  const most = deeds.toSorted((a, b) => b.n - a.n).slice(0, NAMES_MAX);
  if (all === 0) return [];
  const names = list(most.map((deed) => `${deed.action_name} (${percent(deed.n / all, 0)})`));
  const runs = now.sessions > 0 ? ` in ${plural(now.sessions, "run")}` : "";
  return [{ about: "does", tone: "plain", text: `It did ${plural(now.events, "thing")}${runs}, mostly ${names}.` }];
}

const rateOf = (figures: AgentFigures): number | null => (figures.successes + figures.failures < SAMPLE_MIN ? null : figures.successes / (figures.successes + figures.failures));

function quality(now: AgentFigures, deeds: Deed[]): Said[] {
  const out: Said[] = [];
  const rate = rateOf(now);
  if (rate === null) out.push({ about: "well", tone: "plain", text: "It finished too little to speak of a rate." });
  else out.push({ about: "well", tone: rate >= 0.978 ? "good" : rate < 0.95 ? "bad" : "plain", text: `${percent(rate)} of ${plural(now.successes + now.failures, "finished action")} succeeded; the target is 97.8 %.` });
  const worst = deeds.filter((deed) => deed.n >= SAMPLE_MIN && deed.failures / deed.n >= 0.1).sort((a, b) => b.failures - a.failures)[0];
  if (worst) out.push({ about: "well", tone: "bad", text: `${worst.action_name} fails most: ${plural(worst.failures, "time")} of ${short(worst.n)}.` });
  return out;
}

function changes(now: AgentFigures, before: AgentFigures, deeds: Deed[], deedsBefore: Deed[]): Said[] {
  if (before.events === 0) return [{ about: "changed", tone: "plain", text: "Nothing is known of the time before." }];
  const out: Said[] = [];
  const add = (tone: Said["tone"], text: string) => out.push({ about: "changed", tone, text });
  const [rate, old] = [rateOf(now), rateOf(before)];
  if (rate !== null && old !== null && Math.abs(rate - old) >= 0.03) add(rate > old ? "good" : "bad", `It succeeds ${rate > old ? "more" : "less"} often than in the time before, when it was ${percent(old)}.`);
  if (now.avg !== null && before.avg !== null && (now.avg > before.avg * 1.5 || now.avg * 1.5 < before.avg)) add(now.avg > before.avg ? "bad" : "good", `It is ${now.avg > before.avg ? "slower" : "quicker"}: ${duration(now.avg)} on average, ${duration(before.avg)} before.`);
  const [cost, was] = [Number(now.cost ?? 0), Number(before.cost ?? 0)];
  if (cost - was >= 1 && cost > was * 1.5) add("bad", `It cost ${money(cost)}, ${money(was)} before.`);
  if (now.models !== before.models && now.models && before.models) add("plain", `Its models changed: ${now.models}; before ${before.models}.`);
  const known = new Set(deedsBefore.map((deed) => deed.action_name));
  const fresh = deeds.filter((deed) => !known.has(deed.action_name)).map((deed) => deed.action_name);
  if (fresh.length > 0) add("plain", `New to it: ${list(fresh.slice(0, NAMES_MAX))}${fresh.length > NAMES_MAX ? ` and ${fresh.length - NAMES_MAX} more` : ""}.`);
  if (out.length === 0) add("plain", "It works much as in the time before.");
  return out;
}

function company(mates: Mate[]): Said[] {
  const most = mates.toSorted((a, b) => b.sent + b.received - a.sent - a.received).slice(0, NAMES_MAX);
  if (most.length === 0) return [{ about: "works", tone: "plain", text: "It exchanged no message with another agent." }];
  const names = list(most.map((mate) => `${mate.partner} (${short(mate.sent)} sent, ${short(mate.received)} received)`));
  const failed = mates.reduce((sum, mate) => sum + mate.failures, 0);
  return [{ about: "works", tone: failed > 0 ? "bad" : "plain", text: `It works with ${names}${failed > 0 ? `; ${plural(failed, "message")} failed` : ""}.` }];
}
