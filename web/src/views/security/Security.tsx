// What a security officer reads: who came in, what was refused, who gained rights, which data was touched.

import { Link } from "react-router";
import { type Counted, useCounted, useEscalations, useSecurityEvents } from "../../api/insight.ts";
import { useNumbers } from "../../api/overview.ts";
import { RangePicker } from "../../components/Controls.tsx";
import { Stat } from "../../components/Figures.tsx";
import { Class, KindIcon, Status, Time } from "../../components/Marks.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { Empty, Loaded, Panel } from "../../components/Panel.tsx";
import { visible } from "../../lib/ansi.ts";
import { count } from "../../lib/format.ts";
import { eventUrl, exploreUrl } from "../../lib/links.ts";
import { type Range, rangeName } from "../../lib/range.ts";
import { withTerm } from "../../lib/sqltext.ts";
import { useRange } from "../../lib/useView.ts";

export default function Security() {
  const [range, setRange] = useRange("24h");
  const numbers = useNumbers(range).data?.rows[0];
  const escalations = useEscalations(range).data?.rows[0]?.n;
  return (
    <>
      <PageHead title="Security" sub={rangeName(range)}>
        <RangePicker range={range} onChange={setRange} />
      </PageHead>
      <div className="stack">
        <div className="stats">
          <Stat label="Critical events" value={count(numbers?.critical)} to={exploreUrl("class:critical", range)} />
          <Stat label="Failed sign-ins" value={count(numbers?.sign_in_failures)} to={exploreUrl("type:auth status:failed name:*login*", range)} />
          <Stat label="Refused access" value={count(numbers?.denied)} to={exploreUrl("type:auth status:failed -name:*login*", range)} />
          <Stat label="Gained rights" value={count(escalations)} to={exploreUrl("type:auth escalation", range)} title="Events that state an escalation in their result." />
          <Stat label="Sensitive data" value={count(numbers?.sensitive)} sub="events that touched some" to={exploreUrl("sensitive_data_accessed:true", range)} />
          <Stat label="Secrets removed" value={count(numbers?.redactions ?? 0)} sub="before anything was stored" to={exploreUrl("redactions:>0", range)} />
        </div>
        <div className="security-grid">
          <Feed range={range} />
          <div className="stack">
            <Top title="Failed sign-ins by address" column="ip" field="ip" condition="action_type = 'auth' AND outcome_status = 'failure' AND ip IS NOT NULL" range={range} nothing="No failed sign-in with an address" />
            <Top title="Sign-ins by user" column="user_id" field="user" condition="action_type = 'auth' AND user_id IS NOT NULL" range={range} nothing="No sign-in with a user" />
            <Top title="Who acts with full rights" column="agent_id" field="agent" condition="permission_level = 'admin'" range={range} nothing="Nobody acted with the level admin" />
            <Top title="Who touches sensitive data" column="agent_id" field="agent" condition="sensitive_data_accessed" range={range} nothing="No event says it touched any" />
            <Top title="Compliance as events state it" column="compliance_status" field="compliance_status" condition="compliance_status IS NOT NULL" range={range} nothing="No event states any" />
          </div>
        </div>
      </div>
    </>
  );
}

function Feed({ range }: { range: Range }) {
  const events = useSecurityEvents(range);
  return (
    <Panel title="Security events" note="access, critical class, sensitive data, full rights" flush>
      <Loaded query={events} height={400} empty={({ rows }) => rows.length === 0}>
        {({ rows }) => (
          <ul className="lines">
            {rows.map((row) => (
              <li key={row.index}>
                <Link to={eventUrl(row.index)} className="line security">
                  <Status word={row.outcome_status} icon />
                  <span className="row">
                    <KindIcon kind={row.action_type} />
                    <strong className="cut">{visible(row.action_name)}</strong>
                    <Class word={row.class} />
                  </span>
                  <span className="cut dim">{visible(row.agent_name ?? row.agent_id)}</span>
                  <span className="cut dim">{[row.user_id, row.ip].filter((text) => text !== null).map((text) => visible(text ?? "")).join(" · ")}</span>
                  <Time at={row.timestamp} className="faint right" />
                </Link>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Panel>
  );
}

interface TopProps {
  title: string;
  column: string;
  field: string;
  condition: string;
  range: Range;
  nothing: string;
}

function Top({ title, column, field, condition, range, nothing }: TopProps) {
  const counted = useCounted(column, condition, range, 6);
  return (
    <Panel title={title} flush>
      <Loaded query={counted} height={80} empty={({ rows }) => rows.length === 0} nothing={<Empty title={nothing} icon={<span />} />}>
        {({ rows }: { rows: Counted[] }) => (
          <ul className="lines">
            {rows.map((row) => (
              <li key={row.name}>
                <Link to={exploreUrl(withTerm("", field, row.name ?? ""), range)} className="line top">
                  <span className="cut">{visible(row.name ?? "not said")}</span>
                  {row.failures > 0 && <span className="chip fail num">{count(row.failures)} failed</span>}
                  <span className="num right">{count(row.n)}</span>
                </Link>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Panel>
  );
}
