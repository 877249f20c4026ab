// What redaction makes of a text: tried out on the server, by the policy that is in force. Nothing of it is recorded.

import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { tryRedaction } from "../../api/access.ts";
import { Empty, Loaded, Panel } from "../../components/Panel.tsx";
import { visible } from "../../lib/ansi.ts";
import { plural } from "../../lib/format.ts";

const PAUSE_MS = 350;
const BYTES_MAX = 64 * 1024;
const EXAMPLE = '{"command": "curl -u deploy:hunter2 https://internal.example", "password": "correct horse", "note": "mail bob@example.com"}';

export function RedactionTry() {
  const [text, setText] = useState("");
  const [settled, setSettled] = useState("");
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(text), PAUSE_MS);
    return () => window.clearTimeout(timer);
  }, [text]);
  const long = new TextEncoder().encode(settled).length > BYTES_MAX;
  const tried = useQuery({ queryKey: ["redaction", settled], queryFn: ({ signal }) => tryRedaction(settled, signal), enabled: settled !== "" && !long, gcTime: 0, retry: false });
  return (
    <div className="grid" style={{ "--min": "420px" } as React.CSSProperties}>
      <Panel
        title="Try a text"
        note="nothing of it is recorded"
        actions={
          <button type="button" className="button small" onClick={() => setText(EXAMPLE)}>
            An example
          </button>
        }
      >
        <div className="stack">
          <textarea className="area mono" rows={10} value={text} onChange={(event) => setText(event.target.value)} spellCheck={false} aria-label="A text, or JSON, as a sender would send it" placeholder="A text, or JSON, as a sender would send it" />
          <p className="dim">
            The policy that is in force is applied: its patterns, the names whose values are secret, and the detectors. It stands in the configuration file, under <code>[redaction]</code>. The text goes to your server and nowhere else.
          </p>
        </div>
      </Panel>
      <Panel title="What would be stored">
        {long ? (
          <p className="chip fail">At most 64 KiB can be tried.</p>
        ) : settled === "" ? (
          <Empty title="Nothing to show yet">Type or paste something on the left.</Empty>
        ) : (
          <Loaded query={tried} height={160}>
            {(made) => (
              <div className="stack" aria-live="polite">
                <pre className="area mono redacted">{visible(made.text)}</pre>
                {made.found.length === 0 ? (
                  <p className="chip warn">Nothing was found: it would be stored as it is</p>
                ) : (
                  <ul className="row wrap">
                    {made.found.map((one) => (
                      <li key={one.detector} className="chip">
                        {visible(one.detector.replace(/_/g, " "))} · {plural(one.count, "place")}
                      </li>
                    ))}
                  </ul>
                )}
                <p className="dim">
                  Read as {made.json ? "JSON" : "plain text"}
                  {made.secret && "; a credential was among it, so the event would be marked as sensitive"}.
                </p>
              </div>
            )}
          </Loaded>
        )}
      </Panel>
    </div>
  );
}
