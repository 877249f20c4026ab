// SQL: a query, its answer as a table and, where it fits, as a chart.

import { Menu } from "@base-ui/react/menu";
import { Download, Play } from "lucide-react";
import { useState } from "react";
import { type AnyRow, type Column, exportSql, useSql } from "../../api/sql.ts";
import { Choice, Tabs } from "../../components/Controls.tsx";
import { Bones, Empty, Fault, Panel } from "../../components/Panel.tsx";
import { Rows } from "../../components/Rows.tsx";
import { visible } from "../../lib/ansi.ts";
import { download } from "../../lib/download.ts";
import { count, plural } from "../../lib/format.ts";
import { useParam } from "../../lib/useView.ts";
import { AnswerChart, chartable } from "./AnswerChart.tsx";

const EXAMPLES: [string, string][] = [
  ["Failures by agent and day", "SELECT date_trunc('day', timestamp) AS day, agent_id, count(*) AS failures\nFROM agent_audit_log WHERE outcome_status = 'failure'\nGROUP BY 1, 2 ORDER BY 1, 3 DESC"],
  ["Slowest tools", "SELECT action_name, count(*) AS calls,\n  approx_percentile_cont(duration_us, 0.95) / 1000 AS p95_ms\nFROM agent_audit_log WHERE duration_us IS NOT NULL\nGROUP BY 1 ORDER BY p95_ms DESC LIMIT 20"],
  ["Cost by model and day", "SELECT day, model, sum(cost_usd) AS cost_usd\nFROM costs WHERE model IS NOT NULL GROUP BY 1, 2 ORDER BY 1"],
  ["Events by hour", "SELECT date_bin(INTERVAL '1 hour', timestamp) AS hour, count(*) AS events\nFROM agent_audit_log GROUP BY 1 ORDER BY 1"],
  ["All tables", "SHOW TABLES"],
  ["All columns", "DESCRIBE agent_audit_log"],
];

export function Sql() {
  const [query, setQuery] = useParam("sql", EXAMPLES[3]?.[1] ?? "");
  const [text, setText] = useState(query);
  const [shape, setShape] = useParam("as", "table");
  const answer = useSql(query);
  const run = (next = text) => {
    setText(next);
    if (next === query) void answer.refetch();
    setQuery(next);
  };
  return (
    <div className="stack">
      <Panel>
        <div className="stack" style={{ gap: 10 }}>
          <textarea
            className="area mono"
            rows={Math.min(14, Math.max(4, text.split("\n").length))}
            value={text}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) run();
            }}
            aria-label="SQL query"
            spellCheck={false}
            data-search
          />
          <div className="row wrap">
            <button type="button" className="button primary" onClick={() => run()}>
              <Play aria-hidden /> Run
            </button>
            <span className="faint">Ctrl Enter</span>
            <Choice label="Examples" title="Examples" bare>
              {EXAMPLES.map(([name, sql]) => (
                <Menu.Item key={name} className="popup-item" onClick={() => run(sql)}>
                  {name}
                </Menu.Item>
              ))}
            </Choice>
            <span className="faint">Queries only read; PostgreSQL's dialect</span>
          </div>
        </div>
      </Panel>
      {answer.isError ? (
        <Fault error={answer.error} />
      ) : answer.data === undefined ? (
        <Bones height={300} />
      ) : (
        <Panel
          flush
          title={plural(answer.data.rows_count, "row")}
          note={`of a log of ${plural(answer.data.tree_size, "entry", "entries")}`}
          actions={
            <>
              {chartable(answer.data.columns) && <Tabs label="Show as" value={shape} choices={[["table", "Table"], ["chart", "Chart"]] as const} onChange={setShape} />}
              <SqlExport query={query} />
            </>
          }
        >
          {answer.data.rows.length === 0 ? (
            <Empty title="No rows" />
          ) : shape === "chart" && chartable(answer.data.columns) ? (
            <div className="pad">
              <AnswerChart columns={answer.data.columns} rows={answer.data.rows} />
            </div>
          ) : (
            <AnswerTable columns={answer.data.columns} rows={answer.data.rows} />
          )}
        </Panel>
      )}
    </div>
  );
}

const NUMERIC = /int|numeric|double|real|float|decimal/;

function AnswerTable({ columns, rows }: { columns: Column[]; rows: AnyRow[] }) {
  const [active, setActive] = useState(-1);
  const wide = columns.length > 8;
  const template = columns.map((column) => (NUMERIC.test(column.type) ? "minmax(80px, 0.6fr)" : "minmax(120px, 1fr)")).join(" ");
  const numbered = rows.map((row, place) => ({ row, place }));
  return (
    <div style={{ overflowX: "auto" }}>
      <div style={{ minWidth: wide ? columns.length * 130 : undefined }} className="sql-rows">
        <Rows
          label={`Answer, ${count(rows.length)} rows`}
          rows={numbered}
          id={({ place }) => place}
          height={Math.min(620, rows.length * 34 + 4)}
          rowHeight={34}
          columns={template}
          head={columns.map((column) => (
            <span key={column.name} className={NUMERIC.test(column.type) ? "right cut" : "cut"} title={column.type}>
              {visible(column.name)}
            </span>
          ))}
          show={({ row }) =>
            columns.map((column) => {
              const cell = row[column.name];
              const text = cell === null || cell === undefined ? "–" : visible(typeof cell === "object" ? JSON.stringify(cell) : String(cell));
              return (
                <span key={column.name} className={NUMERIC.test(column.type) ? "right cut num" : "cut"} title={text.slice(0, 2000)}>
                  {text.slice(0, 500)}
                </span>
              );
            })
          }
          active={active}
          onActive={setActive}
        />
      </div>
    </div>
  );
}

function SqlExport({ query }: { query: string }) {
  const [fault, setFault] = useState<string | null>(null);
  const save = (accept: string, ending: string) => void exportSql(query, accept).then((blob) => download(`answer.${ending}`, blob), (error: Error) => setFault(error.message));
  return (
    <>
      {fault && <span className="chip fail" role="alert">{fault}</span>}
      <Choice label={<><Download aria-hidden /> Export</>} title="Export the answer">
        <Menu.Item className="popup-item" onClick={() => save("text/csv", "csv")}>CSV</Menu.Item>
        <Menu.Item className="popup-item" onClick={() => save("application/json", "json")}>JSON</Menu.Item>
        <Menu.Item className="popup-item" onClick={() => save("application/x-ndjson", "ndjson")}>JSON lines</Menu.Item>
        <Menu.Item className="popup-item" onClick={() => save("application/vnd.apache.arrow.stream", "arrow")}>Arrow</Menu.Item>
      </Choice>
    </>
  );
}
