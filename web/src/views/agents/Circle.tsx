// The agent among those it talks to.

import { useMemo } from "react";
import { useNavigate } from "react-router";
import { useNetwork } from "../../api/operations.ts";
import { Network } from "../../components/Network.tsx";
import { Empty, Loaded, Panel } from "../../components/Panel.tsx";
import { agentUrl } from "../../lib/links.ts";
import type { Range } from "../../lib/range.ts";

const PAIRS_MAX = 120;

export function Circle({ id, range }: { id: string; range: Range }) {
  const network = useNetwork(range, id);
  const edges = useMemo(() => (network.data?.rows ?? []).slice(0, PAIRS_MAX), [network.data]);
  const navigate = useNavigate();
  const choose = (agent: string) => {
    if (agent !== "" && agent !== id) navigate(agentUrl(agent));
  };
  return (
    <Panel title="Its network" note="press an agent to go to it">
      <Loaded query={network} height={280} empty={({ rows }) => rows.length === 0} nothing={<Empty title="No messages in this time" />}>
        {() => <Network edges={edges} height={280} chosen="" onChoose={choose} />}
      </Loaded>
    </Panel>
  );
}
