// Silences: what nobody is told of for a while, by whom, and why.

import { BellOff, BellPlus } from "lucide-react";
import { useSearchParams } from "react-router";
import { type Silence, isOff, useApproving, useExpiring, useSilences } from "../../api/alerts.ts";
import { useMayAct } from "../../api/health.ts";
import { NotSwitchedOn } from "../../components/AlertMarks.tsx";
import { AlertNav } from "../../components/AlertNav.tsx";
import { Time } from "../../components/Marks.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { Empty, Loaded, Panel } from "../../components/Panel.tsx";
import { visible } from "../../lib/ansi.ts";
import { defang } from "../../lib/defang.ts";
import { plural } from "../../lib/format.ts";
import { Maintenance } from "./Maintenance.tsx";
import { NewSilence } from "./NewSilence.tsx";

const WORDS: Record<string, string> = { waiting: "Waiting for a second person", active: "Active", pending: "Begins later" };

export default function Silences() {
  const silences = useSilences();
  const may = useMayAct();
  const [params, setParams] = useSearchParams();
  const off = silences.data === undefined && isOff(silences.error);
  const isNew = params.get("new") === "1";
  const close = () => setParams(new URLSearchParams());
  return (
    <>
      <PageHead title="Silences" sub="What nobody is told of for a while; the alerts go on, and all of it is on the record">
        <AlertNav />
        {!off && !isNew && may && (
          <button type="button" className="button primary" onClick={() => setParams(new URLSearchParams({ new: "1" }))}>
            <BellPlus aria-hidden /> New silence
          </button>
        )}
      </PageHead>
      {off ? (
        <Panel>
          <NotSwitchedOn />
        </Panel>
      ) : (
        <div className="stack">
          {isNew && may && <NewSilence start={params.getAll("m")} onDone={close} />}
          <Maintenance />
          <Loaded query={silences} height={240}>
            {({ silences }) => <List silences={silences} may={may} />}
          </Loaded>
        </div>
      )}
    </>
  );
}

function List({ silences, may }: { silences: Silence[]; may: boolean }) {
  if (silences.length === 0) {
    return (
      <Panel>
        <Empty title="Nothing is silenced" icon={<BellOff />}>
          Silence what is known and planned: maintenance, or an alert that somebody already works on.
        </Empty>
      </Panel>
    );
  }
  return (
    <>
      {Object.keys(WORDS).map((state) => {
        const rows = silences.filter((silence) => silence.state === state).sort((a, b) => Date.parse(a.ends_at) - Date.parse(b.ends_at));
        if (rows.length === 0) return null;
        return (
          <Panel key={state} title={`${WORDS[state]} (${rows.length})`} flush>
            <ul className="silences">
              {rows.map((silence) => (
                <One key={silence.id} silence={silence} may={may} />
              ))}
            </ul>
          </Panel>
        );
      })}
    </>
  );
}

function One({ silence, may }: { silence: Silence; may: boolean }) {
  const expiring = useExpiring();
  const approving = useApproving();
  return (
    <li className="silence">
      <div className="row wrap">
        {silence.matchers.map((matcher) => (
          <code key={matcher} className="chip">
            <span className="cut">{visible(matcher)}</span>
          </code>
        ))}
      </div>
      <p>
        {defang(visible(silence.comment))} <span className="dim">by {visible(silence.by)}</span>
        {silence.approved_by && <span className="dim">, approved by {visible(silence.approved_by)}</span>}
      </p>
      <span className="dim small">
        {silence.state === "pending" && (
          <>
            from <Time at={silence.starts_at} />{" "}
          </>
        )}
        until <Time at={silence.ends_at} />
        {silence.state === "active" && <>, mutes {plural(silence.mutes, "alert")}</>}
      </span>
      {may && silence.state === "waiting" && (
        <button type="button" className="button small primary" disabled={approving.isPending} onClick={() => approving.mutate(silence.id)} aria-label={`Agree with the silence of ${visible(silence.comment)}`}>
          Agree
        </button>
      )}
      {approving.isError && (
        <p className="chip fail" role="alert">
          {approving.error.message}
        </p>
      )}
      {may && (
        <button type="button" className="button small" disabled={expiring.isPending} onClick={() => expiring.mutate(silence.id)} aria-label={`End now the silence of ${visible(silence.comment)}`}>
          End now
        </button>
      )}
      {expiring.isError && (
        <p className="chip fail" role="alert">
          {expiring.error.message}
        </p>
      )}
    </li>
  );
}
