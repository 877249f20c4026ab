// What is missing, the gravest first: each with its events and what to do.

import { CircleCheck, Info, OctagonX, TriangleAlert } from "lucide-react";
import { Link } from "react-router";
import type { Finding, Report } from "../../api/coverage.ts";
import { Time } from "../../components/Marks.tsx";
import { Empty, Panel } from "../../components/Panel.tsx";
import { visible } from "../../lib/ansi.ts";
import { plural } from "../../lib/format.ts";
import { agentUrl, eventUrl, sessionUrl } from "../../lib/links.ts";

const MARKS = {
  critical: { Icon: OctagonX, chip: "chip fail" },
  warning: { Icon: TriangleAlert, chip: "chip warn" },
  info: { Icon: Info, chip: "chip" },
};

export function Findings({ report }: { report: Report }) {
  return (
    <Panel title="Findings" note="what is missing, and what to do about it" flush>
      {report.findings.length === 0 ? (
        <Empty title="Nothing is missing" icon={<CircleCheck />}>
          Every call that one source saw was seen by the others that told of its session, no number is missing, and what is declared was seen.
        </Empty>
      ) : (
        <ul className="findings">
          {report.findings.map((finding) => (
            <One key={finding.id} finding={finding} />
          ))}
        </ul>
      )}
      {report.findings_more > 0 && <p className="table-note dim">and {plural(report.findings_more, "finding")} more: choose a shorter range or one agent</p>}
    </Panel>
  );
}

function One({ finding }: { finding: Finding }) {
  const { Icon, chip } = MARKS[finding.severity];
  const { events, calls, gaps } = finding.evidence;
  return (
    <li className="finding">
      <span className={chip}>
        <Icon aria-hidden />
        {finding.kind.replaceAll("_", " ")}
      </span>
      <div className="finding-body">
        <p>{visible(finding.what)}</p>
        <p className="dim">{visible(finding.advice)}</p>
        <p className="finding-links">
          {finding.session && <Link to={sessionUrl(finding.session)}>Session</Link>}
          {finding.agent && <Link to={agentUrl(finding.agent)}>{visible(finding.agent)}</Link>}
          {events.map((index) => (
            <Link key={index} to={eventUrl(index)}>
              Event {index}
            </Link>
          ))}
        </p>
        {(calls.length > 0 || gaps.length > 0) && (
          <p className="finding-names faint">
            {calls.map((call) => (
              <code key={call}>{visible(call)}</code>
            ))}
            {gaps.map((gap) => (
              <code key={gap.first}>{gap.first === gap.last ? gap.first : `${gap.first}–${gap.last}`}</code>
            ))}
          </p>
        )}
      </div>
      <Time at={finding.since ?? null} className="faint right" />
    </li>
  );
}
