// What should have been seen and was not: what is missing, what each source saw, and the points that were declared.

import { useCoverage } from "../../api/coverage.ts";
import { RangePicker } from "../../components/Controls.tsx";
import { Stat } from "../../components/Figures.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { Loaded } from "../../components/Panel.tsx";
import { visible } from "../../lib/ansi.ts";
import { count, plural } from "../../lib/format.ts";
import { rangeName } from "../../lib/range.ts";
import { useParam, useRange } from "../../lib/useView.ts";
import { Findings } from "./Findings.tsx";
import { Points } from "./Points.tsx";
import { Sources } from "./Sources.tsx";

export default function Coverage() {
  const [range, setRange] = useRange("24h");
  const [agent, setAgent] = useParam("agent");
  const report = useCoverage(range, agent);
  return (
    <>
      <PageHead title="Coverage" sub={`What should have been recorded and was not · ${rangeName(range)}`}>
        {agent !== "" && (
          <button type="button" className="button small" onClick={() => setAgent("")}>
            {visible(agent)}: show all agents
          </button>
        )}
        <RangePicker range={range} onChange={setRange} />
      </PageHead>
      <Loaded query={report} height={320}>
        {(report) => {
          const of = (severity: string) => report.findings.filter((finding) => finding.severity === severity).length;
          const seen = report.points.filter((point) => point.state === "seen").length;
          return (
            <div className="stack">
              <div className="stats">
                <Stat label="Findings" value={count(report.findings.length + report.findings_more)} sub={report.findings.length === 0 ? "nothing is missing" : `${of("critical")} critical, ${plural(of("warning"), "warning")}`} />
                <Stat label="Agents" value={count(new Set(report.figures.map((figure) => figure.agent)).size)} sub={plural(report.figures.length, "source", "sources with an agent")} />
                <Stat label="Audit points seen" value={report.points.length === 0 ? "–" : `${seen} of ${report.points.length}`} sub={report.points.length === 0 ? "none are declared" : "as the configuration declares them"} />
                <Stat label="Of a log of" value={count(report.tree_size)} sub={report.unjoined === 0 ? "entries" : `entries, the newest ${count(report.unjoined)} not joined yet`} />
              </div>
              {report.cut.map((cut) => (
                <p key={cut.what} className="chip warn">
                  Not everything was read: more than {count(cut.limit)} {cut.what}
                  {cut.since ? `; nothing before ${cut.since.slice(0, 19).replace("T", " ")} was judged` : ""}
                </p>
              ))}
              <Findings report={report} />
              <Sources report={report} onAgent={setAgent} />
              {agent === "" && <Points report={report} />}
            </div>
          );
        }}
      </Loaded>
    </>
  );
}
