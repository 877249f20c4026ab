// Somebody takes over for a while: in which schedule, who, from when and for how long.

import { type FormEvent, useState } from "react";
import { type Duty, useTakingOver } from "../../api/oncall.ts";
import { Panel } from "../../components/Panel.tsx";
import { useActor } from "../../lib/actor.ts";
import { visible } from "../../lib/ansi.ts";

const SPANS: [number, string][] = [
  [60, "1 hour"],
  [240, "4 hours"],
  [720, "12 hours"],
  [1440, "1 day"],
  [2880, "2 days"],
  [10080, "1 week"],
  [20160, "2 weeks"],
];

export function TakeOver({ duty, onDone }: { duty: Duty; onDone: () => void }) {
  const [schedule, setSchedule] = useState(duty.schedules[0]?.name ?? "");
  const [person, setPerson] = useState("");
  const [minutes, setMinutes] = useState(240);
  const [begins, setBegins] = useState("");
  const [comment, setComment] = useState("");
  const [actor, setActor] = useActor();
  const [by, setBy] = useState(actor);
  const taking = useTakingOver();
  const people = [...new Set([...duty.people.map((one) => one.name), ...duty.schedules.flatMap((one) => one.people)])].sort();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setActor(by);
    taking.mutate({ schedule, person, minutes, comment: comment.trim(), ...(by.trim() ? { by: by.trim() } : {}), ...(begins ? { starts_at: new Date(begins).toISOString() } : {}) }, { onSuccess: onDone });
  };
  return (
    <Panel title="Take over">
      <form className="stack" onSubmit={submit}>
        <div className="form-two">
          <Choice label="In the schedule" value={schedule} onChange={setSchedule} choices={duty.schedules.map((one) => [one.name, visible(one.name)])} />
          <Choice label="Who takes over" value={person} onChange={setPerson} choices={[["", "Choose"], ...people.map((name): [string, string] => [name, visible(name)])]} />
          <label className="form-row">
            <span>From; now unless given</span>
            <span className="field">
              <input type="datetime-local" value={begins} onChange={(event) => setBegins(event.target.value)} />
            </span>
          </label>
          <Choice label="For" value={String(minutes)} onChange={(text) => setMinutes(Number(text))} choices={SPANS.map(([value, text]) => [String(value), text])} />
        </div>
        <div className="form-two">
          <label className="form-row">
            <span>Why</span>
            <span className="field">
              <input value={comment} onChange={(event) => setComment(event.target.value)} placeholder="Holiday, dentist" />
            </span>
          </label>
          <label className="form-row">
            <span>Your name, for the record</span>
            <span className="field">
              <input autoComplete="name" value={by} onChange={(event) => setBy(event.target.value)} placeholder="The name of your key" />
            </span>
          </label>
        </div>
        {taking.isError && (
          <p className="chip fail" role="alert">
            {taking.error.message.slice(0, 300)}
          </p>
        )}
        <div className="row">
          <button type="submit" className="button primary" disabled={taking.isPending || person === "" || schedule === ""}>
            Take over
          </button>
          <button type="button" className="button" onClick={onDone}>
            Cancel
          </button>
        </div>
      </form>
    </Panel>
  );
}

function Choice({ label, value, choices, onChange }: { label: string; value: string; choices: [string, string][]; onChange: (value: string) => void }) {
  return (
    <label className="form-row">
      <span>{label}</span>
      <select className="field" value={value} onChange={(event) => onChange(event.target.value)}>
        {choices.map(([name, text]) => (
          <option key={name} value={name}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
