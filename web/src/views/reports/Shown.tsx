// A report on the page: what it rests on, then its sections; each section's query can be asked again.

import { Link } from "react-router";
import type { HealthTally, MadeReport, ReportSection } from "../../api/reports.ts";
import { Empty, Panel } from "../../components/Panel.tsx";
import { visible } from "../../lib/ansi.ts";
import { count } from "../../lib/format.ts";
import { eventUrl, sqlUrl } from "../../lib/links.ts";
import { cellText } from "../../lib/report.ts";
import { Checks, isChecks } from "./Checks.tsx";
import { Drawing } from "./Drawing.tsx";

export function Shown({ report }: { report: MadeReport }) {
  return (
    <section className="stack" aria-label={report.title} aria-live="polite">
      <Panel title={`${report.title}, ${report.from}`} note={report.complete ? undefined : "the time is not over yet"}>
        {report.checkpoint.size === 0 && <Empty title="Nothing is recorded yet">Once events come in, this report has something to say. How to send the first one is under <Link to="/start" className="link">Start</Link>.</Empty>}
        {report.health && <Tally tally={report.health} />}
        <dl className="facts">
          <dt>From, to</dt>
          <dd>
            {report.from} to {report.to}, by the server's time, UTC
          </dd>
          <dt>Rests on</dt>
          <dd>
            {report.checkpoint.size === 0 ? "nothing: the log is empty," : `the first ${count(report.checkpoint.size)} entries of`} <code>{visible(report.checkpoint.origin)}</code>
          </dd>
          <dt>Checkpoint's root</dt>
          <dd>
            <code className="break">{report.checkpoint.root}</code>
          </dd>
          <dt>SHA-256 of its rows</dt>
          <dd>
            <code className="break">{report.sha256}</code>
          </dd>
        </dl>
      </Panel>
      {report.sections.map((section) => (
        <Panel
          key={section.title}
          flush
          title={section.title}
          note={section.about}
          actions={
            <Link className="button small" to={sqlUrl(section.sql)}>
              Ask it again
            </Link>
          }
        >
          <Drawings section={section} />
          <Body section={section} />
          {section.cut && <p className="pad dim">There are more: the first {count(section.rows.length)} are shown. Ask it again for all.</p>}
        </Panel>
      ))}
    </section>
  );
}

/** How the checks ended: counts, no score. */
function Tally({ tally }: { tally: HealthTally }) {
  return (
    <p className="row wrap" style={{ marginBottom: 12 }}>
      <span className="chip ok">{count(tally.good)} good</span>
      <span className={tally.attention > 0 ? "chip fail" : "chip"}>{tally.attention === 1 ? "1 wants attention" : `${count(tally.attention)} want attention`}</span>
      <span className="chip">{count(tally.unanswered)} can't be answered</span>
    </p>
  );
}

function Drawings({ section }: { section: ReportSection }) {
  if (section.drawings.length === 0) return null;
  return (
    <div className="report-drawings">
      {section.drawings.map((drawing) => (
        <Drawing key={drawing.title} drawing={drawing} section={section} />
      ))}
    </div>
  );
}

function Body({ section }: { section: ReportSection }) {
  if (section.rows.length === 0) return <Empty title="None in this time" />;
  if (isChecks(section)) return <Checks section={section} />;
  return <Rows columns={section.columns} rows={section.rows} label={section.title} />;
}

function Rows({ columns, rows, label }: { columns: string[]; rows: unknown[][]; label: string }) {
  const isNumber = (at: number) => rows.some((row) => typeof row[at] === "number");
  return (
    <div className="table-frame report-rows" tabIndex={0} role="region" aria-label={label}>
      <table className="table" aria-label={label}>
        <thead>
          <tr>
            {columns.map((column, at) => (
              <th key={column} className={isNumber(at) ? "right" : undefined}>{column.replace(/_/g, " ")}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, place) => (
            <tr key={place}>
              {row.map((cell, at) => (
                <td key={columns[at]} className={isNumber(at) ? "num right" : undefined}>
                  {columns[at] === "entry" && typeof cell === "number" ? (
                    <Link className="link" to={eventUrl(cell)}>
                      {cell}
                    </Link>
                  ) : (
                    visible(cellText(columns[at] ?? "", cell))
                  )}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
