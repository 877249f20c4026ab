// The open alerts, as a panel of other pages: the gravest first, with a button to acknowledge.

import { Check, CircleCheck } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";
import { byGravity, groupOf, saidOf, type Severity } from "../lib/alerting.ts";
import { visible } from "../lib/ansi.ts";
import { defang } from "../lib/defang.ts";
import { type ActBody, ActDialog } from "./ActDialog.tsx";
import { Ago, AlertState, SeverityMark } from "./AlertMarks.tsx";
import { Empty, Panel } from "./Panel.tsx";

export interface FeedAlert {
  id: string;
  title: string;
  severity: Severity;
  state: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  shown: Record<string, string>;
  starts_at: string;
}

export interface Feed {
  alerts: FeedAlert[] | undefined;
  /** Whether this server raises no alerts. */
  off: boolean;
  /** What went wrong when they were asked for. */
  fault: string | null;
  /** Whether the reader may acknowledge. */
  may: boolean;
  busy: boolean;
  error: Error | null;
  acknowledge: (id: string, body: ActBody, done: () => void) => void;
}

const SHOWN_MAX = 6;
/** Of a full list, so that it does not jump when it comes. */
const HEIGHT_PX = (SHOWN_MAX + 1) * 36;

export function AlertFeed({ feed: { alerts, off, fault, may, busy, error, acknowledge } }: { feed: Feed }) {
  const [chosen, setChosen] = useState<FeedAlert | null>(null);
  const open = (alerts ?? []).toSorted(byGravity);
  const more = open.length - SHOWN_MAX;
  return (
    <Panel title="Alerts" note={alerts === undefined ? undefined : open.length === 0 ? undefined : `${open.length} open`} actions={<Link className="link small" to="/alerts">All alerts</Link>} flush>
      {fault !== null && <p className="chip warn">Not current: {fault.slice(0, 120)}</p>}
      {off ? (
        <p className="dim pad">Alerting is not switched on: this server raises no alerts.</p>
      ) : alerts === undefined ? (
        <div className="bone" style={{ height: HEIGHT_PX }} role="status" aria-label="Loading" />
      ) : open.length === 0 ? (
        <Empty title="No alert is open" icon={<CircleCheck />} />
      ) : (
        <ul className="feed" aria-live="polite">
          {open.slice(0, SHOWN_MAX).map((alert) => (
            <li key={alert.id} className="feed-row">
              <SeverityMark severity={alert.severity} />
              <Link className="cut" to={`/alerts/${encodeURIComponent(alert.id)}`}>
                <strong>{visible(alert.title)}</strong> {groupOf(alert.labels) !== "" && <span>{visible(groupOf(alert.labels))}</span>} <span className="dim">{defang(visible(saidOf(alert)))}</span>
              </Link>
              <span className="faint small">
                <Ago at={alert.starts_at} />
              </span>
              {alert.state === "firing" && may ? (
                <button type="button" className="button small" onClick={() => setChosen(alert)} aria-label={`Acknowledge ${visible(alert.title)}`}>
                  <Check aria-hidden /> Acknowledge
                </button>
              ) : (
                <AlertState alert={alert} />
              )}
            </li>
          ))}
          {more > 0 && (
            <li className="feed-row more">
              <Link className="link small" to="/alerts">
                {more} more
              </Link>
            </li>
          )}
        </ul>
      )}
      <ActDialog act={chosen === null ? null : "acknowledge"} about={visible(chosen?.title ?? "")} busy={busy} error={error} onClose={() => setChosen(null)} onDo={(body) => chosen && acknowledge(chosen.id, body, () => setChosen(null))} />
    </Panel>
  );
}
