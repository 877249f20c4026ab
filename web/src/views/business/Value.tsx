// Stated value, metrics of the business, and the people who use the fleet.

import { useMemo } from "react";
import { Link } from "react-router";
import { type BusinessMetric, type UserRow, useBusinessMetrics, useUsers, useValued } from "../../api/business.ts";
import { Bar } from "../../components/Figures.tsx";
import { Time } from "../../components/Marks.tsx";
import { Empty, Loaded, Panel } from "../../components/Panel.tsx";
import { type Column, Table } from "../../components/Table.tsx";
import { visible } from "../../lib/ansi.ts";
import { change, count, money, percent, plural, short } from "../../lib/format.ts";
import { exploreUrl } from "../../lib/links.ts";
import type { Range } from "../../lib/range.ts";
import { withTerm } from "../../lib/sqltext.ts";

export function Value({ range }: { range: Range }) {
  const valued = useValued(range);
  return (
    <Panel title="Value, as decisions state it" flush>
      <Loaded query={valued} height={100} empty={({ rows }) => rows.length === 0} nothing={<Empty title="No decision states its value">An event may say it: <code>impact.business_value</code>.</Empty>}>
        {({ rows }) => (
          <ul className="lines">
            {rows.map((row) => (
              <li key={row.level}>
                <Link className="line valued" to={exploreUrl(withTerm("", "business_value", row.level), range)}>
                  <span className="cut">{visible(row.level)}</span>
                  <Bar part={row.n / (rows[0]?.n ?? 1)} />
                  <span className="num right">{plural(row.n, "decision")}</span>
                  <span className="num right dim">{row.confidence === null ? "" : `${percent(row.confidence, 0)} sure`}</span>
                </Link>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Panel>
  );
}

/** How far a figure is from its benchmark, in words. */
function against({ value, benchmark }: BusinessMetric): string {
  if (value === null || benchmark === null || benchmark === 0) return "";
  return `${change(value, benchmark)} vs its benchmark`;
}

export function Metrics({ range }: { range: Range }) {
  const metrics = useBusinessMetrics(range);
  return (
    <Panel title="Figures of the business" note="metrics that somebody sends" flush>
      <Loaded query={metrics} height={100} empty={({ rows }) => rows.length === 0} nothing={<Empty title="None was sent in this time">Send <code>metric</code> events such as <code>roi</code>, <code>value_driver_variance</code> or <code>customer_satisfaction</code>, with <code>value</code> and, if there is one, <code>benchmark</code>.</Empty>}>
        {({ rows }) => (
          <ul className="lines">
            {rows.map((row) => (
              <li key={row.name}>
                <Link className="line valued" to={exploreUrl(withTerm("type:metric", "name", row.name), range)}>
                  <span className="cut">{visible(row.name.replaceAll("_", " "))}</span>
                  <span className="dim cut">{against(row)}</span>
                  <span className="num right">
                    {short(row.value)} {visible(row.unit ?? "")}
                  </span>
                  <span className="num right dim">{row.value !== null && row.before ? change(row.value, row.before) : ""}</span>
                </Link>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Panel>
  );
}

export function Users({ range }: { range: Range }) {
  const users = useUsers(range);
  const columns = useMemo(() => columnsOf(range), [range]);
  return (
    <Panel title="Who uses the fleet" note="a hundred at most, by sessions" flush>
      <Loaded query={users} height={160} empty={({ rows }) => rows.length === 0} nothing={<Empty title="No event names a user in this time" />}>
        {({ rows }) => <Table label="Users" rows={rows} columns={columns} sort="-sessions" sortName="users" id={(row) => row.user_id} />}
      </Loaded>
    </Panel>
  );
}

function columnsOf(range: Range): Column<UserRow>[] {
  return [
    { name: "user", title: "User", value: (row) => row.user_id, show: (row) => <Link to={exploreUrl(withTerm("", "user", row.user_id), range)}>{visible(row.user_id)}</Link> },
    { name: "sessions", title: "Sessions", right: true, value: (row) => row.sessions, show: (row) => <span className="num">{count(row.sessions)}</span> },
    { name: "messages", title: "Messages", right: true, value: (row) => row.messages, show: (row) => <span className="num">{count(row.messages)}</span> },
    { name: "events", title: "Events", right: true, value: (row) => row.events, show: (row) => <span className="num">{count(row.events)}</span> },
    { name: "failures", title: "Failures", right: true, value: (row) => row.failures, show: (row) => <span className="num">{count(row.failures)}</span> },
    { name: "cost", title: "Cost", right: true, value: (row) => Number(row.cost ?? 0), show: (row) => <span className="num">{money(row.cost ?? 0)}</span> },
    { name: "last", title: "Last", right: true, value: (row) => Date.parse(row.last) || 0, show: (row) => <Time at={row.last} /> },
  ];
}
