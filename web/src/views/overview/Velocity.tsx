// How much gets done: by time, per hour, and how long it takes on average.

import { useMemo } from "react";
import { useNavigate } from "react-router";
import type { Numbers, useHistogram } from "../../api/overview.ts";
import { Stat } from "../../components/Figures.tsx";
import { Histogram } from "../../components/Histogram.tsx";
import { Loaded, Panel } from "../../components/Panel.tsx";
import { change, count, duration, short } from "../../lib/format.ts";
import { exploreUrl } from "../../lib/links.ts";
import { type Range, bounds } from "../../lib/range.ts";
import { axisOf } from "../../lib/series.ts";

interface VelocityProps {
  figures: Numbers;
  before: Numbers | undefined;
  finished: ReturnType<typeof useHistogram>;
  range: Range;
  now: number;
  first: number;
}

export const FINISHED = "source <> 'internal' AND outcome_status IN ('success', 'failure')";

export function Velocity({ figures, before, finished, range, now, first }: VelocityProps) {
  const [from, to] = bounds(range, now, first);
  const { step, query } = finished;
  const axis = useMemo(() => axisOf(from, to, step), [from, to, step]);
  const navigate = useNavigate();
  const hours = (to - from) / 3_600_000;
  const done = figures.successes + figures.failures;
  const trend = before ? change(done, before.successes + before.failures) : null;
  return (
    <Panel title="Completion velocity" note={trend ? `${trend} on the time before` : undefined}>
      <Loaded query={query} height={200}>
        {({ rows }) => (
          <div className="stack">
            <div className="stats plain">
              <Stat label="Finished per hour" value={short(done / hours)} />
              <Stat label="Average time" value={duration(figures.avg)} />
              <Stat label="Tasks and workflows" value={count(figures.tasks)} sub="completed" />
            </div>
            <Histogram axis={axis} rows={rows} height={130} onZoom={(start, end) => navigate(exploreUrl("", { kind: "between", from: start, to: end }))} />
          </div>
        )}
      </Loaded>
    </Panel>
  );
}
