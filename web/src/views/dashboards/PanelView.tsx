// One panel of a dashboard: what its query answers, as it wants to be shown.

import { useState } from "react";
import { Link } from "react-router";
import { type AnyRow, type Answer, useSql } from "../../api/sql.ts";
import { AnswerChart, chartable } from "../../components/AnswerChart.tsx";
import { Empty, Loaded, Panel } from "../../components/Panel.tsx";
import { visible } from "../../lib/ansi.ts";
import { type Dashboard, type DashboardPanel, filledIn } from "../../lib/dashboard.ts";
import { short } from "../../lib/format.ts";
import { sqlUrl } from "../../lib/links.ts";
import { type Range, bounds } from "../../lib/range.ts";
import { useValues } from "./values.ts";

const ROW_PX = 34;
const HEAD_PX = 84;
const ROWS_MAX = 200;

interface PanelViewProps {
  panel: DashboardPanel;
  dashboard: Dashboard;
  range: Range;
}

export function PanelView({ panel, dashboard, range }: PanelViewProps) {
  const [now] = useState(Date.now);
  const values = useValues(dashboard.variables);
  const [from, to] = bounds(range, now, now - 30 * 86_400_000);
  const query = filledIn(panel.query, values, range, to - from);
  const answer = useSql(query, { refresh: dashboard.refreshMs });
  const height = panel.height * ROW_PX - HEAD_PX;
  return (
    <div className="board-panel" style={{ gridColumn: `${panel.x + 1} / span ${panel.width}`, gridRow: `${panel.y + 1} / span ${panel.height}` }}>
      <Panel title={visible(panel.title)} actions={<Link className="link small" to={sqlUrl(query)} aria-label={`The query of ${visible(panel.title)}`}>Query</Link>}>
        <Loaded query={answer} height={Math.max(40, height)} empty={({ rows }) => rows.length === 0}>
          {(answer) => <Shown panel={panel} answer={answer} height={Math.max(80, height)} />}
        </Loaded>
      </Panel>
    </div>
  );
}

function Shown({ panel, answer, height }: { panel: DashboardPanel; answer: Answer<AnyRow>; height: number }) {
  if (panel.kind === "StatChart") return <Figure answer={answer} unit={panel.unit} />;
  if (panel.kind === "Table") return <Cells answer={answer} height={height} />;
  if (!chartable(answer.columns)) return <Empty title="This answer can't be drawn">The first column is the axis, a number has to follow.</Empty>;
  return <AnswerChart columns={answer.columns} rows={answer.rows} height={height} label={visible(panel.title)} shape={panel.kind === "BarChart" ? "bar" : "line"} />;
}

function Figure({ answer, unit }: { answer: Answer<AnyRow>; unit: string }) {
  const cell = answer.rows[0]?.[answer.columns[0]?.name ?? ""];
  const number = cell === null || cell === undefined || cell === "" ? Number.NaN : Number(cell);
  return (
    <p className="board-figure num">
      {Number.isFinite(number) ? short(number) : visible(String(cell ?? "–"))} <span className="dim">{visible(unit)}</span>
    </p>
  );
}

const NUMERIC = /int|numeric|double|real|float|decimal/;

function Cells({ answer, height }: { answer: Answer<AnyRow>; height: number }) {
  return (
    <div className="table-frame" style={{ maxHeight: height }} tabIndex={0} role="region" aria-label="Rows of the answer">
      <table className="table">
        <thead>
          <tr>
            {answer.columns.map((column) => (
              <th key={column.name} className={NUMERIC.test(column.type) ? "right" : undefined}>
                {visible(column.name)}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {answer.rows.slice(0, ROWS_MAX).map((row, place) => (
            <tr key={place}>
              {answer.columns.map((column) => (
                <td key={column.name} className={NUMERIC.test(column.type) ? "right num" : "cut"}>
                  {visible(textOf(row[column.name]))}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const textOf = (cell: unknown): string => (cell === null || cell === undefined ? "–" : typeof cell === "object" ? JSON.stringify(cell) : String(cell)).slice(0, 300);
