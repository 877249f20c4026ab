// Reports that were made, as the log tells it.

import { Link } from "react-router";
import type { ReportKind, ReportMade } from "../../api/reports.ts";
import { Time } from "../../components/Marks.tsx";
import { Empty, Panel } from "../../components/Panel.tsx";
import { type Column, Table } from "../../components/Table.tsx";
import { visible } from "../../lib/ansi.ts";
import { plural } from "../../lib/format.ts";
import { eventUrl } from "../../lib/links.ts";

export function MadeBefore({ made, kinds }: { made: ReportMade[]; kinds: ReportKind[] }) {
  const title = (id: string | null | undefined) => kinds.find((kind) => kind.id === id)?.title ?? id ?? "";
  const columns: Column<ReportMade>[] = [
    { name: "at", title: "Made", value: (row) => row.at, show: (row) => <Time at={row.at} /> },
    { name: "kind", title: "Report", value: (row) => title(row.kind), show: (row) => visible(title(row.kind)) },
    { name: "from", title: "Of", value: (row) => row.from ?? null, show: (row) => visible(row.from ?? "") },
    { name: "format", title: "As", value: (row) => row.format ?? null, show: (row) => visible(row.format ?? "") },
    { name: "by", title: "By the key", value: (row) => row.by ?? null, show: (row) => visible(row.by ?? "") },
    { name: "sha256", title: "SHA-256", value: (row) => row.sha256 ?? null, show: (row) => <code className="faint">{visible((row.sha256 ?? "").slice(0, 16))}…</code> },
    {
      name: "entry",
      title: "Entry",
      value: (row) => row.entry,
      right: true,
      show: (row) => (
        <Link className="link num" to={eventUrl(row.entry)}>
          {row.entry}
        </Link>
      ),
    },
  ];
  return (
    <Panel flush title="Made before" note="as the log tells it; what was made by hand is not kept, so erasing a person reaches it">
      {made.length === 0 ? <Empty title="None was made yet" /> : <Table label={plural(made.length, "report")} rows={made} columns={columns} sort="-at" id={(row) => String(row.entry)} />}
    </Panel>
  );
}
