// SQL: a query, its answer as a table and, where it fits, as a chart.

import { Menu } from "@base-ui/react/menu";
import { Play } from "lucide-react";
import { useEffect, useState } from "react";
import { exportSql, useSql } from "../../api/sql.ts";
import { Choice } from "../../components/Controls.tsx";
import { Panel } from "../../components/Panel.tsx";
import { useParam } from "../../lib/useView.ts";
import { AnswerPanel } from "./Answer.tsx";

const EXAMPLES: [string, string][] = [
  ["Failures by agent and day", "SELECT date_trunc('day', timestamp) AS day, agent_id, count(*) AS failures\nFROM agent_audit_log WHERE outcome_status = 'failure'\nGROUP BY 1, 2 ORDER BY 1, 3 DESC"],
  ["Slowest tools", "SELECT action_name, count(*) AS calls,\n  approx_percentile_cont(duration_us, 0.95) / 1000 AS p95_ms\nFROM agent_audit_log WHERE duration_us IS NOT NULL\nGROUP BY 1 ORDER BY p95_ms DESC LIMIT 20"],
  ["Cost by model and day", "SELECT day, model, sum(cost_usd) AS cost_usd\nFROM costs WHERE model IS NOT NULL GROUP BY 1, 2 ORDER BY 1"],
  ["Events by hour", "SELECT date_bin(INTERVAL '1 hour', timestamp) AS hour, count(*) AS events\nFROM agent_audit_log GROUP BY 1 ORDER BY 1"],
  ["All tables", "SHOW TABLES"],
  ["All columns", "DESCRIBE agent_audit_log"],
];

export function Sql() {
  const [query, setQuery] = useParam("sql", EXAMPLES[3]?.[1] ?? "");
  const [text, setText] = useState(query);
  // A saved query, or a step back, changes the address.
  useEffect(() => setText(query), [query]);
  const answer = useSql(query);
  const run = (next = text) => {
    setText(next);
    if (next === query) void answer.refetch();
    setQuery(next);
  };
  return (
    <div className="stack">
      <Panel>
        <div className="stack" style={{ gap: 10 }}>
          <textarea
            className="area mono"
            rows={Math.min(14, Math.max(4, text.split("\n").length))}
            value={text}
            onChange={(event) => setText(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) run();
            }}
            aria-label="SQL query"
            spellCheck={false}
            data-search
          />
          <div className="row wrap">
            <button type="button" className="button primary" onClick={() => run()}>
              <Play aria-hidden /> Run
            </button>
            <span className="faint">Ctrl Enter</span>
            <Choice label="Examples" title="Examples" bare>
              {EXAMPLES.map(([name, sql]) => (
                <Menu.Item key={name} className="popup-item" onClick={() => run(sql)}>
                  {name}
                </Menu.Item>
              ))}
            </Choice>
            <span className="faint">Queries only read; PostgreSQL's dialect</span>
          </div>
        </div>
      </Panel>
      <AnswerPanel answer={answer} save={(accept) => exportSql(query, accept)} />
    </div>
  );
}
