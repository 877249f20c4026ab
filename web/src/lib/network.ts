// Who talks to whom, as nodes and edges that fit on a screen.

export interface Edge {
  source: string;
  target: string;
  n: number;
  failures: number;
  asks: number;
  p50: number | null;
  p95: number | null;
  last: string;
}

export interface NetworkFilter {
  /** Part of an agent's id: it and those it talks to stay. */
  who: string;
  failing: boolean;
  /** Fewer messages are left out. */
  least: number;
}

export function filtered(edges: Edge[], { who, failing, least }: NetworkFilter): Edge[] {
  const wanted = who.trim().toLowerCase();
  return edges.filter((edge) => edge.n >= least && (!failing || edge.failures > 0) && (wanted === "" || `${edge.source}\n${edge.target}`.toLowerCase().includes(wanted)));
}

export interface Node {
  id: string;
  sent: number;
  received: number;
  failures: number;
}

export function nodesOf(edges: Edge[]): Node[] {
  const nodes = new Map<string, Node>();
  const at = (id: string): Node => {
    const node = nodes.get(id) ?? { id, sent: 0, received: 0, failures: 0 };
    nodes.set(id, node);
    return node;
  };
  for (const { source, target, n, failures } of edges) {
    const from = at(source);
    from.sent += n;
    from.failures += failures;
    at(target).received += n;
  }
  return [...nodes.values()];
}

/** Width of a line or a circle: grows with the logarithm, so that one busy pair does not hide the rest. */
export function scaled(value: number, most: number, low: number, high: number): number {
  return most <= 1 ? low : low + ((high - low) * Math.log(Math.max(1, value))) / Math.log(most);
}

const GOLDEN = Math.PI * (3 - Math.sqrt(5));

/** Places on a spiral, the busiest in the middle: for more agents than forces can part in time. */
export function spiral(nodes: { id: string; sent: number; received: number }[], width: number, height: number): Map<string, { x: number; y: number }> {
  const ordered = nodes.toSorted((a, b) => b.sent + b.received - a.sent - a.received || a.id.localeCompare(b.id));
  const most = Math.sqrt(Math.max(1, ordered.length - 1));
  return new Map(
    ordered.map(({ id }, place) => {
      const [far, angle] = [Math.sqrt(place) / most, place * GOLDEN];
      return [id, { x: (width / 2) * far * Math.cos(angle), y: (height / 2) * far * Math.sin(angle) }];
    }),
  );
}

/** An id without the team that stands before its slash. */
export const shortName = (id: string): string => id.slice(id.indexOf("/") + 1) || id;
