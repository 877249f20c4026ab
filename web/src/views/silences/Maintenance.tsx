// Maintenance: what is kept quiet while work goes on, planned or begun by hand.

import { useMayAct } from "../../api/health.ts";
import { type Window, useAgreeing, useEnding, useMaintenance } from "../../api/oncall.ts";
import { Time } from "../../components/Marks.tsx";
import { Panel } from "../../components/Panel.tsx";
import { visible } from "../../lib/ansi.ts";
import { defang } from "../../lib/defang.ts";
import { plural } from "../../lib/format.ts";

const STATES: Record<string, string> = { active: "Goes on", pending: "Begins later", waiting: "Waits for a second person" };
const WHAT: Record<string, string> = { suppress: "what begins meanwhile is not told", deliver_after: "what still fires at its end is told then" };

export function Maintenance() {
  const maintenance = useMaintenance();
  const may = useMayAct();
  const windows = maintenance.data?.windows ?? [];
  if (windows.length === 0) return null;
  return (
    <Panel title={`Maintenance (${windows.length})`} note="that something is over or answered is told all the same" flush>
      <ul className="silences">
        {windows.map((window) => (
          <One key={window.id} window={window} may={may} />
        ))}
      </ul>
    </Panel>
  );
}

function One({ window, may }: { window: Window; may: boolean }) {
  const ending = useEnding();
  const agreeing = useAgreeing();
  return (
    <li className="silence">
      <div className="row wrap">
        {window.matchers.map((matcher) => (
          <code key={matcher} className="chip">
            <span className="cut">{visible(matcher)}</span>
          </code>
        ))}
      </div>
      <p>
        {defang(visible(window.comment))} <span className="dim">{window.planned ? `planned in the routing as ${visible(window.id)}` : `by ${visible(window.by ?? "")}`}</span>
        <br />
        <span className="dim small">{WHAT[window.strategy]}</span>
      </p>
      <span className="dim small">
        {STATES[window.state]}
        {window.state === "pending" && window.starts_at && (
          <>
            , from <Time at={window.starts_at} />
          </>
        )}
        {window.ends_at ? (
          <>
            , until <Time at={window.ends_at} />
          </>
        ) : (
          ", again and again"
        )}
        {window.mutes > 0 && <>, keeps {plural(window.mutes, "alert")} quiet</>}
      </span>
      {may && window.state === "waiting" && (
        <button type="button" className="button small primary" disabled={agreeing.isPending} onClick={() => agreeing.mutate(window.id)} aria-label={`Agree with the maintenance ${visible(window.comment)}`}>
          Agree
        </button>
      )}
      {may && !window.planned && (
        <button type="button" className="button small" disabled={ending.isPending} onClick={() => ending.mutate(window.id)} aria-label={`End now the maintenance ${visible(window.comment)}`}>
          End now
        </button>
      )}
      {(ending.error ?? agreeing.error) && (
        <p className="chip fail" role="alert">
          {(ending.error ?? agreeing.error)?.message}
        </p>
      )}
    </li>
  );
}
