// Dashboards are files in the shape that Perses gives them: panels with queries, variables, a grid. Read with an error
// for everything that is not understood; values of variables get into a query only as text literals.

import { LineCounter, isMap, parseDocument } from "yaml";
import { PRESETS, type Preset, type Range, rangeSql, stepSeconds } from "./range.ts";
import { quote } from "./sqltext.ts";

export const KINDS = ["TimeSeriesChart", "BarChart", "StatChart", "Table"] as const;
export type Kind = (typeof KINDS)[number];

export interface Variable {
  name: string;
  title: string;
  value: string;
  /** The values to choose from; any text where there are none. */
  options: string[];
}

export interface DashboardPanel {
  id: string;
  title: string;
  kind: Kind;
  query: string;
  unit: string;
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Dashboard {
  name: string;
  title: string;
  preset: Preset;
  refreshMs: number;
  variables: Variable[];
  panels: DashboardPanel[];
}

export interface ReadFault {
  line: number | null;
  message: string;
}

export const COLUMNS = 24;
const BYTES_MAX = 256 * 1024;
const PANELS_MAX = 60;
const VARIABLES_MAX = 20;
const REFRESH_MIN_S = 5;
const NAME = /^[a-z0-9][a-z0-9_-]{0,60}$/;
const REFERENCE = /\$(\w+)/g;
const OWN = new Set(["__range", "__step"]);

type Plain = Record<string, unknown>;
const plain = (value: unknown): Plain => (value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Plain) : {});
const text = (value: unknown, fallback = ""): string => (typeof value === "string" || typeof value === "number" ? String(value) : fallback);
const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);

/** Reads a file; where there are faults there is no dashboard. */
export function readDashboard(source: string): { dashboard: Dashboard | null; faults: ReadFault[] } {
  const faults: ReadFault[] = [];
  const lines = new LineCounter();
  if (source.length > BYTES_MAX) return { dashboard: null, faults: [{ line: null, message: `a dashboard has at most ${BYTES_MAX / 1024} KiB` }] };
  const document = parseDocument(source, { lineCounter: lines });
  for (const error of document.errors) faults.push({ line: lines.linePos(error.pos[0]).line, message: error.message.split("\n")[0] ?? "not understood" });
  if (faults.length > 0) return { dashboard: null, faults };
  const lineOf = (path: (string | number)[]): number | null => {
    const node = document.getIn(path, true) as { range?: [number, number, number] } | undefined;
    return node?.range ? lines.linePos(node.range[0]).line : null;
  };
  const fault = (path: (string | number)[], message: string) => faults.push({ line: lineOf(path), message });
  if (!isMap(document.contents)) return { dashboard: null, faults: [{ line: 1, message: 'a dashboard is a mapping that begins with "kind: Dashboard"' }] };
  let root: Plain = {};
  try {
    // Aliases could make a small file a huge one.
    root = plain(document.toJS({ maxAliasCount: 0 }));
  } catch (error) {
    return { dashboard: null, faults: [{ line: null, message: error instanceof Error ? error.message : "not understood" }] };
  }
  const spec = plain(root.spec);
  const name = text(plain(root.metadata).name);
  if (root.kind !== "Dashboard") fault(["kind"], `kind is "${text(root.kind)}", expected "Dashboard"`);
  if (!NAME.test(name)) fault(["metadata", "name"], "metadata.name is made of small letters, digits, - and _, 60 at most");
  const duration = text(spec.duration, "24h");
  if (!(duration in PRESETS)) fault(["spec", "duration"], `duration is "${duration}", expected one of ${Object.keys(PRESETS).join(", ")}`);
  const variables = readVariables(spec, fault);
  const panels = readPanels(spec, variables, fault);
  const dashboard: Dashboard = { name, title: text(plain(spec.display).name, name), preset: duration as Preset, refreshMs: refreshOf(spec, fault), variables, panels };
  return { dashboard: faults.length === 0 ? dashboard : null, faults };
}

type Tell = (path: (string | number)[], message: string) => void;

function refreshOf(spec: Plain, fault: Tell): number {
  const word = text(spec.refreshInterval, "30s");
  const seconds = Number(/^(\d+)s$/.exec(word)?.[1] ?? Number(/^(\d+)m$/.exec(word)?.[1] ?? Number.NaN) * 60);
  if (!(seconds >= REFRESH_MIN_S)) fault(["spec", "refreshInterval"], `refreshInterval is "${word}", expected something like 30s or 5m, at least ${REFRESH_MIN_S}s`);
  return seconds * 1000;
}

function readVariables(spec: Plain, fault: Tell): Variable[] {
  const all = list(spec.variables);
  if (all.length > VARIABLES_MAX) fault(["spec", "variables"], `at most ${VARIABLES_MAX} variables`);
  return all.slice(0, VARIABLES_MAX).map((one, place) => {
    const inner = plain(plain(one).spec);
    const name = text(inner.name);
    if (!/^[a-z]\w{0,30}$/i.test(name)) fault(["spec", "variables", place], "a variable has a name of letters, digits and _");
    const options = list(inner.values).map((value) => text(value));
    return { name, title: text(plain(inner.display).name, name), value: text(inner.value ?? inner.defaultValue, options[0] ?? ""), options };
  });
}

