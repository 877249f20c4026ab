//! Tools that write: an action, a decision, the outcome of an action. Each becomes one event.
//!
//! The arguments are claims of the agent and nothing else: what the log itself says of an event (who sent it, by which
//! way, that it is self-reported) has no place in them.

use crate::handler::{AuditServer, Client};
use crate::log::{Caller, Fault, Kind, Recorded, bounded};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// What kind of thing an agent may report.
#[derive(Debug, Clone, Copy, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum ActionType {
    Tool,
    Skill,
    External,
    Decision,
    Error,
    Communication,
    Trade,
    Lifecycle,
    Settings,
    Workflow,
    Memory,
    Log,
}

#[derive(Debug, Clone, Copy, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum Status {
    Success,
    Failure,
    Partial,
    Running,
}

/// Who, where and what it took: the same for all three.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Common {
    /// Your own id for this event. The same id with the same content is recorded once, so a call may be repeated.
    event_id: Option<String>,
    /// Who acted, when it is not the agent that this server was set up for.
    agent_id: Option<String>,
    session_id: Option<String>,
    conversation_id: Option<String>,
    /// The user on whose behalf it was done.
    user_id: Option<String>,
    /// When it happened, RFC 3339; now when it is left out.
    timestamp: Option<String>,
    /// The event or call that caused this one.
    parent_id: Option<String>,
    /// The model that was asked.
    model: Option<String>,
    tokens_input: Option<u64>,
    tokens_output: Option<u64>,
    duration_ms: Option<u64>,
    /// US dollars.
    cost_usd: Option<f64>,
    /// Whatever else: kept, and found in `extra`.
    #[serde(flatten)]
    rest: Map<String, Value>,
}

/// Arguments of `log_action`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct LogAction {
    /// What was done, a short name: Bash, deploy, send_email.
    action_name: String,
    /// What kind of action: a tool call unless you say otherwise.
    action_type: Option<ActionType>,
    /// One sentence for people.
    description: Option<String>,
    /// The parameters, as they were. Secrets are taken out before anything is stored.
    #[schemars(default, schema_with = "anything")]
    parameters: Option<Value>,
    /// How it ended; `running` when it has only begun: `log_outcome` closes it.
    status: Option<Status>,
    #[schemars(default, schema_with = "anything")]
    result: Option<Value>,
    /// What went wrong; an empty text is none.
    #[schemars(default, schema_with = "anything")]
    error: Option<Value>,
    /// readonly, read-write or admin.
    permission_level: Option<String>,
    /// Files, tables, hosts that were touched.
    resources_accessed: Option<Vec<String>>,
    sensitive_data_accessed: Option<bool>,
    /// The id of the call as your runtime knows it (`tool_use_id`): it joins this report with what hooks and telemetry
    /// saw of the same call.
    call_id: Option<String>,
    #[serde(flatten)]
    common: Common,
}

/// Arguments of `log_decision`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct LogDecision {
    /// What had to be decided.
    question: String,
    /// What was chosen.
    chosen: String,
    /// Everything that was considered, the chosen one too.
    alternatives: Option<Vec<Alternative>>,
    /// How sure, from 0 to 1.
    confidence: Option<f64>,
    /// Why.
    rationale: Option<String>,
    /// What was known when it was decided.
    #[schemars(default, schema_with = "anything")]
    context: Option<Value>,
    /// Under which conditions it holds.
    conditions: Option<Vec<String>>,
    /// A short name for this kind of decision: rollback, approve_refund.
    action_name: Option<String>,
    #[serde(flatten)]
    common: Common,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(crate) struct Alternative {
    option: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
}

/// Arguments of `log_outcome`.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct LogOutcome {
    /// The `action_id` that `log_action` or `log_decision` answered with.
    action_id: String,
    status: Status,
    #[schemars(default, schema_with = "anything")]
    result: Option<Value>,
    /// What went wrong; an empty text is none.
    #[schemars(default, schema_with = "anything")]
    error: Option<Value>,
    /// The action's name, so that the outcome is found under it.
    action_name: Option<String>,
    #[serde(flatten)]
    common: Common,
}

/// What the three answer.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Logged {
    /// The id of the event on the log: `get_entry` and `verify_entry` take it.
    event_id: String,
    /// The id of the action: `log_outcome` takes it.
    action_id: String,
    /// Its place on the log; null for a duplicate, and for backends that do not number.
    index: Option<u64>,
    /// The same event was recorded before: nothing was added.
    duplicate: bool,
    /// Always `self_reported`: an agent says this of itself.
    known: &'static str,
    /// Where it was recorded.
    backend: String,
}

/// A schema that allows every JSON value and says so, for clients that stumble over a bare `true`.
fn anything(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({
        "type": ["object", "array", "string", "number", "boolean", "null"],
        "description": "any JSON value"
    })
}

impl AuditServer {
    pub(crate) async fn log_action(
        &self,
        caller: &Caller,
        client: &Client,
        asked: LogAction,
    ) -> Result<Logged, Fault> {
        bounded("action_name", &asked.action_name)?;
        let mut event = self.begin(client, asked.common);
        let call = asked.call_id.or_else(|| event["event_id"].as_str().map(str::to_string));
        put(&mut event, "call_id", call);
        put(&mut event, "action_type", Some(asked.action_type.unwrap_or(ActionType::Tool)));
        put(&mut event, "action_name", Some(asked.action_name));
        put(&mut event, "description", asked.description);
        put(&mut event, "action_details", asked.parameters);
        put(&mut event, "outcome_status", asked.status);
        put(&mut event, "outcome_result", asked.result);
        put(&mut event, "outcome_error", asked.error.filter(|error| *error != ""));
        put(&mut event, "permission_level", asked.permission_level);
        put(&mut event, "resources_accessed", asked.resources_accessed);
        put(&mut event, "sensitive_data_accessed", asked.sensitive_data_accessed);
        self.add(caller, event).await
    }

