// What one user did and what is recorded of them.

import { Download, UserRound } from "lucide-react";
import { type FormEvent, useMemo, useState } from "react";
import { Link, useNavigate } from "react-router";
import { type MyNumbers, MY_EVENTS_MAX, exportUser, ofUser, useMyEvents, useMyNumbers, useMySessions } from "../../api/mine.ts";
import { useWho } from "../../api/health.ts";
import { useHistogram } from "../../api/overview.ts";
import { Command, RangePicker } from "../../components/Controls.tsx";
import { EVENT_COLUMNS, EventCells, EventHead } from "../../components/EventCells.tsx";
import { Stat } from "../../components/Figures.tsx";
import { Histogram } from "../../components/Histogram.tsx";
import { Status, Time } from "../../components/Marks.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { Empty, Loaded, Panel } from "../../components/Panel.tsx";
import { Rows } from "../../components/Rows.tsx";
import { visible } from "../../lib/ansi.ts";
import { defang } from "../../lib/defang.ts";
import { download } from "../../lib/download.ts";
import { count, duration, money, percent, plural } from "../../lib/format.ts";
import { eventUrl, exploreUrl, sessionUrl } from "../../lib/links.ts";
import { type Range, bounds, rangeName } from "../../lib/range.ts";
import { axisOf } from "../../lib/series.ts";
import { withTerm } from "../../lib/sqltext.ts";
import { readUser, writeUser } from "../../lib/me.ts";
import { useParam, useRange } from "../../lib/useView.ts";

export default function Mine() {
  const [range, setRange] = useRange("7d");
  const own = useWho()?.limits?.user ?? null;
  const [chosen, setUser] = useParam("user", readUser());
  // A key that sees one user's events alone has nobody to choose.
  const user = own ?? chosen;
  return (
    <>
      <PageHead title="My activity" sub={user === "" ? "What you did, and what is recorded of you" : `${visible(user)} · ${rangeName(range)}`}>
        {own === null && <Who key={user} user={user} onUser={setUser} />}
        <RangePicker range={range} onChange={setRange} />
      </PageHead>
      {user === "" ? (
        <Panel>
          <Empty title="Who are you?" icon={<UserRound />}>
            Enter your user name as your events give it. It is kept in this browser. This page shows only what is yours; who may look at what is a matter of keys, and a key can be limited to one user.
          </Empty>
        </Panel>
      ) : (
        <Activity key={user} user={user} range={range} />
      )}
    </>
  );
}

function Who({ user, onUser }: { user: string; onUser: (user: string) => void }) {
  const [text, setText] = useState(user);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    writeUser(text.trim());
    onUser(text.trim());
  };
  return (
    <form className="row" onSubmit={submit}>
      <label className="field">
        <UserRound aria-hidden />
        <span className="hidden">User name</span>
        <input data-search value={text} onChange={(event) => setText(event.target.value)} placeholder="Your user name" spellCheck={false} autoComplete="username" />
      </label>
      <button type="submit" className="button">
        Show
      </button>
    </form>
  );
}

