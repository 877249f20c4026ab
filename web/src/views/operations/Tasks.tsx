// Tasks under way as a diagram: the steps that each has gone through, where it stands, what it waits for, since when.

import { CircleCheckBig, Clock, Hourglass, OctagonX, UserRound } from "lucide-react";
import { Fragment, useMemo } from "react";
import { Link } from "react-router";
import { STEPS_MAX, useAnswers, useTaskSteps } from "../../api/operations.ts";
import { Tabs } from "../../components/Controls.tsx";
import { AgentLink } from "../../components/Marks.tsx";
import { Empty, Loaded, Panel } from "../../components/Panel.tsx";
import { visible } from "../../lib/ansi.ts";
import { duration, plural } from "../../lib/format.ts";
import { eventUrl } from "../../lib/links.ts";
import type { Range } from "../../lib/range.ts";
import { type Delay, type Task, type TaskStep, late, tasksOf } from "../../lib/tasks.ts";
import { useParam } from "../../lib/useView.ts";

const SHOWN_MAX = 12;
const STEPS_SHOWN_MAX = 8;
const DELAYS: Record<Delay, { text: string; title: string } | null> = {
  none: null,
  late: { text: "late", title: "No answer within the time that was expected" },
  escalated: { text: "past escalation", title: "No answer when its escalation timer ran out" },
  silent: { text: "silent", title: "Nothing was heard of it for more than an hour" },
};

export function Tasks({ range }: { range: Range }) {
  const steps = useTaskSteps(range);
  const answers = useAnswers(range);
  const [which, setWhich] = useParam("tasks", "on");
  const [all, setAll] = useParam("all", "");
  const tasks = useMemo(() => tasksOf(steps.data?.rows ?? [], answers.data?.rows ?? [], Date.now()), [steps.data, answers.data]);
  const overdue = tasks.filter(late);
  const on = tasks.filter((task) => !late(task));
  const chosen = which === "overdue" ? overdue : on;
  const shown = all === "" ? chosen.slice(0, SHOWN_MAX) : chosen;
  const choices = [
    ["on", `Under way (${on.length})`],
    ["overdue", `Overdue (${overdue.length})`],
  ] as const;
  return (
    <Panel title="Workflows and tasks" note="from events that name a task or a workflow" actions={<Tabs label="Tasks" value={which === "overdue" ? "overdue" : "on"} choices={choices} onChange={setWhich} />} flush>
      {steps.data?.rows.length === STEPS_MAX && <p className="chip warn">Only the newest {STEPS_MAX} steps were looked at: choose a shorter time range.</p>}
      <Loaded query={steps} height={200} empty={() => chosen.length === 0} nothing={<Nothing overdue={which === "overdue"} />}>
        {() => (
          <>
            <ul className="tasks">
              {shown.map((task) => (
                <One key={task.id} task={task} />
              ))}
            </ul>
            {chosen.length > SHOWN_MAX && (
              <div className="pad">
                <button type="button" className="button small" onClick={() => setAll(all === "" ? "1" : "")}>
                  {all === "" ? `Show all ${chosen.length}` : "Show fewer"}
                </button>
              </div>
            )}
          </>
        )}
      </Loaded>
    </Panel>
  );
}

function Nothing({ overdue }: { overdue: boolean }) {
  if (overdue) return <Empty title="Nothing is overdue" icon={<CircleCheckBig />} />;
  return <Empty title="No task is under way">A task shows here once an event names it: <code>workflow</code> with <code>task_id</code>, or a message that wants an answer.</Empty>;
}

function One({ task }: { task: Task }) {
  const delay = DELAYS[task.delay];
  return (
    <li className="task" data-delay={task.delay}>
      <div className="task-head">
        <Link className="cut" to={eventUrl(task.index)}>
          {task.times > 1 && <span className="dim">{task.times} × </span>}
          <strong>{visible(task.title)}</strong>
        </Link>
        <span className="dim cut">
          <AgentLink id={task.agent} />
        </span>
      </div>
      <Steps steps={task.steps} />
      <div className="task-state">
        <WaitsFor task={task} />
        <span className="row small">
          {task.blocking && <span className="chip warn">blocks others</span>}
          {delay && (
            <span className={task.delay === "late" ? "chip warn" : "chip fail"} title={delay.title}>
              <Clock aria-hidden /> {delay.text}
            </span>
          )}
        </span>
      </div>
      <span className="num right dim" title={`since ${new Date(task.sinceMs).toLocaleString()}`}>
        {duration(task.ageMs * 1000)}
      </span>
    </li>
  );
}

function WaitsFor({ task: { waitsFor } }: { task: Task }) {
  if (waitsFor === null) return <span className="dim small">goes on</span>;
  if (waitsFor.kind === "person") {
    return (
      <span className="row small">
        <UserRound size={14} aria-hidden /> waits for a person's approval
      </span>
    );
  }
  if (waitsFor.kind === "step") return <span className="status failure cut">stopped at {visible(waitsFor.name)}</span>;
  return (
    <span className="row small">
      <Hourglass size={14} aria-hidden /> waits for <AgentLink id={waitsFor.id} />
    </span>
  );
}

function Steps({ steps }: { steps: TaskStep[] }) {
  const hidden = Math.max(0, steps.length - STEPS_SHOWN_MAX);
  return (
    <ol className="flow" aria-label={`${plural(steps.length, "step")}, the last one is where it stands`}>
      {hidden > 0 && <li className="flow-more dim">{hidden} before</li>}
      {steps.slice(hidden).map((step, place) => (
        <Fragment key={step.name}>
          {(place > 0 || hidden > 0) && <li className="flow-line" aria-hidden />}
          <li>
            <Link className="flow-step" data-state={step.state} to={eventUrl(step.index)} title={step.tookMs > 0 ? `took ${duration(step.tookMs * 1000)}` : undefined}>
              {step.state === "failed" ? <OctagonX aria-label="Failed" /> : step.state === "done" ? <CircleCheckBig aria-label="Done" /> : <span className="pulse" role="img" aria-label="Now" />}
              <span className="cut">{visible(step.name)}</span>
            </Link>
          </li>
        </Fragment>
      ))}
    </ol>
  );
}
