//! The AI SDK of Vercel, which has names of its own beside those of the conventions, and up to version 6 no operation's name. Since
//! version 7 its spans are those of the conventions, with a step between an agent and its calls.
//!
//! Its outer spans (`ai.generateText`) are steps that state the sum of the requests within (`ai.generateText.doGenerate`): the
//! sums stay in `extra`.

use super::meaning::Operation;
use crate::lift::{Head, Lift};
use crate::read::Unit;
use tacho_event::event::Event;
use tacho_event::fact::{IntFact as I, TextFact as T};
use tacho_event::section::Section;

/// What it states since version 6, in which the input of each model has the cached tokens within.
const UNCACHED: &str = "ai.usage.inputTokenDetails.noCacheTokens";

/// What one of its operations is.
pub(super) fn operation(word: &str) -> Option<Operation> {
    let Some(name) = word.strip_prefix("ai.") else {
        return match word {
            "agent_step" => Some(Operation::Workflow),
            "rerank" => Some(Operation::Retrieval),
            _ => None,
        };
    };
    Some(match name.split_once('.') {
        None if matches!(name, "generateSpeech" | "transcribe" | "streamTranscribe") => Operation::Model,
        Some((_, "doGenerate" | "doStream" | "doEmbed")) => Operation::Model,
        Some((_, "doRerank")) => Operation::Retrieval,
        None if name == "toolCall" => Operation::Tool,
        None => Operation::Workflow,
        Some(_) => return None,
    })
}

/// Attributes beside the conventions'.
pub(super) fn lift(name: &str) -> Option<Lift> {
    Some(match name {
        "ai.telemetry.metadata.sessionId" | "ai.settings.context.sessionId" => Lift::Head(Head::Session),
        "ai.telemetry.metadata.userId" | "ai.settings.context.userId" => Lift::Head(Head::User),
        "ai.operationId" => Lift::Text(T::Operation),
        "ai.model.id" => Lift::Text(T::Model),
        "ai.toolCall.name" => Lift::Head(Head::Action),
        "ai.toolCall.id" => Lift::Head(Head::Call),
        _ => return content(name),
    })
}

fn content(name: &str) -> Option<Lift> {
    Some(match name {
        "ai.toolCall.args" | "ai.prompt" | "ai.prompt.messages" | "ai.value" | "ai.values" => {
            Lift::Section(Section::Input)
        }
        "ai.toolCall.result" | "ai.response.text" | "ai.response.object" => Lift::Section(Section::Output),
        _ => return None,
    })
}

/// Tokens that the conventions' names do not tell, or not all of its versions.
pub(super) fn tokens(name: &str) -> Option<Lift> {
    let fact = match name {
        "ai.usage.tokens" => I::TokensInput,
        "ai.usage.inputTokenDetails.cacheReadTokens" | "ai.usage.cachedInputTokens" => I::TokensCacheRead,
        "ai.usage.inputTokenDetails.cacheWriteTokens" => I::TokensCacheWrite,
        "ai.usage.outputTokenDetails.reasoningTokens" | "ai.usage.reasoningTokens" => I::TokensReasoning,
        "ai.usage.totalTokens" => I::TokensTotal,
        _ => return None,
    };
    Some(Lift::Int(fact, Unit::Count))
}

/// Whether a request's input is stated without the cached tokens, as its model's vendor means it: by versions before 6.
pub(super) fn has_cache_apart(event: &Event<'_>) -> bool {
    let is_its = event.facts.text(T::Operation).is_some_and(|word| word.starts_with("ai."));
    is_its && !event.extra.iter().any(|(name, _)| name == UNCACHED)
}
