// The state of execution: what runs, what hangs, and how failures went over time.

import { useMemo, useState } from "react";
import { useNavigate } from "react-router";
import { type Executions, useExecutions } from "../../api/operations.ts";
import { useHistogram } from "../../api/overview.ts";
import { Stat } from "../../components/Figures.tsx";
import { Histogram } from "../../components/Histogram.tsx";
import { Loaded, Panel } from "../../components/Panel.tsx";
import { count, percent, plural } from "../../lib/format.ts";
import { exploreUrl } from "../../lib/links.ts";
import { type Range, bounds } from "../../lib/range.ts";
import { axisOf } from "../../lib/series.ts";

export function Execution({ range }: { range: Range }) {
  const figures = useExecutions(range);
  return (
    <>
      <Loaded query={figures} height={88}>
        {({ rows: [row] }) => (row ? <Now row={row} range={range} /> : null)}
      </Loaded>
      <Trend range={range} />
    </>
  );
}

function Now({ row, range }: { row: Executions; range: Range }) {
  return (
    <div className="stats">
      <Stat label="At work" value={count(row.agents)} sub="agents in the last two minutes" to="/agents?sort=-last_seen" />
      <Stat label="Sessions under way" value={count(row.running)} sub="with an event in two minutes" to="/sessions" />
      <Stat label="Open calls" value={count(row.open_calls)} sub="without an end yet" to={exploreUrl("state:open", range)} title="Calls that were told of and of which no end is known" />
      <Stat label="Hung calls" value={count(row.hung_calls)} sub="open for too long" to={exploreUrl("state:hung", range)} />
      <Stat label="Failures" value={count(row.failures)} sub={`${percent(row.finished === 0 ? null : row.failures / row.finished)} of ${plural(row.finished, "finished action")}`} to={exploreUrl("status:failed", range)} />
    </div>
  );
}

function Trend({ range }: { range: Range }) {
  const [now] = useState(Date.now);
  const [from, to] = bounds(range, now, now - 30 * 86_400_000);
  const { step, query } = useHistogram("source <> 'internal'", range, to - from);
  const axis = useMemo(() => axisOf(from, to, step), [from, to, step]);
  const navigate = useNavigate();
  return (
    <Panel title="Execution over time" note="drag to see the events of a time">
      <Loaded query={query} height={130} empty={({ rows }) => rows.length === 0}>
        {({ rows }) => <Histogram axis={axis} rows={rows} height={130} onZoom={(start, end) => navigate(exploreUrl("", { kind: "between", from: start, to: end }))} />}
      </Loaded>
    </Panel>
  );
}
