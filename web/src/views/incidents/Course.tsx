// The parts of an incident's page: its course, what changed before, its alerts, its people and what is left to do.

import { CircleCheck, Circle, FileSearch } from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";
import type { Incident, LogPlace, Said } from "../../api/incidents.ts";
import { Ago, SeverityMark } from "../../components/AlertMarks.tsx";
import { AgentLink, Time } from "../../components/Marks.tsx";
import { Empty, Panel } from "../../components/Panel.tsx";
import { visible } from "../../lib/ansi.ts";
import { folded } from "../../lib/course.ts";
import { defang } from "../../lib/defang.ts";
import { eventUrl } from "../../lib/links.ts";
import type { Begin, Intent } from "./IncidentPage.tsx";

interface PartProps {
  incident: Incident;
}

const said = (text: string): string => defang(visible(text));

function Place({ entry }: { entry: LogPlace | null | undefined }) {
  if (!entry) return <span className="faint small">not on the log yet</span>;
  return (
    <Link className="link small nowrap" to={eventUrl(entry.index)}>
      entry {entry.index}
    </Link>
  );
}

export function Course({ incident }: PartProps) {
  return (
    <Panel title="Course" note="each line with its place on the log">
      <ol className="course">
        {folded(incident.timeline).map(({ line, before }, place) => (
          <CourseEntry key={`${line.entry?.index ?? `at ${place}`} ${line.text}`} line={line} before={before} />
        ))}
      </ol>
    </Panel>
  );
}

type CourseLine = Incident["timeline"][number];

const MOMENT = /(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z)/;

/** The server writes times of UTC into its sentences: here they are the reader's, as everywhere else. */
function InUsersTime({ text }: { text: string }) {
  return text.split(MOMENT).map((part, place) => (place % 2 === 1 ? <Time key={place} at={part} /> : part));
}

function CourseEntry({ line, before }: { line: CourseLine; before: CourseLine[] }) {
  return (
    <li>
      <Time at={line.at} className="faint" />
      <span>
        <strong>
          <InUsersTime text={said(line.text)} />
        </strong>
        {line.by && <span className="dim"> by {visible(line.by)}</span>}
        {line.note && <p className="dim">{said(line.note)}</p>}
        {before.length > 0 && (
          <details className="course-before">
            <summary>and {before.length === 1 ? "once" : `${before.length} times`} before</summary>
            <ol className="course">
              {before.map((one, place) => (
                <CourseEntry key={place} line={one} before={[]} />
              ))}
            </ol>
          </details>
        )}
      </span>
      <Place entry={line.entry} />
    </li>
  );
}

const CHANGES_SHOWN = 8;

/** Changes of its own agents first, then the newest. */
export function Changes({ incident }: PartProps) {
  const [all, setAll] = useState(false);
  const { suggested_cause: cause } = incident;
  const changes = incident.changes.toSorted((a, b) => Number(b.same_agent) - Number(a.same_agent) || b.entry.index - a.entry.index);
  return (
    <Panel title="What changed before" note={cause ? "a suggestion, not a proof" : undefined}>
      <div className="stack">
        {cause && (
          <p>
            Perhaps because: <strong>{said(cause.text)}</strong> {cause.entry && <Place entry={cause.entry} />}{" "}
            {cause.alert && (
              <Link className="link small" to={`/alerts/${encodeURIComponent(cause.alert)}`}>
                its alert
              </Link>
            )}
          </p>
        )}
        {changes.length === 0 ? (
          <Empty title={incident.changes_known ? "Nothing is known to have changed before" : "Changes are being looked for"} icon={<FileSearch />} />
        ) : (
          <ol className="course">
            {changes.slice(0, all ? undefined : CHANGES_SHOWN).map((change) => (
              <li key={`${change.entry.index} ${change.kind} ${change.text}`}>
                <Time at={change.at} className="faint" />
                <span>
                  <span className={change.same_agent ? "chip warn" : "chip"}>{change.kind}</span> {said(change.text)}
                  <span className="row dim">
                    <AgentLink id={change.agent} />
                  </span>
                </span>
                <Place entry={change.entry} />
              </li>
            ))}
          </ol>
        )}
        {changes.length > CHANGES_SHOWN && (
          <div>
            <button type="button" className="button small" onClick={() => setAll(!all)}>
              {all ? "Show fewer" : `Show all ${changes.length}`}
            </button>
          </div>
        )}
      </div>
    </Panel>
  );
}

