// Asked for once a tab, where the server wants a key.

import { KeyRound } from "lucide-react";
import { type FormEvent, useState } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { setKey } from "../api/http.ts";
import { Command } from "../components/Controls.tsx";

export function SignIn({ why }: { why: string | null }) {
  const [text, setText] = useState("");
  const client = useQueryClient();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setKey(text.trim());
    void client.resetQueries();
  };
  return (
    <main className="sign-in">
      <form className="panel" onSubmit={submit}>
        <div className="panel-body stack">
          <div className="brand" style={{ padding: 0 }}>
            <img src="/icon.svg" alt="" />
            tachograph
          </div>
          <div>
            <h1>A key is needed</h1>
            <p className="dim">This log is readable for those who hold a key with the role read or admin.</p>
          </div>
          {why !== null && (
            <p className="chip fail" role="alert">
              {why}
            </p>
          )}
          <label className="stack" style={{ gap: 6 }}>
            <span className="dim">Key</span>
            <span className="field">
              <KeyRound aria-hidden />
              <input type="password" name="key" autoComplete="off" autoFocus required value={text} onChange={(event) => setText(event.target.value)} placeholder="tgk_…" />
            </span>
          </label>
          <button type="submit" className="button primary">
            Sign in
          </button>
          <details>
            <summary className="dim">I have none</summary>
            <div className="stack" style={{ gap: 8, paddingTop: 8 }}>
              <p className="dim">On the machine of the server, this prints one once:</p>
              <Command text="tachograph key create NAME --role read" />
            </div>
          </details>
          <p className="faint">The key stays in this tab, is gone when you close it, and is sent to this server only.</p>
        </div>
      </form>
    </main>
  );
}
