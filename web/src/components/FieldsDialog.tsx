// Asks for a few texts before something is done.

import { Dialog } from "@base-ui/react/dialog";
import { type FormEvent, useState } from "react";
import { useActor } from "../lib/actor.ts";

export interface Field {
  name: string;
  label: string;
  required?: boolean;
  kind?: "text" | "long" | "date";
}

export interface Asked {
  title: string;
  says: string;
  does: string;
  fields: Field[];
}

interface FieldsDialogProps {
  asked: Asked | null;
  busy: boolean;
  error: Error | null;
  onDo: (values: Record<string, string>) => void;
  onClose: () => void;
}

export function FieldsDialog({ asked, busy, error, onDo, onClose }: FieldsDialogProps) {
  return (
    <Dialog.Root open={asked !== null} onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Backdrop className="veil" />
        <Dialog.Popup className="dialog" aria-labelledby="fields-title">
          {asked !== null && <Form key={asked.title} asked={asked} busy={busy} error={error} onDo={onDo} onClose={onClose} />}
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function Form({ asked, busy, error, onDo, onClose }: Omit<FieldsDialogProps, "asked"> & { asked: Asked }) {
  const [actor, setActor] = useActor();
  const [by, setBy] = useState(actor);
  const [values, setValues] = useState<Record<string, string>>({});
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setActor(by);
    const given = Object.entries({ ...values, by }).map(([name, value]) => [name, value.trim()] as const);
    onDo(Object.fromEntries(given.filter(([, value]) => value !== "")));
  };
  const put = (name: string, value: string) => setValues((before) => ({ ...before, [name]: value }));
  return (
    <form className="stack dialog-form" onSubmit={submit}>
      <h2 id="fields-title">{asked.title}</h2>
      <p>{asked.says}</p>
      {asked.fields.map((field) => (
        <label key={field.name} className="form-row">
          <span>
            {field.label}
            {field.required ? "" : " (if you like)"}
          </span>
          {field.kind === "long" ? (
            <textarea className="area" rows={3} required={field.required} value={values[field.name] ?? ""} onChange={(event) => put(field.name, event.target.value)} />
          ) : (
            <span className="field">
              <input type={field.kind === "date" ? "date" : "text"} required={field.required} value={values[field.name] ?? ""} onChange={(event) => put(field.name, event.target.value)} />
            </span>
          )}
        </label>
      ))}
      <label className="form-row">
        <span>Your name, for the record</span>
        <span className="field">
          <input autoComplete="name" value={by} onChange={(event) => setBy(event.target.value)} placeholder="The name of your key, unless you say another" />
        </span>
      </label>
      {error !== null && (
        <p className="chip fail wide-chip" role="alert">
          {error.message.slice(0, 300)}
        </p>
      )}
      <div className="row dialog-actions">
        <button type="button" className="button" onClick={onClose}>
          Cancel
        </button>
        <button type="submit" className="button primary" disabled={busy}>
          {asked.does}
        </button>
      </div>
    </form>
  );
}
