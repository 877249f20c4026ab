// Rules of one's own: written with a check at each pause, explained, replayed, and saved as a file.

import { CircleCheck, OctagonX, Save, TextCursorInput, Trash2, WandSparkles } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { useCheck, useRemoving, useRule, useRuleFile, useRules, useSaving } from "../../api/alerts.ts";
import { useHasRole } from "../../api/health.ts";
import { ActDialog } from "../../components/ActDialog.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { Bones, Empty, Panel } from "../../components/Panel.tsx";
import { NEW_RULE, isRuleFile } from "../../lib/alerting.ts";
import { visible } from "../../lib/ansi.ts";
import { plural } from "../../lib/format.ts";
import { Replay } from "./Replay.tsx";

/** How long somebody pauses before the text is checked, milliseconds. */
const PAUSE_MS = 350;

export default function Editor() {
  const [params] = useSearchParams();
  const [file, from] = [params.get("file"), params.get("from")];
  const rules = useRules();
  const whole = useRuleFile(file ?? "", rules.data?.rules ?? []);
  const model = useRule(from ?? "", from !== null);
  if (file !== null && whole.data === undefined && !whole.isError && !rules.isError) return <Bones height={400} />;
  if (from !== null && model.data === undefined && !model.isError) return <Bones height={400} />;
  const start = file !== null ? (whole.data ?? "") : from !== null && model.data?.text ? `${model.data.text.trim()}\n` : NEW_RULE;
  return <Form key={`${file} ${from}`} start={start} file={file} name={from === null ? "my-rules.yaml" : `${from.replace(/[^A-Za-z0-9_-]/g, "-")}.yaml`} known={Object.keys(rules.data?.files ?? {})} />;
}

function useLater(text: string): string {
  const [later, setLater] = useState(text);
  useEffect(() => {
    const timer = window.setTimeout(() => setLater(text), PAUSE_MS);
    return () => window.clearTimeout(timer);
  }, [text]);
  return later;
}

interface FormProps {
  start: string;
  /** The file that is edited; nothing for a new one. */
  file: string | null;
  /** What a new one is called unless somebody says otherwise. */
  name: string;
  known: string[];
}

function Form({ start, file, name: proposed, known }: FormProps) {
  const [text, setText] = useState(start);
  const [name, setName] = useState(file ?? proposed);
  const [asking, setAsking] = useState<"save" | "remove" | null>(null);
  const area = useRef<HTMLTextAreaElement>(null);
  const checked = useCheck(useLater(text));
  const [saving, removing] = [useSaving(), useRemoving()];
  const navigate = useNavigate();
  const may = useHasRole("admin");
  const errors = checked.data?.errors ?? [];
  const marked = useMemo(() => new Set(errors.map((error) => error.line)), [errors]);
  const go = (line: number) => {
    const lines = text.split("\n");
    const at = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
    area.current?.focus();
    area.current?.setSelectionRange(at, at + (lines[line - 1]?.length ?? 0));
  };
  const formatted = checked.data?.formatted;
  const replaces = file === null && known.includes(name);
  return (
    <>
      <PageHead title={file === null ? "New rule" : visible(file)} sub="Checked while you type; in force once it is saved">
        <Link className="button" to="/rules">
          Cancel
        </Link>
        {file !== null && may && (
          <button type="button" className="button" onClick={() => setAsking("remove")}>
            <Trash2 aria-hidden /> Remove
          </button>
        )}
        <button type="button" className="button primary" disabled={!may || errors.length > 0 || text.trim() === "" || !isRuleFile(name)} title={may ? undefined : "It needs the role admin"} onClick={() => setAsking("save")}>
          <Save aria-hidden /> Save
        </button>
      </PageHead>
      <div className="stack">
        {replaces && <p className="chip warn">There is a file of this name already: saving takes its place.</p>}
        <div className="editor-grid">
          <Panel
            title="Text"
            actions={
              <>
                {file === null && (
                  <label className="row small">
                    <span className="dim">File</span>
                    <span className="field">
                      <input value={name} onChange={(event) => setName(event.target.value)} aria-invalid={!isRuleFile(name)} spellCheck={false} />
                    </span>
                  </label>
                )}
                <button type="button" className="button small" disabled={!formatted || formatted === text} onClick={() => formatted && setText(formatted)}>
                  <WandSparkles aria-hidden /> Format
                </button>
              </>
            }
            flush
          >
            <div className="editor">
              <div className="editor-lines num" aria-hidden>
                {text.split("\n").map((_, place) => (
                  <div key={place} data-wrong={marked.has(place + 1)}>
                    {place + 1}
                  </div>
                ))}
              </div>
              <textarea ref={area} className="mono" value={text} onChange={(event) => setText(event.target.value)} rows={text.split("\n").length + 1} wrap="off" spellCheck={false} aria-label="Rules as YAML" />
            </div>
          </Panel>
          <Said checked={checked} onGo={go} empty={text.trim() === ""} />
        </div>
        <Replay text={text} />
      </div>
      <ActDialog
        act={asking}
        about={visible(name)}
        busy={saving.isPending || removing.isPending}
        error={asking === "remove" ? removing.error : saving.error}
        onClose={() => setAsking(null)}
        onDo={({ by }) => {
          const done = { onSuccess: () => void navigate("/rules") };
          if (asking === "remove") removing.mutate(name, done);
          else saving.mutate({ file: name, text, ...(by ? { by } : {}) }, done);
        }}
      />
    </>
  );
}

function Said({ checked, onGo, empty }: { checked: ReturnType<typeof useCheck>; onGo: (line: number) => void; empty: boolean }) {
  const { data, error } = checked;
  const advice = data?.advice ?? [];
  return (
    <Panel title="What is said of it">
      <div className="stack" aria-live="polite">
        {error !== null ? (
          <p className="chip warn">It can't be checked now: {error.message.slice(0, 200)}</p>
        ) : empty ? (
          <Empty title="Nothing to check" icon={<TextCursorInput />} />
        ) : data === undefined ? (
          <Bones />
        ) : data.errors.length === 0 ? (
          <p className="status success">
            <CircleCheck aria-hidden /> It is understood
          </p>
        ) : (
          <>
            <p className="status failure">
              <OctagonX aria-hidden /> {plural(data.errors.length, "error")}
            </p>
            <ul className="stack said">
              {data.errors.map((one, place) => (
                <li key={place}>
                  {one.line ? (
                    <button type="button" className="button small" onClick={() => onGo(one.line ?? 1)}>
                      line {one.line}
                    </button>
                  ) : null}{" "}
                  {visible(one.message)}
                </li>
              ))}
            </ul>
          </>
        )}
        {(data?.failures.length ?? 0) > 0 && (
          <div>
            <h3>Tests that fail</h3>
            <ul className="said">
              {data?.failures.map((one) => (
                <li key={one}>{visible(one)}</li>
              ))}
            </ul>
          </div>
        )}
        {advice.length > 0 && (
          <div>
            <h3>Advice</h3>
            <ul className="said dim">
              {advice.map((one, place) => (
                <li key={place}>{visible(one)}</li>
              ))}
            </ul>
          </div>
        )}
        {data?.explanation && (
          <div>
            <h3>What it means</h3>
            <pre className="raw explanation">{visible(data.explanation)}</pre>
          </div>
        )}
      </div>
    </Panel>
  );
}
