// ECharts, loaded when the first chart is on screen. Labels of agents are drawn, never parsed as HTML.

import type { EChartsCoreOption, EChartsType } from "echarts/core";
import { useEffect, useRef } from "react";
import { onColors } from "./colors.ts";

export type ChartOption = EChartsCoreOption;

export interface Point {
  seriesName?: string;
  dataIndex: number;
}

interface ChartProps {
  option: ChartOption;
  height?: number;
  /** What the chart shows, for those who do not see it. */
  label: string;
  onPick?: (point: Point) => void;
  /** Called with the first and last place of what was dragged over. */
  onZoom?: (from: number, to: number) => void;
}

export function Chart({ option, height = 220, label, onPick, onZoom }: ChartProps) {
  const frame = useRef<HTMLDivElement>(null);
  const chart = useRef<EChartsType | null>(null);
  const latest = useRef({ option, onPick, onZoom });
  latest.current = { option, onPick, onZoom };
  const draw = useRef(() => {});

  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    let gone = false;
    const watch = new ResizeObserver(() => chart.current?.resize());
    let forget = () => {};
    void import("./echarts.ts").then(({ init, themed, arm, brushed }) => {
      if (gone) return;
      const made = init(element);
      chart.current = made;
      draw.current = () => {
        const zooms = latest.current.onZoom !== undefined;
        made.setOption(themed(latest.current.option, zooms), { notMerge: true });
        if (zooms) arm(made);
      };
      draw.current();
      made.on("click", (event) => latest.current.onPick?.(event as Point));
      brushed(made, (from, to) => latest.current.onZoom?.(from, to));
      watch.observe(element);
      forget = onColors(draw.current);
    });
    return () => {
      gone = true;
      watch.disconnect();
      forget();
      chart.current?.dispose();
      chart.current = null;
    };
  }, []);

  useEffect(() => draw.current(), [option]);

  return <div ref={frame} className="chart" style={{ height }} role="img" aria-label={label} />;
}