function Activity({ user, range }: { user: string; range: Range }) {
  const numbers = useMyNumbers(user, range);
  return (
    <div className="stack">
      <Loaded query={numbers} height={90}>
        {({ rows: [row] }) => (row && row.events > 0 ? <Figures row={row} user={user} range={range} /> : <Panel><Empty title="Nothing is recorded of this user in this time">Names of users are kept for 30 days unless the configuration says otherwise; after that only an administrator's export finds what is yours.</Empty></Panel>)}
      </Loaded>
      <Timeline user={user} range={range} />
      <div className="grid" style={{ "--min": "420px" } as React.CSSProperties}>
        <MySessions user={user} range={range} />
        <MyData user={user} />
      </div>
      <MyEvents user={user} range={range} />
    </div>
  );
}

function Figures({ row, user, range }: { row: MyNumbers; user: string; range: Range }) {
  const q = (more = "") => exploreUrl(`${withTerm("", "user", user)} ${more}`.trim(), range);
  return (
    <div className="stats">
      <Stat label="Sessions" value={count(row.sessions)} sub={`with ${plural(row.agents, "agent")}`} />
      <Stat label="Events" value={count(row.events)} to={q()} />
      <Stat label="Failures" value={count(row.failures)} sub={percent(row.failures / row.events)} to={q("status:failed")} />
      <Stat label="Cost" value={money(row.cost ?? 0)} to={q("cost_usd:>0")} />
      <Stat label="Sensitive data" value={count(row.sensitive)} sub="events that touched some" to={q("sensitive_data_accessed:true")} />
      <Stat label="Removed" value={count(row.redactions ?? 0)} sub="secrets and personal data, before storing" to={q("redactions:>0")} />
    </div>
  );
}

function Timeline({ user, range }: { user: string; range: Range }) {
  const [now] = useState(Date.now);
  const [from, to] = bounds(range, now, now - 30 * 86_400_000);
  const { step, query } = useHistogram(ofUser(user), range, to - from);
  const axis = useMemo(() => axisOf(from, to, step), [from, to, step]);
  const navigate = useNavigate();
  return (
    <Panel title="Over time" note="drag to see the events of a time">
      <Loaded query={query} height={120} empty={({ rows }) => rows.length === 0}>
        {({ rows }) => <Histogram axis={axis} rows={rows} height={120} onZoom={(start, end) => navigate(exploreUrl(withTerm("", "user", user), { kind: "between", from: start, to: end }))} />}
      </Loaded>
    </Panel>
  );
}

function MySessions({ user, range }: { user: string; range: Range }) {
  const sessions = useMySessions(user, range);
  return (
    <Panel title="Sessions" note="the newest 50" flush>
      <Loaded query={sessions} height={200} empty={({ rows }) => rows.length === 0}>
        {({ rows }) => (
          <ul className="lines my-sessions">
            {rows.map((row) => (
              <li key={row.session_id}>
                <Link className="line my-session" to={sessionUrl(row.session_id)}>
                  <Status word={row.failures > 0 ? "failure" : "success"} icon />
                  <span className="cut">
                    <strong>{visible(row.agent_id)}</strong> <span className="dim">{defang(visible(row.prompt ?? ""))}</span>
                  </span>
                  <span className="num right dim">{duration(row.span)}</span>
                  <Time at={row.started} className="faint right" />
                </Link>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Panel>
  );
}

function MyData({ user }: { user: string }) {
  const [said, setSaid] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const get = async (format: "json" | "csv") => {
    setBusy(true);
    setSaid(null);
    await exportUser(user, format).then(
      (blob) => download(`tachograph-${user.replace(/[^A-Za-z0-9_.-]/g, "_")}.${format}`, blob),
      (error: Error) => setSaid(error.message),
    );
    setBusy(false);
  };
  return (
    <Panel title="Your data">
      <div className="stack">
        <p>Everything that is recorded of you, also where your name has expired already. It needs a key that is limited to you, or an administrator's, and the export itself is on the record.</p>
        <div className="row wrap">
          <button type="button" className="button" disabled={busy} onClick={() => void get("json")}>
            <Download aria-hidden /> As JSON
          </button>
          <button type="button" className="button" disabled={busy} onClick={() => void get("csv")}>
            <Download aria-hidden /> As CSV
          </button>
        </div>
        {said !== null && (
          <p className="chip fail wide-chip" role="alert">
            {visible(said)}
          </p>
        )}
        <p className="dim">You may ask that it goes. An administrator does that; all proofs still verify afterwards:</p>
        <Command text="tachograph subject erase --help" />
      </div>
    </Panel>
  );
}

function MyEvents({ user, range }: { user: string; range: Range }) {
  const events = useMyEvents(user, range);
  const [active, setActive] = useState(-1);
  const navigate = useNavigate();
  return (
    <Panel title="Events" note={`the newest ${MY_EVENTS_MAX}`} flush>
      <Loaded query={events} height={240} empty={({ rows }) => rows.length === 0}>
        {({ rows }) => <Rows label={`${plural(rows.length, "event")} of this user, newest first`} rows={rows} id={(row) => row.index} height={420} columns={EVENT_COLUMNS} head={<EventHead />} show={(row) => <EventCells row={row} />} active={active} onActive={setActive} onOpen={(row) => navigate(eventUrl(row.index))} />}
      </Loaded>
    </Panel>
  );
}
