// One dashboard: its panels on a grid, its variables and time in the address, and its file to be edited beside it.

import { Download, Maximize, Pencil, Save, Trash2 } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { useNavigate, useParams } from "react-router";
import { type ShelfState, useDashboards } from "../../api/shelf.ts";
import { RangePicker } from "../../components/Controls.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { Bones, Empty, Panel } from "../../components/Panel.tsx";
import { visible } from "../../lib/ansi.ts";
import { type Dashboard, EXAMPLE, type ReadFault, type Variable, readDashboard } from "../../lib/dashboard.ts";
import { download } from "../../lib/download.ts";
import { plural } from "../../lib/format.ts";
import { rangeName } from "../../lib/range.ts";
import { useParam, useRange } from "../../lib/useView.ts";
import { PanelView } from "./PanelView.tsx";

export default function DashboardPage() {
  const name = useParams().name ?? "";
  const shelf = useDashboards();
  // What is being written stays, whatever is asked for again meanwhile.
  if (shelf.all === null && name !== "new") return <Bones height={320} />;
  const source = shelf.all?.[name]?.text ?? (name === "example" || name === "new" ? EXAMPLE : null);
  if (source === null) {
    return (
      <>
        <PageHead title="Dashboard" sub={<code>{visible(name)}</code>} />
        <Panel>
          <Empty title="There is no such dashboard">Neither the server nor this browser keeps one of this name. Whoever made it can save it as a file, which you can open under Dashboards.</Empty>
        </Panel>
      </>
    );
  }
  return <Shown key={name} name={name} source={source} shelf={shelf} />;
}

function Shown({ name, source, shelf }: { name: string; source: string; shelf: ShelfState }) {
  const [text, setText] = useState(source);
  const [edit, setEdit] = useParam("edit");
  const [why, setWhy] = useState<string | null>(null);
  const read = useMemo(() => readDashboard(text), [text]);
  // While the text is being changed, the last one that was understood stays on screen.
  const last = useRef<Dashboard | null>(null);
  if (read.dashboard !== null) last.current = read.dashboard;
  const shown = last.current;
  const frame = useRef<HTMLDivElement>(null);
  const navigate = useNavigate();
  const [range, setRange] = useRange(shown?.preset ?? "24h");
  const save = async () => {
    if (read.dashboard === null) return;
    const failed = await shelf.save(read.dashboard.name, text);
    setWhy(failed);
    if (failed === null) navigate(`/dashboards/${read.dashboard.name}`);
  };
  const remove = async () => {
    const failed = await shelf.remove(name);
    setWhy(failed);
    if (failed === null) navigate("/dashboards");
  };
  return (
    <>
      <PageHead title={visible(shown?.title ?? name)} sub={shown ? `${plural(shown.panels.length, "panel")} · ${rangeName(range)}` : undefined}>
        <RangePicker range={range} onChange={setRange} />
        <button type="button" className="button" onClick={() => void frame.current?.requestFullscreen()} title="On the whole screen, for a wall">
          <Maximize aria-hidden /> Full screen
        </button>
        <button type="button" className="button" onClick={() => download(`${shown?.name ?? name}.yaml`, text, "application/yaml")}>
          <Download aria-hidden /> File
        </button>
        <button type="button" className="button" aria-pressed={edit === "1"} onClick={() => setEdit(edit === "1" ? "" : "1")}>
          <Pencil aria-hidden /> Edit
        </button>
      </PageHead>
      <div className="stack">
        {edit === "1" && <Text text={text} faults={read.faults} why={why} onText={setText} shares={shelf.shares} onSave={() => void save()} onRemove={shelf.all?.[name] === undefined ? null : () => void remove()} />}
        {shown && <Variables variables={shown.variables} />}
        <div ref={frame} className="wall">
          {shown && (
            <div className="board">
              {shown.panels.map((panel) => (
                <PanelView key={panel.id} panel={panel} dashboard={shown} range={range} />
              ))}
            </div>
          )}
        </div>
      </div>
    </>
  );
}

function Variables({ variables }: { variables: Variable[] }) {
  if (variables.length === 0) return null;
  return (
    <div className="row wrap">
      {variables.map((variable) => (
        <One key={variable.name} variable={variable} />
      ))}
    </div>
  );
}

const PAUSE_MS = 400;

function One({ variable }: { variable: Variable }) {
  const [value, setValue] = useParam(`var-${variable.name}`, variable.value);
  const [typed, setTyped] = useState(value);
  const said = useRef(value);
  useEffect(() => {
    // A link or the way back says another value than was typed here: it counts.
    if (value !== said.current) setTyped(value);
    said.current = value;
  }, [value]);
  useEffect(() => {
    const timer = window.setTimeout(() => {
      if (typed === said.current) return;
      said.current = typed;
      setValue(typed);
    }, PAUSE_MS);
    return () => window.clearTimeout(timer);
  }, [typed, setValue]);
  return (
    <label className="row small">
      <span className="dim">{visible(variable.title)}</span>
      {variable.options.length > 0 ? (
        <select className="field" value={typed} onChange={(event) => setTyped(event.target.value)}>
          {variable.options.map((option) => (
            <option key={option} value={option}>
              {visible(option)}
            </option>
          ))}
        </select>
      ) : (
        <span className="field">
          <input value={typed} onChange={(event) => setTyped(event.target.value)} spellCheck={false} />
        </span>
      )}
    </label>
  );
}

interface TextProps {
  text: string;
  faults: ReadFault[];
  why: string | null;
  onText: (text: string) => void;
  onSave: () => void;
  /** Whether it is kept for everybody. */
  shares: boolean;
  /** Nothing where it is not kept. */
  onRemove: (() => void) | null;
}

function Text({ text, faults, why, shares, onText, onSave, onRemove }: TextProps) {
  return (
    <Panel
      title="The file"
      note="YAML in the shape of Perses; SQL may name variables as $name, the time as $__range, a step as $__step"
      actions={
        <>
          {onRemove && (
            <button type="button" className="button small" onClick={onRemove}>
              <Trash2 aria-hidden /> Remove
            </button>
          )}
          <button type="button" className="button small primary" disabled={faults.length > 0} onClick={onSave}>
            <Save aria-hidden /> {shares ? "Keep for everybody" : "Keep in this browser"}
          </button>
        </>
      }
    >
      <div className="stack">
        <textarea className="area mono" rows={18} value={text} onChange={(event) => onText(event.target.value)} spellCheck={false} wrap="off" aria-label="The dashboard as YAML" />
        <ul className="said" aria-live="polite">
          {faults.slice(0, 8).map((fault, place) => (
            <li key={place} className="status failure">
              {fault.line === null ? "" : `line ${fault.line}: `}
              {visible(fault.message)}
            </li>
          ))}
        </ul>
        {why !== null && (
          <p className="chip fail" role="alert">
            {visible(why)}
          </p>
        )}
      </div>
    </Panel>
  );
}
