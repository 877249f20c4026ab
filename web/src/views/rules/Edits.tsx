// Edits of critical built-in rules that wait for a second person: what is asked, by whom, and agreeing or saying no.

import { type Edit, useAgreeing, useEdits, useWithdrawing } from "../../api/alerts.ts";
import { useMayAct } from "../../api/health.ts";
import { Ago } from "../../components/AlertMarks.tsx";
import { Panel } from "../../components/Panel.tsx";
import { visible } from "../../lib/ansi.ts";

export function Edits() {
  const edits = useEdits().data?.edits ?? [];
  const may = useMayAct();
  if (edits.length === 0) return null;
  return (
    <Panel title={`Waiting for a second person (${edits.length})`} note="whoever asked can't agree" flush>
      <ul className="silences">
        {edits.map((edit) => (
          <One key={edit.id} edit={edit} may={may} />
        ))}
      </ul>
    </Panel>
  );
}

function One({ edit, may }: { edit: Edit; may: boolean }) {
  const [agreeing, withdrawing] = [useAgreeing(), useWithdrawing()];
  const busy = agreeing.isPending || withdrawing.isPending;
  const error = agreeing.error ?? withdrawing.error;
  const name = visible(edit.file);
  return (
    <li className="silence">
      <div className="row wrap">
        {edit.rules.map((rule) => (
          <code key={rule} className="chip">
            <span className="cut">{visible(rule)}</span>
          </code>
        ))}
      </div>
      <p>
        {edit.text == null ? `${name} is taken away` : `${name} is saved`} <span className="dim">by {visible(edit.by)}</span>
      </p>
      <span className="dim small">
        <Ago at={edit.asked_at} />
      </span>
      {edit.text != null && (
        <details>
          <summary>Its text</summary>
          <pre className="raw explanation">{visible(edit.text)}</pre>
        </details>
      )}
      {may && (
        <>
          <button type="button" className="button small primary" disabled={busy} onClick={() => agreeing.mutate(edit.id)} aria-label={`Agree with the edit of ${name}`}>
            Agree
          </button>
          <button type="button" className="button small" disabled={busy} onClick={() => withdrawing.mutate(edit.id)} aria-label={`Say no to the edit of ${name}`}>
            Say no
          </button>
        </>
      )}
      {error !== null && (
        <p className="chip fail" role="alert">
          {error.message}
        </p>
      )}
    </li>
  );
}
