// Marks of alerts: how grave, and in which state, each by shape and word as well as by colour.

import { BellOff, BellRing, CircleCheck, Clock, Info, OctagonX, TriangleAlert, UserRound } from "lucide-react";
import type { ComponentType } from "react";
import { Link } from "react-router";
import { visible } from "../lib/ansi.ts";
import { SAID, type Severity } from "../lib/alerting.ts";
import { ago, exactTime, parseTime } from "../lib/time.ts";
import { Empty, Fault } from "./Panel.tsx";

const SEVERITY: Record<Severity, { Icon: ComponentType<{ "aria-hidden"?: boolean }>; chip: string; text: string }> = {
  critical: { Icon: OctagonX, chip: "chip fail", text: "Critical" },
  warning: { Icon: TriangleAlert, chip: "chip warn", text: "Warning" },
  info: { Icon: Info, chip: "chip", text: "Info" },
};

export function SeverityMark({ severity }: { severity: Severity }) {
  const { Icon, chip, text } = SEVERITY[severity] ?? SEVERITY.info;
  return (
    <span className={chip}>
      <Icon aria-hidden />
      {text}
    </span>
  );
}

interface Stated {
  state: string;
  flapping?: boolean;
  acknowledged_by?: string | null;
  snoozed_until?: string | null;
  assigned_to?: string | null;
  muted_by?: unknown;
}

const STATES: Record<string, { Icon: ComponentType<{ "aria-hidden"?: boolean }>; className: string; text: string }> = {
  firing: { Icon: BellRing, className: "status failure", text: "Firing" },
  acknowledged: { Icon: UserRound, className: "status running", text: "Acknowledged" },
  snoozed: { Icon: Clock, className: "status", text: "Snoozed" },
  resolved: { Icon: CircleCheck, className: "status success", text: "Resolved" },
};

export function AlertState({ alert }: { alert: Stated }) {
  const { Icon, className, text } = STATES[alert.state] ?? { Icon: BellRing, className: "status", text: visible(alert.state) };
  return (
    <span className="row wrap alert-state">
      <span className={className}>
        <Icon aria-hidden />
        {text}
        {alert.state === "acknowledged" && alert.acknowledged_by ? ` by ${visible(alert.acknowledged_by)}` : ""}
        {alert.state === "snoozed" && alert.snoozed_until ? ` until ${new Date(alert.snoozed_until).toLocaleString()}` : ""}
      </span>
      {alert.assigned_to && <span className="chip">for {visible(alert.assigned_to)}</span>}
      {alert.muted_by != null && (
        <span className="chip" title="Nobody is told of it">
          <BellOff aria-hidden /> muted
        </span>
      )}
      {alert.flapping && (
        <span className="chip warn" title="It began and ended again and again">
          flapping
        </span>
      )}
    </span>
  );
}

export function Ago({ at }: { at: string | null | undefined }) {
  const moment = parseTime(at);
  if (moment === null || at == null) return <span className="faint">–</span>;
  return (
    <time dateTime={at} title={exactTime(at)} className="num nowrap">
      {ago(moment)}
    </time>
  );
}

/** Labels that are said elsewhere on the page. */
/** Labels as chips; what an alert is about. */
export function Labels({ labels }: { labels: Record<string, string> }) {
  return (
    <>
      {Object.entries(labels)
        .filter(([name]) => !SAID.has(name))
        .map(([name, value]) => (
        <span key={name} className="chip mono" title={visible(name)}>
          <span className="cut">
            {visible(name)}={visible(value)}
          </span>
        </span>
      ))}
    </>
  );
}

/** Why rules do not follow the log, or what of them could not be used. */
export function Troubles({ following, faults }: { following: boolean; faults: string[] }) {
  return (
    <>
      {!following && faults.length === 0 && <p className="chip warn">Rules do not follow the log yet.</p>}
      {faults.map((fault) => (
        <Fault key={fault} error={`${following ? "Not all of alerting works" : "Rules do not follow the log"}: ${fault}`} />
      ))}
    </>
  );
}

export function NotSwitchedOn() {
  return (
    <Empty title="Alerting is not switched on" icon={<BellOff />}>
      This server raises no alerts: <code>[alerts] enabled = true</code> in its configuration switches them on. Rules can be tried on what is recorded all the same: <code>tachograph rules replay</code>. Failures and changes are on the{" "}
      <Link className="link" to="/">
        overview
      </Link>
      .
    </Empty>
  );
}
