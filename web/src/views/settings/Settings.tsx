// Settings: who one is, keys, retention, redaction, and what belongs to this browser.

import { useAbout, useHasRole, useIsLimited } from "../../api/health.ts";
import { Tabs } from "../../components/Controls.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { visible } from "../../lib/ansi.ts";
import { useParam } from "../../lib/useView.ts";
import { Access } from "./Access.tsx";
import { Browser } from "./Browser.tsx";
import { Keys } from "./Keys.tsx";
import { RedactionTry } from "./RedactionTry.tsx";
import { Retention } from "./Retention.tsx";

const SECTIONS = [
  ["access", "Access"],
  ["keys", "Keys"],
  ["retention", "Retention"],
  ["redaction", "Redaction"],
  ["browser", "This browser"],
] as const;
type Section = (typeof SECTIONS)[number][0];

export default function Settings() {
  const about = useAbout();
  const [word, setWord] = useParam("section", "access");
  const section: Section = SECTIONS.find(([name]) => name === word)?.[0] ?? "access";
  const [admin, limited] = [useHasRole(), useIsLimited()];
  return (
    <>
      <PageHead title="Settings" sub={about.data ? `tachograph ${about.data.version} · ${visible(about.data.origin ?? "")}` : undefined} />
      <div className="stack">
        <Tabs label="Settings of" value={section} choices={SECTIONS} onChange={setWord} />
        {section === "access" && <Access />}
        {section === "keys" && <Keys may={admin} />}
        {section === "retention" && <Retention admin={admin} limited={limited} />}
        {section === "redaction" && <RedactionTry />}
        {section === "browser" && <Browser limited={limited} keys={about.data?.keys ?? []} />}
      </div>
    </>
  );
}
