// Trades and the models behind them: how well both do.

import { Tabs, RangePicker } from "../../components/Controls.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { rangeName } from "../../lib/range.ts";
import { useParam, useRange } from "../../lib/useView.ts";
import { Models } from "./Models.tsx";
import { Trades } from "./Trades.tsx";

const PARTS = [
  ["trades", "Trades"],
  ["models", "Models"],
] as const;

export default function Trading() {
  const [range, setRange] = useRange("24h");
  const [word, setPart] = useParam("part", "trades");
  const part = word === "models" ? "models" : "trades";
  return (
    <>
      <PageHead title="Trading and models" sub={`From trades and predictions on the log · ${rangeName(range)}`}>
        <Tabs label="Part" value={part} choices={PARTS} onChange={setPart} />
        <RangePicker range={range} onChange={setRange} />
      </PageHead>
      {part === "trades" ? <Trades range={range} /> : <Models range={range} />}
    </>
  );
}
