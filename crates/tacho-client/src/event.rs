//! Events in the words of the calls, and their lines. Pure.

use crate::bounded::{Budget, FULL, Size, TIGHT};
use crate::fit;
use serde::Serialize;
use serde_json::{Map, Value, json};

/// One event that is to be recorded. Made by what it is, filled by what is known:
///
/// ```
/// use tacho_client::Event;
/// let event = Event::action("Bash").details(&serde_json::json!({"command": "ls"})).status("success").duration_ms(12);
/// # drop(event);
/// ```
#[derive(Debug, Clone)]
pub struct Event {
    pub(crate) id: Option<String>,
    pub(crate) timestamp: Option<String>,
    pub(crate) id_name: &'static str,
    pub(crate) members: Vec<(String, Value)>,
    budget: Budget,
    /// What of the client's own this event does without.
    pub(crate) agentless: bool,
    pub(crate) sessionless: bool,
}

impl Event {
    fn empty() -> Event {
        Event {
            id: None,
            timestamp: None,
            id_name: "event_id",
            members: Vec::new(),
            budget: Budget::new(FULL),
            agentless: false,
            sessionless: false,
        }
    }

    /// A tool call, or any other action of an agent.
    pub fn action(name: &str) -> Event {
        Event::empty().with("action_type", "tool").with("action_name", name)
    }

    /// A choice: `question`, `options_considered`, `chosen`, `confidence`, `reasoning`, what of them is known.
    pub fn decision(name: &str, decision: &impl Serialize) -> Event {
        Event::empty()
            .with("action_type", "decision")
            .with("action_name", name)
            .with_value("decision", decision)
    }

    /// What a model decided.
    pub fn ai_decision(model_id: &str, input: &impl Serialize, prediction: &impl Serialize) -> Event {
        Event::empty()
            .with("model_id", model_id)
            .with_value("input_data", input)
            .with_value("prediction", prediction)
    }

    /// An order that was executed. The price is a number, or a text where a number would lose digits.
    pub fn trade(order_id: &str, execution_price: &impl Serialize) -> Event {
        Event::empty().with("order_id", order_id).with_value("execution_price", execution_price)
    }

    /// A message to another agent or a user: `subject`, `content`, `priority`, `expected_response_time`, `attachments`.
    pub fn communication(receiver: &str, message: &impl Serialize) -> Event {
        let mut event = Event::empty();
        event.id_name = "communication_id";
        event.agentless = true;
        event.with_value("receiver", &json!({ "agent_id": receiver })).with_value("message", message)
    }

    /// An entry of an application's audit trail: who did what to which entity.
    pub fn audit(action: &str, entity_type: &str, entity_id: &str) -> Event {
        let mut event = Event::empty();
        event.agentless = entity_type == "agent";
        event.with("action", action).with("entityType", entity_type).with("entityId", entity_id)
    }

    /// Any event that the server knows, under its own names (`docs/formats/events.md`), as it stands. The client's agent and
    /// session are added where it says nothing of them itself.
    pub fn raw(members: Map<String, Value>) -> Event {
        let mut event = Event::empty();
        for (name, value) in members {
            event = match (name.as_str(), value) {
                ("event_id", Value::String(id)) => event.id(&id),
                ("timestamp", Value::String(time)) => event.timestamp(&time),
                (_, value) => {
                    event.members.extend(event.budget.member(&name, &value));
                    event
                }
            };
        }
        event
    }

    /// An id of the caller's own: the same id with the same content (time and session, too) is the same event.
    pub fn id(mut self, id: &str) -> Event {
        self.id = Some(id.to_owned()).filter(|id| !id.is_empty());
        self
    }

    /// When it happened, RFC 3339; else now.
    pub fn timestamp(mut self, time: &str) -> Event {
        self.timestamp = Some(time.to_owned());
        self
    }

    /// Sets a member to a text.
    pub fn with(self, name: &str, text: &str) -> Event {
        self.with_value(name, text)
    }

    /// Sets a member to anything that has a form in JSON; a value that has none is told as text. Of what is large the
    /// beginning is kept, and how much is missing: 4,000 values and 128 KiB of text in an event.
    pub fn with_value(mut self, name: &str, value: &(impl Serialize + ?Sized)) -> Event {
        let Some((name, value)) = self.budget.member(name, value) else { return self };
        match self.members.iter_mut().find(|(known, _)| *known == name) {
            Some(member) => member.1 = value,
            None => self.members.push((name, value)),
        }
        self
    }

    /// The same with less of what is large.
    fn fit(mut self, size: Size) -> Event {
        let mut budget = Budget::new(size);
        (budget.cut, budget.left_out) = (self.budget.cut, self.budget.left_out);
        self.members = self.members.iter().filter_map(|(name, value)| budget.member(name, value)).collect();
        Event { budget, ..self }
    }

    /// `tool`, `skill`, `external`, `lifecycle` …
    pub fn kind(self, action_type: &str) -> Event {
        self.with("action_type", action_type)
    }

