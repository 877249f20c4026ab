// Every rule with its state and its health.

import { FilePlus2 } from "lucide-react";
import { useMemo } from "react";
import { Link } from "react-router";
import { type Rule, isOff, useRules } from "../../api/alerts.ts";
import { useHasRole } from "../../api/health.ts";
import { Ago, NotSwitchedOn, SeverityMark, Troubles } from "../../components/AlertMarks.tsx";
import { AlertNav } from "../../components/AlertNav.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { Empty, Loaded, Panel } from "../../components/Panel.tsx";
import { type Column, Table } from "../../components/Table.tsx";
import { SEVERITIES } from "../../lib/alerting.ts";
import { visible } from "../../lib/ansi.ts";
import { count, plural } from "../../lib/format.ts";
import { useParam } from "../../lib/useView.ts";
import { Edits } from "./Edits.tsx";
import { RuleState } from "./RuleState.tsx";

export default function Rules() {
  const rules = useRules();
  const may = useHasRole("admin");
  const [q, setQ] = useParam("q");
  const columns = useMemo(columnsOf, []);
  const off = rules.data === undefined && isOff(rules.error);
  const wanted = q.trim().toLowerCase();
  return (
    <>
      <PageHead title="Rules" sub="What is watched for, built in and of your own">
        <AlertNav />
        {!off && (
          <>
            <label className="field">
              <span className="hidden">Filter rules</span>
              <input data-search value={q} onChange={(event) => setQ(event.target.value)} placeholder="Filter rules" />
            </label>
            {may && (
              <Link className="button primary" to="/rules/edit">
                <FilePlus2 aria-hidden /> New rule
              </Link>
            )}
          </>
        )}
      </PageHead>
      {off ? (
        <Panel>
          <NotSwitchedOn />
        </Panel>
      ) : (
        <Loaded query={rules} height={400}>
          {({ rules, errors, following }) => {
            const shown = rules.filter((rule) => `${rule.id} ${rule.title} ${rule.severity} ${rule.tier} ${rule.source} ${rule.state}`.toLowerCase().includes(wanted));
            return (
              <div className="stack">
                <Troubles following={following} faults={errors} />
                <Edits />
                <Panel flush>{shown.length === 0 ? <Empty title={rules.length === 0 ? "There is no rule" : `No rule matches “${q}”`} /> : <Table label={plural(shown.length, "rule")} rows={shown} columns={columns} sort="-state" id={(rule) => rule.id} />}</Panel>
              </div>
            );
          }}
        </Loaded>
      )}
    </>
  );
}

const ORDER = ["inactive", "learning", "firing"];

function columnsOf(): Column<Rule>[] {
  return [
    {
      name: "title",
      title: "Rule",
      value: (rule) => rule.title,
      show: (rule) => (
        <Link className="pair" to={`/rules/${encodeURIComponent(rule.id)}`}>
          <strong className="cut">{visible(rule.title)}</strong>
          <span className="faint cut mono">{visible(rule.id)}</span>
        </Link>
      ),
    },
    { name: "state", title: "State", value: (rule) => ORDER.indexOf(rule.state) * 1000 + (rule.firing), show: (rule) => <RuleState rule={rule} /> },
    { name: "severity", title: "Severity", value: (rule) => -SEVERITIES.indexOf(rule.severity), show: (rule) => <SeverityMark severity={rule.severity} /> },
    { name: "tier", title: "For", value: (rule) => rule.tier ?? "", show: (rule) => <span className="dim">{visible(rule.tier ?? "")}</span> },
    { name: "window", title: "Window", value: (rule) => rule.window ?? "", show: (rule) => <span className="num nowrap">{visible(rule.window ?? "")}{rule.every ? <span className="faint"> / {visible(rule.every)}</span> : null}</span> },
    { name: "source", title: "From", value: (rule) => rule.source, show: (rule) => <span className="dim cut">{rule.source === "builtin" ? "built in" : visible(rule.source)}</span> },
    { name: "groups", title: "Groups", right: true, value: (rule) => rule.groups, show: (rule) => <span className="num">{count(rule.groups)}</span> },
    { name: "health", title: "Late, refused", right: true, value: (rule) => rule.late + rule.refused + rule.skipped, show: (rule) => <span className={rule.refused > 0 ? "num status failure" : "num dim"} title="Events that came too late for their window, and those beyond the limit of groups">{count(rule.late)}, {count(rule.refused)}</span> },
    { name: "last", title: "Fired last", right: true, value: (rule) => Date.parse(rule.last_fired_at ?? "") || 0, show: (rule) => (rule.last_fired_at ? <Ago at={rule.last_fired_at} /> : <span className="faint">never</span>) },
  ];
}
