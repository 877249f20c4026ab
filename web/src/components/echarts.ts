// The part of ECharts that is used, dressed in the colours of the page.

import { BarChart, HeatmapChart, LineChart, ScatterChart } from "echarts/charts";
import { AriaComponent, BrushComponent, GridComponent, LegendComponent, ToolboxComponent, TooltipComponent, VisualMapComponent } from "echarts/components";
import { type EChartsCoreOption, type EChartsType, init as create, use } from "echarts/core";
import { CanvasRenderer } from "echarts/renderers";
import { resolved } from "./colors.ts";

use([BarChart, LineChart, HeatmapChart, ScatterChart, GridComponent, TooltipComponent, LegendComponent, VisualMapComponent, ToolboxComponent, BrushComponent, AriaComponent, CanvasRenderer]);

export const init = (element: HTMLDivElement): EChartsType => create(element);

/** Names of custom properties within an option become colours. */
function paint(value: unknown): unknown {
  if (typeof value === "string" && value.startsWith("--")) return resolved(value);
  if (Array.isArray(value)) return value.map(paint);
  if (value !== null && typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, paint(inner)]));
  }
  return value;
}

const axis = {
  axisLine: { lineStyle: { color: "--line-strong" } },
  axisTick: { show: false },
  axisLabel: { color: "--dim", fontSize: 11, hideOverlap: true },
  splitLine: { lineStyle: { color: "--line" } },
};

const withAxis = (given: unknown): unknown => {
  const { axisLabel, ...rest } = given as { axisLabel?: object };
  return { ...axis, ...rest, axisLabel: { ...axis.axisLabel, ...axisLabel } };
};

export function themed(option: EChartsCoreOption, brush: boolean): EChartsCoreOption {
  const font = getComputedStyle(document.documentElement).fontFamily;
  const base = {
    animation: false,
    textStyle: { fontFamily: font, color: "--text" },
    color: ["--accent-fill", "--fail", "--ok", "--warn", "--run", "--t-5", "--t-6", "--faint"],
    grid: { left: 4, right: 22, top: 12, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    ...option,
    xAxis: option.xAxis === undefined ? undefined : withAxis(option.xAxis),
    yAxis: option.yAxis === undefined ? undefined : withAxis(option.yAxis),
    tooltip: {
      trigger: "axis",
      // Drawn on the canvas: nothing that an agent named itself is ever parsed as HTML.
      renderMode: "richText",
      backgroundColor: "--panel",
      borderColor: "--line-strong",
      textStyle: { color: "--text", fontSize: 12 },
      confine: true,
      ...(option.tooltip as object),
    },
    legend: option.legend === undefined ? undefined : { textStyle: { color: "--dim", fontSize: 12 }, icon: "roundRect", itemWidth: 10, itemHeight: 10, ...(option.legend as object) },
    ...(brush ? { brush: { xAxisIndex: 0, brushType: "lineX", brushStyle: { color: "--accent-soft", borderColor: "--accent", borderWidth: 1, opacity: 0.5 }, toolbox: [] }, toolbox: { show: false } } : {}),
  };
  return paint(base) as EChartsCoreOption;
}

/** From now on dragging over the bars chooses a range of them. */
export function arm(chart: EChartsType): void {
  chart.dispatchAction({ type: "takeGlobalCursor", key: "brush", brushOption: { brushType: "lineX", brushMode: "single" } });
}

export function brushed(chart: EChartsType, on: (from: number, to: number) => void): void {
  chart.on("brushEnd", (event) => {
    const range = (event as { areas?: { coordRange?: [number, number] }[] }).areas?.[0]?.coordRange;
    chart.dispatchAction({ type: "brush", areas: [] });
    if (range && range[1] > range[0]) on(range[0], range[1]);
  });
}