    /// What was done, exactly: a tool's input, or what an audit entry tells beside its changes.
    pub fn details(self, details: &impl Serialize) -> Event {
        let name = if self.has("entityType") { "details" } else { "action_details" };
        self.with_value(name, details)
    }

    /// `success`, `failure`, `partial`, `running`.
    pub fn status(self, status: &str) -> Event {
        let name = if self.has("order_id") { "status" } else { "outcome_status" };
        self.with(name, status)
    }

    pub fn result(self, result: &impl Serialize) -> Event {
        self.with_value("outcome_result", result)
    }

    pub fn error(self, error: &impl Serialize) -> Event {
        self.with_value("outcome_error", error)
    }

    pub fn category(self, class: &str) -> Event {
        self.with("category", class)
    }

    pub fn agent(self, id: &str) -> Event {
        if self.id_name == "communication_id" {
            return self.with_value("sender", &json!({ "agent_id": id }));
        }
        self.with("agent_id", id)
    }

    pub fn session(self, id: &str) -> Event {
        self.with("session_id", id)
    }

    pub fn user(self, id: &str) -> Event {
        let name = if self.has("entityType") { "userId" } else { "user_id" };
        self.with(name, id)
    }

    pub fn conversation(self, id: &str) -> Event {
        self.with("conversation_id", id)
    }

    pub fn duration_ms(self, duration: u64) -> Event {
        self.with_value("duration_ms", &duration)
    }

    pub fn tokens(self, input: u64, output: u64) -> Event {
        self.with_value("tokens_input", &input).with_value("tokens_output", &output)
    }

    pub fn cost_usd(self, cost: f64) -> Event {
        self.with_value("cost_usd", &cost)
    }

    pub fn model(self, model: &str) -> Event {
        self.with("model", model)
    }

    pub fn permission_level(self, level: &str) -> Event {
        self.with("permission_level", level)
    }

    /// Of an audit entry: `{"status": {"before": …, "after": …}}`.
    pub fn changes(self, changes: &impl Serialize) -> Event {
        self.with_value("changes", changes)
    }

    /// Of an audit entry: `info`, `warning`, `critical` …
    pub fn severity(self, severity: &str) -> Event {
        self.with("severity", severity)
    }

    /// Of an audit entry: what the name of the entity is.
    pub fn resource_name(self, name: &str) -> Event {
        self.with("resourceName", name)
    }

    /// Of an audit entry: the request behind it.
    pub fn request(mut self, ip: Option<&str>, user_agent: Option<&str>, session_id: Option<&str>) -> Event {
        let parts = [("ip", ip), ("userAgent", user_agent), ("sessionId", session_id)];
        let request: Map<String, Value> =
            parts.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?.into()))).collect();
        self.sessionless |= session_id.is_some();
        if request.is_empty() { self } else { self.with_value("request", &request) }
    }

    /// Anything else: kept, shown, and queried as `attributes.…`.
    pub fn attributes(self, attributes: &impl Serialize) -> Event {
        self.with_value("attributes", attributes)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.members.iter().any(|(known, _)| known == name)
    }

    /// Sets a member that the caller left open.
    pub(crate) fn default_to(&mut self, name: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value.filter(|_| !self.has(name)) {
            self.members.push((name.to_owned(), value.into()));
        }
    }
}

/// What the client knows of an event by itself.
pub(crate) struct Stamps<'s> {
    pub id: &'s str,
    pub timestamp: &'s str,
    /// The client, and its own number of the event. None where the caller gave the id: logged again, the event is the same one and
    /// has nothing that is new each time.
    pub producer: Option<(&'s str, u64)>,
    pub host: &'s str,
}

/// What the caller says of an event, as JSON without the braces around it. `tight`: as little as a call may take along when
/// memory is more than half full.
///
/// # Errors
/// When it is larger than the server takes even with its strings cut.
pub(crate) fn members(event: Event, tight: bool) -> Result<String, String> {
    const OURS: [&str; 4] = ["timestamp", "producer", "producer_seq", "host"];
    let mut event = if tight { event.fit(TIGHT) } else { event };
    event
        .members
        .retain(|(name, value)| !value.is_null() && !OURS.contains(&name.as_str()) && name != event.id_name);
    fit::members(event.members, &event.budget)
}

/// The event as one line, and where its stamps end; 0 when there is nothing behind them.
pub(crate) fn line(id_name: &str, members: &str, stamps: &Stamps) -> (String, usize) {
    let quote = |text: &str| Value::from(text).to_string();
    let Stamps { id, timestamp, producer, host } = *stamps;
    let mut line = String::with_capacity(members.len() + 256);
    line.push_str(&format!("{{\"{id_name}\":{},\"timestamp\":{}", quote(id), quote(timestamp)));
    if let Some((producer, seq)) = producer {
        line.push_str(&format!(",\"producer\":{},\"producer_seq\":{seq}", quote(producer)));
    }
    line.push_str(&format!(",\"host\":{}", quote(host)));
    let end = line.len();
    if members.is_empty() {
        line.push('}');
        return (line, 0);
    }
    line.push(',');
    line.push_str(members);
    line.push('}');
    (line, end)
}

#[cfg(test)]
#[path = "event_tests.rs"]
mod tests;
