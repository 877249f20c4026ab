// Sessions, newest first.

import { useMemo } from "react";
import { Link } from "react-router";
import { SESSIONS_MAX, type SessionRow, useSessions } from "../../api/sessions.ts";
import { RangePicker } from "../../components/Controls.tsx";
import { AgentLink, Time } from "../../components/Marks.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { Empty, Loaded, Panel } from "../../components/Panel.tsx";
import { type Column, Table } from "../../components/Table.tsx";
import { visible } from "../../lib/ansi.ts";
import { count, duration, money, plural, short } from "../../lib/format.ts";
import { sessionUrl } from "../../lib/links.ts";
import { rangeName } from "../../lib/range.ts";
import { useParam, useRange } from "../../lib/useView.ts";

export default function Sessions() {
  const [range, setRange] = useRange("24h");
  const [agent, setAgent] = useParam("agent");
  const [trouble, setTrouble] = useParam("trouble");
  const sessions = useSessions(range, agent, trouble === "yes");
  const columns = useMemo(columnsOf, []);
  return (
    <>
      <PageHead title="Sessions" sub={`One run of an agent each · ${rangeName(range)}`}>
        {agent && (
          <span className="chip accent">
            {visible(agent)}
            <button type="button" aria-label="All agents" onClick={() => setAgent("")}>
              ×
            </button>
          </span>
        )}
        <button type="button" className="button" aria-pressed={trouble === "yes"} onClick={() => setTrouble(trouble === "yes" ? "" : "yes")}>
          With failures
        </button>
        <RangePicker range={range} onChange={setRange} />
      </PageHead>
      <Panel flush>
        <Loaded query={sessions} height={400} empty={({ rows }) => rows.length === 0} nothing={<Empty title="No session in this time">A session groups the events that carry the same session id.</Empty>}>
          {({ rows }) => (
            <>
              <Table label={plural(rows.length, "session")} rows={rows} columns={columns} sort="-ended" id={(row) => row.session_id} />
              {rows.length === SESSIONS_MAX && <p className="faint table-note">The newest {count(SESSIONS_MAX)} are shown: choose a shorter time for others.</p>}
            </>
          )}
        </Loaded>
      </Panel>
    </>
  );
}

function columnsOf(): Column<SessionRow>[] {
  return [
    {
      name: "about",
      title: "Session",
      value: (row) => row.prompt ?? row.session_id,
      show: (row) => (
        <Link to={sessionUrl(row.session_id)} className="stack" style={{ gap: 0, minWidth: "min(20vw, 420px)" }}>
          <strong className="cut">{visible(row.prompt?.split("\n")[0] || `Session of ${row.agent_id}`)}</strong>
          <span className="faint cut mono">{visible(row.session_id)}</span>
        </Link>
      ),
    },
    {
      name: "agent",
      title: "Agent",
      value: (row) => row.agent_id,
      show: (row) => (
        <span className="row">
          <AgentLink id={row.agent_id} />
          {row.agents > 1 && <span className="chip">+{row.agents - 1}</span>}
        </span>
      ),
    },
    { name: "ended", title: "Last event", value: (row) => Date.parse(row.ended), show: (row) => <Time at={row.ended} className="nowrap" /> },
    { name: "span", title: "Took", right: true, value: (row) => row.span, show: (row) => <span className="num nowrap">{duration(row.span)}</span> },
    { name: "events", title: "Events", right: true, value: (row) => row.events, show: (row) => <span className="num">{count(row.events)}</span> },
    { name: "failures", title: "Failures", right: true, value: (row) => row.failures, show: (row) => (row.failures > 0 ? <span className="chip fail num">{count(row.failures)}</span> : <span className="faint">0</span>) },
    { name: "tokens", title: "Tokens", right: true, value: (row) => row.tokens, show: (row) => <span className="num">{short(row.tokens)}</span> },
    { name: "cost", title: "Cost", right: true, value: (row) => Number(row.cost), show: (row) => <span className="num">{money(row.cost)}</span> },
  ];
}
