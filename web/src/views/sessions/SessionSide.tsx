// The session in numbers, and the way to what failed.

import { AgentLink, Time } from "../../components/Marks.tsx";
import { Panel } from "../../components/Panel.tsx";
import { visible } from "../../lib/ansi.ts";
import { count, duration, money, short } from "../../lib/format.ts";
import type { Step } from "../../lib/steps.ts";

const FAILURES_SHOWN = 12;

export function SessionSide({ steps, onGo }: { steps: Step[]; onGo: (place: number) => void }) {
  const [first, last] = [steps[0], steps.at(-1)];
  if (!first || !last) return null;
  const sum = (value: (step: Step) => number) => steps.reduce((total, step) => total + value(step), 0);
  const agents = [...new Map(steps.map((step) => [step.event.agent_id, step.event.agent_name])).entries()];
  const failed = steps.map((step, place) => ({ step, place })).filter(({ step }) => step.failed);
  const user = steps.map((step) => step.event.user_id).find((id) => id !== null);
  return (
    <aside className="replay-side stack">
      <Panel title="In numbers">
        <dl className="facts">
          <dt>Began</dt>
          <dd>
            <Time at={first.event.timestamp} />
          </dd>
          <dt>Took</dt>
          <dd>{duration((Date.parse(last.event.timestamp) - Date.parse(first.event.timestamp)) * 1000)}</dd>
          <dt>Steps</dt>
          <dd>{count(steps.length)}</dd>
          <dt>Failures</dt>
          <dd>{count(failed.length)}</dd>
          <dt>Tokens</dt>
          <dd>{short(sum((step) => step.tokens))}</dd>
          <dt>Cost</dt>
          <dd>{money(sum((step) => step.cost))}</dd>
          {typeof user === "string" && (
            <>
              <dt>User</dt>
              <dd>{visible(user)}</dd>
            </>
          )}
          <dt>{agents.length > 1 ? "Agents" : "Agent"}</dt>
          <dd>
            {agents.map(([id, name]) => (
              <div key={id}>
                <AgentLink id={id} name={name} />
              </div>
            ))}
          </dd>
        </dl>
      </Panel>
      {failed.length > 0 && (
        <Panel title="What failed" flush>
          <ul className="lines">
            {failed.slice(0, FAILURES_SHOWN).map(({ step, place }) => (
              <li key={place}>
                <button type="button" className="line wide" onClick={() => onGo(place)}>
                  <span className="num faint right">{place + 1}</span>
                  <span className="cut">
                    <strong>{visible(step.event.action_name)}</strong> <span className="dim mono">{visible(step.title)}</span>
                  </span>
                </button>
              </li>
            ))}
          </ul>
          {failed.length > FAILURES_SHOWN && <p className="faint table-note">and {count(failed.length - FAILURES_SHOWN)} more: n walks through all of them</p>}
        </Panel>
      )}
    </aside>
  );
}
