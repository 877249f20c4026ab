// How often a text of rules would have fired over what is recorded; nobody is told.

import { Play } from "lucide-react";
import { useMemo, useState } from "react";
import { Link } from "react-router";
import { type ReplayedRule, useReplay } from "../../api/alerts.ts";
import { Chart, type ChartOption } from "../../components/Chart.tsx";
import { Stat } from "../../components/Figures.tsx";
import { Bones, Empty, Fault, Panel } from "../../components/Panel.tsx";
import { perStep, valueText } from "../../lib/alerting.ts";
import { visible } from "../../lib/ansi.ts";
import { count, plural, short } from "../../lib/format.ts";
import { eventUrl } from "../../lib/links.ts";
import { shortTime } from "../../lib/time.ts";

const DAYS = [1, 7, 30];
const DAY_MS = 86_400_000;
const FIRINGS_MAX = 20;

/** `only` chooses one rule of the text. */
export function Replay({ text, only }: { text: string; only?: string }) {
  const replay = useReplay();
  const [days, setDays] = useState(7);
  const [ended, setEnded] = useState(0);
  const run = () => replay.mutate({ text, days }, { onSettled: () => setEnded(Date.now()) });
  const actions = (
    <>
      <label className="row small">
        <span className="dim">Over</span>
        <select className="field" value={days} onChange={(event) => setDays(Number(event.target.value))} aria-label="Over how many days">
          {DAYS.map((number) => (
            <option key={number} value={number}>
              {number === 1 ? "1 day" : `${number} days`}
            </option>
          ))}
        </select>
      </label>
      <button type="button" className="button small" disabled={replay.isPending || text.trim() === ""} onClick={run}>
        <Play aria-hidden /> Replay
      </button>
    </>
  );
  return (
    <Panel title="Over what is recorded" note="how often it would have fired; nobody is told" actions={actions}>
      {replay.isPending ? <Bones height={180} /> : replay.isError ? <Fault error={replay.error} /> : replay.data ? replay.data.rules.filter((rule) => only === undefined || rule.rule === only).map((rule) => <Answer key={rule.rule} replayed={rule} days={replay.variables.days} now={ended} />) : <Empty title="Press Replay to see" icon={<Play />} />}
    </Panel>
  );
}

function Answer({ replayed, days, now }: { replayed: ReplayedRule; days: number; now: number }) {
  const steps = days === 1 ? 24 : days === 7 ? 28 : 30;
  const option = useMemo<ChartOption>(() => {
    const from = now - days * DAY_MS;
    const labels = Array.from({ length: steps }, (_, place) => shortTime(new Date(from + (place * days * DAY_MS) / steps)));
    return {
      xAxis: { type: "category", data: labels },
      yAxis: { type: "value", splitNumber: 2, minInterval: 1 },
      series: [{ name: "Firings", type: "bar", itemStyle: { color: "--warn" }, data: perStep(replayed.firings, from, now, steps) }],
    };
  }, [replayed, days, now, steps]);
  return (
    <div className="stack">
      <div className="stats plain">
        <Stat label={visible(replayed.rule)} value={count(replayed.fired)} sub={`firings over ${plural(replayed.events, "event")}`} />
        <Stat label="A week" value={short(replayed.per_week)} sub={replayed.per_week == null ? "too little to say" : replayed.per_week > 50 ? "more than anybody reads" : "firings"} />
      </div>
      {replayed.firings.length > 0 && <Chart option={option} height={150} label={`${replayed.fired} firings over time`} />}
      {replayed.notes.map((note) => (
        <p key={note} className="dim small">
          {visible(note)}
        </p>
      ))}
      {replayed.firings.length > 0 && (
        <ul className="replayed mono small">
          {replayed.firings.slice(-FIRINGS_MAX).reverse().map((firing, place) => (
            <li key={place} className="cut">
              {firing.index == null ? visible(firing.at) : <Link className="link" to={eventUrl(firing.index)}>{visible(firing.at)}</Link>} <span className="dim">{visible(said({ ...firing.group, ...firing.values }))}</span>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** What a firing says of its group and what was computed, in one line. */
const said = (values: Record<string, unknown>): string => Object.entries(values).map(([name, value]) => `${name}=${valueText(value)}`).join("  ");
