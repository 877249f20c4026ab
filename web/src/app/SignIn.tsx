// Where the server wants a key: it is sent once, and a cookie that no script can read stands for it from then on.

import { KeyRound } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { signIn } from "../api/access.ts";
import { Command } from "../components/Controls.tsx";
import { visible } from "../lib/ansi.ts";

export function SignIn({ why }: { why: string | null }) {
  const [text, setText] = useState("");
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  const client = useQueryClient();
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setBusy(true);
    const failed = await signIn(text.trim()).then(
      () => null,
      (error: Error) => error.message,
    );
    setBusy(false);
    setFault(failed);
    if (failed === null) {
      setText("");
      await client.resetQueries();
    }
  };
  const said = fault ?? why;
  return (
    <main className="sign-in">
      <form className="panel" onSubmit={(event) => void submit(event)}>
        <div className="panel-body stack">
          <div className="brand" style={{ padding: 0 }}>
            <img src="/icon.svg" alt="" />
            tachograph
          </div>
          <div>
            <h1>A key is needed</h1>
            <p className="dim">This log is readable for those who hold a key with the role viewer, auditor, operator or admin.</p>
          </div>
          {said !== null && (
            <p className="chip fail" role="alert">
              {visible(said)}
            </p>
          )}
          <label className="stack" style={{ gap: 6 }}>
            <span className="dim">Key</span>
            <span className="field">
              <KeyRound aria-hidden />
              <input type="password" name="key" autoComplete="off" autoFocus required value={text} onChange={(event) => setText(event.target.value)} placeholder="tgk_…" />
            </span>
          </label>
          <button type="submit" className="button primary" disabled={busy}>
            Sign in
          </button>
          <details>
            <summary className="dim">I have none</summary>
            <div className="stack" style={{ gap: 8, paddingTop: 8 }}>
              <p className="dim">Whoever administers this server makes one under Settings. On the machine of the server, this prints one once:</p>
              <Command text="tachograph key create NAME --role viewer" />
            </div>
          </details>
          <p className="faint">The key is sent to this server once and kept nowhere in this browser. You are signed out after an hour without a request, and after twelve hours in any case.</p>
        </div>
      </form>
    </main>
  );
}
