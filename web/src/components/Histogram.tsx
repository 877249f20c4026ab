// Events by time and outcome; dragging over it zooms.

import { useMemo } from "react";
import { Chart, type ChartOption } from "./Chart.tsx";
import { type Axis, onAxis } from "../lib/series.ts";

interface HistogramProps {
  axis: Axis;
  rows: { t: string; outcome_status: string; n: number }[];
  height?: number;
  onZoom?: (from: number, to: number) => void;
}

const OTHER = ["running", "partial", "unknown"];

export function Histogram({ axis, rows, height = 120, onZoom }: HistogramProps) {
  const option = useMemo<ChartOption>(() => {
    const series = (name: string, color: string, words: string[]) => ({
      name,
      type: "bar",
      stack: "events",
      barCategoryGap: "12%",
      itemStyle: { color },
      data: onAxis(axis, rows.filter((row) => words.includes(row.outcome_status)), (row) => row.n),
    });
    return {
      xAxis: { type: "category", data: axis.labels },
      yAxis: { type: "value", splitNumber: 2, minInterval: 1 },
      series: [series("Failed", "--fail", ["failure"]), series("Succeeded", "--accent-fill", ["success"]), series("Other", "--line-strong", OTHER)],
    };
  }, [axis, rows]);
  const time = (place: number) => (axis.times[0] ?? 0) + place * axis.stepMs;
  const zoom = onZoom ? (from: number, to: number) => onZoom(time(Math.max(0, Math.floor(from))), time(Math.min(axis.times.length - 1, Math.ceil(to)) + 1)) : undefined;
  const total = rows.reduce((sum, row) => sum + row.n, 0);
  return <Chart option={option} height={height} onZoom={zoom} onPick={onZoom ? ({ dataIndex }) => onZoom(time(dataIndex), time(dataIndex + 1)) : undefined} label={`${total} events over time, by outcome`} />;
}
