// How the tree grew.

import { useMemo } from "react";
import { useSql } from "../../api/sql.ts";
import { Chart, type ChartOption } from "../../components/Chart.tsx";
import { Loaded, Panel } from "../../components/Panel.tsx";
import { shortTime } from "../../lib/time.ts";

const GROWTH = `SELECT date_bin(INTERVAL '1 minute', recorded_at) AS t, max(index) + 1 AS size
  FROM agent_audit_log WHERE recorded_at > now() - INTERVAL '24 hours' GROUP BY 1 ORDER BY 1`;

export function Growth() {
  const growth = useSql<{ t: string; size: number }>(GROWTH, { refresh: 15_000 });
  const option = useMemo<ChartOption>(() => {
    const rows = growth.data?.rows ?? [];
    return {
      xAxis: { type: "category", data: rows.map((row) => shortTime(new Date(row.t))) },
      yAxis: { type: "value", splitNumber: 3 },
      series: [{ name: "Entries", type: "line", step: "end", symbol: rows.length < 3 ? "circle" : "none", areaStyle: { opacity: 0.12 }, data: rows.map((row) => row.size) }],
    };
  }, [growth.data]);
  return (
    <Panel title="Growth of the tree" note="entries, by the minute they were recorded in">
      <Loaded query={growth} height={160} empty={({ rows }) => rows.length === 0}>
        {() => <Chart option={option} height={160} label="Size of the log over the last 24 hours" />}
      </Loaded>
    </Panel>
  );
}
