//! Hooks of Gemini CLI: the form of Claude Code's with names of its own, a `timestamp`, and hooks around the model with
//! its whole request, one for each piece of a streamed answer. A call has no id: `agent-audit-log` gives it one that joins proposal and result. A command that
//! failed says so only in its text, `Exit Code: 3`, in the lines that the program adds behind the output. A refused call
//! has no second hook, one of an unknown tool or with input that its tool does not take none: `agent-audit-log` adds them to
//! `AfterAgent`.
//!
//! Recognised by `hook_source`, an event name that only it has, or a transcript below `.gemini`.

use super::{claude_hook, gemini_chat, hooks};
use crate::fields::{Fields, Refused};
use crate::lift::{Lift, lift};
use crate::read::Unit;
use std::borrow::Cow;
use tacho_event::event::Event;
use tacho_event::fact::{IntFact, TextFact};
use tacho_event::section::Section;
use tacho_event::words::{ActionType, Outcome, Phase};

pub(super) fn decode<'a>(mut fields: Fields<'a>, each: &mut dyn FnMut(Event<'a>)) -> Result<(), Refused> {
    if let Some(why) = hooks::unreadable(&fields) {
        return hooks::decode_unreadable(&why, fields, each);
    }
    let hook = fields.get_text("hook_event_name").unwrap_or("AfterTool".into());
    let unanswered = claude_hook::take_unanswered(&mut fields, &hook)?;
    let mut event = Event::default();
    let is_piece = fields.get("llm_response").is_some_and(is_piece);
    lift(fields, if is_piece { uncounted } else { table }, &mut event)?;
    match &*hook {
        "AfterTool" => settle_result(&mut event),
        "BeforeModel" | "AfterModel" => settle_model(hook == "AfterModel" && !is_piece, &mut event),
        "BeforeAgent" | "AfterAgent" => {
            event.action_type.get_or_insert(ActionType::Communication);
            event.phase.get_or_insert(Phase::Message);
        }
        _ => {}
    }
    claude_hook::settle(&hook, &mut event);
    claude_hook::decode_unanswered(unanswered, event, gemini_chat::never_ran, each)
}

fn table(name: &str) -> Option<Lift> {
    Some(match name {
        "tool_response" => Lift::Keep(Section::Output, response),
        "llm_request" => Lift::Keep(Section::Input, request),
        "llm_response" => Lift::Keep(Section::Output, response),
        "prompt_response" => Lift::Section(Section::Output),
        "mcp_context" => Lift::Within(mcp),
        _ => return claude_hook::table(name),
    })
}

/// Of a piece that is not the last one: its tokens are those so far, and the last one has them all.
fn uncounted(name: &str) -> Option<Lift> {
    if name == "llm_response" { Some(Lift::Section(Section::Output)) } else { table(name) }
}

/// One of the model's answers.
#[derive(serde::Deserialize)]
struct Candidate<'a> {
    #[serde(rename = "finishReason", borrow)]
    finish_reason: Option<Cow<'a, str>>,
}

/// Whether an answer of the model goes on: the hook runs for each piece of a streamed one.
fn is_piece(response: &str) -> bool {
    let Ok(response) = Fields::object(response) else { return false };
    let candidates = response.get("candidates").unwrap_or("null");
    let Ok(candidates) = serde_json::from_str::<Vec<Candidate<'_>>>(candidates) else { return false };
    !candidates.iter().any(|candidate| candidate.finish_reason.is_some())
}

fn request(name: &str) -> Option<Lift> {
    (name == "model").then_some(Lift::Text(TextFact::Model))
}

/// Copies out of what a tool or the model answered.
fn response(name: &str) -> Option<Lift> {
    Some(match name {
        "error" => Lift::Within(error),
        "usageMetadata" => Lift::Within(usage),
        _ => return None,
    })
}

fn error(name: &str) -> Option<Lift> {
    (name == "type").then_some(Lift::Text(TextFact::ErrorType))
}

