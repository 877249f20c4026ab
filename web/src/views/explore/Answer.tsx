// What a query answered: as a table, where it fits as a chart, and as a file.

import { Menu } from "@base-ui/react/menu";
import type { UseQueryResult } from "@tanstack/react-query";
import { Download } from "lucide-react";
import { useState } from "react";
import type { AnyRow, Answer, Column } from "../../api/sql.ts";
import { AnswerChart, chartable } from "../../components/AnswerChart.tsx";
import { Choice, Tabs } from "../../components/Controls.tsx";
import { Bones, Empty, Fault, Panel } from "../../components/Panel.tsx";
import { Rows } from "../../components/Rows.tsx";
import { visible } from "../../lib/ansi.ts";
import { download } from "../../lib/download.ts";
import { count, plural } from "../../lib/format.ts";
import { useParam } from "../../lib/useView.ts";

type Save = (accept: string) => Promise<Blob>;

export function AnswerPanel({ answer, save }: { answer: UseQueryResult<Answer<AnyRow>>; save: Save }) {
  const [shape, setShape] = useParam("as", "table");
  if (answer.isError) return <Fault error={answer.error} />;
  if (answer.data === undefined) return <Bones height={300} />;
  const { columns, rows, rows_count, tree_size } = answer.data;
  return (
    <Panel
      flush
      title={plural(rows_count, "row")}
      note={`of a log of ${plural(tree_size, "entry", "entries")}`}
      actions={
        <>
          {chartable(columns) && <Tabs label="Show as" value={shape} choices={[["table", "Table"], ["chart", "Chart"]] as const} onChange={setShape} />}
          <Export save={save} />
        </>
      }
    >
      {rows.length === 0 ? (
        <Empty title="No rows" />
      ) : shape === "chart" && chartable(columns) ? (
        <div className="pad">
          <AnswerChart columns={columns} rows={rows} />
        </div>
      ) : (
        <AnswerTable columns={columns} rows={rows} />
      )}
    </Panel>
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
      <div style={{ minWidth: columns.length * (wide ? 130 : 100) }} className="sql-rows">
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

function Export({ save: get }: { save: Save }) {
  const [fault, setFault] = useState<string | null>(null);
  const save = (accept: string, ending: string) => void get(accept).then((blob) => download(`answer.${ending}`, blob), (error: Error) => setFault(error.message));
  return (
    <>
      {fault && <span className="chip fail" role="alert">{fault}</span>}
      <Choice label={<><Download aria-hidden /> Export</>} title="Export the answer">
        <Menu.Item className="popup-item" onClick={() => save("text/csv", "csv")}>CSV</Menu.Item>
        <Menu.Item className="popup-item" onClick={() => save("application/json", "json")}>JSON</Menu.Item>
        <Menu.Item className="popup-item" onClick={() => save("application/x-ndjson", "ndjson")}>JSON lines</Menu.Item>
        <Menu.Item className="popup-item" onClick={() => save("application/vnd.apache.arrow.stream", "arrow")}>Arrow</Menu.Item>
        <Menu.Item className="popup-item" onClick={() => save("application/vnd.apache.parquet", "parquet")}>Parquet</Menu.Item>
      </Choice>
    </>
  );
}
