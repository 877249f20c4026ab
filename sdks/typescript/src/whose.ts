/**
 * Whose an event is: agent and session as the event itself says them, else the client's own. Pure.
 *
 * The server takes the first member that names one, so a default of the client's beside it would take its place. Where the
 * event says it under a name that the server does not read, what is added is that and not the default.
 */
type Members = Record<string, unknown>;

const AGENT = ["agentId", "agent"];
const SESSION = ["sessionId", "session", "thread-id"];
const AGENT_LINES = ["AGENT_EXECUTION:", "AGENT_SLOW:", "AGENT_FAILURE:"];

/** The event, with the agent and the session that it says nothing of before what it says. */
export function owned(event: Members, agentId: string | undefined, sessionId: string | undefined): Members {
  const { agent_id, session_id, ...others } = event;
  return {
    agent_id: isEmpty(agent_id) ? agent(event, agentId) : agent_id,
    session_id: isEmpty(session_id) ? session(event, sessionId) : session_id,
    ...others,
  };
}

function agent(event: Members, usual: string | undefined): unknown {
  if (AGENT.some((name) => isName(event[name])) || isName(of(event["agent"], "id")) || isName(of(event["agent"], "agent_id"))) return undefined;
  return actsElsewhere(event) ? undefined : first(event["agent.id"], usual);
}

function session(event: Members, usual: string | undefined): unknown {
  if (SESSION.some((name) => isName(event[name])) || isName(of(event["agent"], "session_id"))) return undefined;
  if (isName(of(event["request"], "sessionId")) || isName(of(event["request"], "session_id"))) return undefined;
  return first(event["session.id"], of(event["session"], "id"), of(event["session"], "session_id"), usual);
}

/** The agent of a message is its sender, that of an entry about an agent is this one, and some log lines name one. */
function actsElsewhere(event: Members): boolean {
  const isMessage = "receiver" in event || "communication_id" in event;
  if (isMessage && !isEmpty(event["sender"])) return true;
  if (event["entityType"] === "agent" || event["entity_type"] === "agent") return true;
  const line = "levelname" in event ? event["message"] : undefined;
  return typeof line === "string" && AGENT_LINES.some((start) => line.startsWith(start));
}

/** A member of what may be an object, or a `Map`. Somebody else's getter may throw: it is sent as far as it can be read. */
function of(part: unknown, name: string): unknown {
  if (typeof part !== "object" || part === null) return undefined;
  try {
    return part instanceof Map ? part.get(name) : (part as Members)[name];
  } catch {
    return undefined;
  }
}

function first(...values: unknown[]): unknown {
  return values.find(isName);
}

/** As the server judges: a text that is not empty, or a number. */
function isName(value: unknown): boolean {
  return !isEmpty(value) && ["string", "number", "bigint", "boolean"].includes(typeof value);
}

function isEmpty(value: unknown): boolean {
  return value === undefined || value === null || value === "";
}
