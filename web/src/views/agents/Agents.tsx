// The fleet as a table.

import { useMemo, useState } from "react";
import { type AgentRow, useActivity, useFleet } from "../../api/agents.ts";
import { RangePicker } from "../../components/Controls.tsx";
import { Spark } from "../../components/Figures.tsx";
import { AgentLink } from "../../components/Marks.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { Empty, Loaded, Panel } from "../../components/Panel.tsx";
import { type Column, Table } from "../../components/Table.tsx";
import { visible } from "../../lib/ansi.ts";
import { count, duration, money, percent, plural, short } from "../../lib/format.ts";
import { bounds, rangeName } from "../../lib/range.ts";
import { axisOf, onAxis } from "../../lib/series.ts";
import { ago, exactTime, parseTime } from "../../lib/time.ts";
import { useParam, useRange } from "../../lib/useView.ts";
import { AgentState, stateOf } from "./AgentState.tsx";

export default function Agents() {
  const [range, setRange] = useRange("24h");
  const [q, setQ] = useParam("q");
  const fleet = useFleet(range);
  const [now] = useState(Date.now);
  const [from, to] = bounds(range, now, now - 30 * 86_400_000);
  const { step, query: activity } = useActivity(range, to - from, 30);
  const sparks = useMemo(() => {
    const axis = axisOf(from, to, step);
    const byAgent = Map.groupBy(activity.data?.rows ?? [], (row) => row.agent_id);
    return new Map([...byAgent].map(([agent, rows]) => [agent, onAxis(axis, rows, (row) => row.n)]));
  }, [activity.data, from, to, step]);
  const columns = useMemo(() => columnsOf(sparks), [sparks]);
  const wanted = q.toLowerCase();
  return (
    <>
      <PageHead title="Agents" sub={`Every agent that was seen or registered · figures of: ${rangeName(range)}`}>
        <label className="field">
          <span className="hidden">Filter agents</span>
          <input data-search value={q} onChange={(event) => setQ(event.target.value)} placeholder="Filter by name or team" />
        </label>
        <RangePicker range={range} onChange={setRange} />
      </PageHead>
      <Panel flush>
        <Loaded query={fleet} height={300} empty={({ rows }) => rows.length === 0} nothing={<Empty title="No agent has been seen yet" />}>
          {({ rows }) => {
            const shown = rows.filter((row) => `${row.id} ${row.name} ${row.team}`.toLowerCase().includes(wanted));
            if (shown.length === 0) return <Empty title={`No agent matches “${q}”`} />;
            return <Table label={plural(shown.length, "agent")} rows={shown} columns={columns} sort="-last_seen" id={(row) => row.id} />;
          }}
        </Loaded>
      </Panel>
    </>
  );
}

const rate = (row: AgentRow) => (row.successes + row.failures === 0 ? null : row.successes / (row.successes + row.failures));

function columnsOf(sparks: Map<string, number[]>): Column<AgentRow>[] {
  return [
    {
      name: "name",
      title: "Agent",
      value: (row) => row.name ?? row.id,
      show: (row) => (
        <div className="stack" style={{ gap: 0 }}>
          <strong className="cut">
            <AgentLink id={row.id} name={row.name} />
          </strong>
          {row.name && <span className="faint cut">{visible(row.id)}</span>}
        </div>
      ),
    },
    { name: "state", title: "State", value: stateOf, show: (row) => <AgentState row={row} /> },
    { name: "last_seen", title: "Last seen", value: (row) => Date.parse(row.last_seen ?? "") || 0, show: (row) => <Seen at={row.last_seen} /> },
    { name: "activity", title: "Activity", value: (row) => row.events, show: (row) => <div style={{ width: 110 }}><Spark values={sparks.get(row.id) ?? [0, 0]} label={`${plural(row.events, "event")} over time`} /></div> },
    { name: "events", title: "Events", right: true, value: (row) => row.events, show: (row) => <span className="num">{short(row.events)}</span> },
    { name: "success", title: "Success", right: true, value: rate, show: (row) => <span className="num" title={`${row.successes} of ${row.successes + row.failures} finished`}>{percent(rate(row))}</span> },
    { name: "failures", title: "Failures", right: true, value: (row) => row.failures, show: (row) => <span className="num">{count(row.failures)}</span> },
    { name: "p50", title: "Typical time", right: true, value: (row) => row.p50, show: (row) => <span className="num">{duration(row.p50)}</span> },
    { name: "tokens", title: "Tokens", right: true, value: (row) => row.tokens, show: (row) => <span className="num">{short(row.tokens)}</span> },
    { name: "cost", title: "Cost", right: true, value: (row) => Number(row.cost), show: (row) => <span className="num">{money(row.cost)}</span> },
  ];
}

function Seen({ at }: { at: string | null }) {
  const moment = parseTime(at);
  if (moment === null || at === null) return <span className="faint">never</span>;
  return (
    <time dateTime={at} title={exactTime(at)} style={{ whiteSpace: "nowrap" }}>
      {ago(moment)}
    </time>
  );
}
