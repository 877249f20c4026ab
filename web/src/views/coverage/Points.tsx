// The actions that must be audited, as the configuration declares them.

import { Link } from "react-router";
import type { PointState, Report } from "../../api/coverage.ts";
import { Command } from "../../components/Controls.tsx";
import { Time } from "../../components/Marks.tsx";
import { Empty, Panel } from "../../components/Panel.tsx";
import { type Column, Table } from "../../components/Table.tsx";
import { visible } from "../../lib/ansi.ts";
import { count } from "../../lib/format.ts";
import { eventUrl } from "../../lib/links.ts";

const STATES: Record<string, { text: string; chip: string; rank: number }> = {
  never_seen: { text: "never seen", chip: "chip warn", rank: 0 },
  silent: { text: "silent", chip: "chip warn", rank: 1 },
  seen: { text: "seen", chip: "chip ok", rank: 2 },
};

const COLUMNS: Column<PointState>[] = [
  { name: "point", title: "Audit point", value: (row) => row.point, show: (row) => <code>{visible(row.point)}</code> },
  { name: "state", title: "State", value: (row) => STATES[row.state]?.rank ?? 9, show: (row) => <span className={STATES[row.state]?.chip ?? "chip"}>{STATES[row.state]?.text ?? row.state}</span> },
  { name: "events", title: "Events", value: (row) => row.events, show: (row) => <span className="num">{count(row.events)}</span>, right: true },
  { name: "sources", title: "Sources", value: (row) => row.by_source.length, show: (row) => visible(row.by_source.map((seen) => seen.source).join(", ")) },
  { name: "silence", title: "At most silent", value: (row) => row.silence ?? null, show: (row) => row.silence ?? <span className="faint">–</span>, right: true },
  { name: "seen", title: "Last seen", value: (row) => row.last_seen ?? null, show: (row) => (row.last_index == null ? <span className="faint">–</span> : <Link to={eventUrl(row.last_index)}><Time at={row.last_seen ?? null} /></Link>), right: true },
];

const EXAMPLE = `[coverage]
audit = ["agent_lifecycle", "authentication", "settings"]`;

export function Points({ report }: { report: Report }) {
  return (
    <Panel title="What must be audited" note="over everything that is recorded" flush={report.points.length > 0}>
      {report.points.length === 0 ? (
        <>
          <Empty title="Nothing is declared">Actions that are declared in the configuration and were never seen, or fell silent, become findings.</Empty>
          <Command text={EXAMPLE} label="Copy these lines for config.toml" />
        </>
      ) : (
        <Table label="Audit points" rows={report.points} columns={COLUMNS} sort="state" sortName="points" id={(row) => row.point} />
      )}
    </Panel>
  );
}
