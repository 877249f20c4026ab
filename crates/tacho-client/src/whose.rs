//! Whose an event is: agent and session as the event itself says them, else the client's own. Pure.
//!
//! The server takes the first member that names one, so a default of the client's beside it would take its place. Where the
//! event says it under a name that the server does not read, what is added is that and not the default.

use crate::event::Event;
use serde_json::Value;

type Members = [(String, Value)];

const AGENT_LINES: [&str; 3] = ["AGENT_EXECUTION:", "AGENT_SLOW:", "AGENT_FAILURE:"];

/// Adds the client's agent and session where the event says nothing of them.
pub(crate) fn complete(event: &mut Event, usual_agent: Option<&str>, usual_session: &str) {
    let agent = if event.agentless { None } else { agent(&event.members, usual_agent) };
    let session = if event.sessionless { None } else { session(&event.members, Some(usual_session)) };
    // What is there and says nothing would stand in the place of what is added.
    let is_ours = |name: &str| name == "agent_id" || name == "session_id";
    event.members.retain(|(name, value)| !(is_ours(name) && is_empty(value)));
    event.default_to("agent_id", agent);
    event.default_to("session_id", session);
}

/// What is to be added as `agent_id`.
fn agent(event: &Members, usual: Option<&str>) -> Option<Value> {
    let is_said = ["agent_id", "agentId", "agent"].iter().any(|name| is_name(member(event, name)))
        || ["id", "agent_id"].iter().any(|name| is_name(inside(event, "agent", name)));
    if is_said || acts_elsewhere(event) {
        return None;
    }
    name(member(event, "agent.id")).or_else(|| usual.map(Value::from))
}

/// What is to be added as `session_id`.
fn session(event: &Members, usual: Option<&str>) -> Option<Value> {
    let is_said =
        ["session_id", "sessionId", "session", "thread-id"].iter().any(|name| is_name(member(event, name)))
            || is_name(inside(event, "agent", "session_id"))
            || ["sessionId", "session_id"].iter().any(|name| is_name(inside(event, "request", name)));
    if is_said {
        return None;
    }
    name(member(event, "session.id"))
        .or_else(|| name(inside(event, "session", "id")))
        .or_else(|| name(inside(event, "session", "session_id")))
        .or_else(|| usual.map(Value::from))
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_str() == Some("")
}

/// The agent of a message is its sender, that of an entry about an agent is this one, and some log lines name one.
fn acts_elsewhere(event: &Members) -> bool {
    let has = |name| member(event, name).is_some();
    let is_message = has("receiver") || has("communication_id");
    let text = |name| member(event, name).and_then(Value::as_str);
    let line = text("message").filter(|_| has("levelname")).unwrap_or_default();
    is_message && member(event, "sender").is_some_and(|sender| !is_empty(sender))
        || ["entityType", "entity_type"].into_iter().any(|name| text(name) == Some("agent"))
        || AGENT_LINES.iter().any(|start| line.starts_with(start))
}

fn member<'e>(event: &'e Members, name: &str) -> Option<&'e Value> {
    event.iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

/// A member of a member.
fn inside<'e>(event: &'e Members, name: &str, own: &str) -> Option<&'e Value> {
    member(event, name)?.get(own)
}

/// As the server judges: a text that is not empty, or a number.
fn is_name(value: Option<&Value>) -> bool {
    value.is_some_and(|value| !is_empty(value) && !value.is_object() && !value.is_array())
}

fn name(value: Option<&Value>) -> Option<Value> {
    value.filter(|value| is_name(Some(value))).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// What is added to an event: agent and session.
    fn added(event: Value) -> (Option<Value>, Option<Value>) {
        let members: Vec<_> = event.as_object().unwrap().clone().into_iter().collect();
        (agent(&members, Some("mine")), session(&members, Some("s-1")))
    }

    #[test]
    fn what_the_event_says_itself_stands() {
        let (mine, own) = (Some(json!("mine")), Some(json!("s-1")));
        for (event, expected) in [
            (json!({"action": {"name": "RawX"}}), (mine.clone(), own.clone())),
            (json!({"agent": {"id": "me-1"}}), (None, own.clone())),
            (json!({"agent": {"agent_id": "me-1", "session_id": "s-9"}}), (None, None)),
            (json!({"agent": {"name": "Me", "id": null}}), (mine.clone(), own.clone())),
            (json!({"agent": "me-1", "session": "s-9"}), (None, None)),
            (json!({"agentId": 7, "sessionId": 9}), (None, None)),
            (json!({"agent_id": null, "session_id": ""}), (mine.clone(), own.clone())),
            (json!({"agent_id": "", "agent": {"id": "me-1"}}), (None, own.clone())),
            (json!({"agent.id": "me-1", "session.id": "s-9"}), (Some(json!("me-1")), Some(json!("s-9")))),
            (json!({"session": {"id": "s-9"}}), (mine.clone(), Some(json!("s-9")))),
            (json!({"request": {"session_id": "s-9"}}), (mine.clone(), None)),
            (json!({"sender": {"agent_id": "me-1"}, "receiver": "b"}), (None, own.clone())),
            (json!({"receiver": "b"}), (mine.clone(), own.clone())),
            (json!({"entityType": "agent", "entityId": "me-1"}), (None, own.clone())),
            (json!({"levelname": "INFO", "message": "AGENT_SLOW: me-1 exceeded 3s"}), (None, own.clone())),
            (json!({"message": "AGENT_SLOW: me-1 exceeded 3s"}), (mine.clone(), own.clone())),
            (json!({"thread-id": "s-9"}), (mine, None)),
        ] {
            assert_eq!(added(event.clone()), expected, "{event}");
        }
    }
}
