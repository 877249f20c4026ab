// What was spent: by agent, model, action, user or team, over time.

import { useMemo, useState } from "react";
import { Link } from "react-router";
import { type CostBy, type CostRow, useCosts, useCostSeries } from "../../api/insight.ts";
import { useBalance } from "../../api/overview.ts";
import { Chart, type ChartOption } from "../../components/Chart.tsx";
import { RangePicker, Tabs } from "../../components/Controls.tsx";
import { Bar, Stat } from "../../components/Figures.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { Empty, Loaded, Panel } from "../../components/Panel.tsx";
import { type Column, Table } from "../../components/Table.tsx";
import { visible } from "../../lib/ansi.ts";
import { count, money, percent, short } from "../../lib/format.ts";
import { eventUrl, exploreUrl } from "../../lib/links.ts";
import { type Range, bounds, rangeName } from "../../lib/range.ts";
import { axisOf, onAxis } from "../../lib/series.ts";
import { withTerm } from "../../lib/sqltext.ts";
import { useParam, useRange } from "../../lib/useView.ts";

const BY = [
  ["agent_id", "Agent"],
  ["model", "Model"],
  ["action_name", "Action"],
  ["user_id", "User"],
  ["team", "Team"],
] as const satisfies readonly (readonly [CostBy, string])[];
const FIELDS: Record<CostBy, string> = { agent_id: "agent", model: "model", action_name: "name", user_id: "user", team: "team" };
const SERIES_MAX = 7;

export default function Costs() {
  const [range, setRange] = useRange("7d");
  const [word, setBy] = useParam("by", "agent_id");
  const by = BY.find(([name]) => name === word)?.[0] ?? "agent_id";
  const costs = useCosts(by, range);
  return (
    <>
      <PageHead title="Costs" sub={`As events state them; estimates from the price table are told apart · ${rangeName(range)}`}>
        <Tabs label="By" value={by} choices={BY} onChange={setBy} />
        <RangePicker range={range} onChange={setRange} />
      </PageHead>
      <Loaded query={costs} height={400} empty={({ rows }) => rows.length === 0} nothing={<Empty title="Nothing was spent in this time">Costs and tokens are taken from events that carry them.</Empty>}>
        {({ rows }) => (
          <div className="stack">
            <Sums rows={rows} />
            <Series by={by} range={range} top={rows.slice(0, SERIES_MAX).map((row) => row.name)} />
            <Panel flush>
              <Table label="Costs" rows={rows} columns={columnsOf(by, range, rows)} sort="-cost" id={(row) => row.name ?? ""} />
            </Panel>
          </div>
        )}
      </Loaded>
    </>
  );
}

function Sums({ rows }: { rows: CostRow[] }) {
  const sum = (value: (row: CostRow) => number) => rows.reduce((total, row) => total + value(row), 0);
  const [cost, estimated] = [sum((row) => Number(row.cost)), sum((row) => Number(row.estimated ?? 0))];
  const input = sum((row) => row.tokens_input);
  const balance = useBalance().data?.rows[0];
  return (
    <div className="stats">
      <Stat label="Spent" value={money(cost)} />
      <Stat label="Of it estimated" value={money(estimated)} sub={percent(cost === 0 ? null : estimated / cost)} title="Computed from tokens and the price table, because the event stated no cost." />
      <Stat label="Tokens in" value={short(input)} />
      <Stat label="Tokens out" value={short(sum((row) => row.tokens_output))} />
      <Stat label="Read from cache" value={short(sum((row) => row.cache_read))} />
      <Stat label="Balance" value={balance ? (balance.unit === null || /usd|dollar/i.test(balance.unit) ? money(balance.value) : short(balance.value)) : "–"} sub={balance ? `${visible(balance.unit ?? "")} as event ${balance.index} says` : "No event has reported one"} to={balance && eventUrl(balance.index)} title="The newest metric named credit_balance." />
    </div>
  );
}

function Series({ by, range, top }: { by: CostBy; range: Range; top: (string | null)[] }) {
  const [now] = useState(Date.now);
  const [from, to] = bounds(range, now, now - 30 * 86_400_000);
  const { step, query } = useCostSeries(by, range, to - from);
  const option = useMemo<ChartOption>(() => {
    const axis = axisOf(from, to, step);
    const rows = query.data?.rows ?? [];
    const of = (name: string | null) => onAxis(axis, rows.filter((row) => row.name === name), (row) => Number(row.cost));
    const rest = onAxis(axis, rows.filter((row) => !top.includes(row.name)), (row) => Number(row.cost));
    const series = [...top.map((name) => ({ name: visible(name ?? "not said"), data: of(name) })), { name: "Others", data: rest }];
    return {
      xAxis: { type: "category", data: axis.labels },
      yAxis: { type: "value", axisLabel: { formatter: (value: number) => money(value) } },
      tooltip: { valueFormatter: (value: unknown) => money(Number(value)) },
      legend: { bottom: 0, type: "scroll", pageTextStyle: { color: "--dim" }, pageIconColor: "--dim" },
      grid: { left: 4, right: 22, top: 12, bottom: 42, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      series: series.filter(({ data }) => data.some((value) => value > 0)).map((one) => ({ ...one, type: "bar", stack: "cost" })),
    };
  }, [query.data, from, to, step, top]);
  return (
    <Panel title="Over time">
      <Loaded query={query} height={260}>
        {() => <Chart option={option} height={260} label="Cost over time" />}
      </Loaded>
    </Panel>
  );
}

function columnsOf(by: CostBy, range: Range, rows: CostRow[]): Column<CostRow>[] {
  const top = Math.max(...rows.map((row) => Number(row.cost)), 0.000001);
  const title = BY.find(([name]) => name === by)?.[1] ?? "Name";
  return [
    { name: "name", title, value: (row) => row.name ?? "", show: (row) => (row.name === null ? <span className="faint">not said</span> : <Link to={exploreUrl(`${withTerm("", FIELDS[by], row.name)} cost_usd:>0`, range)}>{visible(row.name)}</Link>) },
    { name: "share", title: "Share", value: (row) => Number(row.cost), show: (row) => <div style={{ minWidth: 80 }}><Bar part={Number(row.cost) / top} /></div> },
    { name: "cost", title: "Cost", right: true, value: (row) => Number(row.cost), show: (row) => <strong className="num">{money(row.cost)}</strong> },
    { name: "estimated", title: "Of it estimated", right: true, value: (row) => Number(row.estimated ?? 0), show: (row) => <span className="num dim">{money(row.estimated ?? 0)}</span> },
    { name: "tokens_input", title: "Tokens in", right: true, value: (row) => row.tokens_input, show: (row) => <span className="num">{short(row.tokens_input)}</span> },
    { name: "tokens_output", title: "Tokens out", right: true, value: (row) => row.tokens_output, show: (row) => <span className="num">{short(row.tokens_output)}</span> },
    { name: "cache_read", title: "From cache", right: true, value: (row) => row.cache_read, show: (row) => <span className="num">{short(row.cache_read)}</span> },
    { name: "events", title: "Events with a cost", right: true, value: (row) => row.events, show: (row) => <span className="num">{count(row.events)}</span> },
  ];
}
