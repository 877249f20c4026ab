// Explore: find events by words and filters, or ask in the pipe language or in SQL.

import { useParam } from "../../lib/useView.ts";
import { Tabs } from "../../components/Controls.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { Finding } from "./Finding.tsx";
import { Pipes } from "./Pipes.tsx";
import { Saved } from "./Saved.tsx";
import { Sql } from "./Sql.tsx";

const MODES = [
  ["search", "Search"],
  ["pipes", "Pipes"],
  ["sql", "SQL"],
] as const;

export default function Explore() {
  const [word, setMode] = useParam("mode", "search");
  const mode = MODES.find(([name]) => name === word)?.[0] ?? "search";
  return (
    <>
      <PageHead title="Explore">
        <Saved />
        <Tabs label="How to ask" value={mode} choices={MODES} onChange={setMode} />
      </PageHead>
      {mode === "sql" ? <Sql /> : mode === "pipes" ? <Pipes /> : <Finding />}
    </>
  );
}
