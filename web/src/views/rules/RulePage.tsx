// One rule: what it says, in its own words and in ours, how it is, and how often it would have fired.

import { Copy, Pencil } from "lucide-react";
import { Link, useParams } from "react-router";
import { type Rule, isOff, useAlerts, useRule } from "../../api/alerts.ts";
import { useHasRole } from "../../api/health.ts";
import { Ago, AlertState, NotSwitchedOn, SeverityMark } from "../../components/AlertMarks.tsx";
import { Stat } from "../../components/Figures.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { Empty, Fault, Loaded, Panel } from "../../components/Panel.tsx";
import { visible } from "../../lib/ansi.ts";
import { defang } from "../../lib/defang.ts";
import { count } from "../../lib/format.ts";
import { Recompute } from "./Recompute.tsx";
import { Replay } from "./Replay.tsx";
import { RuleState } from "./RuleState.tsx";

export default function RulePage() {
  const id = useParams().id ?? "";
  const query = useRule(id);
  const may = useHasRole("admin");
  if (query.data === undefined && query.isError) {
    return (
      <>
        <PageHead title="Rule" sub={<code>{visible(id)}</code>} />
        {isOff(query.error) ? (
          <Panel>
            <NotSwitchedOn />
          </Panel>
        ) : (
          <Fault error={query.error} retry={() => void query.refetch()} />
        )}
      </>
    );
  }
  return (
    <Loaded query={query} height={400}>
      {(rule) => (
        <>
          <PageHead
            title={visible(rule.title)}
            sub={
              <span className="row wrap">
                <SeverityMark severity={rule.severity} />
                <RuleState rule={rule} />
                <code>{visible(rule.id)}</code>
                <span>{rule.source === "builtin" ? "built in" : visible(rule.source)}</span>
              </span>
            }
          >
            {!may ? null : rule.source === "builtin" ? (
              <Link className="button" to={`/rules/edit?${new URLSearchParams({ from: rule.id })}`}>
                <Copy aria-hidden /> Make it your own
              </Link>
            ) : (
              <Link className="button" to={`/rules/edit?${new URLSearchParams({ file: rule.source })}`}>
                <Pencil aria-hidden /> Edit
              </Link>
            )}
          </PageHead>
          <div className="stack">
            <Figures rule={rule} />
            <div className="grid" style={{ "--min": "400px" } as React.CSSProperties}>
              <Panel title="As it is written" note={rule.source === "builtin" ? undefined : `the whole file ${visible(rule.source)}`}>
                <pre className="raw mono">{visible(rule.text ?? rule.query)}</pre>
              </Panel>
              <div className="stack">
                <Panel title="What it means">{rule.explanation ? <pre className="raw explanation">{visible(rule.explanation)}</pre> : <Empty title="No explanation" />}</Panel>
                <Firing rule={rule} />
              </div>
            </div>
            <Recompute rule={rule.id} />
            <Replay text={rule.text ?? ""} only={rule.id} />
          </div>
        </>
      )}
    </Loaded>
  );
}

function Figures({ rule }: { rule: Rule }) {
  return (
    <div className="stats">
      <Stat label="Firing" value={count(rule.firing)} sub="groups" />
      <Stat label="Groups" value={count(rule.groups)} sub="that it keeps apart" />
      <Stat label="Learning" value={count(rule.learning)} sub="with too few windows" />
      <Stat label="Late" value={count(rule.late)} sub="events after their window" />
      <Stat label="Refused" value={count(rule.refused)} sub="beyond the limit of groups" />
      <Stat label="Left out" value={count(rule.skipped)} sub="instants that were not judged" />
      <Stat label="Fired last" value={rule.last_fired_at ? <Ago at={rule.last_fired_at} /> : "never"} />
    </div>
  );
}

function Firing({ rule }: { rule: Rule }) {
  const alerts = useAlerts({ rule: rule.id, state: "all", limit: 20 });
  return (
    <Panel title="Its alerts" flush>
      <Loaded query={alerts} height={80} empty={({ alerts }) => alerts.length === 0} nothing={<Empty title="It has raised none" />}>
        {({ alerts }) => (
          <ul className="lines">
            {alerts.map((alert) => (
              <li key={alert.id}>
                <Link className="line rule-alert" to={`/alerts/${encodeURIComponent(alert.id)}`}>
                  <span className="cut">{defang(visible(alert.annotations.summary ?? alert.title))}</span>
                  <AlertState alert={alert} />
                  <span className="faint right">
                    <Ago at={alert.starts_at} />
                  </span>
                </Link>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Panel>
  );
}
