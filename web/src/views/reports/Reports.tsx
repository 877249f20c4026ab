// Reports: choose one and a day, look at it, take it along as a file; and what was made before, as the log tells it.

import { Download, FileText } from "lucide-react";
import { useState } from "react";
import { useHasRole } from "../../api/health.ts";
import { type Paper, type ReportKind, type Wanted, useMakeReport, useReportFile, useReports } from "../../api/reports.ts";
import { PageHead } from "../../components/PageHead.tsx";
import { Bones, Empty, Fault, Loaded, Panel } from "../../components/Panel.tsx";
import { visible } from "../../lib/ansi.ts";
import { download } from "../../lib/download.ts";
import { useParam } from "../../lib/useView.ts";
import { KeptFiles } from "./KeptFiles.tsx";
import { MadeBefore } from "./MadeBefore.tsx";
import { Shown } from "./Shown.tsx";

const PAPERS: [Paper, string][] = [
  ["html", "HTML"],
  ["pdf", "PDF"],
  ["csv", "CSV"],
  ["json", "JSON"],
];

const PERIODS: [ReportKind["period"], string, string][] = [
  ["day", "Daily", "Day, UTC"],
  ["week", "Weekly", "A day of the week, UTC"],
  ["month", "Monthly", "A day of the month, UTC"],
  ["quarter", "Quarterly", "A day of the quarter, UTC"],
];

export default function Reports() {
  const reports = useReports();
  const may = useHasRole("auditor");
  return (
    <>
      <PageHead title="Reports" sub="What happened in a day, a week, a month, and whether the fleet is well: each names the checkpoint that covers it" />
      <Loaded query={reports} height={320}>
        {(all) => (
          <div className="stack">
            {may ? (
              <Making kinds={all.kinds} />
            ) : (
              <Panel title="Make a report">
                <Empty title="Making reports is for auditors and administrators" icon={<FileText />}>
                  Your key may look at what was made; the figures themselves are under Explore.
                </Empty>
              </Panel>
            )}
            <KeptFiles reports={all} may={may} />
            <MadeBefore made={all.made} kinds={all.kinds} />
          </div>
        )}
      </Loaded>
    </>
  );
}

function Making({ kinds }: { kinds: ReportKind[] }) {
  const [word, setKind] = useParam("kind", kinds[0]?.id ?? "");
  const kind = kinds.find((one) => one.id === word) ?? kinds[0];
  const [day, setDay] = useParam("day", kind?.last_from ?? "");
  const making = useMakeReport();
  const file = useReportFile();
  const [asked, setAsked] = useState<Wanted | null>(null);
  if (!kind) return <Empty title="This server knows no report" />;
  const wanted = (format: Paper): Wanted => ({ kind: kind.id, format, ...(day === "" ? {} : { day }) });
  const show = () => {
    setAsked(wanted("json"));
    making.mutate(wanted("json"));
  };
  const save = (format: Paper) => file.mutate(wanted(format), { onSuccess: (blob) => download(`${kind.id}-${day || kind.last_from}.${format}`, blob) });
  const error = file.error;
  return (
    <>
      <Panel title="Make a report" note="that it was made is on the record">
        <div className="stack">
          <div className="row wrap report-wish">
            <label className="stack" style={{ gap: 4 }}>
              <span className="dim">Report</span>
              <select className="field" value={kind.id} onChange={(event) => setKind(event.target.value)}>
                {PERIODS.map(([period, title]) => {
                  const those = kinds.filter((one) => one.period === period);
                  if (those.length === 0) return null;
                  return (
                    <optgroup key={period} label={title}>
                      {those.map((one) => (
                        <option key={one.id} value={one.id}>
                          {one.title}
                        </option>
                      ))}
                    </optgroup>
                  );
                })}
              </select>
            </label>
            <label className="stack" style={{ gap: 4 }}>
              <span className="dim">{PERIODS.find(([period]) => period === kind.period)?.[2]}</span>
              <span className="field">
                <input type="date" value={day} onChange={(event) => setDay(event.target.value)} />
              </span>
            </label>
            <button type="button" className="button primary" disabled={making.isPending} onClick={show}>
              <FileText aria-hidden /> Show it
            </button>
            {PAPERS.map(([format, title]) => (
              <button key={format} type="button" className="button" disabled={file.isPending} onClick={() => save(format)} aria-label={`Save as ${title}`}>
                <Download aria-hidden /> {title}
              </button>
            ))}
          </div>
          <p className="dim">
            {visible(kind.about)}: {kind.sections.map((section) => section.toLowerCase()).join(", ")}.
          </p>
          {error !== null && (
            <p className="chip fail wide-chip" role="alert">
              {visible(error.message)}
            </p>
          )}
        </div>
      </Panel>
      {making.isPending && <Bones height={240} />}
      {making.isError && <Fault error={making.error} retry={() => asked && making.mutate(asked)} />}
      {making.data !== undefined && !making.isPending && <Shown report={making.data} />}
    </>
  );
}
