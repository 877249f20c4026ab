//! The groups of fields that formats share, each a table: agent, resources, compliance and so on, and the flat
//! columns that any object may carry.

use crate::lift::{Head, Lift};
use crate::read::Unit;
use Lift::{Either, Int, Keep, Section as Part, Text, Typed, Within};
use tacho_event::fact::{IntFact as I, TextFact as T};
use tacho_event::section::Section;
use tacho_event::words::ActionType;

/// The top level of an object: flat columns under the names that senders use, and the groups.
pub(super) fn columns(name: &str) -> Option<Lift> {
    identity(name).or_else(|| outcome_columns(name)).or_else(|| group(name)).or_else(|| resources(name))
}

/// Who and when.
fn identity(name: &str) -> Option<Lift> {
    Some(match name {
        "id" | "event_id" | "eventId" => Lift::Head(Head::Id),
        "timestamp" => Lift::Time,
        "time" | "_time" | "@timestamp" | "ts" | "datetime" | "asctime" | "created_at" | "event_time" => {
            Lift::MaybeTime
        }
        "agent" => Either(&Lift::Head(Head::Agent), agent),
        "agent_id" | "agentId" => Lift::Head(Head::Agent),
        "agent_name" | "agentName" => Text(T::AgentName),
        "agent_version" => Lift::Head(Head::AgentVersion),
        "agent_assumed" => Int(I::AgentAssumed, Unit::Flag),
        "agent_type" => Text(T::AgentType),
        "team" => Text(T::Team),
        "session_id" | "sessionId" | "session" => Lift::Head(Head::Session),
        "conversation_id" | "conversationId" => Lift::Head(Head::Conversation),
        "turn_id" | "prompt_id" => Text(T::TurnId),
        "user_id" | "userId" | "user" => Lift::Head(Head::User),
        "ip" | "ip_address" | "client_ip" | "source_ip" => Lift::Head(Head::Ip),
        "user_agent" | "userAgent" => Lift::Head(Head::UserAgent),
        "call_id" | "tool_use_id" | "tool_call_id" => Lift::Head(Head::Call),
        "parent" | "parent_id" => Lift::Head(Head::Parent),
        "seq" | "producer_seq" => Lift::ProducerSeq,
        "request_id" => Text(T::RequestId),
        _ => return None,
    })
}

/// What was done and how it ended.
fn outcome_columns(name: &str) -> Option<Lift> {
    Some(match name {
        "action" => Either(&Lift::Head(Head::Action), action),
        "action_type" => Lift::Type,
        "action_name" => Lift::Head(Head::Action),
        "action_details" => Part(Section::Input),
        "phase" => Lift::Phase,
        "class" | "category" => Lift::Class,
        "level" | "severity" => Lift::Level,
        "outcome" => Either(&Lift::Outcome, outcome),
        "outcome_status" | "status" => Lift::Outcome,
        "outcome_result" | "result" => Part(Section::Output),
        "outcome_error" | "error" => Keep(Section::Error, error),
        "success" => Lift::Success,
        "error_type" => Text(T::ErrorType),
        "decision" => Keep(Section::Decision, decision),
        "message" => Keep(Section::Input, message),
        "msg" | "_msg" => Part(Section::Input),
        _ => return None,
    })
}

fn group(name: &str) -> Option<Lift> {
    Some(Within(match name {
        "resources" => resources,
        "security" => security,
        "communication" => communication,
        "performance" => performance,
        "compliance" => compliance,
        "metadata" => metadata,
        "workflow" => workflow,
        "impact" => impact,
        "request" => request,
        "response" => return Some(Keep(Section::Output, response)),
        _ => return security(name),
    }))
}

pub(super) fn agent(name: &str) -> Option<Lift> {
    Some(match name {
        "id" | "agent_id" => Lift::Head(Head::Agent),
        "name" => Text(T::AgentName),
        "type" => Text(T::AgentType),
        "version" => Lift::Head(Head::AgentVersion),
        "session_id" => Lift::Head(Head::Session),
        "conversation_id" => Lift::Head(Head::Conversation),
        "team" => Text(T::Team),
        _ => return None,
    })
}

fn action(name: &str) -> Option<Lift> {
    Some(match name {
        "type" => Lift::Type,
        "name" => Lift::Head(Head::Action),
        "category" | "class" => Lift::Class,
        "parameters" => Part(Section::Input),
        "decision" => Keep(Section::Decision, decision),
        "tool" => Typed(ActionType::Tool, call),
        "skill" => Typed(ActionType::Skill, call),
        "external" => Typed(ActionType::External, call),
        _ => return None,
    })
}

/// A call of a tool, a skill or something outside. Its name stands in `action.name`, too.
fn call(name: &str) -> Option<Lift> {
    Some(match name {
        "name" | "type" => Lift::Head(Head::Action),
        "operation" => Text(T::Operation),
        "target" => Text(T::Target),
        "parameters" => Part(Section::Input),
        _ => return None,
    })
}

fn outcome(name: &str) -> Option<Lift> {
    Some(match name {
        "status" => Lift::Outcome,
        "result" => Keep(Section::Output, result),
        "error" => Keep(Section::Error, error),
        _ => return None,
    })
}

/// Copies out of a result that is kept whole.
pub(super) fn result(name: &str) -> Option<Lift> {
    match name {
        "exit_code" | "exitCode" => Some(Int(I::ExitCode, Unit::Count)),
        _ => None,
    }
}

