// Every alert: what is open, who has it, and what to do with it, by pointer or by keyboard.

import { BellPlus, CircleCheck } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { Link, useNavigate } from "react-router";
import { type Act, type Alert, type AlertList, isOff, useActing, useAlerts, useLiveAlerts } from "../../api/alerts.ts";
import { useMayAct } from "../../api/health.ts";
import { ActDialog } from "../../components/ActDialog.tsx";
import { NotSwitchedOn, Troubles } from "../../components/AlertMarks.tsx";
import { AlertNav } from "../../components/AlertNav.tsx";
import { Tabs } from "../../components/Controls.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { Empty, Loaded, Panel } from "../../components/Panel.tsx";
import { SEVERITIES, byGravity } from "../../lib/alerting.ts";
import { visible } from "../../lib/ansi.ts";
import { count, plural } from "../../lib/format.ts";
import { useFirstOf } from "../../lib/useFirstOf.ts";
import { useParam } from "../../lib/useView.ts";
import { AlertRow } from "./AlertRow.tsx";

const STATES = [
  ["open", "Open"],
  ["acknowledged", "Acknowledged"],
  ["snoozed", "Snoozed"],
  ["resolved", "Resolved"],
  ["all", "All"],
] as const;
const LIMIT = 300;
/** Keys that act on the chosen alert. */
const KEYS: Record<string, Act> = { a: "acknowledge", z: "snooze", r: "resolve", s: "assign", m: "note" };

export default function Alerts() {
  const [word, setState] = useParam("state", "open");
  const state = STATES.find(([name]) => name === word)?.[0] ?? "open";
  const [severity, setSeverity] = useParam("severity");
  const [q, setQ] = useParam("q");
  const list = useAlerts({ state, severity, limit: LIMIT });
  useLiveAlerts();
  const may = useMayAct();
  const off = list.data === undefined && isOff(list.error);
  return (
    <>
      <PageHead title="Alerts" sub="What rules found, the gravest first">
        <AlertNav />
      </PageHead>
      {off ? (
        <Panel>
          <NotSwitchedOn />
        </Panel>
      ) : (
        <div className="stack">
          <div className="row wrap alert-bar">
            <Tabs label="State" value={state} choices={STATES} onChange={setState} />
            <Severities totals={list.data?.totals} chosen={severity} onChoose={setSeverity} />
            <label className="field grow alert-search">
              <span className="hidden">Filter alerts</span>
              <input data-search value={q} onChange={(event) => setQ(event.target.value)} placeholder="Filter by title, rule or label" />
            </label>
            {may && (
              <Link className="button" to="/silences?new=1">
                <BellPlus aria-hidden /> New silence
              </Link>
            )}
          </div>
          <Loaded query={list} height={320}>
            {(data) => (
              <>
                <Troubles following={data.following} faults={data.faults} />
                <List data={data} q={q} state={state} may={may} />
              </>
            )}
          </Loaded>
        </div>
      )}
    </>
  );
}

function Severities({ totals, chosen, onChoose }: { totals: AlertList["totals"] | undefined; chosen: string; onChoose: (severity: string) => void }) {
  return (
    <div className="row" role="group" aria-label="Severity">
      {SEVERITIES.map((severity) => (
        <button key={severity} type="button" className="button small" aria-pressed={chosen === severity} onClick={() => onChoose(chosen === severity ? "" : severity)}>
          {severity} <span className="num dim">{count(totals?.[severity] ?? null)}</span>
        </button>
      ))}
    </div>
  );
}

const textOf = (alert: Alert) => [alert.title, alert.rule, alert.tier, alert.annotations.summary, ...Object.entries(alert.labels).map(([name, value]) => `${name}=${value}`)].join("\n").toLowerCase();

function List({ data, q, state, may }: { data: AlertList; q: string; state: string; may: boolean }) {
  const [active, setActive] = useState(-1);
  const [acting, setActing] = useState<{ act: Act; alert: Alert } | null>(null);
  const doing = useActing();
  const navigate = useNavigate();
  const frame = useRef<HTMLUListElement>(null);
  const shown = useMemo(() => data.alerts.filter((alert) => textOf(alert).includes(q.trim().toLowerCase())).sort(state === "resolved" || state === "all" ? (a, b) => Date.parse(b.starts_at) - Date.parse(a.starts_at) : byGravity), [data, q, state]);
  const drawn = useFirstOf(shown);
  useEffect(() => frame.current?.children[active]?.scrollIntoView({ block: "nearest" }), [active]);
  const begin = (act: Act, alert: Alert) => {
    doing.reset();
    setActing({ act, alert });
  };
  const keys = (event: React.KeyboardEvent) => {
    if (event.target instanceof HTMLInputElement || event.ctrlKey || event.metaKey || event.altKey) return;
    const by = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[event.key];
    const alert = drawn[active]; // what is seen, should newer ones not be drawn yet
    const act = KEYS[event.key];
    if (by !== undefined) setActive(Math.max(0, Math.min(drawn.length - 1, active + by)));
    else if (event.key === "Enter" && alert && event.target === event.currentTarget) navigate(`/alerts/${encodeURIComponent(alert.id)}`);
    else if (may && act && alert && (alert.state !== "resolved" || act === "note")) begin(act, alert);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  if (shown.length === 0) {
    return (
      <Panel>
        <Empty title={data.alerts.length > 0 ? "No alert passes these filters" : state === "open" ? "No alert is open" : "No such alert"} icon={<CircleCheck />}>
          What is watched for is in <Link className="link" to="/rules">Rules</Link>.
        </Empty>
      </Panel>
    );
  }
  return (
    <Panel flush>
      <ul ref={frame} className="alerts" tabIndex={0} aria-label={`${plural(shown.length, "alert")}; arrows choose, Enter opens, a acknowledges, z snoozes, s assigns, r resolves`} onKeyDown={keys}>
        {drawn.map((alert, place) => (
          <AlertRow key={alert.id} alert={alert} active={place === active} onAct={may ? (act) => begin(act, alert) : null} />
        ))}
      </ul>
      {data.alerts.length >= LIMIT && <p className="table-note dim">The newest {LIMIT}; filters look at these only.</p>}
      <p className="table-note faint keys">
        <kbd>j</kbd> <kbd>k</kbd> choose, <kbd>Enter</kbd> opens
        {may && (
          <>
            , <kbd>a</kbd> acknowledges, <kbd>z</kbd> snoozes, <kbd>s</kbd> assigns, <kbd>r</kbd> resolves, <kbd>m</kbd> adds a note
          </>
        )}
      </p>
      <ActDialog
        act={acting?.act ?? null}
        about={visible(acting?.alert.title ?? "")}
        busy={doing.isPending}
        error={doing.error}
        onClose={() => setActing(null)}
        onDo={(body) => acting && doing.mutate({ id: acting.alert.id, act: acting.act, body }, { onSuccess: () => setActing(null) })}
      />
    </Panel>
  );
}
