// The replay of one session, as a person reads it. j and k walk, Enter opens, n and p jump between failures.

import { ChevronsDown, ChevronsUp, OctagonX, Printer } from "lucide-react";
import { useCallback, useEffect, useMemo, useState } from "react";
import { useParams } from "react-router";
import { SESSION_EVENTS_MAX, useSession } from "../../api/sessions.ts";
import { Copy } from "../../components/Controls.tsx";
import { PageHead } from "../../components/PageHead.tsx";
import { Empty, Loaded } from "../../components/Panel.tsx";
import { visible } from "../../lib/ansi.ts";
import { count, plural } from "../../lib/format.ts";
import { type Step, nextFailure, opensByItself, stepsOf } from "../../lib/steps.ts";
import { useParam } from "../../lib/useView.ts";
import { SessionSide } from "./SessionSide.tsx";
import { StepView } from "./StepView.tsx";

export default function Replay() {
  const id = useParams().id ?? "";
  const session = useSession(id);
  const steps = useMemo(() => stepsOf(session.data?.rows ?? []), [session.data]);
  const first = steps[0];
  const prompt = steps.find((step) => step.event.action_type === "communication")?.title;
  return (
    <>
      <PageHead title={visible(prompt || (first ? `Session of ${first.event.agent_name ?? first.event.agent_id}` : "Session"))} sub={<code>{visible(id)}</code>}>
        <Copy text={location.href}>Copy link</Copy>
        <button type="button" className="button small" onClick={() => window.print()}>
          <Printer aria-hidden /> Print
        </button>
      </PageHead>
      <Loaded query={session} height={480} empty={({ rows }) => rows.length === 0} nothing={<Empty title="There is no such session">{visible(id)}</Empty>}>
        {({ rows }) => (
          <>
            {rows.length === SESSION_EVENTS_MAX && <p className="chip warn">Only the first {count(SESSION_EVENTS_MAX)} events are shown.</p>}
            <Steps key={id} steps={steps} />
          </>
        )}
      </Loaded>
    </>
  );
}

function Steps({ steps }: { steps: Step[] }) {
  const [at, setAt] = useParam("at");
  const place = steps.findIndex((step) => step.indexes.includes(Number(at)));
  const [flipped, setFlipped] = useState<Set<number>>(new Set());
  const [all, setAll] = useState<boolean | null>(null);
  const failures = steps.filter((step) => step.failed).length;
  const isOpen = (step: Step) => {
    const before = all ?? (opensByItself(step) || step.indexes.includes(Number(at)));
    return flipped.has(step.indexes[0] ?? -1) ? !before : before;
  };
  const flip = useCallback((step: Step) => {
    const name = step.indexes[0] ?? -1;
    setFlipped((old) => new Set(old.has(name) ? [...old].filter((one) => one !== name) : [...old, name]));
  }, []);
  const go = useCallback(
    (next: number) => {
      const index = steps[next]?.indexes[0];
      if (index === undefined) return;
      setAt(String(index));
      document.getElementById(`step-${index}`)?.scrollIntoView({ block: "nearest" });
    },
    [steps, setAt],
  );
  useReplayKeys(steps, place, go, flip);
  useEffect(() => {
    document.getElementById(`step-${at}`)?.scrollIntoView({ block: "center" });
    // Only where the address came from: later moves scroll by themselves.
  }, []);
  const start = Date.parse(steps[0]?.event.timestamp ?? "");
  let spent = 0;
  return (
    <div className="replay">
      <div>
        <div className="row wrap replay-bar">
          <span className="dim grow">
            {plural(steps.length, "step")}
            {failures > 0 && `, ${plural(failures, "failure")}`}
            <span className="faint keys"> · j k walk · Enter opens · n p failures</span>
          </span>
          {failures > 0 && (
            <button type="button" className="button small" onClick={() => go(nextFailure(steps, place, 1))}>
              <OctagonX aria-hidden /> Next failure
            </button>
          )}
          <button
            type="button"
            className="button small"
            onClick={() => {
              setAll(all !== true);
              setFlipped(new Set());
            }}
          >
            {all === true ? <ChevronsUp aria-hidden /> : <ChevronsDown aria-hidden />}
            {all === true ? "Fold all" : "Open all"}
          </button>
        </div>
        <ol className="steps">
          {steps.map((step, number) => {
            spent += step.cost;
            return <StepView key={step.indexes[0]} step={step} open={isOpen(step)} active={number === place} start={start} spent={spent} onFlip={flip} onPick={() => setAt(String(step.indexes[0]))} />;
          })}
        </ol>
      </div>
      <SessionSide steps={steps} onGo={go} />
    </div>
  );
}

function useReplayKeys(steps: Step[], place: number, go: (place: number) => void, flip: (step: Step) => void) {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (event.ctrlKey || event.metaKey || event.altKey || target.matches("input, textarea, button, a, [role=option]")) return;
      const step = steps[place];
      if (event.key === "j") go(Math.min(steps.length - 1, place + 1));
      else if (event.key === "k") go(Math.max(0, place - 1));
      else if (event.key === "n") go(nextFailure(steps, place, 1));
      else if (event.key === "p") go(nextFailure(steps, place, -1));
      else if ((event.key === "Enter" || event.key === "o") && step) flip(step);
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [steps, place, go, flip]);
}
