// Asks for what an act on an alert needs before it is done: who, and why.

import { Dialog } from "@base-ui/react/dialog";
import { type FormEvent, useState } from "react";
import { useActor } from "../lib/actor.ts";

export type ActName = "acknowledge" | "resolve" | "snooze" | "assign" | "note" | "test" | "save" | "remove";

export interface ActBody {
  by?: string;
  note?: string;
  minutes?: number;
  to?: string;
}

const WORDS: Record<ActName, { title: string; does: string; says: string }> = {
  acknowledge: { title: "Acknowledge", does: "Acknowledge", says: "You take it: escalation stops, repetitions go on." },
  resolve: { title: "Resolve", does: "Resolve", says: "It is over. If the condition still holds, it fires again." },
  snooze: { title: "Snooze", does: "Snooze", says: "Nobody is told of it until then." },
  assign: { title: "Assign", does: "Assign", says: "Somebody else takes care of it." },
  note: { title: "Add a note", does: "Add", says: "It stands in the alert's history, and on the record." },
  test: { title: "Send a test", does: "Send", says: "A test notice goes out over each channel of this receiver now." },
  save: { title: "Save rules", does: "Save", says: "The rules are in force at once, and the change is on the record. What takes the place of a critical built-in rule waits for a second person, where there is one." },
  remove: { title: "Remove rules", does: "Remove", says: "The file is gone and its rules no longer fire; a built-in one that it replaced counts again." },
};
const MINUTES: [number, string][] = [
  [15, "15 minutes"],
  [60, "1 hour"],
  [240, "4 hours"],
  [1440, "1 day"],
  [10080, "1 week"],
];
/** The server takes the key's name for these. */
const NAMELESS = new Set<ActName>(["test", "remove"]);
const WITH_NOTE = new Set<ActName>(["acknowledge", "resolve", "snooze", "assign", "note"]);

interface ActDialogProps {
  act: ActName | null;
  /** What it is done to. */
  about: string;
  busy: boolean;
  error: Error | null;
  onDo: (body: ActBody) => void;
  onClose: () => void;
}

export function ActDialog({ act, about, busy, error, onDo, onClose }: ActDialogProps) {
  return (
    <Dialog.Root open={act !== null} onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="veil" />
        <Dialog.Popup className="dialog" aria-labelledby="act-title">
          {act !== null && <Form key={act} act={act} about={about} busy={busy} error={error} onDo={onDo} onClose={onClose} />}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Form({ act, about, busy, error, onDo, onClose }: Omit<ActDialogProps, "act"> & { act: ActName }) {
  const [actor, setActor] = useActor();
  const [by, setBy] = useState(actor);
  const [note, setNote] = useState("");
  const [to, setTo] = useState("");
  const [minutes, setMinutes] = useState(60);
  const words = WORDS[act];
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!NAMELESS.has(act)) setActor(by);
    onDo({ ...(by.trim() ? { by: by.trim() } : {}), ...(note.trim() ? { note: note.trim() } : {}), ...(act === "snooze" ? { minutes } : {}), ...(act === "assign" ? { to: to.trim() } : {}) });
  };
  return (
    <form className="stack dialog-form" onSubmit={submit}>
      <div>
        <h2 id="act-title">{words.title}</h2>
        <p className="dim cut">{about}</p>
      </div>
      <p>{words.says}</p>
      {act === "snooze" && (
        <label className="form-row">
          <span>For</span>
          <select className="field" value={minutes} onChange={(event) => setMinutes(Number(event.target.value))}>
            {MINUTES.map(([value, text]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </select>
        </label>
      )}
      {act === "assign" && (
        <label className="form-row">
          <span>To</span>
          <span className="field">
            <input required value={to} onChange={(event) => setTo(event.target.value)} placeholder="Name or address" />
          </span>
        </label>
      )}
      {WITH_NOTE.has(act) && (
        <label className="form-row">
          <span>Note{act === "note" ? "" : " (if you like)"}</span>
          <textarea className="area" rows={2} required={act === "note"} value={note} onChange={(event) => setNote(event.target.value)} />
        </label>
      )}
      {!NAMELESS.has(act) && (
        <label className="form-row">
          <span>Your name, for the record</span>
          <span className="field">
            <input autoComplete="name" value={by} onChange={(event) => setBy(event.target.value)} placeholder="The name of your key, unless you say another" />
          </span>
        </label>
      )}
      {error !== null && (
        <p className="chip fail" role="alert">
          {error.message.slice(0, 300)}
        </p>
      )}
      <div className="row dialog-actions">
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
        <button type="submit" className="button primary" disabled={busy}>
          {words.does}
        </button>
      </div>
    </form>
  );
}
