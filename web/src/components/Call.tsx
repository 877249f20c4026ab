// One event's content: which of its texts is a command, a diff, a message or a decision.

import { Circle, CircleCheckBig } from "lucide-react";
import { visible } from "../lib/ansi.ts";
import { type Part, partsOf } from "../lib/parts.ts";
import { percent } from "../lib/format.ts";
import { Diff, Json, Prose, Terminal } from "./Content.tsx";

/** What of an event's row is content. */
export interface CallTexts {
  action_name: string;
  action_type: string;
  action_details: string | null;
  outcome_result: string | null;
  outcome_error: string | null;
  decision: string | null;
}

export function Call({ call }: { call: CallTexts }) {
  const parts = partsOf(call);
  if (parts.length === 0) return <p className="faint">Nothing was recorded beside the fact itself.</p>;
  return (
    <div className="content">
      {parts.map((part, place) => (
        <PartView key={place} part={part} />
      ))}
    </div>
  );
}

function PartView({ part }: { part: Part }) {
  switch (part.kind) {
    case "terminal":
      return <Terminal command={part.command} output={part.output} label={part.label} />;
    case "diff":
      return (
        <div className="content">
          {part.path && <span className="content-label mono">{visible(part.path)}</span>}
          <Diff lines={part.lines} label={part.label} />
        </div>
      );
    case "prose":
      return (
        <div className="content">
          <span className="content-label">{part.label}</span>
          <Prose text={part.text} />
        </div>
      );
    case "decision":
      return <Decision part={part} />;
    case "json":
      return (
        <div className="content">
          <span className="content-label">{part.label}</span>
          <Json value={part.value} />
        </div>
      );
  }
}

function Decision({ part }: { part: Extract<Part, { kind: "decision" }> }) {
  return (
    <div className="options">
      {part.question && <Prose text={part.question} />}
      {part.options.map((option) => (
        <div key={option.name} className="option" data-chosen={option.name === part.chosen}>
          {option.name === part.chosen ? <CircleCheckBig aria-label="Chosen" /> : <Circle aria-label="Not chosen" />}
          <div>
            <strong>{visible(option.name)}</strong>
            {option.why && <div className="dim">{visible(option.why)}</div>}
          </div>
          <span className="num dim">{option.score === null ? "" : percent(option.score, 0)}</span>
        </div>
      ))}
      {part.options.length === 0 && part.chosen && (
        <div className="option" data-chosen>
          <CircleCheckBig aria-label="Chosen" />
          <strong>{visible(part.chosen)}</strong>
        </div>
      )}
    </div>
  );
}
