//! What a record is: type, action, phase and outcome, told by its event name or its operation.

use super::{ai_sdk, claude, gemini};
use crate::formats::{codex_rollout, tools};
use tacho_event::event::Event;
use tacho_event::fact::{IntFact, TextFact};
use tacho_event::words::{ActionType, Level, Outcome, Phase};

/// The name of every call of a model, whoever reports it.
pub(super) const MODEL_REQUEST: &str = "model_request";

/// What an operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Model,
    Tool,
    /// A tool waits for permission, or gets it.
    Permission,
    Agent,
    CreateAgent,
    Workflow,
    Memory,
    Retrieval,
    Judgement,
    Other,
}

impl Operation {
    /// Tells it by the words of the conventions: GenAI's operations, OpenInference's and OpenLLMetry's span kinds,
    /// Claude Code's span types, the AI SDK's.
    pub(super) fn of(word: &str) -> Operation {
        match word {
            "chat" | "generate_content" | "text_completion" | "embeddings" | "completion" | "llm_call"
            | "llm_request" | "LLM" | "EMBEDDING" => Operation::Model,
            "execute_tool" | "tool_call" | "TOOL" | "tool" | "tool.execution" | "tools/call" => {
                Operation::Tool
            }
            "tool.blocked_on_user" => Operation::Permission,
            "invoke_agent" | "AGENT" | "agent" | "interaction" => Operation::Agent,
            "create_agent" => Operation::CreateAgent,
            "invoke_workflow"
            | "execute_task"
            | "plan"
            | "schedule_tool_calls"
            | "CHAIN"
            | "workflow"
            | "task" => Operation::Workflow,
            "retrieval" | "RETRIEVER" | "RERANKER" => Operation::Retrieval,
            "GUARDRAIL" | "EVALUATOR" => Operation::Judgement,
            _ if word.ends_with("_memory") || word.ends_with("_memory_store") => Operation::Memory,
            _ => ai_sdk::operation(word).unwrap_or(Operation::Other),
        }
    }

    /// Sets what the operation tells; `name` is the span's.
    pub(super) fn settle(self, name: &str, event: &mut Event<'_>) {
        let (kind, phase, action) = match self {
            Operation::Model => (ActionType::External, Some(Phase::Executed), Some(MODEL_REQUEST)),
            Operation::Tool => (ActionType::Tool, Some(Phase::Executed), None),
            Operation::Permission => (ActionType::Tool, Some(Phase::Decided), None),
            Operation::Agent => (ActionType::Lifecycle, None, Some("invoke_agent")),
            Operation::CreateAgent => (ActionType::Lifecycle, None, Some("create_agent")),
            Operation::Workflow => (ActionType::Workflow, None, None),
            Operation::Memory => (ActionType::Memory, None, None),
            Operation::Retrieval => (ActionType::External, None, Some("retrieval")),
            Operation::Judgement => (ActionType::Decision, None, None),
            Operation::Other => (ActionType::Log, None, None),
        };
        if self == Operation::Tool {
            if event.action_name.is_some() {
                tools::describe(event);
            }
        } else {
            event.action_name = event.action_name.take().or(action.map(Into::into));
        }
        if !name.is_empty() {
            event.action_name.get_or_insert_with(|| name.to_owned().into());
        }
        event.action_type.get_or_insert(kind);
        event.phase = event.phase.or(phase);
    }
}

/// What a log record is, by its event's name: coding agents put their own name before it.
pub(super) fn settle_log(name: &str, event: &mut Event<'_>) {
    let split = name.split_once('.').filter(|(program, _)| {
        matches!(*program, "claude_code" | "codex" | "gemini_cli") // as they write themselves
    });
    let (kind, phase, outcome) = match split {
        Some((program, short)) => of_agent(program, short, event),
        None if name.starts_with("agent_audit.") => (ActionType::Tool, None, decided(event)),
        None => (ActionType::Log, None, None),
    };
    if kind == ActionType::Tool && event.action_name.is_some() {
        tools::describe(event);
    }
    let short = split.map_or(name, |(_, short)| short);
    if !short.is_empty() {
        event.action_name.get_or_insert_with(|| short.to_owned().into());
    }
    event.action_type.get_or_insert(kind);
    event.phase = event.phase.or(phase);
    event.outcome = event.outcome.or(outcome);
}

type Meaning = (ActionType, Option<Phase>, Option<Outcome>);

