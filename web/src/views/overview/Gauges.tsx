// Health, safety and speed of the fleet. Every gauge says of how many it speaks and how it is computed.

import { useMemo } from "react";
import type { useSpeedSeries } from "../../api/insight.ts";
import type { Numbers } from "../../api/overview.ts";
import { useAbout, useHealth } from "../../api/health.ts";
import { Gauge, Stat, toneOf } from "../../components/Figures.tsx";
import { Chart } from "../../components/Chart.tsx";
import { Loaded, Panel } from "../../components/Panel.tsx";
import { speedOption } from "../../components/speed.ts";
import { count, duration, percent, plural, short } from "../../lib/format.ts";
import { exploreUrl } from "../../lib/links.ts";
import { type Range, bounds } from "../../lib/range.ts";
import { axisOf } from "../../lib/series.ts";

const ratio = (part: number, all: number): number | null => (all === 0 ? null : part / all);

interface GaugesProps {
  figures: Numbers;
  range: Range;
}

export function Health({ figures, known, range }: GaugesProps & { known: number | null }) {
  const done = figures.successes + figures.failures;
  const [success, quick] = [ratio(figures.successes, done), ratio(figures.quick, figures.timed)];
  return (
    <Panel title="Agent health">
      <div className="gauges">
        <Gauge label="Active" part={known ? figures.agents / known : null} value={count(figures.agents)} sub={`of ${known === null ? "…" : plural(known, "known agent")}`} tone="plain" formula="Agents that sent an event in this time, of all that were ever seen or registered." to="/agents" />
        <Gauge label="Success rate" part={success} value={percent(success)} sub={`of ${plural(done, "finished action")}; target 97.8 %`} tone={toneOf(success, 0.978, 0.95)} formula="Events that ended in success, of those that ended in success or failure." to={exploreUrl("status:failed", range)} />
        <Gauge label="Performance" part={quick} value={percent(quick)} sub={`of ${plural(figures.timed, "timed action")} within 1.2 s`} tone={toneOf(quick, 0.9, 0.7)} formula="Actions that took at most 1.2 seconds, of those that say how long they took." to={exploreUrl("duration_us:>1200000", range)} />
      </div>
    </Panel>
  );
}

export function Safety({ figures, range, alerts }: GaugesProps & { alerts: number | null }) {
  const health = useHealth();
  const about = useAbout();
  const sealed = health.data ? ratio(health.data.sealed, health.data.size) : null;
  const check = about.data?.verification;
  const verified = check ? (check.good ? `verified whole: ${plural(check.entries, "entry", "entries")}` : `${plural(check.found, "finding")}: see Integrity`) : "the whole check runs at the start and is not done yet";
  return (
    <Panel title="Security">
      <div className="split">
        <div className="gauges" style={{ gridTemplateColumns: "1fr" }}>
          <Gauge label="Under a signature" part={sealed} value={percent(sealed)} sub={about.data ? verified : `of ${count(health.data?.size)} entries`} tone={check && !check.good ? "fail" : toneOf(sealed, 0.9, 0.5)} formula="Entries covered by the newest signed checkpoint, of all entries; a new one is signed each second." to="/integrity" />
        </div>
        <div className="stats plain">
          {alerts !== null && <Stat label="Open alerts" value={count(alerts)} to="/alerts" />}
          <Stat label="Compliance" value={percent(ratio(figures.compliant, figures.judged))} sub={`of ${plural(figures.judged, "event")} that state it`} to="/security" title="Events that state a passed check or compliance, of those that state any." />
          <Stat label="Critical events" value={count(figures.critical)} to={exploreUrl("class:critical", range)} />
          <Stat label="Failed sign-ins" value={count(figures.sign_in_failures)} to={exploreUrl("type:auth status:failed name:*login*", range)} />
          <Stat label="Refused access" value={count(figures.denied)} to={exploreUrl("type:auth status:failed -name:*login*", range)} />
          <Stat label="Sensitive data" value={count(figures.sensitive)} to={exploreUrl("sensitive_data_accessed:true", range)} />
        </div>
      </div>
    </Panel>
  );
}

export function Speed({ figures, speed, range, now, first }: GaugesProps & { speed: ReturnType<typeof useSpeedSeries>; now: number; first: number }) {
  const [from, to] = bounds(range, now, first);
  const { step, query } = speed;
  const axis = useMemo(() => axisOf(from, to, step), [from, to, step]);
  const option = useMemo(() => speedOption(axis, query.data?.rows ?? []), [axis, query.data]);
  const perMinute = figures.events / ((to - from) / 60_000);
  const done = figures.successes + figures.failures;
  return (
    <Panel title="System performance">
      <div className="stats plain">
        <Stat label="Half take at most" value={duration(figures.p50)} sub={`${short(figures.timed)} timed actions`} to="/performance" />
        <Stat label="95 of 100 take at most" value={duration(figures.p95)} to="/performance?sort=-p95" />
        <Stat label="Throughput" value={range.kind === "all" ? "–" : `${short(perMinute)} / min`} sub="events" to="/performance" />
        <Stat label="Error rate" value={percent(ratio(figures.failures, done))} sub={`of ${count(done)} finished`} to={exploreUrl("status:failed", range)} />
      </div>
      <Loaded query={query} height={150}>
        {() => <Chart option={option} height={150} label="Response times over time" />}
      </Loaded>
    </Panel>
  );
}
