// One agent: what it does, how well, what it costs, with whom it works.

import { useMemo, useState } from "react";
import { Link, useNavigate, useParams } from "react-router";
import { type AgentNumbers, type Registered, useAgentNumbers, useDoings, usePartners, useRegistered, useTroubles } from "../../api/agents.ts";
import { useHistogram } from "../../api/overview.ts";
import { RangePicker } from "../../components/Controls.tsx";
import { Bar, Stat } from "../../components/Figures.tsx";
import { Histogram } from "../../components/Histogram.tsx";
import { AgentLink, KindIcon } from "../../components/Marks.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { Empty, Loaded, Panel } from "../../components/Panel.tsx";
import { visible } from "../../lib/ansi.ts";
import { count, duration, money, percent, plural, short } from "../../lib/format.ts";
import { eventUrl, exploreUrl } from "../../lib/links.ts";
import { type Range, bounds } from "../../lib/range.ts";
import { axisOf } from "../../lib/series.ts";
import { quote, withTerm } from "../../lib/sqltext.ts";
import { useRange } from "../../lib/useView.ts";
import { AgentState } from "./AgentState.tsx";
import { Circle } from "./Circle.tsx";
import { Intelligence, Intensity } from "./Intelligence.tsx";

export default function Agent() {
  const id = useParams().id ?? "";
  const [range, setRange] = useRange("24h");
  const registered = useRegistered(id).data?.rows[0];
  const numbers = useAgentNumbers(id, range);
  return (
    <>
      <PageHead title={visible(registered?.name ?? id)} sub={<Who id={id} agent={registered} />}>
        <Link className="button" to={`/sessions?${new URLSearchParams({ agent: id })}`}>
          Sessions
        </Link>
        <Link className="button" to={exploreUrl(withTerm("", "agent", id), range)}>
          Events
        </Link>
        <RangePicker range={range} onChange={setRange} />
      </PageHead>
      <div className="stack">
        <Loaded query={numbers} height={90}>
          {({ rows: [figures] }) => (figures && figures.events > 0 ? <Cards id={id} figures={figures} range={range} /> : <Empty title="Nothing of this agent in this time">Choose a longer time range above.</Empty>)}
        </Loaded>
        <Intelligence id={id} range={range} />
        <Timeline id={id} range={range} />
        <div className="grid" style={{ "--min": "400px" } as React.CSSProperties}>
          <Doings id={id} range={range} />
          <Troubles id={id} range={range} />
          <Circle id={id} range={range} />
          <Partners id={id} range={range} />
          <Intensity id={id} />
          <About agent={registered} figures={numbers.data?.rows[0]} />
        </div>
      </div>
    </>
  );
}

function Who({ id, agent }: { id: string; agent: Registered | undefined }) {
  return (
    <span className="row wrap">
      <code>{visible(id)}</code>
      {agent && <AgentState row={agent} />}
      {agent?.team && <span className="chip">{visible(agent.team)}</span>}
      {agent?.version && <span className="chip">{visible(agent.version)}</span>}
    </span>
  );
}

function Cards({ id, figures, range }: { id: string; figures: AgentNumbers; range: Range }) {
  const done = figures.successes + figures.failures;
  const q = (more: string) => exploreUrl(`${withTerm("", "agent", id)} ${more}`.trim(), range);
  const ratio = figures.tokens_output ? (figures.tokens_input ?? 0) / figures.tokens_output : null;
  return (
    <div className="stats">
      <Stat label="Runs" value={count(figures.sessions)} sub={`${plural(figures.events, "event")}`} to={`/sessions?${new URLSearchParams({ agent: id })}`} />
      <Stat label="Completion rate" value={percent(done === 0 ? null : figures.successes / done)} sub={`of ${count(done)} finished`} to={q("")} />
      <Stat label="Errors" value={count(figures.failures)} to={q("status:failed")} />
      <Stat label="Average time" value={duration(figures.avg)} sub={`95 of 100 within ${duration(figures.p95)}`} to={q("duration_us:>0")} />
      <Stat label="Tokens" value={short((figures.tokens_input ?? 0) + (figures.tokens_output ?? 0))} sub={ratio === null ? undefined : `${short(ratio)} in for 1 out`} />
      <Stat label="Cost" value={money(figures.cost)} sub={figures.sessions > 0 ? `${money(Number(figures.cost ?? 0) / figures.sessions)} a run` : undefined} to="/costs?by=agent_id" />
    </div>
  );
}

