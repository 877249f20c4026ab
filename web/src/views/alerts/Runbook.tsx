// What to do about an alert: the runbook that its rule names. Those of the built-in rules are part of this interface.

import { BookOpen } from "lucide-react";
import { useEffect, useState } from "react";
import { Command } from "../../components/Controls.tsx";
import { Bones, Empty, Panel } from "../../components/Panel.tsx";
import { visible } from "../../lib/ansi.ts";
import { defang } from "../../lib/defang.ts";
import { blocksOf } from "../../lib/runbook.ts";

const TEXTS = import.meta.glob<string>("../../../../docs/runbooks/*.md", { query: "?raw", import: "default" });

export function Runbook({ path }: { path: string | undefined }) {
  const name = path?.split("/").at(-1)?.split("#")[0] ?? "";
  const load = path?.startsWith("docs/runbooks/") ? TEXTS[`../../../../docs/runbooks/${name}`] : undefined;
  const [text, setText] = useState<string | null>(null);
  useEffect(() => {
    let gone = false;
    setText(null);
    void load?.().then((loaded) => !gone && setText(loaded));
    return () => {
      gone = true;
    };
  }, [load]);
  return (
    <Panel title="What to do" note={path === undefined ? undefined : "the runbook of its rule"}>
      {path === undefined ? (
        <Empty title="The rule names no runbook" icon={<BookOpen />}>
          An annotation <code>runbook</code> says where one is.
        </Empty>
      ) : load === undefined ? (
        <p>
          It is at <code>{defang(visible(path))}</code>.
        </p>
      ) : text === null ? (
        <Bones height={200} />
      ) : (
        <Text text={text} />
      )}
    </Panel>
  );
}

function Text({ text }: { text: string }) {
  return (
    <div className="stack runbook">
      {blocksOf(text).map((block, place) => {
        if (block.kind === "head") return <h3 key={place}>{block.text}</h3>;
        if (block.kind === "code") return <Command key={place} text={block.text} />;
        return (
          <p key={place} className={block.kind === "item" ? "runbook-item" : undefined}>
            {block.spans.map((span, at) => (span.kind === "strong" ? <strong key={at}>{span.text}</strong> : span.kind === "code" ? <code key={at}>{span.text}</code> : <span key={at}>{span.text}</span>))}
          </p>
        );
      })}
    </div>
  );
}