fn usage(name: &str) -> Option<Lift> {
    Some(Lift::Int(
        match name {
            "promptTokenCount" => IntFact::TokensInput,
            "candidatesTokenCount" => IntFact::TokensOutput,
            "cachedContentTokenCount" => IntFact::TokensCacheRead,
            "thoughtsTokenCount" => IntFact::TokensReasoning,
            "totalTokenCount" => IntFact::TokensTotal,
            _ => return None,
        },
        Unit::Count,
    ))
}

fn mcp(name: &str) -> Option<Lift> {
    Some(match name {
        "server_name" => Lift::Text(TextFact::McpServer),
        "tool_name" => Lift::Text(TextFact::Operation),
        _ => return None,
    })
}

/// One request to the model: proposed before, with tokens and result after, in between what was streamed.
fn settle_model(is_over: bool, event: &mut Event<'_>) {
    let answers = event.output.is_some();
    event.action_type.get_or_insert(ActionType::External);
    event.action_name.get_or_insert("model_request".into());
    event.phase.get_or_insert(if answers || is_over { Phase::Result } else { Phase::Proposed });
    event.outcome.get_or_insert(if is_over { Outcome::Success } else { Outcome::Running });
}

fn settle_result(event: &mut Event<'_>) {
    let Some(Ok(response)) = event.output.as_deref().map(Fields::object) else { return };
    let failed = response.get("error").is_some_and(|error| error != "null");
    let is_command = event.action_name.as_deref() == Some("run_shell_command");
    let text = response.get_text("llmContent").filter(|_| is_command).unwrap_or_default();
    if is_cancelled(&text) {
        event.facts.set_int(IntFact::Interrupted, 1);
        event.outcome.get_or_insert(Outcome::Partial);
    }
    let code = exit_code(&text);
    if let Some(code) = code {
        event.facts.set_int(IntFact::ExitCode, code);
    }
    if failed || code.is_some_and(|code| code != 0) {
        event.outcome.get_or_insert(Outcome::Failure);
    }
}

/// Whether the program says, before anything that a command printed, that somebody ended it.
fn is_cancelled(text: &str) -> bool {
    let own = text.strip_prefix("<untrusted_context>\n").unwrap_or(text);
    own.starts_with("Command was cancelled by user before it could complete")
}

/// The code in the lines behind a command's output: the last such line, since the output may hold one as well.
pub(super) fn exit_code(text: &str) -> Option<i64> {
    let after = &text[text.rfind("\nExit Code: ")? + "\nExit Code: ".len()..];
    let (code, rest) = after.split_once('\n').unwrap_or((after, ""));
    let is_added = |line: &str| {
        line.starts_with(['<', ' '])
            || line.is_empty()
            || line.contains(": ") && !line.starts_with("Output: ")
    };
    if !rest.lines().all(is_added) {
        return None;
    }
    code.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_was_cancelled_where_the_program_says_so_and_not_where_the_command_does() {
        let words = "Command was cancelled by user before it could complete. There was no output before it was cancelled.";
        assert!(
            is_cancelled(words)
                && is_cancelled(&format!("<untrusted_context>\n{words}\n</untrusted_context>"))
        );
        assert!(!is_cancelled(&format!("<untrusted_context>\nOutput: {words}")) && !is_cancelled(""));
    }

    #[test]
    fn the_exit_code_is_the_programs_own_line_and_not_one_of_the_output() {
        for (text, want) in [
            ("Output: oops\nExit Code: 3\nProcess Group PGID: 7\n</untrusted_context>", Some(3)),
            ("Output: oops\nExit Code: 3", Some(3)),
            ("Output: all is well\nProcess Group PGID: 7", None),
            ("Output: a\nExit Code: 9\nmore output\nProcess Group PGID: 7", None),
            ("Output: a\nExit Code: 9\nb\nExit Code: 1\nSignal: 15", Some(1)),
        ] {
            assert_eq!(exit_code(text), want, "{text}");
        }
    }
}
