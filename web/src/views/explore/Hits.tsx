// The hits as a list without an end, with the columns that one wants, and as a file.

import { Menu } from "@base-ui/react/menu";
import { Download, Radio, Waypoints } from "lucide-react";
import { useCallback, useMemo, useState } from "react";
import { Link, useNavigate } from "react-router";
import { type EventRow, useSearch } from "../../api/events.ts";
import { useEventsWhere } from "../../api/pipes.ts";
import { exportSql } from "../../api/sql.ts";
import { Choice } from "../../components/Controls.tsx";
import { EVENT_COLUMNS, EventCells, EventHead } from "../../components/EventCells.tsx";
import { Bones, Empty, Fault, Panel } from "../../components/Panel.tsx";
import { Rows } from "../../components/Rows.tsx";
import { visible } from "../../lib/ansi.ts";
import { download } from "../../lib/download.ts";
import { count } from "../../lib/format.ts";
import { eventUrl } from "../../lib/links.ts";
import { type Reading, pipesOf } from "../../lib/pipetext.ts";
import { type Range, bounds, moment, rangeSql, writeRange } from "../../lib/range.ts";
import { Columns, columnTemplate, useColumns } from "./Columns.tsx";

const PAGE = 200;
const EXPORT_MAX = 100_000;

interface HitsProps {
  reading: Exclude<Reading, { kind: "answer" }>;
  range: Range;
  /** What is asked for, in SQL. */
  condition: string;
}

/** The server searches by words itself; what pipes mean is a condition. */
function useHits({ reading, range, condition }: HitsProps) {
  // A moving window would ask anew all the time: the search is about the moment it was asked at.
  const [asked, setAsked] = useState(Date.now);
  const [from, to] = useMemo((): [number | null, number | null] => {
    if (range.kind === "all") return [null, null];
    const [start, end] = bounds(range, asked);
    return [start, range.kind === "between" ? end : null];
  }, [range, asked]);
  const words = reading.kind === "search";
  const when = [...(from === null ? [] : [`timestamp >= ${moment(from)}`]), ...(to === null ? [] : [`timestamp < ${moment(to)}`]), "TRUE"].join(" AND ");
  const searched = useSearch({ q: words ? reading.q : "", from: iso(from), to: iso(to), limit: PAGE }, words);
  const kept = useEventsWhere(words ? null : condition, when, PAGE);
  return { search: words ? searched : kept, again: () => setAsked(Date.now()) };
}

const iso = (ms: number | null) => (ms === null ? null : new Date(ms).toISOString());

export function Hits(props: HitsProps) {
  const { reading, range, condition } = props;
  const { search, again } = useHits(props);
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
          {reading.kind === "search" && (
            <Link className="button small" to={`/live?${new URLSearchParams({ q: reading.q })}`}>
              <Radio aria-hidden /> Follow
            </Link>
          )}
          <Link className="button small" to={pipesUrl(reading, range)} title="The same in the pipe language: to add up, or to make a rule of it">
            <Waypoints aria-hidden /> As pipes
          </Link>
          <Columns chosen={columns} onChange={setColumns} />
          <Export condition={condition} range={range} />
          <button type="button" className="button small" onClick={again}>
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

const pipesUrl = (reading: HitsProps["reading"], range: Range) => `/explore?${writeRange(new URLSearchParams({ mode: "pipes", pipes: reading.kind === "search" ? pipesOf(reading.q) : reading.pipes }), range)}`;

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
