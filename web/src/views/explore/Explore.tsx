// Explore: find events by words and filters, or ask in SQL.

import { useParam } from "../../lib/useView.ts";
import { Tabs } from "../../components/Controls.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { Finding } from "./Finding.tsx";
import { Sql } from "./Sql.tsx";

const MODES = [
  ["search", "Search"],
  ["sql", "SQL"],
] as const;

export default function Explore() {
  const [mode, setMode] = useParam("mode", "search");
  return (
    <>
      <PageHead title="Explore">
        <Tabs label="How to ask" value={mode === "sql" ? "sql" : "search"} choices={MODES} onChange={setMode} />
      </PageHead>
      {mode === "sql" ? <Sql /> : <Finding />}
    </>
  );
}