export function Members({ incident, onBegin }: ActingProps) {
  return (
    <Panel title="Its alerts" note={incident.firing > 0 ? `${incident.firing} firing` : "all are over"} flush>
      <ul className="lines">
        {incident.alerts_listed.map((alert) => (
          <li key={alert.id} className={onBegin ? "row" : undefined}>
            <Link className="line member grow" to={`/alerts/${encodeURIComponent(alert.id)}`}>
              <SeverityMark severity={alert.severity} />
              <span className="cut">{visible(alert.title)}</span>
              <span className="faint right">{alert.ends_at ? "over" : <Ago at={alert.starts_at} />}</span>
            </Link>
            {onBegin && incident.state !== "closed" && (
              <button
                type="button"
                className="button small"
                style={{ marginRight: 16 }}
                aria-label={`Detach: ${visible(alert.title)}`}
                onClick={() => onBegin({ title: "Detach the alert", says: "It and what its rule finds of the same group come back by hand only.", does: "Detach", fields: [{ name: "note", label: "Why", kind: "long" }], what: "alert", with: { alert: alert.id, detach: true } })}
              >
                Detach
              </button>
            )}
          </li>
        ))}
      </ul>
      {incident.alerts_more > 0 && <p className="table-note dim">and {incident.alerts_more} more</p>}
      {incident.entities.length > 0 && (
        <div className="pad row wrap small">
          {incident.entities.map((one) => (
            <span key={one.kind + one.value} className="chip mono" title={`${one.causes} different alerts have it`}>
              <span className="cut">
                {one.kind} {visible(one.value)}
              </span>
            </span>
          ))}
        </div>
      )}
    </Panel>
  );
}

interface ActingProps extends PartProps {
  onBegin: Begin;
}

function Word({ word }: { word: Said }) {
  return (
    <>
      {said(word.note)} <span className="dim">{visible(word.by)}, </span>
      <Ago at={word.at} />
    </>
  );
}

export function People({ incident, onBegin }: ActingProps) {
  const { containment, roles } = incident;
  const begin = incident.state === "closed" ? null : onBegin;
  const role = (name: string): Intent => ({ title: `Who is the ${name}`, says: "Nobody, when the field is empty.", does: "Give", fields: [{ name: "who", label: "Name" }], what: "role", with: { role: name } });
  return (
    <Panel title="People and containment">
      <div className="stack">
        <dl className="facts">
          {["commander", "communications", "scribe", ...Object.keys(roles).filter((name) => !["commander", "communications", "scribe"].includes(name))].map((name) => (
            <div key={name} style={{ display: "contents" }}>
              <dt>{visible(name)}</dt>
              <dd>
                {visible(roles[name] ?? "–")}{" "}
                {begin && (
                  <button type="button" className="button small" onClick={() => begin({ ...role(name), with: { role: name, who: "" } })} aria-label={`Give the role ${name}`}>
                    {roles[name] ? "Change" : "Give"}
                  </button>
                )}
              </dd>
            </div>
          ))}
          <dt>Contained by</dt>
          <dd>{containment ? <Word word={containment} /> : "–"}</dd>
          <dt>Verified</dt>
          <dd>{containment?.verified ? <Word word={containment.verified} /> : "–"}</dd>
        </dl>
        {begin && (
          <div className="row wrap">
            <button type="button" className="button small" onClick={() => begin({ title: "Contained", says: "What keeps it from going on?", does: "Say", fields: [{ name: "note", label: "What was done", required: true, kind: "long" }], what: "containment" })}>
              Contained
            </button>
            <button type="button" className="button small" disabled={!containment} onClick={() => begin({ title: "Containment verified", says: "How was it checked that it does?", does: "Say", fields: [{ name: "note", label: "How", required: true, kind: "long" }], what: "containment", with: { verified: true } })}>
              Verified
            </button>
          </div>
        )}
      </div>
    </Panel>
  );
}

export function FollowUps({ incident, onBegin }: ActingProps) {
  return (
    <Panel
      title="Afterwards"
      actions={
        onBegin && <button
          type="button"
          className="button small"
          onClick={() =>
            onBegin({
              title: "A follow-up",
              says: "What is to be done so that it does not come again?",
              does: "Add",
              fields: [{ name: "text", label: "What", required: true, kind: "long" }, { name: "owner", label: "Who" }, { name: "due", label: "Until", kind: "date" }],
              what: "follow-up",
            })
          }
        >
          Add
        </button>
      }
    >
      {incident.follow_ups.length === 0 ? (
        <p className="dim">Nothing was noted yet.</p>
      ) : (
        <ul className="stack said">
          {incident.follow_ups.map((one) => (
            <li key={one.number} className="row">
              {one.done_at ? <CircleCheck size={15} aria-label="Done" /> : <Circle size={15} aria-label="Not done" />}
              <span className="grow">
                {said(one.text)} <span className="dim">{[one.owner, one.due].filter(Boolean).map((text) => visible(text ?? "")).join(", ")}</span>
              </span>
              {!one.done_at && onBegin && (
                <button type="button" className="button small" aria-label={`Done: ${visible(one.text)}`} onClick={() => onBegin({ title: "Done", says: one.text.slice(0, 200), does: "Done", fields: [{ name: "note", label: "Note", kind: "long" }], what: "follow-up", with: { done: one.number } })}>
                  Done
                </button>
              )}
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}
