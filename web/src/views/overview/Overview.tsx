// The fleet at a glance: is it well, is it fast, is it safe, and what changed.

import { useState } from "react";
import { useFeed } from "../../api/alerts.ts";
import { useSpeedSeries } from "../../api/insight.ts";
import { type Numbers, useBalance, useHistogram, useKnownAgents, useNumbers, useOldest } from "../../api/overview.ts";
import { AlertFeed } from "../../components/AlertFeed.tsx";
import { RangePicker } from "../../components/Controls.tsx";
import { Stat } from "../../components/Figures.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { Bones, Empty, Loaded } from "../../components/Panel.tsx";
import { visible } from "../../lib/ansi.ts";
import { change, count, money, percent, short } from "../../lib/format.ts";
import { exploreUrl } from "../../lib/links.ts";
import { type Range, bounds, rangeName } from "../../lib/range.ts";
import { ago } from "../../lib/time.ts";
import { useRange } from "../../lib/useView.ts";
import { Changes } from "./Changes.tsx";
import { Health, Safety, Speed } from "./Gauges.tsx";
import { Recently } from "./Recently.tsx";
import { FINISHED, Velocity } from "./Velocity.tsx";

const WIDE = { "--min": "380px" } as React.CSSProperties;

export default function Overview() {
  const [range, setRange] = useRange("24h");
  const [now] = useState(Date.now);
  const numbers = useNumbers(range);
  const before = useNumbers(range, 1);
  const known = useKnownAgents();
  const oldest = useOldest();
  const feed = useFeed();
  const first = Date.parse(oldest.data?.rows[0]?.first ?? "");
  const beginning = Number.isNaN(first) ? now - 86_400_000 : first;
  const old = before.data?.rows[0];
  // Asked at once with the figures, not when the panels that stand on them are drawn.
  const [from, to] = bounds(range, now, beginning);
  const finished = useHistogram(FINISHED, range, to - from, 40);
  const speed = useSpeedSeries(range, to - from);
  const left = useLeft();
  return (
    <>
      <PageHead title="Overview" sub={`The whole fleet · ${rangeName(range)}`}>
        <RangePicker range={range} onChange={setRange} />
      </PageHead>
      <div className="stack">
        <Loaded query={numbers} height={92} empty={() => false}>
          {({ rows: [figures] }) =>
            figures === undefined ? (
              <Bones />
            ) : (
              <>
                <Headline figures={figures} before={old} range={range} left={left} />
                {figures.events === 0 && <Empty title="Nothing happened in this time">Choose a longer time range above.</Empty>}
              </>
            )
          }
        </Loaded>
        <div className="overview-grid">
          <Changes />
          <Recently />
        </div>
        <AlertFeed feed={feed} />
        {/* What could not be asked is said once, above. */}
        {(numbers.data !== undefined || !numbers.isError) && (
          <Loaded query={numbers} height={480} empty={() => false}>
            {({ rows: [figures] }) =>
              figures && (
                <>
                  <div className="grid" style={WIDE}>
                    <Health figures={figures} known={known.data?.rows[0]?.known ?? null} range={range} />
                    <Safety figures={figures} range={range} alerts={feed.alerts?.length ?? null} />
                  </div>
                  <div className="grid" style={WIDE}>
                    <Velocity figures={figures} before={old} finished={finished} range={range} now={now} first={beginning} />
                    <Speed figures={figures} speed={speed} range={range} now={now} first={beginning} />
                  </div>
                </>
              )
            }
          </Loaded>
        )}
      </div>
    </>
  );
}

/** What is left to spend, where an event has said it. */
function useLeft(): string {
  const balance = useBalance().data?.rows[0];
  if (!balance) return "no balance reported";
  const amount = balance.unit === null || /usd|dollar/i.test(balance.unit) ? money(balance.value) : `${short(balance.value)} ${visible(balance.unit)}`;
  return `${amount} left, ${ago(new Date(balance.timestamp))}`;
}

function Headline({ figures, before, range, left }: { figures: Numbers; before: Numbers | undefined; range: Range; left: string }) {
  const than = (now: number, old: number | undefined) => {
    const text = old === undefined ? null : change(now, old);
    return text ? `${text} vs the time before` : "nothing before";
  };
  const done = figures.successes + figures.failures;
  return (
    <div className="stats">
      <Stat label="Active agents" value={count(figures.agents)} sub={than(figures.agents, before?.agents)} to="/agents" />
      <Stat label="Sessions" value={count(figures.sessions)} sub={than(figures.sessions, before?.sessions)} to="/sessions" />
      <Stat label="Events" value={short(figures.events)} sub={than(figures.events, before?.events)} to={exploreUrl("-source:internal", range)} />
      <Stat label="Failures" value={count(figures.failures)} sub={`${percent(done === 0 ? null : figures.failures / done)} of ${count(done)} finished`} to={exploreUrl("status:failed", range)} />
      <Stat label="Spent" value={money(figures.cost)} sub={left} to="/costs" title="The sum of what events say they cost, and the newest metric credit_balance." />
      <Stat label="Agents using memory" value={count(figures.memory)} sub="stored or retrieved something" to={exploreUrl("type:memory", range)} />
    </div>
  );
}