/// Copies out of an error that is kept whole.
pub(super) fn error(name: &str) -> Option<Lift> {
    match name {
        "type" | "error_type" => Some(Text(T::ErrorType)),
        "exit_code" => Some(Int(I::ExitCode, Unit::Count)),
        _ => None,
    }
}

/// Copies out of a decision that is kept whole.
pub(super) fn decision(name: &str) -> Option<Lift> {
    Some(match name {
        "chosen" | "decision" => Text(T::Chosen),
        "confidence" | "confidence_score" => Int(I::ConfidencePpm, Unit::Share),
        "severity" => Lift::Level,
        _ => return None,
    })
}

/// Copies out of a message that is kept whole.
pub(super) fn message(name: &str) -> Option<Lift> {
    Some(match name {
        "priority" => Text(T::Priority),
        "expected_response_time" => Int(I::ExpectedResponseUs, Unit::Seconds),
        "response_required" => Int(I::ResponseRequired, Unit::Flag),
        _ => return None,
    })
}

/// Copies out of an answer that is kept whole.
fn response(name: &str) -> Option<Lift> {
    Some(match name {
        "response_time" => Int(I::ResponseUs, Unit::Seconds),
        "status" => Text(T::ResponseStatus),
        "confidence" => Text(T::ConfidenceLevel),
        _ => return None,
    })
}

/// Tokens, time, money and machine.
pub(super) fn resources(name: &str) -> Option<Lift> {
    Some(match name {
        "tokens_input" | "input_tokens" => Int(I::TokensInput, Unit::Count),
        "tokens_output" | "output_tokens" => Int(I::TokensOutput, Unit::Count),
        "tokens_total" | "total_tokens" | "tokens_used" => Int(I::TokensTotal, Unit::Count),
        "tokens_cache_read" | "cache_tokens" | "cache_read_tokens" | "cache_read_input_tokens" => {
            Int(I::TokensCacheRead, Unit::Count)
        }
        "tokens_cache_write" | "cache_creation_tokens" | "cache_creation_input_tokens" => {
            Int(I::TokensCacheWrite, Unit::Count)
        }
        "tokens_reasoning" | "reasoning_tokens" => Int(I::TokensReasoning, Unit::Count),
        "duration_ms" | "durationMs" => Int(I::DurationUs, Unit::Ms),
        "duration" | "duration_s" => Int(I::DurationUs, Unit::Seconds),
        "cost_usd" | "costUSD" => Int(I::CostMicros, Unit::Dollars),
        "memory" | "memory_used" | "memory_bytes" => Int(I::MemoryBytes, Unit::Bytes),
        "cpu" | "cpu_usage" => Int(I::CpuPpm, Unit::Share),
        "exit_code" => Int(I::ExitCode, Unit::Count),
        "model" => Text(T::Model),
        _ => return None,
    })
}

fn security(name: &str) -> Option<Lift> {
    Some(match name {
        "permission_level" => Text(T::PermissionLevel),
        "resources_accessed" => Part(Section::Access),
        "sensitive_data_accessed" => Int(I::Sensitive, Unit::Flag),
        _ => return None,
    })
}

fn communication(name: &str) -> Option<Lift> {
    Some(match name {
        "messages_sent" => Int(I::MessagesSent, Unit::Count),
        "messages_received" => Int(I::MessagesReceived, Unit::Count),
        "escalations" => Int(I::Escalations, Unit::Count),
        _ => return None,
    })
}

fn performance(name: &str) -> Option<Lift> {
    Some(match name {
        "execution_time" => Int(I::DurationUs, Unit::Seconds),
        "success_rate" => Int(I::SuccessPpm, Unit::Share),
        _ => return resources(name),
    })
}

pub(super) fn compliance(name: &str) -> Option<Lift> {
    Some(match name {
        "regulatory_check" => Text(T::RegulatoryCheck),
        "security_scan" => Text(T::SecurityScan),
        "compliance_status" => Text(T::ComplianceStatus),
        "approval_required" => Int(I::ApprovalRequired, Unit::Flag),
        "retention_period" => Int(I::RetentionUs, Unit::Seconds),
        _ => return None,
    })
}

fn metadata(name: &str) -> Option<Lift> {
    Some(match name {
        "environment" => Text(T::Environment),
        "deployment_id" => Text(T::DeploymentId),
        "git_commit" => Text(T::GitCommit),
        "branch" | "git_branch" => Text(T::GitBranch),
        _ => return None,
    })
}

pub(super) fn workflow(name: &str) -> Option<Lift> {
    Some(match name {
        "id" | "workflow_id" => Text(T::WorkflowId),
        "task_id" => Text(T::TaskId),
        "workflow_stage" | "stage" => Text(T::Stage),
        "step" => Text(T::Step),
        "blocking" => Int(I::Blocking, Unit::Flag),
        "escalation_timer" => Int(I::EscalationUs, Unit::Seconds),
        _ => return None,
    })
}

pub(super) fn impact(name: &str) -> Option<Lift> {
    Some(match name {
        "risk_level" => Text(T::RiskLevel),
        "business_value" => Text(T::BusinessValue),
        _ => return None,
    })
}

/// The request in which an application did something for a user.
pub(super) fn request(name: &str) -> Option<Lift> {
    Some(match name {
        "ip" => Lift::Head(Head::Ip),
        "userAgent" | "user_agent" => Lift::Head(Head::UserAgent),
        "sessionId" | "session_id" => Lift::Head(Head::Session),
        "requestId" | "request_id" => Text(T::RequestId),
        _ => return None,
    })
}
