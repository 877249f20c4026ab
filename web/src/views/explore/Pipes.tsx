// The pipe language: a source, then stages, each of which takes the rows of the one before.

import { Menu } from "@base-ui/react/menu";
import { Play } from "lucide-react";
import { useEffect, useState } from "react";
import { exportPipes, useMeaning, usePipes } from "../../api/pipes.ts";
import { Choice, RangePicker } from "../../components/Controls.tsx";
import { Loaded, Panel } from "../../components/Panel.tsx";
import { visible } from "../../lib/ansi.ts";
import { useParam, useRange } from "../../lib/useView.ts";
import { AnswerPanel } from "./Answer.tsx";

const EXAMPLES: [string, string][] = [
  ["Failures by agent", "agent_audit_log\n| outcome_status = 'failure'\n| count() as failures by agent_id\n| sort failures desc"],
  ["Slow calls by hour", "agent_audit_log\n| duration_ms > 1s\n| count() as calls, p95(duration_ms) as p95 by bucket(1h)"],
  ["Messages that wait", "open(message)\n| overdue > 0s\n| sort overdue desc"],
  ["Metrics", "metrics\n| avg(value) as mean, count() as n by action_name"],
];

export function Pipes() {
  const [range, setRange] = useRange("24h");
  const [query, setQuery] = useParam("pipes", EXAMPLES[0]?.[1] ?? "");
  const [text, setText] = useState(query);
  // A saved query, or a step back, changes the address.
  useEffect(() => setText(query), [query]);
  const [means, setMeans] = useParam("means");
  const answer = usePipes(query, range);
  const meaning = useMeaning(query, range, means === "1" && !answer.isError);
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
            aria-label="Query in pipes"
            spellCheck={false}
            data-search
          />
          <div className="row wrap">
            <button type="button" className="button primary" onClick={() => run()}>
              <Play aria-hidden /> Run
            </button>
            <RangePicker range={range} onChange={setRange} />
            <button type="button" className="button" aria-pressed={means === "1"} onClick={() => setMeans(means === "1" ? "" : "1")}>
              What it means
            </button>
            <Choice label="Examples" title="Examples" bare>
              {EXAMPLES.map(([name, pipes]) => (
                <Menu.Item key={name} className="popup-item" onClick={() => run(pipes)}>
                  {name}
                </Menu.Item>
              ))}
            </Choice>
            <span className="faint">Ctrl Enter; the language of alert rules</span>
          </div>
        </div>
      </Panel>
      {means === "1" && !answer.isError && (
        <Panel title="What it means">
          <Loaded query={meaning} height={120}>
            {(said) => <pre className="raw explanation">{visible(said)}</pre>}
          </Loaded>
        </Panel>
      )}
      <AnswerPanel answer={answer} save={(accept) => exportPipes(query, range, accept)} />
    </div>
  );
}
