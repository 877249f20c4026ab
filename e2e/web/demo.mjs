// The demo's fleet, once there is something to look at, and the addresses that its store decides.

const TURNS_MAX = 60;

const firstId = async (program, kind) => (await fetch(`${program.url}/v1/${kind}?limit=1`).then((answer) => answer.json(), () => ({})))[kind]?.[0]?.id;

/** The demo writes the past of its fleet first: there is nothing to look at until that, and what rules find in it, is there. */
export async function filled(program) {
  let [before, now] = [-1, 0];
  let incident;
  for (let turn = 0; turn < TURNS_MAX && (now === 0 || now - before > 200 || incident === undefined); turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    before = now;
    [{ n: now }] = await program.sql("SELECT count(*) AS n FROM agent_audit_log");
    incident = await firstId(program, "incidents");
  }
}

/** The pages of one session, one alert and one incident. */
export async function ownPages(program) {
  const [session] = await program.sql("SELECT session_id AS id FROM agent_audit_log WHERE session_id IS NOT NULL GROUP BY 1 ORDER BY count(*) DESC LIMIT 1");
  const found = { sessions: session?.id, alerts: await firstId(program, "alerts"), incidents: await firstId(program, "incidents") };
  return Object.entries(found).flatMap(([kind, id]) => (id === undefined ? [] : [{ path: `/${kind}/${encodeURIComponent(id)}`, name: `one-${kind.slice(0, -1)}` }]));
}
