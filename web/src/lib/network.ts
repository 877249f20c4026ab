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

/** An id without the team that stands before its slash. */
export const shortName = (id: string): string => id.slice(id.indexOf("/") + 1) || id;
