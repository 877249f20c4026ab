// Who talks to whom: drawn, and as a table with volume, failures and how long answers took.

import { useMemo } from "react";
import { Link } from "react-router";
import { EDGES_MAX, useNetwork } from "../../api/operations.ts";
import { AgentLink } from "../../components/Marks.tsx";
import { Network } from "../../components/Network.tsx";
import { Empty, Loaded, Panel } from "../../components/Panel.tsx";
import { type Column, Table } from "../../components/Table.tsx";
import { count, duration, percent, plural } from "../../lib/format.ts";
import { exploreUrl } from "../../lib/links.ts";
import { type Edge, filtered } from "../../lib/network.ts";
import type { Range } from "../../lib/range.ts";
import { withTerm } from "../../lib/sqltext.ts";
import { useParam } from "../../lib/useView.ts";
import { visible } from "../../lib/ansi.ts";

/** Lines that a drawing can still be read with, and rows of the table. */
const DRAWN_MAX = 300;
const ROWS_MAX = 200;

export function Talk({ range }: { range: Range }) {
  const network = useNetwork(range);
  const [who, setWho] = useParam("who");
  const [failing, setFailing] = useParam("failing");
  const [least, setLeast] = useParam("least", "1");
  const [chosen, setChosen] = useParam("chosen");
  const columns = useMemo(() => columnsOf(range), [range]);
  const edges = useMemo(() => filtered(network.data?.rows ?? [], { who, failing: failing === "1", least: Math.max(1, Number(least) || 1) }), [network.data, who, failing, least]);
  const drawn = useMemo(() => edges.slice(0, DRAWN_MAX), [edges]);
  const listed = edges.filter((edge) => chosen === "" || edge.source === chosen || edge.target === chosen).slice(0, ROWS_MAX);
  const filters = (
    <>
      <label className="field small-field">
        <span className="hidden">Only an agent and those it talks to</span>
        <input value={who} onChange={(event) => setWho(event.target.value)} placeholder="Only this agent" />
      </label>
      <label className="field small-field narrow">
        <span className="dim small">at least</span>
        <input type="number" min={1} value={least} onChange={(event) => setLeast(event.target.value)} aria-label="Messages at least" />
      </label>
      <button type="button" className="button small" aria-pressed={failing === "1"} onClick={() => setFailing(failing === "1" ? "" : "1")}>
        Failing
      </button>
    </>
  );
  return (
    <Panel title="Communication" note="who talks to whom" actions={filters} flush>
      <Loaded query={network} height={420} empty={({ rows }) => rows.length === 0} nothing={<Empty title="No agent wrote to another in this time">Messages show here when an event names <code>sender</code> and <code>receiver</code>.</Empty>}>
        {({ rows }) =>
          edges.length === 0 ? (
            <Empty title="No pair passes these filters" />
          ) : (
            <div className="talk">
              <Network edges={drawn} chosen={chosen} onChoose={setChosen} />
              <div className="talk-table">
                {chosen !== "" && (
                  <p className="row pad">
                    <AgentLink id={chosen} />
                    <button type="button" className="button small" onClick={() => setChosen("")}>
                      Show all
                    </button>
                  </p>
                )}
                <Table label="Pairs that talk" rows={listed} columns={columns} sort="-n" sortName="pairs" id={(edge) => `${edge.source}\n${edge.target}`} />
                {edges.length > DRAWN_MAX && <p className="table-note dim">Drawn are the busiest {DRAWN_MAX} pairs; filters choose others.</p>}
                {(rows.length === EDGES_MAX || edges.length > ROWS_MAX) && <p className="table-note dim">The busiest {plural(Math.min(edges.length, ROWS_MAX), "pair")} of {rows.length === EDGES_MAX ? `more than ${EDGES_MAX}` : count(edges.length)}</p>}
              </div>
            </div>
          )
        }
      </Loaded>
    </Panel>
  );
}

function columnsOf(range: Range): Column<Edge>[] {
  const search = (edge: Edge) => exploreUrl(`${withTerm(withTerm("type:communication", "from_agent", edge.source), "to_agent", edge.target)}`, range);
  return [
    {
      name: "pair",
      title: "From, to",
      value: (edge) => edge.source,
      show: (edge) => (
        <Link to={search(edge)} className="pair">
          <span className="cut">{visible(edge.source)}</span>
          <span className="cut dim">→ {visible(edge.target)}</span>
        </Link>
      ),
    },
    { name: "n", title: "Messages", right: true, value: (edge) => edge.n, show: (edge) => <span className="num">{count(edge.n)}</span> },
    { name: "failures", title: "Failed", right: true, value: (edge) => edge.failures, show: (edge) => <span className={edge.failures > 0 ? "num status failure" : "num"} title={percent(edge.failures / edge.n)}>{count(edge.failures)}</span> },
    { name: "p50", title: "Answered", right: true, value: (edge) => edge.p50, show: (edge) => <span className="num" title={edge.p95 === null ? "No answer says how long it took" : `Half within this, 95 of 100 within ${duration(edge.p95)}`}>{duration(edge.p50)}</span> },
  ];
}
