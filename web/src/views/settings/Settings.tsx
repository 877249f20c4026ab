// Settings: what can be changed in this browser, and by which command the rest is.

import { LogOut } from "lucide-react";
import { useAbout } from "../../api/health.ts";
import { askJson, key, setKey } from "../../api/http.ts";
import { useQuery } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { Command } from "../../components/Controls.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { Empty, Loaded, Panel } from "../../components/Panel.tsx";
import { PinKeys } from "../../components/PinKeys.tsx";
import { visible } from "../../lib/ansi.ts";
import { duration } from "../../lib/format.ts";
import { sqlUrl } from "../../lib/links.ts";
import { Link } from "react-router";

export default function Settings() {
  const about = useAbout();
  return (
    <>
      <PageHead title="Settings" sub={about.data ? `tachograph ${about.data.version} · ${visible(about.data.origin ?? "")}` : undefined} />
      <div className="grid" style={{ "--min": "420px" } as React.CSSProperties}>
        <Access needed={about.data?.keys_needed ?? null} />
        <Panel title="Verifier keys" note="kept in this browser">
          <PinKeys open said={about.data?.keys ?? []} />
        </Panel>
        <Commands />
        <Slowest />
        <Shortcuts />
      </div>
    </>
  );
}

function Access({ needed }: { needed: boolean | null }) {
  const text = useSyncExternalStore(key.subscribe, key.get);
  return (
    <Panel title="Access">
      <div className="stack">
        {text !== null ? (
          <>
            <p>
              You are signed in with a key that ends in <code>…{text.slice(-4)}</code>. It is gone when you close this tab.
            </p>
            <div>
              <button type="button" className="button" onClick={() => setKey(null)}>
                <LogOut aria-hidden /> Sign out
              </button>
            </div>
          </>
        ) : (
          <p>{needed === false ? "This server has no keys: it listens on its own machine only, and everyone there may do everything." : "You are not signed in."}</p>
        )}
        <p className="dim">Keys are made and revoked on the machine of the server:</p>
        <Command text="tachograph key create ci --role write" />
        <Command text="tachograph key list" />
        <Command text="tachograph key revoke ID" />
      </div>
    </Panel>
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
        <p className="dim">Retention, redaction and minimisation are in the configuration file, <code>config.toml</code> in the data folder.</p>
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
  ["g, then a letter", "to a page: o overview, w operations, n alerts, a agents, s sessions, e explore, l live; each line at the side says its own"],
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
