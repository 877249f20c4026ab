// Searching: a histogram that zooms, values to click, and the hits as a list without an end.

import { Download, Radio, X } from "lucide-react";
import { useCallback, useMemo, useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { type EventRow, useSearch } from "../../api/events.ts";
import { useHistogram, useOldest } from "../../api/overview.ts";
import { exportSql } from "../../api/sql.ts";
import { Choice, RangePicker } from "../../components/Controls.tsx";
import { EVENT_COLUMNS, EventCells, EventHead } from "../../components/EventCells.tsx";
import { Histogram } from "../../components/Histogram.tsx";
import { Bones, Empty, Fault, Panel } from "../../components/Panel.tsx";
import { Rows } from "../../components/Rows.tsx";
import { visible } from "../../lib/ansi.ts";
import { download } from "../../lib/download.ts";
import { count, plural } from "../../lib/format.ts";
import { eventUrl } from "../../lib/links.ts";
import { type Range, bounds, rangeSql, writeRange } from "../../lib/range.ts";
import { axisOf } from "../../lib/series.ts";
import { parseSearch, renderTerm, searchSql, withTerm, withoutTerm } from "../../lib/sqltext.ts";
import { useRange } from "../../lib/useView.ts";
import { Menu } from "@base-ui/react/menu";
import { Columns, columnTemplate, useColumns } from "./Columns.tsx";
import { Facets } from "./Facets.tsx";
import { SearchBar } from "./SearchBar.tsx";

const PAGE = 200;
const EXPORT_MAX = 100_000;

export function Finding() {
  const [range] = useRange("24h");
  const [params, setParams] = useSearchParams();
  const q = params.get("q") ?? "";
  const setQ = useCallback((text: string) => setParams((before) => { before.set("q", text); return before; }), [setParams]);
  const setRange = useCallback((next: Range) => setParams((before) => writeRange(before, next)), [setParams]);
  const condition = useMemo(() => searchSql(q), [q]);
  return (
    <div className="stack">
      <div className="row wrap">
        <SearchBar value={q} onSearch={setQ} />
        <RangePicker range={range} onChange={setRange} />
      </div>
      {q !== "" && <Terms q={q} onChange={setQ} />}
      <Bars condition={condition} range={range} onZoom={setRange} />
      <div className="explore-grid">
        <Facets condition={condition} range={range} onPick={(field, value, negated) => setQ(withTerm(q, field, value, negated))} />
        <Hits q={q} range={range} condition={condition} />
      </div>
    </div>
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

function Hits({ q, range, condition }: { q: string; range: Range; condition: string }) {
  // A moving window would ask anew all the time: the search is about the moment it was asked at.
  const [asked, setAsked] = useState(Date.now);
  const times = useMemo(() => (range.kind === "all" ? [null, null] : range.kind === "between" ? bounds(range, asked).map(iso) : [iso(bounds(range, asked)[0]), null]), [range, asked]);
  const search = useSearch({ q, from: times[0] ?? null, to: times[1] ?? null, limit: PAGE });
  const rows = useMemo(() => search.data?.pages.flatMap((page) => page.rows) ?? [], [search.data]);
  const [columns, setColumns] = useColumns();
  const [active, setActive] = useState(-1);
  const navigate = useNavigate();
  const more = useCallback(() => {
    if (search.hasNextPage && !search.isFetching) void search.fetchNextPage();
  }, [search]);
  const standard = columns.length === 0;
  return (
    <Panel
      flush
      title="Hits"
      note={search.isFetchingNextPage ? "loading more" : rows.length > 0 ? `${count(rows.length)}${search.hasNextPage ? " so far" : ""}, newest first` : undefined}
      actions={
        <>
          <Link className="button small" to={`/live?${new URLSearchParams({ q })}`}>
            <Radio aria-hidden /> Follow
          </Link>
          <Columns chosen={columns} onChange={setColumns} />
          <Export condition={condition} range={range} />
          <button type="button" className="button small" onClick={() => setAsked(Date.now())}>
            Refresh
          </button>
        </>
      }
    >
      {search.isError ? (
        <div className="pad">
          <Fault error={search.error} retry={() => void search.refetch()} />
        </div>
      ) : search.data === undefined ? (
        <div className="pad">
          <Bones height={300} />
        </div>
      ) : rows.length === 0 ? (
        <Empty title="Nothing matches">Try fewer words, another filter or a longer time.</Empty>
      ) : (
        <Rows
          label="Hits, newest first"
          rows={rows}
          id={(row) => row.index}
          height="max(420px, calc(100vh - 420px))"
          columns={standard ? EVENT_COLUMNS : columnTemplate(columns)}
          head={standard ? <EventHead /> : columns.map((name) => <span key={name}>{name}</span>)}
          show={(row) => (standard ? <EventCells row={row} /> : <Cells row={row} columns={columns} />)}
          onEnd={more}
          active={active}
          onActive={setActive}
          onOpen={(row) => navigate(eventUrl(row.index))}
        />
      )}
    </Panel>
  );
}

const iso = (ms: number) => new Date(ms).toISOString();

function Cells({ row, columns }: { row: EventRow; columns: string[] }) {
  return columns.map((name, place) => {
    const text = visible(String(row[name] ?? "–"));
    return (
      <span key={name} className="cut" title={text}>
        {place === 0 ? (
          <Link className="stretched" to={eventUrl(row.index)}>
            {text}
          </Link>
        ) : (
          text
        )}
      </span>
    );
  });
}

const FORMATS = [
  ["CSV", "text/csv", "csv"],
  ["JSON lines", "application/x-ndjson", "ndjson"],
  ["JSON", "application/json", "json"],
  ["Parquet", "application/vnd.apache.parquet", "parquet"],
] as const;

function Export({ condition, range }: { condition: string; range: Range }) {
  const [fault, setFault] = useState<string | null>(null);
  const save = (accept: string, ending: string) => {
    const query = `SELECT * FROM agent_audit_log WHERE (${condition}) AND ${rangeSql(range)} ORDER BY timestamp DESC, index DESC LIMIT ${EXPORT_MAX}`;
    exportSql(query, accept).then((blob) => download(`events.${ending}`, blob), (error: Error) => setFault(error.message));
  };
  return (
    <>
      {fault && <span className="chip fail" role="alert">{fault}</span>}
      <Choice label={<><Download aria-hidden /> Export</>} title={`Export up to ${count(EXPORT_MAX)} hits`}>
        {FORMATS.map(([name, accept, ending]) => (
          <Menu.Item key={name} className="popup-item" onClick={() => save(accept, ending)}>
            {name}
          </Menu.Item>
        ))}
      </Choice>
    </>
  );
}