fn of_agent(program: &str, name: &str, event: &mut Event<'_>) -> Meaning {
    use ActionType as A;
    match (program, name) {
        (_, "user_prompt" | "assistant_response") => (A::Communication, Some(Phase::Message), None),
        (_, "tool_decision") => {
            claude::name_tool(event);
            (A::Tool, Some(Phase::Decided), decided(event))
        }
        (_, "tool_result" | "tool_call") => {
            match program {
                "codex" => tell_ending(event),
                "gemini_cli" => gemini::settle_log(event),
                "claude_code" => claude::name_tool(event),
                _ => {}
            }
            (A::Tool, Some(Phase::Result), None)
        }
        // Codex tells of the request when its answer begins, and of the tokens when the answer ends.
        ("codex", "api_request") if !asks_a_model(event) => (A::External, None, answered(event)),
        ("codex", "api_request") if answered(event) == Some(Outcome::Failure) => {
            model_request(event, Phase::Result, Outcome::Failure)
        }
        ("codex", "api_request") => model_request(event, Phase::Proposed, Outcome::Running),
        ("codex", "sse_event") if event.facts.int(IntFact::TokensInput).is_some() => {
            model_request(event, Phase::Result, Outcome::Success)
        }
        // Its own inner workings: kept, and out of the way.
        ("codex", "sse_event" | "websocket_event")
        | (_, "hook_registered" | "hook_execution_start" | "hook_execution_complete" | "plugin_loaded")
        | (_, "hook_call" | "startup_stats") => {
            event.level = Some(Level::Debug);
            (A::Log, None, None)
        }
        ("gemini_cli", "api_request") => model_request(event, Phase::Proposed, Outcome::Running),
        (_, "api_request" | "api_response") => model_request(event, Phase::Result, Outcome::Success),
        (_, "api_error") => model_request(event, Phase::Result, Outcome::Failure),
        (_, "subagent_completed" | "conversation_starts" | "config") => (A::Lifecycle, None, None),
        (_, "managed_settings_resolved") => (A::Settings, None, None),
        (_, "mcp_server_connection") => (A::External, None, None),
        (_, "model_routing") => (A::Decision, Some(Phase::Decided), None),
        (_, "file_operation") => (A::Audit, None, None),
        _ if name.ends_with("_error") => (A::Error, None, Some(Outcome::Failure)),
        _ => (A::Log, None, None),
    }
}

/// Codex calls every command that it could start a success. How it ended, or that it runs still, stands before its output.
fn tell_ending(event: &mut Event<'_>) {
    let (code, outcome) = event.output.as_deref().map(codex_rollout::ending).unwrap_or_default();
    codex_rollout::note_fate(event);
    if let Some(code) = code {
        event.facts.set_int(IntFact::ExitCode, code);
    }
    let told = outcome.filter(|outcome| *outcome != Outcome::Success);
    if told.is_some_and(|outcome| event.outcome.replace(outcome) == Some(Outcome::Success)) {
        event.extra.push(("success".into(), "true".into()));
    }
}

fn model_request(event: &mut Event<'_>, phase: Phase, outcome: Outcome) -> Meaning {
    event.action_name.get_or_insert(MODEL_REQUEST.into());
    (ActionType::External, Some(phase), Some(outcome))
}

/// What was decided about a call: one that may not run has failed, one that may has not happened yet.
pub(super) fn decided(event: &mut Event<'_>) -> Option<Outcome> {
    let decision = crate::fields::unquote(event.decision.as_deref()?)?.into_owned();
    let refused = matches!(
        decision.to_ascii_lowercase().as_str(),
        "reject" | "rejected" | "deny" | "denied" | "abort" | "cancel" | "block" | "blocked"
    );
    event.facts.set_text(TextFact::Chosen, decision);
    refused.then_some(Outcome::Failure)
}

/// Whether one of Codex's requests goes to a model: those that do not have another endpoint.
fn asks_a_model(event: &Event<'_>) -> bool {
    let endpoint = event.extra.iter().find(|(name, _)| name == "endpoint");
    endpoint.is_none_or(|(_, raw)| crate::fields::unquote(raw).as_deref() == Some("/responses"))
}

/// Whether an HTTP request was answered well, by its status.
fn answered(event: &Event<'_>) -> Option<Outcome> {
    if event.error.is_some() {
        return Some(Outcome::Failure);
    }
    let status: u16 = event.facts.text(TextFact::Status)?.parse().ok()?;
    Some(if status < 400 { Outcome::Success } else { Outcome::Failure })
}
