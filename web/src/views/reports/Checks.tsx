// Checks of a report: what is checked and where to look, the figure over its threshold, how it stands, and the entry that shows it.

import { Link } from "react-router";
import type { ReportSection } from "../../api/reports.ts";
import { visible } from "../../lib/ansi.ts";
import { eventUrl } from "../../lib/links.ts";
import { cellText, stateTone } from "../../lib/report.ts";

export function isChecks(section: ReportSection): boolean {
  return section.columns[0] === "check" && section.columns.includes("state");
}

export function Checks({ section }: { section: ReportSection }) {
  const at = (row: unknown[], column: string) => row[section.columns.indexOf(column)];
  const text = (row: unknown[], column: string) => visible(cellText(column, at(row, column)));
  return (
    <div className="report-checks" tabIndex={0} role="region" aria-label={section.title}>
      <table className="table" aria-label={section.title}>
        <thead>
          <tr>
            <th>check</th>
            <th className="right">figure</th>
            <th>state</th>
          </tr>
        </thead>
        <tbody>
          {section.rows.map((row, place) => {
            const entry = at(row, "entry");
            const state = text(row, "state");
            return (
              <tr key={place}>
                <td>
                  <div>{text(row, "check")}</div>
                  <div className="dim">{text(row, "note")}</div>
                </td>
                <td className="right">
                  <div className="num">
                    <span>{text(row, "figure")}</span> {at(row, "figure") !== null && text(row, "unit")}
                  </div>
                  <div className="dim">{text(row, "threshold")}</div>
                  <div className="faint">{text(row, "counted")}</div>
                </td>
                <td>
                  <span className={`chip ${stateTone(state)}`}>{state}</span>
                  {typeof entry === "number" && (
                    <div>
                      <Link className="link num" to={eventUrl(entry)}>
                        {entry}
                      </Link>
                    </div>
                  )}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
