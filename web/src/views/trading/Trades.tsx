// Trades: success, time, slippage, gas, positions and risk.

import { useMemo, useState } from "react";
import { Link, useNavigate } from "react-router";
import { SLIPPAGE_STEP_PPM, type TradeNumbers, useRisk, useSlippage, useSymbols, useTradeNumbers, useTradeSeries } from "../../api/trading.ts";
import { Chart, type ChartOption } from "../../components/Chart.tsx";
import { Gauge, Stat, toneOf } from "../../components/Figures.tsx";
import { Histogram } from "../../components/Histogram.tsx";
import { Empty, Loaded, Panel } from "../../components/Panel.tsx";
import { type Column, Table } from "../../components/Table.tsx";
import { visible } from "../../lib/ansi.ts";
import { count, duration, money, moneyShort, percent, plural, short } from "../../lib/format.ts";
import { exploreUrl } from "../../lib/links.ts";
import { type Range, bounds } from "../../lib/range.ts";
import { axisOf, onAxis } from "../../lib/series.ts";
import { withTerm } from "../../lib/sqltext.ts";
import { type Position, positionsOf, slippageBars } from "../../lib/trades.ts";

const points = (ppm: number | null) => (ppm === null ? "–" : `${(ppm / 100).toLocaleString(undefined, { maximumFractionDigits: 2 })} bp`);

export function Trades({ range }: { range: Range }) {
  const numbers = useTradeNumbers(range);
  return (
    <Loaded query={numbers} height={480} empty={({ rows }) => (rows[0]?.trades ?? 0) === 0} nothing={<Panel><Empty title="No trade in this time">Trades show here when an event says <code>order_id</code> and a price.</Empty></Panel>}>
      {({ rows: [figures] }) =>
        figures === undefined ? null : (
          <div className="stack">
            <Figures figures={figures} range={range} />
            <div className="grid" style={{ "--min": "400px" } as React.CSSProperties}>
              <Series range={range} />
              <Slippage range={range} />
            </div>
            <Portfolio range={range} />
            <Risks range={range} />
          </div>
        )
      }
    </Loaded>
  );
}

function Figures({ figures, range }: { figures: TradeNumbers; range: Range }) {
  const success = figures.finished === 0 ? null : figures.filled / figures.finished;
  return (
    <Panel title="Execution">
      <div className="split">
        <div className="gauges" style={{ gridTemplateColumns: "1fr" }}>
          <Gauge label="Trades that succeed" part={success} value={percent(success)} sub={`of ${plural(figures.finished, "finished trade")}; target 95 %`} tone={toneOf(success, 0.95, 0.9)} formula="Trades that ended in success, of those that ended in success or failure." to={exploreUrl("type:trade status:failed", range)} />
        </div>
        <div className="stats plain">
          <Stat label="Half take at most" value={duration(figures.p50)} sub={`95 of 100 within ${duration(figures.p95)}`} to={exploreUrl("type:trade duration_us:>0", range)} />
          <Stat label="Slippage on average" value={points(figures.slippage)} sub="positive costs" title="Execution price against expected price, in hundredths of a percent; for sales the sign is turned, so that positive always costs." />
          <Stat label="95 of 100 slip at most" value={points(figures.slippage_p95)} sub={`worst ${points(figures.worst)}`} to={exploreUrl("type:trade slippage_ppm:>1000", range)} />
          <Stat label="Gas a trade" value={short(figures.gas)} sub={figures.gas_failed ? `${short(figures.gas_failed)} spent on failures` : "none spent on failures"} to={exploreUrl("type:trade gas_used:>0", range)} />
          <Stat label="Traded" value={moneyShort(figures.volume)} sub="price times quantity" to={exploreUrl("type:trade", range)} />
          <Stat label="Trades" value={count(figures.trades)} to={exploreUrl("type:trade", range)} />
        </div>
      </div>
    </Panel>
  );
}

function Series({ range }: { range: Range }) {
  const [now] = useState(Date.now);
  const [from, to] = bounds(range, now, now - 30 * 86_400_000);
  const { step, query } = useTradeSeries(range, to - from);
  const axis = useMemo(() => axisOf(from, to, step), [from, to, step]);
  const navigate = useNavigate();
  return (
    <Panel title="Trades over time" note="by how they ended">
      <Loaded query={query} height={190}>
        {({ rows }) => <Histogram axis={axis} rows={rows} height={190} onZoom={(start, end) => navigate(exploreUrl("type:trade", { kind: "between", from: start, to: end }))} />}
      </Loaded>
    </Panel>
  );
}

