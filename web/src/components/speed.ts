// Response times as a chart: what half of the actions take, and what 95 of 100 take, at most.

import { duration } from "../lib/format.ts";
import { type Axis, onAxis } from "../lib/series.ts";
import type { ChartOption } from "./Chart.tsx";

interface Row {
  t: string;
  p50: number | null;
  p95: number | null;
}

export function speedOption(axis: Axis, rows: Row[]): ChartOption {
  const line = (name: string, value: (row: Row) => number | null, color: string) => ({
    name,
    type: "line",
    symbol: "none",
    connectNulls: true,
    itemStyle: { color },
    data: onAxis(axis, rows, (row) => value(row) ?? 0).map((number) => number || null),
  });
  return {
    xAxis: { type: "category", data: axis.labels },
    yAxis: { type: "log", min: 100, axisLabel: { formatter: (value: number) => duration(value) } },
    tooltip: { valueFormatter: (value: unknown) => (value == null ? "–" : duration(Number(value))) },
    legend: { top: 0, right: 0 },
    grid: { left: 4, right: 22, top: 30, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    series: [line("Half take at most", (row) => row.p50, "--accent-fill"), line("95 of 100 take at most", (row) => row.p95, "--warn")],
  };
}
