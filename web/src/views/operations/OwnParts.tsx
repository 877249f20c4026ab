// How tachograph itself is: each part with the figure that it is judged by.

import { CircleCheck, CircleHelp, OctagonX, TriangleAlert } from "lucide-react";
import { useHealth, useMetrics } from "../../api/health.ts";
import { Bar } from "../../components/Figures.tsx";
import { Fault, Loaded, Panel } from "../../components/Panel.tsx";
import { type PartState, ownParts } from "../../lib/ownhealth.ts";

const MARKS: Record<PartState, { Icon: typeof CircleCheck; className: string; word: string }> = {
  ok: { Icon: CircleCheck, className: "status success", word: "Good" },
  warn: { Icon: TriangleAlert, className: "status partial", word: "Watch" },
  fail: { Icon: OctagonX, className: "status failure", word: "Bad" },
  unknown: { Icon: CircleHelp, className: "status", word: "Not known" },
};

export function OwnParts() {
  const metrics = useMetrics();
  const health = useHealth();
  return (
    <Panel title="Tachograph itself" note="as its metrics say, every 10 s" flush>
      {health.data?.faults.map((fault) => <Fault key={fault} error={fault} />)}
      <Loaded query={metrics} height={260}>
        {(metrics) => (
          <ul className="lines">
            {ownParts(metrics).map((part) => {
              const { Icon, className, word } = MARKS[part.state];
              return (
                <li key={part.name} className="line own" title={part.why}>
                  <span className={className}>
                    <Icon aria-label={word} />
                  </span>
                  <span className="cut">
                    {part.name} <span className="faint own-why">{part.why}</span>
                  </span>
                  <span className="own-figure">
                    <span className="num">{part.figure}</span>
                    {part.used !== null && <Bar part={part.used} />}
                  </span>
                </li>
              );
            })}
          </ul>
        )}
      </Loaded>
    </Panel>
  );
}
