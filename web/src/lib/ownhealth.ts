// How tachograph's own parts are, from what `/health` and `/metrics` say.

export type PartState = "ok" | "warn" | "fail" | "unknown";

export interface OwnPart {
  name: string;
  state: PartState;
  /** The figure that the state was judged by. */
  figure: string;
  /** From 0 to 1, of a limit; nothing where there is none. */
  used: number | null;
  why: string;
}

export type Metrics = Record<string, number>;

interface Lagging {
  name: string;
  follower: string;
  task: string;
  /** Seconds behind that are worth a look; twelve times as much is bad. */
  lateS: number;
}

const FOLLOWERS: Lagging[] = [
  { name: "Sealer", follower: "sealer", task: "signs a checkpoint each second", lateS: 5 },
  { name: "Tiles", follower: "tiles", task: "makes the tree durable", lateS: 300 },
  { name: "Store", follower: "store", task: "lets queries see new events", lateS: 5 },
];
const BAD_TIMES = 12;
const USED_WARN = 0.8;
const USED_FAIL = 0.97;

const FAILING = /^tachograph_follower_failing\{follower="([^"]+)"\}$/;

const whole = new Intl.NumberFormat();
const seconds = new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 });

const byUse = (used: number): PartState => (used >= USED_FAIL ? "fail" : used >= USED_WARN ? "warn" : "ok");

function limited(name: string, value: number | undefined, limit: number | undefined, unit: string, why: string): OwnPart {
  if (value === undefined || !limit) return { name, state: "unknown", figure: "not told", used: null, why };
  const used = value / limit;
  return { name, state: byUse(used), figure: `${whole.format(value)} of ${whole.format(limit)} ${unit}`, used, why };
}

function follower(metrics: Metrics, failing: Set<string>, { name, follower, task, lateS }: Lagging): OwnPart {
  const label = `{follower="${follower}"}`;
  const lag = metrics[`tachograph_follower_lag_seconds${label}`];
  const events = metrics[`tachograph_follower_lag_events${label}`] ?? 0;
  if (lag === undefined) return { name, state: "unknown", figure: "not told", used: null, why: task };
  const state = failing.has(follower) || lag >= lateS * BAD_TIMES ? "fail" : lag >= lateS ? "warn" : "ok";
  return { name, state, figure: events === 0 ? "up to date" : `${whole.format(events)} behind, ${seconds.format(lag)} s`, used: null, why: failing.has(follower) ? `${task}; what it did last failed` : task };
}

function check(name: string, good: number | undefined, figure: string, bad: string, why: string): OwnPart {
  if (good === undefined) return { name, state: "unknown", figure: "not done yet", used: null, why };
  return { name, state: good === 1 ? "ok" : "fail", figure: good === 1 ? figure : bad, used: null, why };
}

export function ownParts(metrics: Metrics): OwnPart[] {
  const of = (name: string) => metrics[`tachograph_${name}`];
  const failing = new Set(Object.entries(metrics).flatMap(([name, value]) => (value === 1 ? (FAILING.exec(name)?.[1] ?? []) : [])));
  const megabytes = (value: number | undefined) => (value === undefined ? undefined : Math.round(value / 1e6));
  const refused = of("requests_refused_total") ?? 0;
  const retention = of("retention_failed_runs_total");
  return [
    check("Recorder", of("up"), "recording", "stopped", "writes and syncs each event before it is answered"),
    limited("Queue", of("queue_jobs"), of("queue_limit_jobs"), "requests", refused > 0 ? `${whole.format(refused)} were refused since the start` : "requests that wait for the recorder"),
    ...FOLLOWERS.map((one) => follower(metrics, failing, one)),
    limited("Newest events", megabytes(of("store_hot_bytes")), megabytes(of("store_hot_limit_bytes")), "MB", "in memory until a segment is cut"),
    limited("Queries", of("query_running"), of("query_running_limit"), "places", "that run now"),
    limited("Memory of queries", megabytes(of("query_memory_bytes")), megabytes(of("query_memory_limit_bytes")), "MB", "for sorting, grouping and joining"),
    limited("Connections", of("connections"), of("connections_limit"), "open", "more wait"),
    check("Integrity", of("verify_good"), `${whole.format(of("verify_entries") ?? 0)} entries verified`, "a verification found something", "the last verification on the schedule"),
    check("Retention", retention === undefined ? undefined : retention === 0 ? 1 : 0, "every run succeeded", `${whole.format(retention ?? 0)} runs failed`, "expiry and tiers"),
  ];
}