function Timeline({ id, range }: { id: string; range: Range }) {
  const [now] = useState(Date.now);
  const [from, to] = bounds(range, now, now - 30 * 86_400_000);
  const { step, query } = useHistogram(`agent_id = ${quote(id)}`, range, to - from);
  const axis = useMemo(() => axisOf(from, to, step), [from, to, step]);
  const navigate = useNavigate();
  return (
    <Panel title="Activity" note="drag to see the events of a time">
      <Loaded query={query} height={140}>
        {({ rows }) => <Histogram axis={axis} rows={rows} height={140} onZoom={(start, end) => navigate(exploreUrl(withTerm("", "agent", id), { kind: "between", from: start, to: end }))} />}
      </Loaded>
    </Panel>
  );
}

function Doings({ id, range }: { id: string; range: Range }) {
  const doings = useDoings(id, range);
  return (
    <Panel title="What it does" flush>
      <Loaded query={doings} empty={({ rows }) => rows.length === 0}>
        {({ rows }) => (
          <ul className="lines">
            {rows.slice(0, 14).map((row) => (
              <li key={row.action_type + row.action_name}>
                <Link to={exploreUrl(withTerm(withTerm("", "agent", id), "name", row.action_name), range)} className="line">
                  <KindIcon kind={row.action_type} />
                  <span className="cut">{visible(row.action_name)}</span>
                  <span className="line-bar">
                    <Bar part={row.n / (rows[0]?.n ?? 1)} />
                  </span>
                  <span className="num right">{count(row.n)}</span>
                  <span className="num right dim">{duration(row.avg)}</span>
                </Link>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Panel>
  );
}

function Troubles({ id, range }: { id: string; range: Range }) {
  const troubles = useTroubles(`agent_id = ${quote(id)}`, range);
  return (
    <Panel title="What fails" flush>
      <Loaded query={troubles} empty={({ rows }) => rows.length === 0} nothing={<Empty title="Nothing failed in this time" />}>
        {({ rows }) => (
          <ul className="lines">
            {rows.map((row) => (
              <li key={`${row.action_name}${row.message}`}>
                <Link to={eventUrl(row.index)} className="line wide">
                  <span className="num right">{count(row.n)}×</span>
                  <span className="cut">
                    <strong>{visible(row.action_name)}</strong> <span className="dim">{visible(row.message ?? "without a message")}</span>
                  </span>
                </Link>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Panel>
  );
}

function Partners({ id, range }: { id: string; range: Range }) {
  const partners = usePartners(id, range);
  return (
    <Panel title="With whom it works" flush>
      <Loaded query={partners} empty={({ rows }) => rows.length === 0} nothing={<Empty title="No messages in this time" />}>
        {({ rows }) => (
          <div className="table-frame">
            <table className="table" aria-label="Partners">
              <thead>
                <tr>
                  <th>Agent</th>
                  <th className="right">Sent to</th>
                  <th className="right">Received from</th>
                  <th className="right">Failed</th>
                </tr>
              </thead>
              <tbody>
                {rows.map((row) => (
                  <tr key={row.partner}>
                    <td className="cut">
                      <AgentLink id={row.partner} />
                    </td>
                    <td className="right num">{count(row.sent)}</td>
                    <td className="right num">{count(row.received)}</td>
                    <td className="right num">{count(row.failures)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Loaded>
    </Panel>
  );
}

function About({ agent, figures }: { agent: Registered | undefined; figures: AgentNumbers | undefined }) {
  const facts: [string, string | null | undefined][] = [
    ["First seen", agent?.first_seen && new Date(agent.first_seen).toLocaleString()],
    ["Last seen", agent?.last_seen && new Date(agent.last_seen).toLocaleString()],
    ["Also known as", agent?.aliases],
    ["Expected", agent ? (agent.expected ? "yes: silence is a finding" : "nobody said so") : null],
    ["Note", agent?.note],
    ["Models", figures?.models],
    ["Confidence of its decisions", figures?.confidence == null ? null : percent(figures.confidence)],
    ["Rating by people", figures?.rating == null ? null : percent(figures.rating)],
    ["Escalations", figures?.escalations == null ? null : count(figures.escalations)],
  ];
  return (
    <Panel title="About it">
      <dl className="facts">
        {facts
          .filter(([, value]) => value)
          .map(([name, value]) => (
            <div key={name} style={{ display: "contents" }}>
              <dt>{name}</dt>
              <dd>{visible(value ?? "")}</dd>
            </div>
          ))}
      </dl>
    </Panel>
  );
}
