// Searching: a histogram that zooms, values to click, and the hits as a list without an end.

import { X } from "lucide-react";
import { useCallback, useMemo, useState } from "react";
import { useSearchParams } from "react-router";
import { useHistogram, useOldest } from "../../api/overview.ts";
import { exportPipes, useCondition, usePipes } from "../../api/pipes.ts";
import { RangePicker } from "../../components/Controls.tsx";
import { Histogram } from "../../components/Histogram.tsx";
import { Bones, Fault, Panel } from "../../components/Panel.tsx";
import { visible } from "../../lib/ansi.ts";
import { plural } from "../../lib/format.ts";
import { type Reading, placedAsTyped, readingOf, withCondition } from "../../lib/pipetext.ts";
import { type Range, bounds, writeRange } from "../../lib/range.ts";
import { axisOf } from "../../lib/series.ts";
import { parseSearch, quoted, renderTerm, searchSql, withTerm, withoutTerm } from "../../lib/sqltext.ts";
import { useRange } from "../../lib/useView.ts";
import { AnswerPanel } from "./Answer.tsx";
import { Facets } from "./Facets.tsx";
import { Hits } from "./Hits.tsx";
import { SearchBar } from "./SearchBar.tsx";

export function Finding() {
  const [range] = useRange("24h");
  const [params, setParams] = useSearchParams();
  const q = params.get("q") ?? "";
  const setQ = useCallback((text: string) => setParams((before) => { before.set("q", text); return before; }), [setParams]);
  const setRange = useCallback((next: Range) => setParams((before) => writeRange(before, next)), [setParams]);
  const reading = useMemo(() => readingOf(q), [q]);
  return (
    <div className="stack">
      <div className="row wrap">
        <SearchBar value={q} onSearch={setQ} />
        <RangePicker range={range} onChange={setRange} />
      </div>
      {reading.kind === "search" && q !== "" && <Terms q={q} onChange={setQ} />}
      {reading.kind === "answer" ? <Answered pipes={reading.pipes} q={q} range={range} onSearch={setQ} /> : <Found reading={reading} q={q} range={range} onSearch={setQ} onRange={setRange} />}
    </div>
  );
}

interface ReadProps {
  q: string;
  range: Range;
  onSearch: (q: string) => void;
}

/** What the last stage of a query in pipes leaves. */
function Answered({ pipes, q, range, onSearch }: ReadProps & { pipes: string }) {
  const answer = usePipes(pipes, range);
  if (answer.isError) return <NotUnderstood error={answer.error} q={q} onSearch={onSearch} />;
  return <AnswerPanel answer={answer} save={(accept) => exportPipes(pipes, range, accept)} />;
}

function NotUnderstood({ error, q, onSearch }: { error: Error } & Pick<ReadProps, "q" | "onSearch">) {
  return (
    <div className="stack" style={{ gap: 10 }}>
      <Fault error={Object.assign(new Error(placedAsTyped(error.message)), { title: "This is read as pipes, and not understood" })} />
      <div>
        <button type="button" className="button small" onClick={() => onSearch(quoted(q))}>
          Search for these words instead
        </button>
      </div>
    </div>
  );
}

/** Events, counted by time and value, and listed. */
function Found({ reading, q, range, onSearch, onRange }: ReadProps & { reading: Exclude<Reading, { kind: "answer" }>; onRange: (range: Range) => void }) {
  const inPipes = reading.kind === "events";
  const said = useCondition(inPipes ? reading.pipes : null);
  const condition = inPipes ? said.data : searchSql(reading.q);
  if (said.isError) return <NotUnderstood error={said.error} q={q} onSearch={onSearch} />;
  if (condition === undefined) return <Bones height={300} />;
  // Some conditions have no SQL: the server says which.
  if (condition === null) return <Answered pipes={inPipes ? reading.pipes : ""} q={q} range={range} onSearch={onSearch} />;
  const pick = (field: string, column: string, value: string, negated: boolean) => onSearch(inPipes ? withCondition(q, column, value, negated) : withTerm(q, field, value, negated));
  return (
    <>
      <Bars condition={condition} range={range} onZoom={onRange} />
      <div className="explore-grid">
        <Facets condition={condition} range={range} onPick={pick} />
        <Hits reading={reading} range={range} condition={condition} />
      </div>
    </>
  );
}

function Terms({ q, onChange }: { q: string; onChange: (q: string) => void }) {
  return (
    <ul className="row wrap" aria-label="Filters">
      {parseSearch(q).map((term, place) => (
        <li key={place} className={term.negated ? "chip warn" : "chip accent"}>
          <span className="cut">{visible(renderTerm(term))}</span>
          <button type="button" aria-label={`Remove ${renderTerm(term)}`} onClick={() => onChange(withoutTerm(q, place))}>
            <X aria-hidden />
          </button>
        </li>
      ))}
    </ul>
  );
}

function Bars({ condition, range, onZoom }: { condition: string; range: Range; onZoom: (range: Range) => void }) {
  const [now] = useState(Date.now);
  const oldest = Date.parse(useOldest().data?.rows[0]?.first ?? "");
  const [from, to] = bounds(range, now, Number.isNaN(oldest) ? undefined : oldest);
  const { step, query } = useHistogram(condition, range, to - from, 80);
  const axis = useMemo(() => axisOf(from, to, step), [from, to, step]);
  const total = query.data?.rows.reduce((sum, row) => sum + row.n, 0);
  return (
    <Panel title={total === undefined ? "Events" : plural(total, "event")} note="drag over the bars to zoom">
      {query.isError ? <Fault error={query.error} /> : query.data === undefined ? <Bones height={110} /> : <Histogram axis={axis} rows={query.data.rows} height={110} onZoom={(start, end) => onZoom({ kind: "between", from: start, to: end })} />}
    </Panel>
  );
}
