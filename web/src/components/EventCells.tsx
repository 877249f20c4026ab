// One event as a line of a list.

import { Link } from "react-router";
import { visible } from "../lib/ansi.ts";
import { defang } from "../lib/defang.ts";
import { duration } from "../lib/format.ts";
import { eventUrl } from "../lib/links.ts";
import { type StepEvent, titleOf } from "../lib/steps.ts";
import { Class, KindIcon, Status, Time } from "./Marks.tsx";

export const EVENT_COLUMNS = "minmax(88px, 104px) 18px minmax(80px, 150px) minmax(120px, 220px) minmax(0, 1fr) 66px";

export function EventHead() {
  return (
    <>
      <span>Time</span>
      <span />
      <span>Agent</span>
      <span>Action</span>
      <span>About</span>
      <span className="right">Took</span>
    </>
  );
}

export function EventCells({ row }: { row: StepEvent }) {
  return (
    <>
      <Time at={row.timestamp} className="dim cut" />
      <Status word={row.outcome_status} icon />
      <span className="cut" title={visible(row.agent_id)}>
        {visible(row.agent_name ?? row.agent_id)}
      </span>
      <span className="row">
        <KindIcon kind={row.action_type} />
        <Link className="cut stretched" to={eventUrl(row.index)}>
          {visible(row.action_name)}
        </Link>
        <Class word={String(row.class)} />
      </span>
      <span className="cut dim mono">{defang(visible(aboutOf(row)))}</span>
      <span className="num right dim">{duration(row.duration_us)}</span>
    </>
  );
}

function aboutOf(row: StepEvent): string {
  const title = titleOf(row);
  if (title !== "") return title;
  const text = row.outcome_error ?? row.outcome_result ?? row.action_details ?? "";
  return text.slice(0, 200);
}
