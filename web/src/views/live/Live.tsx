// The live tail: newest first, with pause; nothing is lost while it is paused or the connection is broken.

import { Pause, Play, Trash2 } from "lucide-react";
import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { Link, useNavigate } from "react-router";
import type { EventRow } from "../../api/events.ts";
import { type TailState, useTail } from "../../api/tail.ts";
import { EventCells, EVENT_COLUMNS, EventHead } from "../../components/EventCells.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { Empty, Panel } from "../../components/Panel.tsx";
import { Rows } from "../../components/Rows.tsx";
import { plural, short } from "../../lib/format.ts";
import { visible } from "../../lib/ansi.ts";
import { eventUrl } from "../../lib/links.ts";
import { liveFilter } from "../../lib/livefilter.ts";
import { useParam } from "../../lib/useView.ts";

const KEPT_MAX = 5000;
/** How often what arrived is drawn, milliseconds: a fleet may send hundreds of events a second. */
const DRAW_MS = 120;
const RATE_MS = 5000;
const STATES: Record<TailState, string> = { connecting: "Connecting", live: "Live", waiting: "Connection lost, trying again" };

export default function Live() {
  const [q, setQ] = useParam("q");
  const [paused, setPaused] = useState(false);
  const { rows, held, rate, state, clear } = useLiveRows(paused);
  const [active, setActive] = useState(-1);
  const navigate = useNavigate();
  const filter = useMemo(() => liveFilter(q), [q]);
  const shown = useMemo(() => (filter.kind === "more" ? rows : rows.filter(filter.has)), [rows, filter]);
  useEffect(() => setActive(-1), [q]);
  return (
    <>
      <PageHead
        title="Live"
        sub={
          <span className="row" role="status">
            <span className="reach-dot" data-state={state === "live" ? "connected" : state === "waiting" ? "lost" : "unknown"} aria-hidden />
            {STATES[state]} · {short(rate)} events a second
          </span>
        }
      >
        <label className="field">
          <span className="hidden">Filter</span>
          <input data-search size={34} value={q} onChange={(event) => setQ(event.target.value)} placeholder="words, status:failed, cost_usd > 0.5" />
        </label>
        <button type="button" className="button" aria-pressed={paused} onClick={() => setPaused(!paused)}>
          {paused ? <Play aria-hidden /> : <Pause aria-hidden />}
          {paused ? `Go on${held > 0 ? ` (${short(held)} waiting)` : ""}` : "Pause"}
        </button>
        <button type="button" className="button square" onClick={clear} aria-label="Clear the list" title="Clear the list">
          <Trash2 aria-hidden />
        </button>
      </PageHead>
      {filter.kind === "more" && <TooMuch q={q} at={filter.at} />}
      <Panel flush>
        {shown.length === 0 ? (
          <Empty title={rows.length === 0 ? "Waiting for the next event" : "Nothing that arrived matches"}>
            What was recorded before is in <Link to="/explore" className="link">Explore</Link>.
          </Empty>
        ) : (
          <Rows label={`${plural(shown.length, "event")}, newest first`} rows={shown} id={(row) => row.index} height="calc(100vh - 190px)" columns={EVENT_COLUMNS} head={<EventHead />} show={(row) => <EventCells row={row} />} active={active} onActive={setActive} onOpen={(row) => navigate(eventUrl(row.index))} />
        )}
      </Panel>
    </>
  );
}

/** Nothing is hidden by a filter that can't be told: it is said, with the place that takes it. */
function TooMuch({ q, at }: { q: string; at: string }) {
  return (
    <p className="chip warn wide-chip" role="status">
      Live takes what one event tells: words, field:value, and conditions with and, or, not, in, contains, startswith, endswith. At “{visible(at)}” this asks for more, so everything is shown.{" "}
      <Link to={`/explore?${new URLSearchParams({ q })}`} className="link">
        Ask it in Explore
      </Link>
    </p>
  );
}

function useLiveRows(paused: boolean) {
  const [rows, setRows] = useState<EventRow[]>([]);
  const [held, setHeld] = useState(0);
  const [rate, setRate] = useState(0);
  const waiting = useRef<EventRow[]>([]);
  const arrived = useRef<[number, number][]>([]);
  const state = useTail(
    useCallback((fresh: EventRow[]) => {
      waiting.current = [...waiting.current, ...fresh].slice(-KEPT_MAX);
      arrived.current.push([Date.now(), fresh.length]);
    }, []),
  );
  useEffect(() => {
    const draw = () => {
      const now = Date.now();
      arrived.current = arrived.current.filter(([at]) => now - at < RATE_MS);
      setRate(arrived.current.reduce((sum, [, number]) => sum + number, 0) / (RATE_MS / 1000));
      const fresh = waiting.current;
      if (paused) return setHeld(fresh.length);
      setHeld(0);
      if (fresh.length === 0) return;
      waiting.current = [];
      setRows((old) => [...fresh.reverse(), ...old].slice(0, KEPT_MAX));
    };
    const timer = window.setInterval(draw, DRAW_MS);
    return () => window.clearInterval(timer);
  }, [paused]);
  return { rows, held, rate, state, clear: () => setRows([]) };
}
