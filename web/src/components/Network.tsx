// Who talks to whom, drawn. What it shows stands in a table as well, for those who do not see it.

import { Maximize2, ZoomIn, ZoomOut } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { plural } from "../lib/format.ts";
import { type Edge, nodesOf } from "../lib/network.ts";
import { onColors } from "./colors.ts";
import type { Core } from "./cytoscape.ts";

interface NetworkProps {
  edges: Edge[];
  height?: number;
  chosen: string;
  onChoose: (agent: string) => void;
}

type Tools = typeof import("./cytoscape.ts");

export function Network({ edges, height = 420, chosen, onChoose }: NetworkProps) {
  const frame = useRef<HTMLDivElement>(null);
  const [made, setMade] = useState<{ core: Core; tools: Tools } | null>(null);
  const latest = useRef(onChoose);
  latest.current = onChoose;
  const nodes = useMemo(() => nodesOf(edges), [edges]);

  useEffect(() => {
    const element = frame.current;
    if (!element) return;
    let [gone, end] = [false, () => {}];
    void import("./cytoscape.ts").then((tools) => {
      if (gone) return;
      const core = tools.create(element);
      core.on("tap", (event) => latest.current(event.target === core || !event.target.isNode() ? "" : event.target.id()));
      const watch = new ResizeObserver(() => core.resize());
      watch.observe(element);
      const forget = onColors(() => tools.recolor(core));
      end = () => {
        watch.disconnect();
        forget();
        core.destroy();
      };
      setMade({ core, tools });
    });
    return () => {
      gone = true;
      end();
    };
  }, []);

  useEffect(() => {
    if (made === null) return;
    made.tools.show(made.core, nodes, edges);
    made.tools.choose(made.core, chosen);
  }, [made, nodes, edges, chosen]);

  const zoom = (by: number) => made?.core.zoom({ level: made.core.zoom() * by, renderedPosition: { x: made.core.width() / 2, y: made.core.height() / 2 } });
  return (
    <div className="network">
      {/* Cytoscape would write a style element, which the content policy forbids; where one of this name is, it does not. */}
      <span id="__________cytoscape_stylesheet" hidden />
      <div ref={frame} className="network-frame" style={{ height }} role="img" aria-label={`${plural(nodes.length, "agent")} and ${plural(edges.length, "pair")} that talk; the same is in the table of pairs`} />
      <div className="network-tools">
        <button type="button" className="button small square" aria-label="Closer" title="Closer" onClick={() => zoom(1.3)}>
          <ZoomIn aria-hidden />
        </button>
        <button type="button" className="button small square" aria-label="Farther" title="Farther" onClick={() => zoom(1 / 1.3)}>
          <ZoomOut aria-hidden />
        </button>
        <button type="button" className="button small square" aria-label="Show all" title="Show all" onClick={() => made?.core.fit(undefined, 18)}>
          <Maximize2 aria-hidden />
        </button>
      </div>
    </div>
  );
}