function readPanels(spec: Plain, variables: Variable[], fault: Tell): DashboardPanel[] {
  const panels = plain(spec.panels);
  const names = Object.keys(panels);
  if (names.length === 0) fault(["spec", "panels"], "there is no panel: spec.panels maps a name to each");
  if (names.length > PANELS_MAX) fault(["spec", "panels"], `at most ${PANELS_MAX} panels`);
  const known = new Set([...variables.map((variable) => variable.name), ...OWN]);
  const places = placesOf(spec, names, fault);
  return names.slice(0, PANELS_MAX).map((id, order) => {
    const path = ["spec", "panels", id];
    const inner = plain(plain(panels[id]).spec);
    const kind = text(plain(inner.plugin).kind, "Table");
    if (!KINDS.includes(kind as Kind)) fault(path, `the panel "${id}" is a "${kind}", expected one of ${KINDS.join(", ")}`);
    const query = text(plain(plain(plain(list(inner.queries)[0]).spec)).query);
    if (query.trim() === "") fault(path, `the panel "${id}" asks nothing: queries[0].spec.query is SQL`);
    for (const [, word] of query.matchAll(REFERENCE)) if (word !== undefined && !known.has(word) && !/^\d+$/.test(word)) fault(path, `the panel "${id}" names $${word}, which is no variable`);
    const place = places.get(id) ?? { x: (order % 2) * 12, y: 1000 + Math.floor(order / 2) * 8, width: 12, height: 8 };
    return { id, title: text(plain(inner.display).name, id), kind: kind as Kind, query, unit: text(plain(plain(inner.plugin).spec).unit), ...place };
  });
}

type Placed = Pick<DashboardPanel, "x" | "y" | "width" | "height">;

function placesOf(spec: Plain, names: string[], fault: Tell): Map<string, Placed> {
  const places = new Map<string, Placed>();
  list(spec.layouts).forEach((layout, at) => {
    list(plain(plain(layout).spec).items).forEach((item, place) => {
      const path = ["spec", "layouts", at, "spec", "items", place];
      const { x, y, width, height, content } = plain(item);
      const id = text(plain(content).$ref).split("/").at(-1) ?? "";
      const numbers = [x, y, width, height].map(Number);
      const [left = 0, top = 0, wide = 0, tall = 0] = numbers;
      if (!names.includes(id)) fault(path, `there is no panel "${id}"`);
      else if (!numbers.every(Number.isInteger) || left < 0 || top < 0 || wide < 1 || tall < 1 || left + wide > COLUMNS || tall > 60 || top > 2000) fault(path, `the place of "${id}" does not fit: x, y, width, height are whole, and x + width is at most ${COLUMNS}`);
      else places.set(id, { x: left, y: top, width: wide, height: tall });
    });
  });
  return places;
}

/** The query as it is asked: values as literals, the time as a condition, a step as an interval. */
export function filledIn(query: string, values: Record<string, string>, range: Range, spanMs: number): string {
  return query.replace(REFERENCE, (whole, word: string) => {
    if (word === "__range") return rangeSql(range);
    if (word === "__step") return `INTERVAL '${stepSeconds(spanMs, 60)} seconds'`;
    return Object.hasOwn(values, word) ? quote(values[word] ?? "") : whole;
  });
}

/** A beginning: understood as it stands, and with one of each kind. */
export const EXAMPLE = `kind: Dashboard
metadata: {name: my-fleet}
spec:
  display: {name: My fleet}
  duration: 24h
  refreshInterval: 30s
  variables:
    - kind: TextVariable
      spec: {name: agent, display: {name: Agent (% for all)}, value: "%"}
  panels:
    events:
      kind: Panel
      spec:
        display: {name: Events}
        plugin: {kind: StatChart}
        queries:
          - kind: SQL
            spec: {query: "SELECT count(*) FROM agent_audit_log WHERE agent_id LIKE $agent AND $__range"}
    failures:
      kind: Panel
      spec:
        display: {name: Failures by agent}
        plugin: {kind: BarChart}
        queries:
          - kind: SQL
            spec:
              query: |
                SELECT date_bin($__step, timestamp) AS t, agent_id, count(*) AS failures FROM agent_audit_log
                WHERE outcome_status = 'failure' AND agent_id LIKE $agent AND $__range GROUP BY 1, 2 ORDER BY 1
    times:
      kind: Panel
      spec:
        display: {name: Response times}
        plugin: {kind: TimeSeriesChart}
        queries:
          - kind: SQL
            spec:
              query: |
                SELECT date_bin($__step, timestamp) AS t, approx_percentile_cont(duration_us, 0.95) / 1000 AS p95_ms
                FROM agent_audit_log WHERE duration_us IS NOT NULL AND agent_id LIKE $agent AND $__range GROUP BY 1 ORDER BY 1
    worst:
      kind: Panel
      spec:
        display: {name: What fails most}
        plugin: {kind: Table}
        queries:
          - kind: SQL
            spec:
              query: |
                SELECT agent_id, action_name, count(*) AS failures FROM agent_audit_log
                WHERE outcome_status = 'failure' AND agent_id LIKE $agent AND $__range GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 12
  layouts:
    - kind: Grid
      spec:
        items:
          - {x: 0, y: 0, width: 6, height: 8, content: {$ref: "#/spec/panels/events"}}
          - {x: 6, y: 0, width: 18, height: 8, content: {$ref: "#/spec/panels/failures"}}
          - {x: 0, y: 8, width: 12, height: 9, content: {$ref: "#/spec/panels/times"}}
          - {x: 12, y: 8, width: 12, height: 9, content: {$ref: "#/spec/panels/worst"}}
`;
