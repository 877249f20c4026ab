// The part of Cytoscape.js that is used: circles for agents, lines for what they say to each other. Names of agents
// are drawn on a canvas, never parsed.

import cytoscape, { type Core, type ElementDefinition, type StylesheetJson } from "cytoscape";
import { visible } from "../lib/ansi.ts";
import { type Edge, type Node, scaled, shortName, spiral } from "../lib/network.ts";
import { resolved } from "./colors.ts";

export type { Core };

/** Above this, forces take too long to settle: agents stand on a spiral, the busiest within. */
const FORCES_MAX = 120;
/** Above this, names are drawn only when one comes near. */
const NAMES_MAX = 60;

const edgeId = (edge: Edge) => `${edge.source}\n${edge.target}`;

export function create(frame: HTMLElement): Core {
  return cytoscape({ container: frame, minZoom: 0.1, maxZoom: 3, boxSelectionEnabled: false, autoungrabify: false, userZoomingEnabled: false });
}

function styles(many: boolean): StylesheetJson {
  const family = getComputedStyle(document.documentElement).fontFamily;
  return [
    {
      selector: "node",
      style: {
        "background-color": resolved("--accent-soft"),
        "border-color": resolved("--accent"),
        "border-width": 1.5,
        width: "data(size)",
        height: "data(size)",
        label: "data(name)",
        color: resolved("--text"),
        "font-family": family,
        "font-size": 11,
        "text-valign": "bottom",
        "text-margin-y": 4,
        "text-background-color": resolved("--panel"),
        "text-background-opacity": 0.8,
        "text-background-padding": "1px",
        "min-zoomed-font-size": many ? 13 : 0,
      },
    },
    { selector: "node[failures > 0]", style: { "border-color": resolved("--fail") } },
    {
      selector: "edge",
      style: {
        width: "data(width)",
        "line-color": resolved("--line-strong"),
        "target-arrow-color": resolved("--line-strong"),
        "target-arrow-shape": "triangle",
        "arrow-scale": 0.8,
        "curve-style": many ? "straight" : "bezier",
      },
    },
    { selector: "edge[failures > 0]", style: { "line-color": resolved("--fail"), "target-arrow-color": resolved("--fail"), "line-style": "dashed" } },
    { selector: ".away", style: { opacity: 0.15 } },
    { selector: ".chosen", style: { "border-width": 3, "border-color": resolved("--accent") } },
  ];
}

function elements(nodes: Node[], edges: Edge[]): ElementDefinition[] {
  const many = nodes.length > FORCES_MAX;
  const [busiest, widest] = [Math.max(1, ...nodes.map((node) => node.sent + node.received)), Math.max(1, ...edges.map((edge) => edge.n))];
  return [
    ...nodes.map((node) => ({ group: "nodes" as const, data: { ...node, name: visible(shortName(node.id)).slice(0, 28), size: scaled(node.sent + node.received, busiest, many ? 7 : 14, many ? 30 : 42) } })),
    ...edges.map((edge) => ({ group: "edges" as const, data: { ...edge, id: edgeId(edge), width: scaled(edge.n, widest, 1, 7) } })),
  ];
}

/** Shows the network; agents that were there stay where they were, so that a refresh does not move them. */
export function show(core: Core, nodes: Node[], edges: Edge[]): void {
  const wanted = elements(nodes, edges);
  const ids = new Set(wanted.map((element) => element.data.id));
  let moved = false;
  core.batch(() => {
    core.elements().filter((element) => !ids.has(element.id())).remove();
    for (const element of wanted) {
      const there = core.getElementById(element.data.id ?? "");
      if (there.nonempty()) there.data(element.data);
      else {
        core.add(element);
        moved ||= element.group === "nodes";
      }
    }
  });
  if (moved) {
    core.style(styles(nodes.length > NAMES_MAX));
    arrange(core, nodes);
  }
}

/** First a circle in the order of names, then forces: the same network always looks the same. */
function arrange(core: Core, nodes: Node[]): void {
  if (nodes.length > FORCES_MAX) {
    const places = spiral(nodes, core.width() * 1.2, core.height() * 1.2);
    core.layout({ name: "preset", positions: Object.fromEntries(places), animate: false }).run();
    core.fit(undefined, 18);
    return;
  }
  // Agents fill the frame as it is, so that names keep their size; a few agents do not fill a wide one.
  const space = Math.max(320, Math.sqrt(nodes.length) * 130);
  const boundingBox = { x1: 0, y1: 0, w: Math.min(core.width(), space * 1.5), h: Math.min(core.height(), space) };
  core.layout({ name: "circle", sort: (a, b) => a.id().localeCompare(b.id()), animate: false, boundingBox }).run();
  core.layout({ name: "cose", animate: false, randomize: false, numIter: 600, idealEdgeLength: () => 90, nodeRepulsion: () => 9000, boundingBox, nodeDimensionsIncludeLabels: true }).run();
  core.fit(undefined, 18);
  if (core.zoom() > 1.4) core.zoom({ level: 1.4, renderedPosition: { x: core.width() / 2, y: core.height() / 2 } });
  core.center();
}

/** Brings out one agent and those it talks to. */
export function choose(core: Core, agent: string): void {
  core.elements().removeClass("away chosen");
  const node = agent === "" ? core.collection() : core.getElementById(agent);
  if (node.empty()) return;
  core.elements().not(node.closedNeighborhood()).addClass("away");
  node.addClass("chosen");
}

export function recolor(core: Core): void {
  core.style(styles(core.nodes().length > NAMES_MAX));
}
