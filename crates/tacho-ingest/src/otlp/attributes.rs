//! Which attribute goes where: the GenAI conventions under their names of today and of before, OpenInference,
//! OpenLLMetry, the AI SDK, agent-audit, and what Claude Code, Codex and Gemini CLI call things.
//!
//! Where two attributes name the same place the first one wins and the other one stays in `extra`, as everywhere.

use super::ai_sdk;
use crate::lift::{Head, Lift};
use crate::read::Unit;
use Lift::{Int, Section as Part, Text};
use tacho_event::fact::{IntFact as I, TextFact as T};
use tacho_event::section::Section;

/// Attributes of a record whose tokens and cost count.
pub(crate) fn counted(name: &str) -> Option<Lift> {
    tokens(name).or_else(|| ai_sdk::tokens(name)).or_else(|| uncounted(name))
}

/// Attributes of a record that repeats what another one counts: its tokens stay in `extra`.
pub(crate) fn uncounted(name: &str) -> Option<Lift> {
    shared(name).or_else(|| call(name)).or_else(|| content(name)).or_else(|| ai_sdk::lift(name))
}

/// Attributes of a metric's point: a name or a success among them is what was measured, not what happened.
pub(super) fn of_point(name: &str) -> Option<Lift> {
    shared(name).or_else(|| model(name))
}

/// What stands in a resource and speaks for each of its records.
pub(super) fn of_resource(name: &str) -> Option<Lift> {
    match name {
        "service.version" => Some(Lift::Head(Head::AgentVersion)),
        _ => shared(name),
    }
}

/// The same where the version is not the program's: Gemini CLI states that of Node.
pub(super) fn of_nameless_resource(name: &str) -> Option<Lift> {
    shared(name)
}

/// Whether an attribute is content that goes to a section.
pub(super) fn is_section(name: &str) -> bool {
    matches!(content(name).or_else(|| ai_sdk::lift(name)), Some(Part(_)))
}

/// Who and where.
fn shared(name: &str) -> Option<Lift> {
    Some(match name {
        "session.id" | "traceloop.association.properties.session_id" => Lift::Head(Head::Session),
        "gen_ai.conversation.id" | "conversation.id" | "traceloop.association.properties.thread_id" => {
            Lift::Head(Head::Conversation)
        }
        "prompt.id" | "prompt_id" => Text(T::TurnId),
        "user.email" | "user.id" | "enduser.id" | "traceloop.association.properties.user_id" => {
            Lift::Head(Head::User)
        }
        "client.address" => Lift::Head(Head::Ip),
        "user_agent.original" => Lift::Head(Head::UserAgent),
        "gen_ai.agent.id" | "agent_id" | "agent_audit.actor.id" => Lift::Head(Head::Agent),
        "gen_ai.agent.name"
        | "agent.name"
        | "agent_name"
        | "traceloop.association.properties.lc_agent_name" => Text(T::AgentName),
        "gen_ai.agent.version" => Lift::Head(Head::AgentVersion),
        "agent_type" | "agent_audit.actor.type" => Text(T::AgentType),
        "team.id" => Text(T::Team),
        "deployment.environment.name" | "deployment.environment" => Text(T::Environment),
        "deployment.id" => Text(T::DeploymentId),
        "vcs.ref.head.revision" => Text(T::GitCommit),
        "vcs.ref.head.name" => Text(T::GitBranch),
        _ => return None,
    })
}

fn model(name: &str) -> Option<Lift> {
    Some(match name {
        "gen_ai.response.model"
        | "gen_ai.request.model"
        | "llm.model_name"
        | "llm.response.model_name"
        | "llm.request.model_name"
        | "llm.response.model"
        | "llm.request.model"
        | "embedding.model_name"
        | "model" => Text(T::Model),
        _ => return None,
    })
}

