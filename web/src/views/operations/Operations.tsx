// What goes on right now: tasks and what holds them up, who talks to whom, each agent's hours, and tachograph itself.

import { useFeed } from "../../api/alerts.ts";
import { AlertFeed } from "../../components/AlertFeed.tsx";
import { RangePicker } from "../../components/Controls.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { rangeName } from "../../lib/range.ts";
import { useRange } from "../../lib/useView.ts";
import { Execution } from "./Execution.tsx";
import { Hours } from "./Hours.tsx";
import { Measured } from "./Measured.tsx";
import { OwnParts } from "./OwnParts.tsx";
import { Talk } from "./Talk.tsx";
import { Tasks } from "./Tasks.tsx";

export default function Operations() {
  const [range, setRange] = useRange("24h");
  const feed = useFeed();
  return (
    <>
      <PageHead title="Operations" sub={`What goes on, and what holds it up · ${rangeName(range)}`}>
        <RangePicker range={range} onChange={setRange} />
      </PageHead>
      <div className="stack">
        <Execution range={range} />
        <AlertFeed feed={feed} />
        <Tasks range={range} />
        <Talk range={range} />
        <Hours range={range} />
        <div className="grid" style={{ "--min": "420px" } as React.CSSProperties}>
          <Measured range={range} />
          <OwnParts />
        </div>
      </div>
    </>
  );
}
