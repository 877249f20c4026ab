// Figures: a number with its name, a gauge with its population, a line of a trend. Each leads to its events.

import type { ReactNode } from "react";
import { Link } from "react-router";

interface StatProps {
  label: string;
  value: ReactNode;
  sub?: ReactNode;
  to?: string;
  title?: string;
}

export function Stat({ label, value, sub, to, title }: StatProps) {
  const inner = (
    <>
      <span className="stat-label">{label}</span>
      <span className="stat-value">{value}</span>
      {sub && <span className="stat-sub">{sub}</span>}
    </>
  );
  if (!to) return <div className="stat" title={title}>{inner}</div>;
  return (
    <Link className="stat" to={to} title={title}>
      {inner}
    </Link>
  );
}

export type Tone = "ok" | "warn" | "fail" | "plain";

interface GaugeProps {
  label: string;
  /** From 0 to 1; nothing when nobody can say. */
  part: number | null;
  value: string;
  /** What it is computed from, with the size of the population. */
  sub: string;
  tone: Tone;
  /** How it is computed, in a sentence. */
  formula: string;
  to?: string;
}

const ARC = Math.PI * 42;

export function Gauge({ label, part, value, sub, tone, formula, to }: GaugeProps) {
  const filled = Math.max(0, Math.min(1, part ?? 0)) * ARC;
  const color = tone === "plain" ? "var(--accent-fill)" : `var(--${tone})`;
  const path = "M 8 54 A 42 42 0 0 1 92 54";
  const inner = (
    <>
      <svg viewBox="0 0 100 60" aria-hidden>
        <path d={path} fill="none" stroke="var(--sunken)" strokeWidth="9" strokeLinecap="round" />
        {part !== null && part > 0 && <path d={path} fill="none" stroke={color} strokeWidth="9" strokeLinecap="round" strokeDasharray={`${filled} 999`} />}
      </svg>
      <span className="gauge-value">{value}</span>
      <span className="gauge-label">{label}</span>
      <span className="gauge-sub">{sub}</span>
    </>
  );
  if (!to) return <div className="gauge" title={formula}>{inner}</div>;
  return (
    <Link className="gauge" to={to} title={formula}>
      {inner}
    </Link>
  );
}

/** The tone of a ratio against a target and a floor. */
export function toneOf(part: number | null, target: number, floor: number): Tone {
  if (part === null) return "plain";
  return part >= target ? "ok" : part >= floor ? "warn" : "fail";
}

export function Spark({ values, label }: { values: number[]; label: string }) {
  const top = Math.max(...values, 1);
  const step = values.length > 1 ? 100 / (values.length - 1) : 100;
  const points = values.map((value, place) => `${(place * step).toFixed(1)},${(22 - (value / top) * 20).toFixed(1)}`);
  return (
    <svg className="spark" viewBox="0 0 100 24" preserveAspectRatio="none" role="img" aria-label={label}>
      <polyline points={points.join(" ")} fill="none" stroke="var(--accent)" strokeWidth="1.5" vectorEffect="non-scaling-stroke" strokeLinejoin="round" />
    </svg>
  );
}

export function Bar({ part }: { part: number }) {
  return (
    <div className="bar" aria-hidden>
      <i style={{ width: `${Math.max(0, Math.min(1, part)) * 100}%` }} />
    </div>
  );
}
