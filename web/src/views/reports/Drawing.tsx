// A column of a report as bars along another one, with a line at what it is compared with.

import { useMemo } from "react";
import type { ReportSection } from "../../api/reports.ts";
import { Chart, type ChartOption } from "../../components/Chart.tsx";
import { visible } from "../../lib/ansi.ts";
import { type Place, places } from "../../lib/report.ts";

type Drawn = ReportSection["drawings"][number];

export function Drawing({ drawing, section }: { drawing: Drawn; section: ReportSection }) {
  const drawn = useMemo(() => places(section.columns, section.rows, drawing.along, drawing.column), [section, drawing]);
  const option = useMemo(() => optionOf(drawing, drawn), [drawing, drawn]);
  if (drawn.every((place) => !place.figure)) return null;
  return (
    <figure className="report-drawing">
      <figcaption className="dim">{drawing.title}</figcaption>
      <Chart option={option} height={170} label={`${drawing.title}, ${drawn.length} bars; the figures are in the table below`} />
    </figure>
  );
}

function optionOf(drawing: Drawn, drawn: Place[]): ChartOption {
  const bars = { name: drawing.title, type: "bar", symbol: "none", data: drawn.map((place) => place.figure) };
  const most = Math.max(0, ...drawn.map((place) => place.figure ?? 0));
  const threshold = drawing.threshold;
  // Far above everything it would press the bars flat.
  const line = threshold != null && threshold <= most * 4 ? [{ name: `Threshold ${threshold}`, type: "line", symbol: "none", data: drawn.map(() => threshold) }] : [];
  return {
    xAxis: { type: "category", data: drawn.map((place) => visible(place.label)) },
    yAxis: { type: "value" },
    grid: { left: 4, right: 12, top: 12, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
    series: [bars, ...line],
  };
}
