// What the work is worth: workflows from end to end, people who use it, quality of data and cases, stated value.

import { type Accesses, type Engagement, type Quality, type SessionTimes, type Workflows, useAccesses, useEngagement, useQuality, useSessionTimes, useWorkflows } from "../../api/business.ts";
import { RangePicker } from "../../components/Controls.tsx";
import { Gauge, Stat, toneOf } from "../../components/Figures.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { Empty, Loaded, Panel } from "../../components/Panel.tsx";
import { change, count, duration, percent, plural } from "../../lib/format.ts";
import { exploreUrl } from "../../lib/links.ts";
import { type Range, rangeName } from "../../lib/range.ts";
import { useRange } from "../../lib/useView.ts";
import { Ended, Steps } from "./Workflow.tsx";
import { Metrics, Users, Value } from "./Value.tsx";

const ratio = (part: number, all: number): number | null => (all === 0 ? null : part / all);

export default function Business() {
  const [range, setRange] = useRange("7d");
  const workflows = useWorkflows(range);
  const engagement = useEngagement(range);
  const before = useEngagement(range, 1).data?.rows[0];
  const sessions = useSessionTimes(range).data?.rows[0];
  const quality = useQuality(range);
  const accesses = useAccesses(range).data?.rows[0];
  return (
    <>
      <PageHead title="Business" sub={`Workflows, people, quality and value, as events state them · ${rangeName(range)}`}>
        <RangePicker range={range} onChange={setRange} />
      </PageHead>
      <div className="stack">
        <div className="grid" style={{ "--min": "380px" } as React.CSSProperties}>
          <Panel title="Workflow completion">
            <Loaded query={workflows} height={130}>
              {({ rows: [row] }) => (row && row.workflows > 0 ? <Completion row={row} range={range} /> : <Empty title="No workflow in this time">Workflows show here when events say <code>workflow</code> with an <code>id</code>.</Empty>)}
            </Loaded>
          </Panel>
          <Panel title="Quality">
            <Loaded query={quality} height={130}>
              {({ rows: [row] }) => (row ? <Qualities row={row} engagement={engagement.data?.rows[0]} accesses={accesses} range={range} /> : null)}
            </Loaded>
          </Panel>
        </div>
        <Loaded query={engagement} height={88}>
          {({ rows: [row] }) => (row ? <People row={row} before={before} sessions={sessions} range={range} /> : null)}
        </Loaded>
        <div className="grid" style={{ "--min": "420px", alignItems: "start" } as React.CSSProperties}>
          <Ended range={range} />
          <Steps range={range} />
        </div>
        <div className="grid" style={{ "--min": "340px" } as React.CSSProperties}>
          <Value range={range} />
          <Metrics range={range} />
        </div>
        <Users range={range} />
      </div>
    </>
  );
}

function Completion({ row, range }: { row: Workflows; range: Range }) {
  const [completed, clean] = [ratio(row.finished, row.finished + row.abandoned), ratio(row.finished - row.failed, row.finished)];
  return (
    <>
      <div className="gauges">
        <Gauge label="Completed" part={completed} value={percent(completed)} sub={`of ${plural(row.finished + row.abandoned, "workflow")} that are over; target 98.5 %`} tone={toneOf(completed, 0.985, 0.9)} formula="Workflows of which an event says that they ended, of those and the abandoned ones." />
        <Gauge label="Without a failed step" part={clean} value={percent(clean)} sub={`of ${plural(row.finished, "finished workflow")}`} tone={toneOf(clean, 0.95, 0.85)} formula="Finished workflows in which no event failed." to={exploreUrl("type:workflow status:failed", range)} />
      </div>
      <div className="stats plain">
        <Stat label="End to end" value={duration(row.p50)} sub={`half of them; 95 of 100 within ${duration(row.p95)}`} />
        <Stat label="Under way" value={count(Math.max(0, row.workflows - row.finished - row.abandoned))} to="/operations" />
        <Stat label="Abandoned" value={count(row.abandoned)} sub="silent for an hour, without an end" />
      </div>
    </>
  );
}

function Qualities({ row, engagement, accesses, range }: { row: Quality; engagement: Engagement | undefined; accesses: Accesses | undefined; range: Range }) {
  const answered = engagement ? ratio(engagement.answered, engagement.answered + engagement.asked) : null;
  const quality = row.data_quality === null ? null : row.data_quality / 100;
  return (
    <>
      <div className="gauges">
        <Gauge label="Cases, as people rate them" part={engagement?.rating ?? null} value={engagement?.rating == null ? "–" : (engagement.rating * 5).toFixed(1)} sub={`of 5, by ${plural(engagement?.rated ?? 0, "rating")}; target 4.7`} tone={toneOf(engagement?.rating ?? null, 0.94, 0.8)} formula="Mean of all ratings, each as a share of its scale." to={exploreUrl("user_rating", range)} />
        <Gauge label="Data quality" part={quality} value={percent(quality)} sub={`mean of ${plural(row.measured, "measurement")}`} tone={toneOf(quality, 0.95, 0.85)} formula="Mean of the metric data_quality in per cent; one that was sent as a share counts as that." to={exploreUrl("name:*data_quality*", range)} />
      </div>
      <div className="stats plain">
        <Stat label="Failed validations" value={count(row.validation)} to={exploreUrl("status:failed validation", range)} />
        <Stat label="Messages answered" value={percent(answered)} sub={engagement ? `${count(engagement.answered)} answers, ${count(engagement.asked)} still asked` : undefined} />
        <Stat label="Sensitive accesses" value={percent(accesses ? ratio(accesses.sensitive, accesses.resources) : null)} sub={accesses ? `of ${plural(accesses.resources, "event")} that name resources` : "…"} to={exploreUrl("sensitive_data_accessed:true", range)} />
      </div>
    </>
  );
}

function People({ row, before, sessions, range }: { row: Engagement; before: Engagement | undefined; sessions: SessionTimes | undefined; range: Range }) {
  const than = (now: number, old: number | undefined) => {
    const text = old === undefined ? null : change(now, old);
    return text ? `${text} vs the time before` : "nothing before";
  };
  return (
    <div className="stats">
      <Stat label="People" value={count(row.users)} sub={than(row.users, before?.users)} title="Users whom events name, without the system account." />
      <Stat label="Their sessions" value={count(row.sessions)} sub={than(row.sessions, before?.sessions)} to="/sessions" />
      <Stat label="What they wrote" value={count(row.messages)} sub={than(row.messages, before?.messages)} to={exploreUrl("user_message", range)} />
      <Stat label="Messages a session" value={row.sessions === 0 ? "–" : (row.messages / row.sessions).toLocaleString(undefined, { maximumFractionDigits: 1 })} />
      <Stat label="A session takes" value={duration(sessions?.p50)} sub={sessions ? `95 of 100 within ${duration(sessions.p95)}` : undefined} />
    </div>
  );
}
