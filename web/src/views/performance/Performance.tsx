// How fast and how reliable: by time, by action, by agent and hour.

import { useMemo, useState } from "react";
import { Link } from "react-router";
import { type ActionSpeed, useSpeeds, useSpeedSeries } from "../../api/insight.ts";
import { Chart, type ChartOption } from "../../components/Chart.tsx";
import { RangePicker } from "../../components/Controls.tsx";
import { speedOption } from "../../components/speed.ts";
import { KindIcon } from "../../components/Marks.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { Empty, Loaded, Panel } from "../../components/Panel.tsx";
import { type Column, Table } from "../../components/Table.tsx";
import { visible } from "../../lib/ansi.ts";
import { count, duration, percent, short } from "../../lib/format.ts";
import { exploreUrl } from "../../lib/links.ts";
import { type Range, bounds, rangeName } from "../../lib/range.ts";
import { axisOf, onAxis } from "../../lib/series.ts";
import { withTerm } from "../../lib/sqltext.ts";
import { useRange } from "../../lib/useView.ts";
import { HeatMap } from "./HeatMap.tsx";

export default function Performance() {
  const [range, setRange] = useRange("24h");
  const speeds = useSpeeds(range);
  const columns = useMemo(() => columnsOf(range), [range]);
  return (
    <>
      <PageHead title="Performance" sub={`Times are what events say they took · ${rangeName(range)}`}>
        <RangePicker range={range} onChange={setRange} />
      </PageHead>
      <div className="stack">
        <Lines range={range} />
        <HeatMap range={range} />
        <Panel title="Actions" note="by the time they take together" flush>
          <Loaded query={speeds} height={300} empty={({ rows }) => rows.length === 0}>
            {({ rows }) => <Table label="Actions by time" rows={rows} columns={columns} sort="-total" id={(row) => `${row.action_type} ${row.action_name}`} />}
          </Loaded>
        </Panel>
      </div>
    </>
  );
}

function Lines({ range }: { range: Range }) {
  const [now] = useState(Date.now);
  const [from, to] = bounds(range, now, now - 30 * 86_400_000);
  const { step, query } = useSpeedSeries(range, to - from);
  const axis = useMemo(() => axisOf(from, to, step), [from, to, step]);
  const rows = query.data?.rows;
  const times = useMemo(() => speedOption(axis, rows ?? []), [axis, rows]);
  const flow = useMemo<ChartOption>(
    () => ({
      xAxis: { type: "category", data: axis.labels },
      yAxis: { type: "value", splitNumber: 3 },
      legend: { top: 0, right: 0 },
      grid: { left: 4, right: 22, top: 30, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      series: [
        { name: "Failures", type: "bar", itemStyle: { color: "--fail" }, stack: "all", data: onAxis(axis, rows ?? [], (row) => row.failures) },
        { name: "Other events", type: "bar", itemStyle: { color: "--accent-fill" }, stack: "all", data: onAxis(axis, rows ?? [], (row) => row.n - row.failures) },
      ],
    }),
    [axis, rows],
  );
  return (
    <div className="grid" style={{ "--min": "420px" } as React.CSSProperties}>
      <Panel title="Response times">
        <Loaded query={query} height={230} empty={({ rows }) => rows.every((row) => row.p50 === null)} nothing={<Empty title="No event of this time says how long it took" />}>{() => <Chart option={times} height={230} label="Response times over time" />}</Loaded>
      </Panel>
      <Panel title="Throughput and errors">
        <Loaded query={query} height={230}>{() => <Chart option={flow} height={230} label="Events and failures over time" />}</Loaded>
      </Panel>
    </div>
  );
}

function columnsOf(range: Range): Column<ActionSpeed>[] {
  const rate = (row: ActionSpeed) => row.failures / row.n;
  return [
    {
      name: "action",
      title: "Action",
      value: (row) => row.action_name,
      show: (row) => (
        <Link className="row" to={exploreUrl(withTerm("", "name", row.action_name), range)}>
          <KindIcon kind={row.action_type} />
          <span className="cut">{visible(row.action_name)}</span>
        </Link>
      ),
    },
    { name: "n", title: "Calls", right: true, value: (row) => row.n, show: (row) => <span className="num">{short(row.n)}</span> },
    { name: "failed", title: "Failed", right: true, value: rate, show: (row) => <span className="num" title={`${count(row.failures)} of ${count(row.n)}`}>{percent(rate(row))}</span> },
    { name: "p50", title: "Half within", right: true, value: (row) => row.p50, show: (row) => <span className="num">{duration(row.p50)}</span> },
    { name: "p95", title: "95 of 100 within", right: true, value: (row) => row.p95, show: (row) => <span className="num">{duration(row.p95)}</span> },
    { name: "slowest", title: "Slowest", right: true, value: (row) => row.slowest, show: (row) => <span className="num">{duration(row.slowest)}</span> },
    { name: "total", title: "Together", right: true, value: (row) => row.total, show: (row) => <strong className="num">{duration(row.total)}</strong> },
  ];
}
