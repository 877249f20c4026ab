// What each source saw of each agent: counts of counts, with their formulas.

import { useMemo } from "react";
import type { Figure, Report } from "../../api/coverage.ts";
import { Bar } from "../../components/Figures.tsx";
import { Time } from "../../components/Marks.tsx";
import { Empty, Panel } from "../../components/Panel.tsx";
import { type Column, Table } from "../../components/Table.tsx";
import { visible } from "../../lib/ansi.ts";
import { count, percent } from "../../lib/format.ts";

const NAMES: Record<string, string> = { hook: "Hooks", otel_log: "OpenTelemetry logs", otel_span: "OpenTelemetry spans", transcript: "Transcript" };

const of = (seen: number, all: number) => (all === 0 ? <span className="faint">–</span> : `${count(seen)} of ${count(all)}`);

export function Sources({ report, onAgent }: { report: Report; onAgent: (agent: string) => void }) {
  const columns = useMemo<Column<Figure>[]>(
    () => [
      {
        name: "agent",
        title: "Agent",
        value: (row) => row.agent,
        show: (row) => (
          <button type="button" className="button bare small cut" onClick={() => onAgent(row.agent)} title={`Only ${visible(row.agent)}`}>
            {visible(row.agent)}
          </button>
        ),
      },
      { name: "source", title: "Source", value: (row) => row.source, show: (row) => NAMES[row.source] ?? visible(row.source) },
      { name: "calls", title: "Calls seen", value: (row) => row.calls_seen, show: (row) => <span className="num">{of(row.calls_seen, row.calls_all)}</span>, right: true },
      {
        name: "coverage",
        title: "Coverage",
        value: (row) => row.calls_share ?? null,
        show: (row) => (
          <span className="coverage-share">
            <span className="num">{percent(row.calls_share, 2)}</span>
            {row.calls_share != null && <Bar part={row.calls_share} />}
          </span>
        ),
        right: true,
      },
      { name: "own", title: "In its sessions", value: (row) => row.calls_in_its_sessions, show: (row) => <span className="num">{of(row.calls_seen, row.calls_in_its_sessions)}</span>, right: true },
      { name: "sessions", title: "Sessions", value: (row) => row.sessions_seen, show: (row) => <span className="num">{of(row.sessions_seen, row.sessions_all)}</span>, right: true },
      { name: "numbers", title: "Numbers", value: (row) => row.numbers_seen, show: (row) => <span className="num">{of(row.numbers_seen, row.numbers_all)}</span>, right: true },
      { name: "last", title: "Last seen", value: (row) => row.last_seen ?? null, show: (row) => <Time at={row.last_seen ?? null} />, right: true },
    ],
    [onAgent],
  );
  return (
    <Panel title="By agent and source" note="coverage = calls that the source saw / calls that any source saw" flush>
      {report.figures.length === 0 ? (
        <Empty title="No session and no call in this time range">A choice of a longer one is at the top of the page.</Empty>
      ) : (
        <>
          <Table label="Coverage by agent and source" rows={report.figures} columns={columns} sort="agent" id={(row) => `${row.agent} ${row.source}`} />
          <details className="formulas">
            <summary>What each figure is made of</summary>
            <dl>
              {Object.entries(report.formulas as Record<string, string>).map(([name, text]) => (
                <div key={name}>
                  <dt>
                    <code>{name}</code>
                  </dt>
                  <dd>{text}</dd>
                </div>
              ))}
            </dl>
          </details>
        </>
      )}
    </Panel>
  );
}