/// What was done, by which call, and how it ended.
fn call(name: &str) -> Option<Lift> {
    Some(match name {
        "gen_ai.tool.name" | "tool.name" | "tool_name" | "function_name" | "agent_audit.target.operation" => {
            Lift::Head(Head::Action)
        }
        "gen_ai.tool.call.id"
        | "gen_ai.tool.call_id"
        | "tool_use_id"
        | "call_id"
        | "tool_call.id"
        | "agent_audit.action.id" => Lift::Head(Head::Call),
        "agent_audit.action.phase" => Lift::Phase,
        "event.sequence" => Lift::ProducerSeq,
        "event.timestamp" => Lift::MaybeTime,
        "gen_ai.operation.name" | "openinference.span.kind" | "traceloop.span.kind" | "mcp.method.name" => {
            Text(T::Operation)
        }
        "request_id" | "gen_ai.response.id" => Text(T::RequestId),
        "duration_ms" | "interaction.duration_ms" => Int(I::DurationUs, Unit::Ms),
        "success" => Lift::Success,
        "agent_audit.outcome" | "gen_ai.task.status" => Lift::Outcome,
        "status" | "status_code" | "http.response.status_code" => Text(T::Status),
        "error.type" | "error_type" | "exception.type" => Text(T::ErrorType),
        "exit_code" | "process.exit.code" => Int(I::ExitCode, Unit::Count),
        "permission_mode" | "approval_mode" | "approval_policy" => Text(T::PermissionMode),
        "effort" | "model_reasoning_effort" => Text(T::Effort),
        "stop_reason" | "llm.finish_reason" => Text(T::StopReason),
        "mcp_server_name" | "mcp_server" | "server_name" => Text(T::McpServer),
        "hook_event" | "hook_event_name" => Text(T::HookEvent),
        "agent_audit.target.system" | "url.full" => Text(T::Target),
        "agent_audit.target.resource" => Text(T::EntityId),
        "gen_ai.workflow.name" | "traceloop.workflow.name" => Text(T::WorkflowId),
        "gen_ai.task.id" => Text(T::TaskId),
        "gen_ai.task.name" => Text(T::Step),
        "decision_model" => Text(T::Chosen),
        _ => return model(name),
    })
}

/// What was said, asked for, answered.
fn content(name: &str) -> Option<Lift> {
    Some(match name {
        "gen_ai.tool.call.arguments"
        | "gen_ai.input.messages"
        | "gen_ai.prompt"
        | "input.value"
        | "traceloop.entity.input"
        | "tool_input"
        | "tool_parameters"
        | "arguments"
        | "function_args"
        | "user_prompt"
        | "prompt"
        | "request_text" => Part(Section::Input),
        "gen_ai.tool.call.result"
        | "gen_ai.output.messages"
        | "gen_ai.completion"
        | "output.value"
        | "traceloop.entity.output"
        | "tool.output"
        | "output"
        | "response"
        | "response_text" => Part(Section::Output),
        "error" | "error.message" | "error_message" | "exception.message" => Part(Section::Error),
        "decision" | "agent_audit.decision" => Part(Section::Decision),
        _ => return None,
    })
}

/// What it took. `llm.usage.…` and `gen_ai.usage.prompt_tokens` are names of before.
fn tokens(name: &str) -> Option<Lift> {
    Some(match name {
        "gen_ai.usage.input_tokens"
        | "gen_ai.usage.prompt_tokens"
        | "llm.token_count.prompt"
        | "llm.usage.prompt_tokens"
        | "input_tokens"
        | "input_token_count" => Int(I::TokensInput, Unit::Count),
        "gen_ai.usage.output_tokens"
        | "gen_ai.usage.completion_tokens"
        | "llm.token_count.completion"
        | "llm.usage.completion_tokens"
        | "output_tokens"
        | "output_token_count" => Int(I::TokensOutput, Unit::Count),
        "gen_ai.usage.cache_read.input_tokens"
        | "gen_ai.usage.cache_read_input_tokens"
        | "llm.token_count.prompt_details.cache_read"
        | "cache_read_tokens"
        | "cached_token_count"
        | "cached_content_token_count" => Int(I::TokensCacheRead, Unit::Count),
        "gen_ai.usage.cache_creation.input_tokens"
        | "gen_ai.usage.cache_creation_input_tokens"
        | "gen_ai.usage.cache_write.input_tokens"
        | "llm.token_count.prompt_details.cache_write"
        | "cache_creation_tokens"
        | "cache_write_token_count" => Int(I::TokensCacheWrite, Unit::Count),
        "gen_ai.usage.reasoning.output_tokens"
        | "gen_ai.usage.reasoning_tokens"
        | "llm.token_count.completion_details.reasoning"
        | "reasoning_token_count"
        | "thoughts_token_count" => Int(I::TokensReasoning, Unit::Count),
        "gen_ai.usage.total_tokens"
        | "llm.usage.total_tokens"
        | "llm.token_count.total"
        | "total_token_count" => Int(I::TokensTotal, Unit::Count),
        "cost_usd" | "llm.cost.total" | "gen_ai.usage.cost" => Int(I::CostMicros, Unit::Dollars),
        "cost_usd_micros" => Int(I::CostMicros, Unit::Count),
        _ => return None,
    })
}
