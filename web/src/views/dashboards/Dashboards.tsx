// Dashboards: shared on the server, or of one's own in this browser, and carried elsewhere as files.

import { FilePlus2, FolderOpen, Users } from "lucide-react";
import { useRef, useState } from "react";
import { Link, useNavigate } from "react-router";
import { type ShelfState, useDashboards } from "../../api/shelf.ts";
import { PageHead } from "../../components/PageHead.tsx";
import { Bones, Empty, Fault, Panel } from "../../components/Panel.tsx";
import { visible } from "../../lib/ansi.ts";
import { EXAMPLE, readDashboard } from "../../lib/dashboard.ts";
import { plural } from "../../lib/format.ts";

export default function Dashboards() {
  const shelf = useDashboards();
  const [fault, setFault] = useState<string | null>(null);
  const file = useRef<HTMLInputElement>(null);
  const navigate = useNavigate();
  const take = async (chosen: File | undefined) => {
    if (!chosen) return;
    const source = await chosen.text();
    const { dashboard, faults } = readDashboard(source);
    const why = dashboard === null ? `${chosen.name}: ${faults[0]?.line ? `line ${faults[0].line}: ` : ""}${faults[0]?.message ?? "not understood"}` : await shelf.save(dashboard.name, source);
    if (why === null && dashboard !== null) navigate(`/dashboards/${dashboard.name}`);
    else setFault(why);
  };
  return (
    <>
      <PageHead title="Dashboards" sub={shelf.shares ? "Kept on the server, for everybody who may look" : "Those that the server keeps, and those that you keep in this browser"}>
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
        {shelf.error !== null && <Fault error={shelf.error} />}
        {shelf.faults.length > 0 && (
          <p className="chip warn wide-chip" role="status">
            Not everything is shown: {visible(shelf.faults.join("; "))}
          </p>
        )}
        <Panel flush>{shelf.all === null ? <Bones height={160} /> : <List all={shelf.all} />}</Panel>
      </div>
    </>
  );
}

function List({ all }: { all: NonNullable<ShelfState["all"]> }) {
  const names = Object.keys(all);
  if (names.length === 0) {
    return (
      <Empty title="None is kept yet">
        Begin with{" "}
        <Link className="link" to="/dashboards/example">
          the example
        </Link>
        , or open a file that somebody gave you.
      </Empty>
    );
  }
  return (
    <ul className="lines">
      {[...names, ...(all.example === undefined ? ["example"] : [])].map((name) => {
        const { dashboard } = readDashboard(all[name]?.text ?? EXAMPLE);
        const title = all[name] === undefined ? "The example" : visible(dashboard?.title ?? name);
        return (
          <li key={name}>
            <Link className="line shelf-line" to={`/dashboards/${name}`}>
              <strong className="cut">{title}</strong>
              <span className="dim">{dashboard === null ? "not understood" : plural(dashboard.panels.length, "panel")}</span>
              <Where shared={all[name]?.shared} />
              <span className="faint mono cut">{visible(name)}</span>
            </Link>
          </li>
        );
      })}
    </ul>
  );
}

function Where({ shared }: { shared: boolean | undefined }) {
  if (shared === undefined) return <span className="dim">built in</span>;
  if (!shared) return <span className="dim">in this browser</span>;
  return (
    <span className="dim row" style={{ gap: 4 }}>
      <Users size={13} aria-hidden /> shared
    </span>
  );
}
