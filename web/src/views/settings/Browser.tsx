// What belongs to this browser, what is done by command, the slowest queries and the keyboard.

import { useQuery } from "@tanstack/react-query";
import { Link } from "react-router";
import { askJson } from "../../api/http.ts";
import { Command } from "../../components/Controls.tsx";
import { Empty, Loaded, Panel } from "../../components/Panel.tsx";
import { PinKeys } from "../../components/PinKeys.tsx";
import { visible } from "../../lib/ansi.ts";
import { duration } from "../../lib/format.ts";
import { sqlUrl } from "../../lib/links.ts";

export function Browser({ limited, keys }: { limited: boolean; keys: string[] }) {
  return (
    <div className="grid" style={{ "--min": "420px" } as React.CSSProperties}>
      <Panel title="Verifier keys" note="kept in this browser">
        <PinKeys open said={keys} />
      </Panel>
      <Commands />
      {!limited && <Slowest />}
      <Shortcuts />
    </div>
  );
}

const OTHERS: [string, string][] = [
  ["Names, teams and expected agents", "tachograph agents --help"],
  ["What is wrong and what to do", "tachograph doctor"],
  ["Check the whole record", `tachograph verify --server ${location.host}`],
];

function Commands() {
  return (
    <Panel title="By command" note="this version changes these outside of the page">
      <div className="stack">
        {OTHERS.map(([text, command]) => (
          <div key={text} className="stack" style={{ gap: 4 }}>
            <span className="dim">{text}</span>
            <Command text={command} />
          </div>
        ))}
      </div>
    </Panel>
  );
}

interface Slow {
  slowest: { query: string; milliseconds: number }[];
}

function Slowest() {
  const slow = useQuery({ queryKey: ["slowest"], queryFn: ({ signal }) => askJson<Slow>("/v1/queries", { signal }), refetchInterval: 15_000 });
  return (
    <Panel title="Slowest queries" note="since the start" flush>
      <Loaded query={slow} empty={({ slowest }) => slowest.length === 0} nothing={<Empty title="None was slow" />}>
        {({ slowest }) => (
          <ul className="lines">
            {slowest.map((one, place) => (
              <li key={place}>
                <Link className="line slow" to={sqlUrl(one.query)}>
                  <code className="cut">{visible(one.query.replace(/\s+/g, " "))}</code>
                  <span className="num right">{duration(one.milliseconds * 1000)}</span>
                </Link>
              </li>
            ))}
          </ul>
        )}
      </Loaded>
    </Panel>
  );
}

const KEYS: [string, string][] = [
  ["Ctrl K", "search and go anywhere"],
  ["/", "to the search of the page"],
  ["g, then a letter", "to a page: o overview, w operations, n alerts, a agents, s sessions, e explore, l live, f reports; each line at the side says its own"],
  ["j k", "walk through a session or a list"],
  ["n p", "next and previous failure of a session"],
  ["Enter", "open what is chosen"],
];

function Shortcuts() {
  return (
    <Panel title="Keyboard">
      <dl className="facts">
        {KEYS.map(([keys, text]) => (
          <div key={keys} style={{ display: "contents" }}>
            <dt>
              <kbd>{keys}</kbd>
            </dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}