function Slippage({ range }: { range: Range }) {
  const query = useSlippage(range);
  const bars = useMemo(() => slippageBars(query.data?.rows ?? [], SLIPPAGE_STEP_PPM), [query.data]);
  const option = useMemo<ChartOption>(
    () => ({
      xAxis: { type: "category", data: bars.map((bar) => bar.label) },
      yAxis: { type: "value", splitNumber: 3, minInterval: 1 },
      series: [{ name: "Trades", type: "bar", barCategoryGap: "10%", data: bars.map((bar) => ({ value: bar.n, itemStyle: { color: bar.ppm > 0 ? "--warn" : "--ok" } })) }],
    }),
    [bars],
  );
  return (
    <Panel title="Slippage" note="trades by what slipping cost them; below zero it gained">
      <Loaded query={query} height={190} empty={() => bars.length === 0} nothing={<Empty title="No trade says what price was expected" />}>
        {() => <Chart option={option} height={190} label="Trades by slippage in basis points" />}
      </Loaded>
    </Panel>
  );
}

function Portfolio({ range }: { range: Range }) {
  const query = useSymbols(range);
  const rows = useMemo(() => positionsOf(query.data?.rows ?? []), [query.data]);
  const columns = useMemo(() => columnsOf(range), [range]);
  const result = rows.reduce((sum, row) => sum + (row.result ?? 0), 0);
  return (
    <Panel title="By instrument" note={`together ${money(result)} in this time, as if there had been nothing before`} flush>
      <Loaded query={query} height={160}>
        {() => <Table label="By instrument" rows={rows} columns={columns} sort="-trades" id={(row) => row.symbol} />}
      </Loaded>
    </Panel>
  );
}

function columnsOf(range: Range): Column<Position>[] {
  const rate = (row: Position) => (row.finished === 0 ? null : row.filled / row.finished);
  return [
    { name: "symbol", title: "Instrument", value: (row) => row.symbol, show: (row) => <Link to={exploreUrl(withTerm("type:trade", "symbol", row.symbol), range)}>{visible(row.symbol)}</Link> },
    { name: "trades", title: "Trades", right: true, value: (row) => row.trades, show: (row) => <span className="num">{count(row.trades)}</span> },
    { name: "success", title: "Success", right: true, value: rate, show: (row) => <span className="num">{percent(rate(row))}</span> },
    { name: "p50", title: "Half within", right: true, value: (row) => row.p50, show: (row) => <span className="num">{duration(row.p50)}</span> },
    { name: "slippage", title: "Slippage", right: true, value: (row) => row.slippage, show: (row) => <span className="num">{points(row.slippage)}</span> },
    { name: "gas", title: "Gas", right: true, value: (row) => row.gas, show: (row) => <span className="num">{short(row.gas)}</span> },
    { name: "quantity", title: "Position", right: true, value: (row) => row.quantity, show: (row) => <span className="num">{row.quantity.toLocaleString(undefined, { maximumFractionDigits: 4 })}</span> },
    { name: "value", title: "Worth now", right: true, value: (row) => row.value, show: (row) => <span className="num">{money(row.value)}</span> },
    { name: "result", title: "Result", right: true, value: (row) => row.result, show: (row) => <strong className="num">{money(row.result)}</strong> },
  ];
}

function Risks({ range }: { range: Range }) {
  const [now] = useState(Date.now);
  const [from, to] = bounds(range, now, now - 30 * 86_400_000);
  const { step, query } = useRisk(range, to - from);
  const option = useMemo<ChartOption>(() => {
    const axis = axisOf(from, to, step);
    const rows = query.data?.rows ?? [];
    const names = [...new Set(rows.map((row) => row.name))].slice(0, 6);
    return {
      xAxis: { type: "category", data: axis.labels },
      yAxis: { type: "value", splitNumber: 3, scale: true },
      legend: { top: 0, right: 0 },
      grid: { left: 4, right: 22, top: 30, bottom: 4, outerBoundsMode: "same", outerBoundsContain: "axisLabel" },
      series: names.map((name) => ({ name: visible(name.replaceAll("_", " ")), type: "line", symbol: "none", connectNulls: true, data: onAxis(axis, rows.filter((row) => row.name === name), (row) => row.value ?? 0).map((value) => value || null) })),
    };
  }, [query.data, from, to, step]);
  return (
    <Panel title="Risk" note="as it was measured and sent">
      <Loaded query={query} height={180} empty={({ rows }) => rows.length === 0} nothing={<Empty title="Nothing measured risk in this time">A metric whose name tells of risk, volatility, drawdown or exposure shows here.</Empty>}>
        {() => <Chart option={option} height={180} label="Risk over time" />}
      </Loaded>
    </Panel>
  );
}
