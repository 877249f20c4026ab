// The fleet at a glance: is it well, is it fast, is it safe, and what changed.

import { useState } from "react";
import { useFeed } from "../../api/alerts.ts";
import { type Numbers, useBalance, useKnownAgents, useNumbers, useOldest } from "../../api/overview.ts";
import { AlertFeed } from "../../components/AlertFeed.tsx";
import { RangePicker } from "../../components/Controls.tsx";
import { Stat } from "../../components/Figures.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { Bones, Empty, Loaded } from "../../components/Panel.tsx";
import { visible } from "../../lib/ansi.ts";
import { change, count, money, percent, short } from "../../lib/format.ts";
import { exploreUrl } from "../../lib/links.ts";
import { type Range, rangeName } from "../../lib/range.ts";
import { ago } from "../../lib/time.ts";
import { useRange } from "../../lib/useView.ts";
import { Changes } from "./Changes.tsx";
import { Health, Safety, Speed } from "./Gauges.tsx";
import { Recently } from "./Recently.tsx";
import { Velocity } from "./Velocity.tsx";

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
  return (
    <>
      <PageHead title="Overview" sub={`The whole fleet · ${rangeName(range)}`}>
        <RangePicker range={range} onChange={setRange} />
      </PageHead>
      <Loaded query={numbers} height={480} empty={() => false}>
        {({ rows: [figures] }) =>
          figures === undefined ? (
            <Bones />
          ) : (
            <div className="stack">
              <Headline figures={figures} before={old} range={range} />
              {figures.events === 0 && <Empty title="Nothing happened in this time">Choose a longer time range above.</Empty>}
              <div className="overview-grid">
                <Changes />
                <Recently />
              </div>
              <AlertFeed feed={feed} />
              <div className="grid" style={{ "--min": "380px" } as React.CSSProperties}>
                <Health figures={figures} known={known.data?.rows[0]?.known ?? null} range={range} />
                <Safety figures={figures} range={range} alerts={feed.alerts?.length ?? null} />
              </div>
              <div className="grid" style={{ "--min": "380px" } as React.CSSProperties}>
                <Velocity figures={figures} before={old} range={range} now={now} first={beginning} />
                <Speed figures={figures} range={range} now={now} first={beginning} />
              </div>
            </div>
          )
        }
      </Loaded>
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

function Headline({ figures, before, range }: { figures: Numbers; before: Numbers | undefined; range: Range }) {
  const than = (now: number, old: number | undefined) => {
    const text = old === undefined ? null : change(now, old);
    return text ? `${text} vs the time before` : "nothing before";
  };
  const done = figures.successes + figures.failures;
  const left = useLeft();
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
