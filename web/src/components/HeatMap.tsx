// Agents by time: one value for each, darker where it is more.

import { useMemo } from "react";
import { visible } from "../lib/ansi.ts";
import type { Axis } from "../lib/series.ts";
import { Chart, type ChartOption } from "./Chart.tsx";

export interface Cell {
  agent: string;
  t: string;
  value: number;
}

export interface HeatMapProps {
  cells: Cell[];
  axis: Axis;
  /** What the values are, in a word. */
  name: string;
  show: (value: number) => string;
  colors: [string, string];
  onPick: (agent: string, from: number, to: number) => void;
}

/** More lines than this can be neither read nor hit. */
export const AGENTS_MAX = 200;

export function HeatMap({ cells, axis, name, show, colors, onPick }: HeatMapProps) {
  const map = useMemo(() => mapOf(cells, axis, show, colors), [cells, axis, show, colors]);
  const height = Math.min(1400, 46 + map.agents.length * (map.agents.length > 40 ? 14 : 22));
  const pick = (place: number) => {
    const [at, line] = map.points[place] ?? [0, -1];
    const agent = map.agents[line];
    const start = axis.times[at] ?? 0;
    if (agent !== undefined) onPick(agent, start, start + axis.stepMs);
  };
  return (
    <>
      <Chart option={map.option} height={height} label={`Heat map of ${name} by agent and time`} onPick={({ dataIndex }) => pick(dataIndex)} />
      {map.cut && <p className="faint small">The {AGENTS_MAX} agents with the most.</p>}
    </>
  );
}

function mapOf(cells: Cell[], axis: Axis, show: (value: number) => string, [low, high]: [string, string]) {
  const totals = new Map<string, number>();
  for (const cell of cells) totals.set(cell.agent, (totals.get(cell.agent) ?? 0) + cell.value);
  const most = [...totals].sort((a, b) => b[1] - a[1]).slice(0, AGENTS_MAX);
  const agents = most.map(([agent]) => agent).sort().reverse();
  const line = new Map(agents.map((agent, place) => [agent, place]));
  const start = axis.times[0] ?? 0;
  const points = cells.flatMap(({ agent, t, value }): [number, number, number][] => {
    const [at, place] = [Math.floor((Date.parse(t) - start) / axis.stepMs), line.get(agent)];
    return place === undefined || value === 0 || at < 0 || at >= axis.times.length ? [] : [[at, place, value]];
  });
  const option: ChartOption = {
    xAxis: { type: "category", data: axis.labels, splitArea: { show: false } },
    yAxis: { type: "category", data: agents.map(visible), axisLabel: { interval: agents.length > 80 ? "auto" : 0, width: 150, overflow: "truncate" } },
    tooltip: { trigger: "item", formatter: ({ value }: { value: [number, number, number] }) => `${visible(agents[value[1]] ?? "")}\n${axis.labels[value[0]]}: ${show(value[2])}` },
    visualMap: { show: false, min: 0, max: points.reduce((top, point) => Math.max(top, point[2]), Number.MIN_VALUE), inRange: { color: [low, high] } },
    series: [{ type: "heatmap", data: points, itemStyle: { borderColor: "--panel", borderWidth: 1, borderRadius: 3 }, progressive: 5000 }],
  };
  return { agents, points, option, cut: totals.size > AGENTS_MAX };
}
