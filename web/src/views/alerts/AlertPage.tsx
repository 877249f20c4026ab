// One alert: what it found, since when, on which events it rests, what was done about it, and what to do.

import { BellOff, Check, CircleCheckBig, Clock, FileSearch, MessageSquarePlus, UserRound } from "lucide-react";
import { useState } from "react";
import { Link, useParams } from "react-router";
import { type Act, type Alert, isOff, useActing, useAlert, useLiveAlerts } from "../../api/alerts.ts";
import { useMayAct } from "../../api/health.ts";
import { ActDialog } from "../../components/ActDialog.tsx";
import { Ago, AlertState, Labels, NotSwitchedOn, SeverityMark } from "../../components/AlertMarks.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { Empty, Fault, Loaded, Panel } from "../../components/Panel.tsx";
import { Time } from "../../components/Marks.tsx";
import { visible } from "../../lib/ansi.ts";
import { defang } from "../../lib/defang.ts";
import { count } from "../../lib/format.ts";
import { agentUrl } from "../../lib/links.ts";
import { silenceUrl } from "./AlertRow.tsx";
import { Evidence } from "./Evidence.tsx";
import { Runbook } from "./Runbook.tsx";

const ACTS: [Act, string, typeof Check][] = [
  ["acknowledge", "Acknowledge", Check],
  ["snooze", "Snooze", Clock],
  ["assign", "Assign", UserRound],
  ["note", "Note", MessageSquarePlus],
  ["resolve", "Resolve", CircleCheckBig],
];

export default function AlertPage() {
  const id = useParams().id ?? "";
  const query = useAlert(id);
  useLiveAlerts();
  const [act, setAct] = useState<Act | null>(null);
  const doing = useActing();
  const may = useMayAct();
  if (query.data === undefined && query.isError) {
    return (
      <>
        <PageHead title="Alert" sub={<code>{visible(id)}</code>} />
        {isOff(query.error) ? (
          <Panel>
            <NotSwitchedOn />
          </Panel>
        ) : (
          <Fault error={query.error} retry={() => void query.refetch()} />
        )}
      </>
    );
  }
  const begin = (next: Act) => {
    doing.reset();
    setAct(next);
  };
  return (
    <Loaded query={query} height={400}>
      {(alert) => (
        <>
          <PageHead
            title={visible(alert.title)}
            sub={
              <span className="row wrap">
                <SeverityMark severity={alert.severity} />
                <AlertState alert={alert} />
                <span>
                  since <Ago at={alert.starts_at} />
                </span>
              </span>
            }
          >
            {alert.state !== "resolved" && may && <Acts alert={alert} onAct={begin} />}
          </PageHead>
          <div className="event-grid">
            <div className="stack">
              <What alert={alert} />
              <Evidence alert={alert} />
              <History alert={alert} />
            </div>
            <Runbook path={alert.annotations.runbook} />
          </div>
          <ActDialog
            act={act}
            about={visible(alert.title)}
            busy={doing.isPending}
            error={doing.error}
            onClose={() => setAct(null)}
            onDo={(body) => act && doing.mutate({ id, act, body }, { onSuccess: () => setAct(null) })}
          />
        </>
      )}
    </Loaded>
  );
}

function Acts({ alert, onAct }: { alert: Alert; onAct: (act: Act) => void }) {
  return (
    <>
      {ACTS.filter(([act]) => act !== "acknowledge" || alert.state === "firing").map(([act, text, Icon]) => (
        <button key={act} type="button" className={act === "acknowledge" ? "button primary" : "button"} onClick={() => onAct(act)}>
          <Icon aria-hidden /> {text}
        </button>
      ))}
      <Link className="button" to={silenceUrl(alert)}>
        <BellOff aria-hidden /> Silence
      </Link>
    </>
  );
}

function What({ alert }: { alert: Alert }) {
  const { summary, description, runbook: _, ...more } = alert.annotations;
  const agent = alert.labels.agent_id ?? alert.labels.agent;
  const muted = alert.muted_by ?? {};
  return (
    <Panel title="What it found">
      <div className="stack">
        {summary && summary !== alert.title && <p>{defang(visible(summary))}</p>}
        {description && <p className="dim">{defang(visible(description))}</p>}
        <dl className="facts">
          <dt>Rule</dt>
          <dd>
            <Link className="link" to={`/rules/${encodeURIComponent(alert.rule)}`}>
              {visible(alert.rule)}
            </Link>
          </dd>
          {agent && (
            <>
              <dt>Agent</dt>
              <dd>
                <Link className="link" to={agentUrl(agent)}>
                  {visible(agent)}
                </Link>
              </dd>
            </>
          )}
          {Object.entries(alert.shown).map(([name, value]) => (
            <Fact key={name} name={visible(name)} value={<span className="num">{visible(value)}</span>} />
          ))}
          {alert.condition && <Fact name="Fires when" value={<code>{visible(alert.condition)}</code>} />}
          <Fact
            name="Window"
            value={
              <>
                <Time at={alert.window.from} /> – <Time at={alert.window.to} />
              </>
            }
          />
          {alert.ends_at && <Fact name="Over" value={<Time at={alert.ends_at} />} />}
          {alert.tier && <Fact name="For" value={visible(alert.tier)} />}
          {alert.receivers.length > 0 && <Fact name="Told to" value={visible(alert.receivers.join(", "))} />}
          {muted.silence && <Fact name="Muted by" value={<Link className="link" to="/silences">the silence {visible(muted.silence)}</Link>} />}
          {muted.maintenance && <Fact name="Kept quiet by" value={<Link className="link" to="/silences">maintenance {visible(muted.maintenance)}</Link>} />}
          {muted.inhibited_by && <Fact name="Muted by" value={<Labels labels={muted.inhibited_by} />} />}
          {Object.entries(more).map(([name, value]) => (
            <Fact key={name} name={visible(name)} value={defang(visible(value))} />
          ))}
        </dl>
        <div className="row wrap small">
          <Labels labels={alert.labels} />
        </div>
        <p className="faint small">
          Judged over the first {count(alert.tree_size)} entries of the log by the rule with the hash <code>{visible(alert.rule_hash.slice(0, 16))}…</code>: with the log, anybody can compute it again.
        </p>
      </div>
    </Panel>
  );
}

function Fact({ name, value }: { name: string; value: React.ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}

function History({ alert }: { alert: Alert }) {
  const { history } = alert;
  return (
    <Panel title="History" note="each step is on the record">
      {history.length === 0 ? (
        <Empty title="Nothing was done yet" icon={<FileSearch />} />
      ) : (
        <ol className="history">
          {history.map((step, place) => (
            <li key={place}>
              <Time at={step.at} className="faint" />
              <span>
                <strong>{visible(step.what.replaceAll("_", " "))}</strong>
                {step.by && <span className="dim"> by {visible(step.by)}</span>}
                {step.note && <p className="dim">{defang(visible(step.note))}</p>}
              </span>
            </li>
          ))}
        </ol>
      )}
    </Panel>
  );
}
