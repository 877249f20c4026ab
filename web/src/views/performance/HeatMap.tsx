// Agents by time: how much each did, or how much of it failed.

import { useMemo, useState } from "react";
import { useNavigate } from "react-router";
import { type Activity, useActivity } from "../../api/agents.ts";
import { Chart, type ChartOption } from "../../components/Chart.tsx";
import { Tabs } from "../../components/Controls.tsx";
import { Loaded, Panel } from "../../components/Panel.tsx";
import { visible } from "../../lib/ansi.ts";
import { exploreUrl } from "../../lib/links.ts";
import { type Range, bounds } from "../../lib/range.ts";
import { type Axis, axisOf } from "../../lib/series.ts";
import { withTerm } from "../../lib/sqltext.ts";
import { useParam } from "../../lib/useView.ts";

const AGENTS_MAX = 200;
const VALUES = [
  ["events", "Events"],
  ["failures", "Failures"],
] as const;

export function HeatMap({ range }: { range: Range }) {
  const [now] = useState(Date.now);
  const [value, setValue] = useParam("heat", "failures");
  const [from, to] = bounds(range, now, now - 30 * 86_400_000);
  const { step, query } = useActivity(range, to - from, 48);
  const axis = useMemo(() => axisOf(from, to, step), [from, to, step]);
  const navigate = useNavigate();
  const kind = value === "events" ? "events" : "failures";
  const map = useMemo(() => mapOf(query.data?.rows ?? [], axis, kind), [query.data, axis, kind]);
  const pick = (place: number) => {
    const cell = map.cells[place];
    const agent = map.agents[cell?.[1] ?? -1];
    const start = axis.times[cell?.[0] ?? 0] ?? 0;
    if (agent) navigate(exploreUrl(withTerm(kind === "failures" ? "status:failed" : "", "agent", agent), { kind: "between", from: start, to: start + axis.stepMs }));
  };
  return (
    <Panel title="Agents by time" note={map.cut ? `the ${AGENTS_MAX} busiest` : undefined} actions={<Tabs label="Show" value={kind} choices={VALUES} onChange={setValue} />}>
      <Loaded query={query} height={240} empty={({ rows }) => rows.length === 0}>
        {() => <Chart option={map.option} height={Math.min(1400, 46 + map.agents.length * (map.agents.length > 40 ? 14 : 22))} label={`Heat map of ${kind} by agent and time`} onPick={({ dataIndex }) => pick(dataIndex)} />}
      </Loaded>
    </Panel>
  );
}

function mapOf(rows: Activity[], axis: Axis, kind: "events" | "failures") {
  const totals = new Map<string, number>();
  const valueOf = (row: Activity) => (kind === "events" ? row.n : row.failures);
  for (const row of rows.filter(valueOf)) totals.set(row.agent_id, (totals.get(row.agent_id) ?? 0) + valueOf(row));
  const busiest = [...totals].sort((a, b) => b[1] - a[1]).slice(0, AGENTS_MAX);
  const agents = busiest.map(([agent]) => agent).sort().reverse();
  const line = new Map(agents.map((agent, place) => [agent, place]));
  const start = axis.times[0] ?? 0;
  const cells = rows.flatMap((row): [number, number, number][] => {
    const [at, place] = [Math.floor((Date.parse(row.t) - start) / axis.stepMs), line.get(row.agent_id)];
    const number = valueOf(row);
    return place === undefined || number === 0 || at < 0 ? [] : [[at, place, number]];
  });
  const option: ChartOption = {
    xAxis: { type: "category", data: axis.labels, splitArea: { show: false } },
    yAxis: { type: "category", data: agents.map(visible), axisLabel: { interval: agents.length > 80 ? "auto" : 0, width: 150, overflow: "truncate" } },
    tooltip: { trigger: "item", formatter: ({ value }: { value: [number, number, number] }) => `${visible(agents[value[1]] ?? "")}\n${axis.labels[value[0]]}: ${value[2]} ${kind}` },
    visualMap: { show: false, min: 0, max: Math.max(1, ...cells.map((cell) => cell[2])), inRange: { color: kind === "failures" ? ["--fail-soft", "--fail"] : ["--accent-soft", "--accent-fill"] } },
    series: [{ type: "heatmap", data: cells, itemStyle: { borderColor: "--panel", borderWidth: 1, borderRadius: 3 }, progressive: 5000 }],
  };
  return { agents, cells, option, cut: totals.size > AGENTS_MAX };
}
