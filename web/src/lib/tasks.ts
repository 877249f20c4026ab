// Which tasks are under way: their steps in order, what they wait for, for how long, and whether that is too long.

/** One step of a task, as the log tells of it. */
export interface StepRow {
  task: string;
  step: string;
  kind: string;
  subject: string | null;
  first: string;
  last: string;
  index: number;
  status: string;
  doing: string;
  agent_id: string;
  to_agent: string | null;
  asks: number | null;
  answered: number;
  blocking: number | null;
  approval: number | null;
  expected_us: number | null;
  escalation_us: number | null;
}

/** When a receiver last answered a sender within a stage. */
export interface AnswerRow {
  from_agent: string;
  to_agent: string;
  stage: string | null;
  last: string;
}

export interface TaskStep {
  name: string;
  state: "done" | "failed" | "now";
  index: number;
  tookMs: number;
}

export type Delay = "none" | "late" | "escalated" | "silent";

export interface Task {
  id: string;
  title: string;
  steps: TaskStep[];
  agent: string;
  /** Whom or what it waits for; nothing while it simply goes on. */
  waitsFor: { kind: "agent"; id: string } | { kind: "person" } | { kind: "step"; name: string } | null;
  blocking: boolean;
  sinceMs: number;
  ageMs: number;
  delay: Delay;
  /** The newest event of it. */
  index: number;
  /** How many requests of this kind wait: the same asked of the same agent at the same stage. */
  times: number;
}

/** A workflow that says nothing for so long is told as silent. */
export const SILENT_MS = 3_600_000;
const END = /finish|complet|cancel|abort|(^|_)(end|ended|closed)$/i;
const ENDS = new Set(["end", "done", "finished", "completed"]);

export function tasksOf(rows: StepRow[], answers: AnswerRow[], now: number): Task[] {
  const byTask = new Map<string, StepRow[]>();
  for (const row of rows) byTask.set(row.task, [...(byTask.get(row.task) ?? []), row]);
  const tasks = [...byTask].flatMap(([id, steps]) => taskOf(id, steps, answers, now) ?? []);
  return joined(tasks).sort((a, b) => rank(a) - rank(b) || b.index - a.index);
}

/** The same asked again is one line, which is as old as the first that is still open and as late as the latest. */
function joined(tasks: Task[]): Task[] {
  const lines = new Map<string, Task>();
  for (const task of tasks) {
    const key = task.waitsFor?.kind === "agent" && task.steps.length === 1 ? JSON.stringify([task.agent, task.waitsFor.id, task.title, task.steps[0]?.name, late(task)]) : task.id;
    const before = lines.get(key);
    const [older, newer] = before && before.sinceMs <= task.sinceMs ? [before, task] : [task, before];
    lines.set(key, newer === undefined ? task : { ...older, index: Math.max(older.index, newer.index), blocking: older.blocking || newer.blocking, times: older.times + newer.times });
  }
  return [...lines.values()];
}

/** Whether it stands among the overdue. */
export const late = (task: Task): boolean => task.delay === "escalated" || task.delay === "silent";

const rank = (task: Task): number => (task.blocking && task.waitsFor !== null ? 0 : task.waitsFor !== null ? 1 : 2);

function taskOf(id: string, rows: StepRow[], answers: AnswerRow[], now: number): Task | null {
  const ordered = rows.toSorted((a, b) => a.index - b.index);
  const last = ordered.at(-1);
  if (last === undefined || isOver(last, answers)) return null;
  const since = Math.min(...ordered.map((row) => Date.parse(row.first)));
  const request = last.asks === 1;
  const waited = now - Date.parse(last.last);
  return {
    id,
    title: ordered.findLast((row) => row.subject)?.subject ?? id,
    steps: ordered.map((row, place) => ({
      name: row.step,
      state: row.status === "failure" ? "failed" : place === ordered.length - 1 ? "now" : "done",
      index: row.index,
      tookMs: Date.parse(row.last) - Date.parse(row.first),
    })),
    agent: last.agent_id,
    waitsFor: waitsFor(last),
    blocking: ordered.some((row) => row.blocking === 1),
    sinceMs: since,
    ageMs: Math.max(0, now - since),
    delay: request ? delayOf(last, waited) : waited > SILENT_MS ? "silent" : "none",
    index: last.index,
    times: 1,
  };
}

function waitsFor(last: StepRow): Task["waitsFor"] {
  if (last.asks === 1 && last.to_agent) return { kind: "agent", id: last.to_agent };
  if (last.approval === 1) return { kind: "person" };
  return last.status === "failure" ? { kind: "step", name: last.step } : null;
}

function delayOf(last: StepRow, waitedMs: number): Delay {
  const over = (limit: number | null) => limit !== null && waitedMs * 1000 > limit;
  if (over(last.escalation_us)) return "escalated";
  return over(last.expected_us) ? "late" : "none";
}

/** A message is over when it asks nothing or was answered; a workflow when it says that it ended. */
function isOver(last: StepRow, answers: AnswerRow[]): boolean {
  if (last.kind === "communication") return last.asks !== 1 || last.answered === 1 || answers.some((answer) => answer.from_agent === last.to_agent && answer.to_agent === last.agent_id && answer.stage === last.step && Date.parse(answer.last) >= Date.parse(last.last));
  return END.test(last.doing) || ENDS.has(last.step.toLowerCase());
}
