// Pinning the log's verifier keys in this browser.

import { KeyRound } from "lucide-react";
import { useState } from "react";
import { pin, unpin } from "../lib/pins.ts";
import { usePins } from "../lib/usePins.ts";
import { Command } from "./Controls.tsx";

/** `said` are the keys that the server states: to compare with, never to trust blindly. */
export function PinKeys({ open, said }: { open: boolean; said: string[] }) {
  const pinned = usePins();
  const other = pinned.length > 0 && said.length > 0 && !said.every((key) => pinned.includes(key));
  return (
    <details open={open} className="pins" key={String(open)}>
      <summary>
        <KeyRound size={15} aria-hidden /> {pinned.length > 0 ? "Pinned keys" : "Pin the log's key"}
      </summary>
      <div className="stack" style={{ gap: 10 }}>
        {other && <p className="chip fail">The server now states other keys than you pinned. Find out why before you trust it.</p>}
        {pinned.length > 0 ? <Pinned keys={pinned} /> : <Form said={said} />}
      </div>
    </details>
  );
}

function Pinned({ keys }: { keys: string[] }) {
  return (
    <>
      <ul className="stack" style={{ gap: 4 }}>
        {keys.map((key) => (
          <li key={key} className="mono cut" title={key}>
            {key}
          </li>
        ))}
      </ul>
      <button type="button" className="button small" onClick={unpin}>
        Forget these keys
      </button>
    </>
  );
}

function Form({ said }: { said: string[] }) {
  const [text, setText] = useState("");
  const [fault, setFault] = useState<string | null>(null);
  const take = (keys: string) => pin(keys).then(() => setFault(null), (error: Error) => setFault(error.message));
  return (
    <>
      <p className="dim">The key tells this log from any other. Take it from somebody you trust, or print it on the machine of the log:</p>
      <Command text="tachograph keys" />
      <textarea className="area mono" rows={3} value={text} onChange={(event) => setText(event.target.value)} aria-label="Verifier keys, one a line" placeholder="name+id+key, one a line" spellCheck={false} />
      {fault && <p className="chip fail" role="alert">{fault}</p>}
      <div className="row wrap">
        <button type="button" className="button primary small" disabled={text.trim() === ""} onClick={() => void take(text)}>
          Pin
        </button>
        {said.length > 0 && (
          <button type="button" className="button small" onClick={() => void take(said.join("\n"))} title="Safe against later changes, not against a server that lies today">
            Pin what the server states today
          </button>
        )}
      </div>
    </>
  );
}
