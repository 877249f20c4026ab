// An answer as a chart: the first column is the axis, a text beside it makes series, numbers are drawn.

import { useMemo } from "react";
import { visible } from "../lib/ansi.ts";
import { timeLabels } from "../lib/series.ts";
import { Chart, type ChartOption } from "./Chart.tsx";

interface Column {
  name: string;
  type: string;
}
type AnyRow = Record<string, unknown>;

const NUMERIC = /int|numeric|double|real|float|decimal/;
const TIME = /timestamp|date/;
const SERIES_MAX = 12;
const POINTS_MAX = 2000;

export function chartable(columns: Column[]): boolean {
  const [first, ...rest] = columns;
  return first !== undefined && !NUMERIC.test(first.type) && rest.some((column) => NUMERIC.test(column.type));
}

interface AnswerChartProps {
  columns: Column[];
  rows: AnyRow[];
  height?: number;
  label?: string;
  /** Lines or bars; by what the answer is unless it is said. */
  shape?: "line" | "bar";
}

export function AnswerChart({ columns, rows, height = 380, label = "The answer as a chart", shape }: AnswerChartProps) {
  const option = useMemo(() => optionOf(columns, rows.slice(0, POINTS_MAX), shape), [columns, rows, shape]);
  return <Chart option={option} height={height} label={label} />;
}

function optionOf(columns: Column[], rows: AnyRow[], shape?: "line" | "bar"): ChartOption {
  const [axis, ...rest] = columns;
  const numbers = rest.filter((column) => NUMERIC.test(column.type));
  const split = rest.find((column) => !NUMERIC.test(column.type));
  const time = axis !== undefined && TIME.test(axis.type);
  const key = (row: AnyRow) => String(row[axis?.name ?? ""] ?? "–");
  const keys = [...new Set(rows.map(key))];
  const labels = time ? timeLabels(keys.map((moment) => Date.parse(moment))) : keys.map(visible);
  const place = new Map(keys.map((text, at) => [text, at]));
  const names = split ? [...new Set(rows.map((row) => String(row[split.name] ?? "–")))].slice(0, SERIES_MAX) : numbers.map((column) => column.name);
  const value = numbers[0]?.name ?? "";
  const series = names.map((name) => {
    const data = new Array<number | null>(labels.length).fill(null);
    for (const row of rows) {
      if (split && String(row[split.name] ?? "–") !== name) continue;
      data[place.get(key(row)) ?? 0] = Number(row[split ? value : name] ?? 0);
    }
    return { name: visible(name), type: shape ?? (time && !split ? "line" : "bar"), stack: split && shape !== "line" ? "all" : undefined, symbol: "none", data };
  });
  return { xAxis: { type: "category", data: labels }, yAxis: { type: "value" }, legend: series.length > 1 ? { bottom: 0, type: "scroll", pageTextStyle: { color: "--dim" }, pageIconColor: "--dim" } : undefined, grid: { left: 4, right: 22, top: 12, bottom: series.length > 1 ? 44 : 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" }, series };
}