    pub(crate) async fn log_decision(
        &self,
        caller: &Caller,
        client: &Client,
        asked: LogDecision,
    ) -> Result<Logged, Fault> {
        if let Some(confidence) = asked.confidence.filter(|share| !(0.0..=1.0).contains(share)) {
            return Err(Fault::refused(format!("confidence is {confidence}, expected 0 to 1")));
        }
        let mut event = self.begin(client, asked.common);
        let call = event["event_id"].clone();
        put(&mut event, "call_id", Some(call));
        put(&mut event, "action_type", Some(ActionType::Decision));
        put(&mut event, "action_name", Some(asked.action_name.unwrap_or_else(|| "decision".into())));
        put(&mut event, "phase", Some("decided"));
        let mut decision = Map::new();
        put(&mut decision, "question", Some(asked.question));
        put(&mut decision, "options_considered", asked.alternatives);
        put(&mut decision, "chosen", Some(asked.chosen));
        put(&mut decision, "confidence", asked.confidence);
        put(&mut decision, "reasoning", asked.rationale);
        put(&mut decision, "context", asked.context);
        put(&mut decision, "conditions", asked.conditions);
        event.insert("decision".into(), Value::Object(decision));
        self.add(caller, event).await
    }

    pub(crate) async fn log_outcome(
        &self,
        caller: &Caller,
        client: &Client,
        mut asked: LogOutcome,
    ) -> Result<Logged, Fault> {
        bounded("action_id", &asked.action_id)?;
        // One outcome for each action: said twice it is a duplicate, said otherwise a later state of it.
        let own = format!("{}/outcome", asked.action_id);
        asked.common.event_id.get_or_insert(own);
        asked.common.parent_id.get_or_insert_with(|| asked.action_id.clone());
        // Whoever is meant where nobody is named, it is the action's agent.
        let assumed = asked.common.agent_id.is_none().then_some(true);
        let mut event = self.begin(client, asked.common);
        put(&mut event, "agent_assumed", assumed);
        put(&mut event, "call_id", Some(asked.action_id));
        put(&mut event, "action_name", Some(asked.action_name.unwrap_or_else(|| "outcome".into())));
        put(&mut event, "action_type", Some(ActionType::Workflow));
        put(&mut event, "phase", Some("result"));
        put(&mut event, "outcome_status", Some(asked.status));
        put(&mut event, "outcome_result", asked.result);
        put(&mut event, "outcome_error", asked.error.filter(|error| *error != ""));
        self.add(caller, event).await
    }

    /// The members that every event has. The id is made here, so that the way to the log may repeat what it sends.
    fn begin(&self, client: &Client, common: Common) -> Map<String, Value> {
        // What no argument is named for comes first, so that it can stand in for nothing.
        let mut event = common.rest;
        put(&mut event, "event_id", Some(common.event_id.unwrap_or_else(|| self.fresh_id())));
        put(&mut event, "timestamp", common.timestamp);
        put(&mut event, "agent_id", common.agent_id.or_else(|| self.defaults().agent.clone()));
        put(&mut event, "session_id", common.session_id.or_else(|| self.defaults().session.clone()));
        put(&mut event, "conversation_id", common.conversation_id);
        put(&mut event, "user_id", common.user_id);
        put(&mut event, "parent_id", common.parent_id);
        put(&mut event, "model", common.model);
        put(&mut event, "tokens_input", common.tokens_input);
        put(&mut event, "tokens_output", common.tokens_output);
        put(&mut event, "duration_ms", common.duration_ms);
        put(&mut event, "cost_usd", common.cost_usd);
        let client = client.name.as_ref().map(|name| json!({"name": name, "version": client.version}));
        put(&mut event, "mcp_client", client);
        event
    }

    async fn add(&self, caller: &Caller, event: Map<String, Value>) -> Result<Logged, Fault> {
        let text = |name: &str| event[name].as_str().unwrap_or_default().to_string();
        let (event_id, action_id) = (text("event_id"), text("call_id"));
        let recorded = self.log().record(caller, event).await;
        let Recorded { index, duplicate } = recorded.map_err(|fault| again(fault, &event_id))?;
        let backend = self.log().name().to_string();
        Ok(Logged { event_id, action_id, index, duplicate, known: "self_reported", backend })
    }
}

/// How to try again without recording anything twice.
fn again(fault: Fault, event_id: &str) -> Fault {
    match fault.kind {
        Kind::Failed => Fault::failed(format!(
            "not recorded as far as is known: {}; to try again without a duplicate give event_id \"{event_id}\"",
            fault.why
        )),
        _ => fault,
    }
}

fn put<T: Serialize>(event: &mut Map<String, Value>, name: &str, value: Option<T>) {
    if let Some(value) = value {
        let value = serde_json::to_value(value).expect("arguments came as JSON and are JSON");
        event.insert(name.into(), value);
    }
}
