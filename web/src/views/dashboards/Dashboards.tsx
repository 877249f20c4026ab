// Dashboards of one's own: kept in this browser, carried elsewhere as files.

import { FilePlus2, FolderOpen } from "lucide-react";
import { useRef, useState } from "react";
import { Link, useNavigate } from "react-router";
import { PageHead } from "../../components/PageHead.tsx";
import { Empty, Panel } from "../../components/Panel.tsx";
import { visible } from "../../lib/ansi.ts";
import { EXAMPLE, readDashboard } from "../../lib/dashboard.ts";
import { plural } from "../../lib/format.ts";
import { DASHBOARDS, keep, readKept } from "../../lib/kept.ts";

export default function Dashboards() {
  const [kept] = useState(() => readKept(DASHBOARDS));
  const [fault, setFault] = useState<string | null>(null);
  const file = useRef<HTMLInputElement>(null);
  const navigate = useNavigate();
  const take = async (chosen: File | undefined) => {
    if (!chosen) return;
    const source = await chosen.text();
    const { dashboard, faults } = readDashboard(source);
    const why = dashboard === null ? `${chosen.name}: ${faults[0]?.line ? `line ${faults[0].line}: ` : ""}${faults[0]?.message ?? "not understood"}` : keep(DASHBOARDS, dashboard.name, source);
    if (why === null && dashboard !== null) navigate(`/dashboards/${dashboard.name}`);
    else setFault(why);
  };
  const names = Object.keys(kept).sort();
  return (
    <>
      <PageHead title="Dashboards" sub="Of your own, as files: kept in this browser until you save them elsewhere">
        <button type="button" className="button" onClick={() => file.current?.click()}>
          <FolderOpen aria-hidden /> Open a file
        </button>
        <input ref={file} type="file" accept=".yaml,.yml,.json" hidden onChange={(event) => void take(event.target.files?.[0])} aria-label="A dashboard as a file" />
        <Link className="button primary" to="/dashboards/new?edit=1">
          <FilePlus2 aria-hidden /> New dashboard
        </Link>
      </PageHead>
      <div className="stack">
        {fault !== null && (
          <p className="chip fail wide-chip" role="alert">
            {visible(fault)}
          </p>
        )}
        <Panel flush>
          {names.length === 0 ? (
            <Empty title="None is kept here yet">
              Begin with{" "}
              <Link className="link" to="/dashboards/example">
                the example
              </Link>
              , or open a file that somebody gave you.
            </Empty>
          ) : (
            <ul className="lines">
              {[...names, "example"].map((name) => (
                <li key={name}>
                  <Link className="line top" to={`/dashboards/${name}`}>
                    <strong className="cut">{titleOf(name, kept)}</strong>
                    <span className="dim">{panelsOf(name, kept)}</span>
                    <span className="faint mono">{visible(name)}</span>
                  </Link>
                </li>
              ))}
            </ul>
          )}
        </Panel>
      </div>
    </>
  );
}

const sourceOf = (name: string, kept: Record<string, string>): string => kept[name] ?? EXAMPLE;

function titleOf(name: string, kept: Record<string, string>): string {
  return name === "example" && kept.example === undefined ? "The example" : visible(readDashboard(sourceOf(name, kept)).dashboard?.title ?? name);
}

function panelsOf(name: string, kept: Record<string, string>): string {
  const { dashboard } = readDashboard(sourceOf(name, kept));
  return dashboard === null ? "not understood" : plural(dashboard.panels.length, "panel");
}
