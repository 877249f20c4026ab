// Use of resources: what hosts, services and agents measure and send as metrics.

import { useMemo, useState } from "react";
import { Link } from "react-router";
import { type Gauged, useGauged } from "../../api/operations.ts";
import { Spark } from "../../components/Figures.tsx";
import { Empty, Loaded, Panel } from "../../components/Panel.tsx";
import { visible } from "../../lib/ansi.ts";
import { plural, short } from "../../lib/format.ts";
import { exploreUrl } from "../../lib/links.ts";
import { type Range, bounds } from "../../lib/range.ts";
import { withTerm } from "../../lib/sqltext.ts";

const METRICS_MAX = 14;
const UNITS: Record<string, string> = { percent: "%", milliseconds: "ms", bytes: "B", seconds: "s" };

export function Measured({ range }: { range: Range }) {
  const [now] = useState(Date.now);
  const [from, to] = bounds(range, now, now - 30 * 86_400_000);
  const { query } = useGauged(range, to - from);
  const metrics = useMemo(() => seriesOf(query.data?.rows ?? []), [query.data]);
  return (
    <Panel title="Resources and services" note="what was measured and sent, averaged" flush>
      <Loaded query={query} height={220} empty={() => metrics.length === 0} nothing={<Empty title="No metric came in this time">Hosts and services show here when they send <code>metric</code> events.</Empty>}>
        {() => (
          <ul className="lines">
            {metrics.map(({ name, unit, values }) => (
              <li key={name}>
                <Link className="line measured" to={exploreUrl(withTerm("type:metric", "name", name), range)}>
                  <span className="cut">{visible(name.replaceAll("_", " "))}</span>
                  <Spark values={values} label={`${plural(values.length, "value")} over time`} />
                  <span className="num right">
                    {short(values.at(-1) ?? null)} {visible(UNITS[unit] ?? unit)}
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

function seriesOf(rows: Gauged[]) {
  const byName = [...Map.groupBy(rows.filter((row) => row.value !== null), (row) => row.name)];
  byName.sort((a, b) => b[1].reduce((sum, row) => sum + row.n, 0) - a[1].reduce((sum, row) => sum + row.n, 0));
  return byName.slice(0, METRICS_MAX).map(([name, points]) => ({ name, unit: points.at(-1)?.unit ?? "", values: points.map((point) => point.value ?? 0) }));
}
