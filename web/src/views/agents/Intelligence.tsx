// The agent's report in sentences, and the intensity of its runs.

import { Briefcase, GitCompareArrows, Target, Users } from "lucide-react";
import { useMemo } from "react";
import { useAgentNumbers, useDoings, useIntensity, usePartners } from "../../api/agents.ts";
import { Empty, Loaded, Panel } from "../../components/Panel.tsx";
import { visible } from "../../lib/ansi.ts";
import { count, percent, short } from "../../lib/format.ts";
import { type Said, reportOf } from "../../lib/intelligence.ts";
import type { Range } from "../../lib/range.ts";

const ICONS: Record<Said["about"], typeof Target> = { does: Briefcase, well: Target, changed: GitCompareArrows, works: Users };
const WORDS: Record<Said["about"], string> = { does: "What it does", well: "How well", changed: "What changed", works: "With whom" };

export function Intelligence({ id, range }: { id: string; range: Range }) {
  const numbers = useAgentNumbers(id, range);
  const before = useAgentNumbers(id, range, 1).data?.rows[0];
  const doings = useDoings(id, range);
  const old = useDoings(id, range, 1);
  const partners = usePartners(id, range);
  const said = useMemo(() => {
    const now = numbers.data?.rows[0];
    return now && before && doings.data && old.data && partners.data ? reportOf(now, before, doings.data.rows, old.data.rows, partners.data.rows) : null;
  }, [numbers.data, before, doings.data, old.data, partners.data]);
  return (
    <Panel title="Report" note="this time beside the time before">
      <Loaded query={doings} height={120} empty={() => said !== null && said.length === 0} nothing={<Empty title="Nothing to report in this time" />}>
        {() => (
          <ul className="intelligence">
            {(said ?? []).map((one) => {
              const Icon = ICONS[one.about];
              return (
                <li key={one.text} data-tone={one.tone}>
                  <Icon aria-label={WORDS[one.about]} />
                  <span>{visible(one.text)}</span>
                </li>
              );
            })}
          </ul>
        )}
      </Loaded>
    </Panel>
  );
}

export function Intensity({ id }: { id: string }) {
  const intensity = useIntensity(id);
  return (
    <Panel title="Intensity" note="of all its runs">
      <Loaded query={intensity} height={120} empty={({ rows }) => rows.length === 0} nothing={<Empty title="No run is known" />}>
        {({ rows: [row] }) =>
          row === undefined ? null : (
            <dl className="facts">
              <dt>Runs</dt>
              <dd className="num">{count(row.runs)}</dd>
              <dt>Tokens a run</dt>
              <dd className="num">
                {short(row.avg_tokens_per_run)} on average, {short(row.peak_tokens_per_run)} at most
              </dd>
              <dt>Tokens in and out</dt>
              <dd className="num">
                {short(row.tokens_input)} in, {short(row.tokens_output)} out{row.input_output_ratio === null ? "" : `: ${short(row.input_output_ratio)} to 1`}
              </dd>
              <dt>Success and failure</dt>
              <dd className="num">
                {percent(row.success_rate === null ? null : row.success_rate / 100)} and {percent(row.failure_rate === null ? null : row.failure_rate / 100)}
              </dd>
            </dl>
          )
        }
      </Loaded>
    </Panel>
  );
}
