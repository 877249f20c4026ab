// How long what is kept, what there is by age, what waits to go, and legal holds.

import { Hourglass, Play } from "lucide-react";
import { type Kept, useHolds, useRetention, useRunRetention } from "../../api/access.ts";
import { useHasRole } from "../../api/health.ts";
import { Stat } from "../../components/Figures.tsx";
import { Time } from "../../components/Marks.tsx";
import { Empty, Loaded, Panel } from "../../components/Panel.tsx";
import { visible } from "../../lib/ansi.ts";
import { bytes, count, plural } from "../../lib/format.ts";

const YEAR = 365;
const days = (number: number): string => (number % YEAR === 0 && number > 0 ? plural(number / YEAR, "year") : plural(number, "day"));

export function Retention({ admin, limited }: { admin: boolean; limited: boolean }) {
  const kept = useRetention(!limited);
  if (limited) {
    return (
      <Panel title="Retention">
        <Empty title="This is about everybody's events" icon={<Hourglass />}>
          Your key sees only some of them.
        </Empty>
      </Panel>
    );
  }
  return (
    <Loaded query={kept} height={300}>
      {(data) => (
        <div className="stack">
          <div className="stats">
            <Stat label="Names of people" value={days(data.personal_days)} sub="then only an export finds what is theirs" />
            {data.classes.map((one) => (
              <Stat key={one.class} label={`Class ${one.class.replace("_", " ")}`} value={days(one.days)} />
            ))}
            <Stat label="Legal holds" value={count(data.holds)} sub="keep what they name from going" />
            <Stat label="Erasures that wait" value={count(data.erasures_waiting)} sub="for a hold, or for the next run" />
          </div>
          <div className="grid" style={{ "--min": "420px" } as React.CSSProperties}>
            <Ages kept={data} />
            <RunNow admin={admin} waiting={data.erasures_waiting} />
            <Holds />
          </div>
        </div>
      )}
    </Loaded>
  );
}

function Ages({ kept }: { kept: Kept }) {
  const until: Record<string, string> = { hot: `up to ${days(kept.hot_days)} old`, warm: `up to ${days(kept.warm_days)}`, cold: "older" };
  return (
    <Panel flush title="By age" note="going from one to the next deletes nothing">
      <div className="table-frame" tabIndex={0} role="region" aria-label="By age">
        <table className="table" aria-label="Segments by age">
          <thead>
            <tr>
              <th>Age</th>
              <th className="right">Segments</th>
              <th className="right">Entries</th>
              <th className="right">Size</th>
            </tr>
          </thead>
          <tbody>
            {kept.tiers.map((tier) => (
              <tr key={tier.tier}>
                <td>
                  {tier.tier} <span className="faint">{until[tier.tier]}</span>
                </td>
                <td className="right num">{count(tier.segments)}</td>
                <td className="right num">{count(tier.entries)}</td>
                <td className="right num">{bytes(tier.bytes)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </Panel>
  );
}

function RunNow({ admin, waiting }: { admin: boolean; waiting: number }) {
  const run = useRunRetention();
  return (
    <Panel title="Run">
      <div className="stack">
        <p>A run ends erasures that wait and takes out what is too old. It happens by itself; ages are in the configuration file, under <code>[retention]</code> and <code>[classes]</code>.</p>
        {admin ? (
          <div>
            <button type="button" className="button" disabled={run.isPending} onClick={() => run.mutate(undefined)}>
              <Play aria-hidden /> {run.isPending ? "Running" : waiting > 0 ? `Run now: ${count(waiting)} wait` : "Run now"}
            </button>
          </div>
        ) : (
          <p className="dim">Only administrators start one by hand.</p>
        )}
        {run.data !== undefined && (
          <p className="chip ok wide-chip" role="status">
            Done: {Object.entries(run.data).map(([name, value]) => `${name.replace(/_/g, " ")} ${String(value)}`).join(", ")}
          </p>
        )}
        {run.error !== null && (
          <p className="chip fail wide-chip" role="alert">
            {visible(run.error.message)}
          </p>
        )}
      </div>
    </Panel>
  );
}

function Holds() {
  const may = useHasRole("auditor");
  const holds = useHolds(may);
  return (
    <Panel title="Legal holds" note="what they name is neither erased nor does it expire">
      {!may ? (
        <p className="dim">A hold may name a person: holds are shown to auditors and administrators.</p>
      ) : (
        <Loaded query={holds} height={80} empty={(rows) => rows.length === 0} nothing={<p className="dim">None is set. An administrator sets one with <code>tachograph hold set</code>.</p>}>
          {(rows) => (
            <ul className="stack" style={{ gap: 10 }}>
              {rows.map((hold) => (
                <li key={hold.id} className="stack" style={{ gap: 2 }}>
                  <strong>{visible(hold.id)}</strong>
                  <span className="dim">
                    {hold.everything ? "everything" : visible([hold.agent && `agent ${hold.agent}`, hold.user && `user ${hold.user}`, hold.session && `session ${hold.session}`, hold.class && `class ${hold.class}`, hold.from && `from ${hold.from}`, hold.to && `to ${hold.to}`].filter(Boolean).join(", "))}
                    {hold.reason && ` · ${visible(hold.reason)}`}
                  </span>
                  {hold.created && <Time at={hold.created} className="faint" />}
                </li>
              ))}
            </ul>
          )}
        </Loaded>
      )}
    </Panel>
  );
}
