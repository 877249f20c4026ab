// What changed since yesterday, in words; each sentence leads to its events.

import { ArrowDownRight, ArrowUpRight, Equal, Info } from "lucide-react";
import { Link } from "react-router";
import { useAgentDays } from "../../api/overview.ts";
import { Empty, Loaded, Panel } from "../../components/Panel.tsx";
import { visible } from "../../lib/ansi.ts";
import { changesOf } from "../../lib/changes.ts";

const MARKS = { bad: ArrowUpRight, good: ArrowDownRight, note: Info };
const WORDS = { bad: "Worse", good: "Better", note: "Different" };

export function Changes() {
  const days = useAgentDays();
  return (
    <Panel title="Since yesterday" note="the last 24 hours beside the 24 before">
      <Loaded query={days} height={140}>
        {({ rows }) => {
          const changes = changesOf(rows);
          if (changes.length === 0) return <Empty title="Much as the day before" icon={<Equal />} />;
          return (
            <ul className="changes">
              {changes.map((change) => {
                const Mark = MARKS[change.tone];
                return (
                  <li key={change.agent + change.text}>
                    <Link to={change.to} className="change" data-tone={change.tone}>
                      <Mark size={16} aria-label={WORDS[change.tone]} />
                      <span>
                        <strong>{visible(change.agent)}</strong> {change.text}
                      </span>
                    </Link>
                  </li>
                );
              })}
            </ul>
          );
        }}
      </Loaded>
    </Panel>
  );
}
