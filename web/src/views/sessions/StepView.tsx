// One step of a replay.

import { ChevronDown, ChevronRight } from "lucide-react";
import { Link } from "react-router";
import { Call } from "../../components/Call.tsx";
import { KindIcon, Status } from "../../components/Marks.tsx";
import { visible } from "../../lib/ansi.ts";
import { defang } from "../../lib/defang.ts";
import { duration, money, plural, short } from "../../lib/format.ts";
import { eventUrl } from "../../lib/links.ts";
import type { Step } from "../../lib/steps.ts";
import { exactTime } from "../../lib/time.ts";

interface StepViewProps {
  step: Step;
  open: boolean;
  active: boolean;
  /** When the session began, milliseconds. */
  start: number;
  /** What the session had cost after this step. */
  spent: number;
  onFlip: (step: Step) => void;
  onPick: () => void;
}

const SAID: Record<string, string> = { UserPromptSubmit: "Prompt", user_message: "Message of a user", inter_agent_request: "Request", inter_agent_response: "Answer", Stop: "Turn ended", SessionStart: "Session began" };

/** Open, their content says all that the line would say. */
const SAYS = ["communication", "decision"];

export function StepView({ step, open, active, start, spent, onFlip, onPick }: StepViewProps) {
  const { event, depth } = step;
  const first = step.indexes[0] ?? 0;
  const name = SAID[event.action_name] ?? event.action_name;
  const offset = (Date.parse(event.timestamp) - start) * 1000;
  return (
    <li id={`step-${first}`} className="step" data-active={active} data-failed={step.failed} style={{ marginLeft: depth * 22 }} onClick={onPick}>
      <div className="step-time num" title={exactTime(event.timestamp)}>
        {offset <= 0 ? "start" : `+${duration(offset)}`}
      </div>
      <div className="step-mark" data-kind={event.action_type}>
        <KindIcon kind={event.action_type} />
      </div>
      <div className="step-main">
        <button type="button" className="step-head" aria-expanded={open} onClick={() => onFlip(step)}>
          {open ? <ChevronDown size={14} aria-hidden /> : <ChevronRight size={14} aria-hidden />}
          <strong>{visible(name)}</strong>
          {depth > 0 && <span className="chip">{visible(event.agent_name ?? event.agent_id)}</span>}
          {!(open && SAYS.includes(event.action_type)) && <span className="cut dim mono">{defang(visible(step.title))}</span>}
        </button>
        {open && (
          <div className="step-body">
            <Call call={event} />
            <div className="step-links faint">
              {step.indexes.map((index) => (
                <Link key={index} className="link" to={eventUrl(index)}>
                  event {index}
                </Link>
              ))}
              {typeof event.model === "string" && <span>{visible(event.model)}</span>}
              {step.tokens > 0 && <span>{plural(step.tokens, "token")}</span>}
            </div>
          </div>
        )}
      </div>
      <div className="step-side num">
        {event.outcome_status !== "unknown" && event.outcome_status !== "success" && <Status word={event.outcome_status} closure={event["closure"]} icon />}
        {step.durationUs !== null && <span>{duration(step.durationUs)}</span>}
        {step.cost > 0 && (
          <span className="faint" title={`${money(spent)} until here, ${short(step.tokens)} tokens`}>
            {money(step.cost)}
          </span>
        )}
      </div>
    </li>
  );
}
