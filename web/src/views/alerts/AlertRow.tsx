// One alert as a line of the list.

import { BellOff, Check, CircleCheckBig, Clock, EllipsisVertical, MessageSquarePlus, UserRound } from "lucide-react";
import { Menu } from "@base-ui/react/menu";
import { Link } from "react-router";
import type { Act, Alert } from "../../api/alerts.ts";
import { Ago, AlertState, Labels, SeverityMark } from "../../components/AlertMarks.tsx";
import { allLabels, matchersOf, saidOf } from "../../lib/alerting.ts";
import { visible } from "../../lib/ansi.ts";
import { defang } from "../../lib/defang.ts";

const MORE: [Act, string, typeof Clock][] = [
  ["snooze", "Snooze", Clock],
  ["assign", "Assign", UserRound],
  ["note", "Add a note", MessageSquarePlus],
  ["resolve", "Resolve", CircleCheckBig],
];

export const silenceUrl = (alert: Alert): string => `/silences?${new URLSearchParams([["new", "1"], ...matchersOf(allLabels(alert)).map((text): [string, string] => ["m", text])])}`;

export function AlertRow({ alert, active, onAct }: { alert: Alert; active: boolean; onAct: ((act: Act) => void) | null }) {
  const over = alert.state === "resolved";
  return (
    <li className="alert" data-active={active} data-severity={over ? "over" : alert.severity}>
      <SeverityMark severity={alert.severity} />
      <div className="alert-body">
        <Link className="cut" to={`/alerts/${encodeURIComponent(alert.id)}`}>
          <strong>{visible(alert.title)}</strong>
        </Link>
        <p className="dim">{defang(visible(saidOf(alert)))}</p>
        <div className="row wrap small">
          <AlertState alert={alert} />
          <Labels labels={alert.labels} />
        </div>
      </div>
      <span className="faint small alert-since" title={over ? "Since when, and when it ended" : "Since when"}>
        <Ago at={alert.starts_at} />
        {over && alert.ends_at && (
          <>
            <br />
            over <Ago at={alert.ends_at} />
          </>
        )}
      </span>
      <span className="row alert-acts">
        {alert.state === "firing" && onAct && (
          <button type="button" className="button small" onClick={() => onAct("acknowledge")} aria-label={`Acknowledge ${visible(alert.title)}`}>
            <Check aria-hidden /> Acknowledge
          </button>
        )}
        {!over && onAct && (
          <Menu.Root modal={false}>
            <Menu.Trigger className="button small square bare" aria-label={`More for ${visible(alert.title)}`}>
              <EllipsisVertical aria-hidden />
            </Menu.Trigger>
            <Menu.Portal>
              <Menu.Positioner className="positioner" sideOffset={5} align="end">
                <Menu.Popup className="popup">
                  {MORE.map(([act, text, Icon]) => (
                    <Menu.Item key={act} className="popup-item" onClick={() => onAct(act)}>
                      <Icon aria-hidden /> {text}
                    </Menu.Item>
                  ))}
                  <Menu.Item className="popup-item" render={<Link to={silenceUrl(alert)} />}>
                    <BellOff aria-hidden /> Silence
                  </Menu.Item>
                </Menu.Popup>
              </Menu.Positioner>
            </Menu.Portal>
          </Menu.Root>
        )}
      </span>
    </li>
  );
}
