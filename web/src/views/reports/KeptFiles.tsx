// Reports that were made on schedule and are kept as files on the server.

import type { Reports } from "../../api/reports.ts";
import { Empty, Panel } from "../../components/Panel.tsx";
import { type Column, Table } from "../../components/Table.tsx";
import { visible } from "../../lib/ansi.ts";
import { plural } from "../../lib/format.ts";

type Kept = Reports["kept"][number];

export function KeptFiles({ reports, may }: { reports: Reports; may: boolean }) {
  const title = (id: string) => reports.kinds.find((kind) => kind.id === id)?.title ?? id;
  const columns: Column<Kept>[] = [
    { name: "from", title: "Of", value: (row) => row.from, show: (row) => visible(row.from) },
    { name: "kind", title: "Report", value: (row) => title(row.kind), show: (row) => visible(title(row.kind)) },
    {
      name: "file",
      title: "File",
      value: (row) => row.file,
      show: (row) =>
        may ? (
          <a className="link" href={`/v1/reports/kept/${encodeURIComponent(row.file)}`} download>
            {visible(row.file)}
          </a>
        ) : (
          visible(row.file)
        ),
    },
  ];
  const note = reports.scheduled.length === 0 ? "nothing is made on schedule" : `made on schedule: ${reports.scheduled.map(title).join(", ").toLowerCase()}`;
  return (
    <Panel flush title="Kept" note={note}>
      {reports.kept.length === 0 ? (
        <Empty title="No report is kept">
          {reports.scheduled.length === 0 ? "reports.schedule of the configuration names those that are made when their time is over." : "The first one is made when its time is over."}
        </Empty>
      ) : (
        <Table label={plural(reports.kept.length, "file")} rows={reports.kept} columns={columns} sort="-from" id={(row) => row.file} />
      )}
    </Panel>
  );
}
