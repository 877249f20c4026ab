// A new silence, with what it would mute just now.

import { Plus, X } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Link } from "react-router";
import { useAlerts, useSilencing } from "../../api/alerts.ts";
import { useBeginning } from "../../api/oncall.ts";
import { SeverityMark } from "../../components/AlertMarks.tsx";
import { Loaded, Panel } from "../../components/Panel.tsx";
import { useActor } from "../../lib/actor.ts";
import { type Matcher, allLabels, matchesLabels, mutesAll, parseMatcher, renderMatcher } from "../../lib/alerting.ts";
import { visible } from "../../lib/ansi.ts";
import { defang } from "../../lib/defang.ts";
import { plural } from "../../lib/format.ts";

const SPANS: [number, string][] = [
  [30, "30 minutes"],
  [120, "2 hours"],
  [480, "8 hours"],
  [1440, "1 day"],
  [10080, "1 week"],
];

type Kind = "silence" | "suppress" | "deliver_after";
const KINDS: [Kind, string][] = [
  ["silence", "A silence: what fires is told when it ends"],
  ["suppress", "Maintenance: what begins meanwhile is not told"],
  ["deliver_after", "Maintenance: what still fires at its end is told then"],
];

export function NewSilence({ start, onDone }: { start: string[]; onDone: () => void }) {
  const [texts, setTexts] = useState(start.length > 0 ? start : [""]);
  const [minutes, setMinutes] = useState(120);
  const [begins, setBegins] = useState("");
  const [comment, setComment] = useState("");
  const [actor, setActor] = useActor();
  const [by, setBy] = useState(actor);
  const [kind, setKind] = useState<Kind>("silence");
  const silence = useSilencing();
  const begin = useBeginning();
  const silencing = kind === "silence" ? silence : begin;
  const given = texts.filter((text) => text.trim() !== "");
  const matchers = given.map(parseMatcher).filter((matcher) => matcher !== null);
  const broken = matchers.length !== given.length;
  const all = matchers.length > 0 && mutesAll(matchers);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setActor(by);
    const wanted = { matchers: matchers.map(renderMatcher), minutes, comment: comment.trim(), ...(by.trim() ? { by: by.trim() } : {}), ...(begins ? { starts_at: new Date(begins).toISOString() } : {}) };
    if (kind === "silence") silence.mutate(wanted, { onSuccess: onDone });
    else begin.mutate({ ...wanted, strategy: kind }, { onSuccess: onDone });
  };
  return (
    <Panel title="New silence">
      <form className="silence-form" onSubmit={submit}>
        <div className="stack">
          <Matchers texts={texts} onChange={setTexts} />
          <div className="form-two">
            <label className="form-row">
              <span>Begins</span>
              <span className="field">
                <input type="datetime-local" value={begins} onChange={(event) => setBegins(event.target.value)} aria-label="Begins; now unless given" />
              </span>
            </label>
            <label className="form-row">
              <span>For</span>
              <select className="field" value={minutes} onChange={(event) => setMinutes(Number(event.target.value))}>
                {SPANS.map(([value, text]) => (
                  <option key={value} value={value}>
                    {text}
                  </option>
                ))}
              </select>
            </label>
          </div>
          <label className="form-row">
            <span>What it is</span>
            <select className="field" value={kind} onChange={(event) => setKind(event.target.value as Kind)}>
              {KINDS.map(([value, text]) => (
                <option key={value} value={value}>
                  {text}
                </option>
              ))}
            </select>
          </label>
          <label className="form-row">
            <span>Why</span>
            <textarea className="area" rows={2} required value={comment} onChange={(event) => setComment(event.target.value)} placeholder="What is known or planned" />
          </label>
          <label className="form-row">
            <span>Your name, for the record</span>
            <span className="field">
              <input autoComplete="name" value={by} onChange={(event) => setBy(event.target.value)} placeholder="The name of your key" />
            </span>
          </label>
          <p className="dim small">One that may mute a critical built-in rule waits for a second person, where there is one.</p>
          {silencing.isError && (
            <p className="chip fail" role="alert">
              {silencing.error.message.slice(0, 300)}
            </p>
          )}
          <div className="row">
            <button type="submit" className="button primary" disabled={silencing.isPending || broken || all || matchers.length === 0}>
              {kind === "silence" ? "Silence" : "Begin maintenance"}
            </button>
            <button type="button" className="button" onClick={onDone}>
              Cancel
            </button>
          </div>
        </div>
        <Preview matchers={matchers} why={broken ? "A matcher is not understood: name=\"value\", also with !=, =~ and !~" : all ? "These matchers fit everything: name something" : null} />
      </form>
    </Panel>
  );
}

function Matchers({ texts, onChange }: { texts: string[]; onChange: (texts: string[]) => void }) {
  return (
    <fieldset className="stack matchers">
      <legend>What to silence: labels that must all fit</legend>
      {texts.map((text, place) => (
        <div key={place} className="row">
          <span className="field grow">
            <input className="mono" value={text} onChange={(event) => onChange(texts.with(place, event.target.value))} placeholder={'agent_id="eng/test-runner"'} aria-label={`Matcher ${place + 1}`} aria-invalid={text.trim() !== "" && parseMatcher(text) === null} spellCheck={false} />
          </span>
          {texts.length > 1 && (
            <button type="button" className="button bare square" aria-label={`Remove matcher ${place + 1}`} onClick={() => onChange(texts.toSpliced(place, 1))}>
              <X aria-hidden />
            </button>
          )}
        </div>
      ))}
      <div>
        <button type="button" className="button small" onClick={() => onChange([...texts, ""])}>
          <Plus aria-hidden /> Another
        </button>
      </div>
    </fieldset>
  );
}

/** The open alerts that it would mute. */
function Preview({ matchers, why }: { matchers: Matcher[]; why: string | null }) {
  const alerts = useAlerts({ state: "open", limit: 1000 });
  const open = alerts.data?.alerts ?? [];
  const muted = matchers.length === 0 ? [] : open.filter((alert) => matchesLabels(matchers, allLabels(alert)));
  return (
    <div className="stack preview" aria-live="polite">
      <h3>What it would mute now</h3>
      {why !== null ? (
        <p className="chip warn">{why}</p>
      ) : (
        <Loaded query={alerts} height={80}>
          {() => (
            <>
              <p className="dim">
                {plural(muted.length, "alert")} of {open.length} that are open
              </p>
              <ul className="stack said">
                {muted.slice(0, 12).map((alert) => (
                  <li key={alert.id} className="row">
                    <SeverityMark severity={alert.severity} />
                    <Link className="cut" to={`/alerts/${encodeURIComponent(alert.id)}`}>
                      {defang(visible(alert.annotations.summary ?? alert.title))}
                    </Link>
                  </li>
                ))}
              </ul>
            </>
          )}
        </Loaded>
      )}
    </div>
  );
}
