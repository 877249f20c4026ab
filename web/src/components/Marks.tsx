// Small marks that stand for one thing each: a state, a moment, a kind of action, an agent.

import { Bot, Brain, ChartCandlestick, CircleCheck, CircleDashed, CircleHelp, CirclePlay, Cog, Database, Gauge as Meter, GitBranch, Globe, KeyRound, MessageSquare, OctagonX, Scale, Settings2, Sparkles, Wrench } from "lucide-react";
import type { ComponentType } from "react";
import { Link } from "react-router";
import { visible } from "../lib/ansi.ts";
import { exactTime, parseTime, shortTime } from "../lib/time.ts";

const SHAPES: Record<string, ComponentType<{ "aria-hidden"?: boolean }>> = {
  success: CircleCheck,
  failure: OctagonX,
  partial: CircleDashed,
  running: CirclePlay,
  unknown: CircleHelp,
};
const WORDS: Record<string, string> = { success: "Success", failure: "Failed", partial: "Partial", running: "Running", unknown: "Not said" };
/** How a call ended, where that says more than its outcome. */
const ENDS: Record<string, string> = { refused: "Refused", unknown_tool: "No such tool", abandoned: "Abandoned", asynchronous: "In the background" };

export function Status({ word, closure, icon = false }: { word: string; closure?: unknown; icon?: boolean }) {
  const Shape = SHAPES[word] ?? CircleHelp;
  const text = ENDS[String(closure)] ?? WORDS[word] ?? word;
  return (
    <span className={`status ${word}`} title={icon ? text : undefined}>
      <Shape aria-hidden />
      <span className={icon ? "hidden" : undefined}>{text}</span>
    </span>
  );
}

export function Time({ at, className = "" }: { at: string | null | undefined; className?: string }) {
  const moment = parseTime(at);
  if (moment === null || at == null) return <span className="faint">–</span>;
  return (
    <time dateTime={at} title={exactTime(at)} className={`num ${className}`}>
      {shortTime(moment)}
    </time>
  );
}

const KINDS: Record<string, ComponentType<{ size?: number; "aria-hidden"?: boolean }>> = {
  tool: Wrench,
  skill: Sparkles,
  decision: Scale,
  model_decision: Brain,
  communication: MessageSquare,
  trade: ChartCandlestick,
  external: Globe,
  auth: KeyRound,
  memory: Database,
  metric: Meter,
  workflow: GitBranch,
  lifecycle: Cog,
  settings: Settings2,
};

export function KindIcon({ kind }: { kind: string }) {
  const Icon = KINDS[kind] ?? Bot;
  return <Icon size={15} aria-hidden />;
}

export function AgentLink({ id, name }: { id: string; name?: string | null }) {
  return (
    <Link className="cut" to={`/agents/${encodeURIComponent(id)}`} title={visible(id)}>
      {visible(name || id)}
    </Link>
  );
}

export function Class({ word }: { word: string }) {
  if (word === "standard") return null;
  return <span className={word === "critical" ? "chip fail" : "chip warn"}>{word.replace("_", " ")}</span>;
}
