//! Hooks of Codex: the form of Claude Code's, with the model in each, and one difference that matters. The hook after a
//! call is the same whether its command succeeded or failed: the response is the bare output, and the exit code stands
//! only in the session file and in its telemetry. `agent-audit-log` looks it up there and adds `exit_code`; a command
//! without one is neither success nor failure here, but where a tool writes `Exit code: N` before its output, that is
//! believed. Other tools have this hook only when they succeeded. Calls that were refused or whose tool is unknown have
//! none; `agent-audit-log` adds them to the hook at the end of a turn.
//!
//! Also what its `notify` command is given: `thread-id`, `turn-id`, the user's and the agent's last messages.
//! Recognised by `hook_source`, `thread-id`, or a transcript below `.codex`.

use super::tools::NeverRan;
use super::{claude_hook, hooks};
use crate::fields::{Fields, Refused, unquote};
use crate::lift::{Head, Lift, lift};
use tacho_event::event::Event;
use tacho_event::fact::{IntFact, TextFact};
use tacho_event::section::Section;
use tacho_event::words::{ActionType, Outcome, Phase};

pub(super) fn decode<'a>(mut fields: Fields<'a>, each: &mut dyn FnMut(Event<'a>)) -> Result<(), Refused> {
    if fields.get("hook_event_name").is_none() && fields.get("thread-id").is_some() {
        return decode_notice(fields, each);
    }
    if let Some(why) = hooks::unreadable(&fields) {
        return hooks::decode_unreadable(&why, fields, each);
    }
    let hook = fields.get_text("hook_event_name").unwrap_or_default();
    let mut unanswered = claude_hook::take_unanswered(&mut fields, &hook)?;
    let mut ended = Ok(());
    claude_hook::decode(fields, &mut |mut event| {
        if hook == "PostToolUse" {
            settle_result(&mut event);
        }
        ended = claude_hook::decode_unanswered(std::mem::take(&mut unanswered), event, never_ran, each);
    })?;
    ended
}

/// Why a call never ran: what Codex answers where it, a rule, a hook or a person refused it, or the tool is not there.
fn never_ran(_tool: &str, error: &str) -> Option<NeverRan> {
    const REFUSED: &[&str] = &["ejected", "denied", "forbid", "not allowed", "blocked by PreToolUse hook"];
    const UNKNOWN: &[&str] = &["unsupported call", "unsupported custom tool call", "not found"];
    let is_any = |words: &[&str]| words.iter().any(|words| error.contains(words));
    if is_any(UNKNOWN) { Some(NeverRan::UnknownTool) } else { is_any(REFUSED).then_some(NeverRan::Refused) }
}

/// How a call ended, as far as its response tells.
fn settle_result(event: &mut Event<'_>) {
    let text = event.output.as_deref().and_then(unquote);
    if event.facts.int(IntFact::ExitCode).is_none()
        && let Some(code) = text.as_deref().and_then(exit_code)
    {
        event.facts.set_int(IntFact::ExitCode, code);
    }
    let says_error = |output: &str| {
        Fields::object(output).is_ok_and(|response| {
            ["isError", "is_error"].iter().any(|name| response.get(name) == Some("true"))
        })
    };
    let is_command = event.action_name.as_deref() == Some("Bash");
    event.outcome = Some(match event.facts.int(IntFact::ExitCode) {
        Some(0) => Outcome::Success,
        Some(_) => Outcome::Failure,
        None if event.output.as_deref().is_some_and(says_error) => Outcome::Failure,
        None if is_command && (text.is_some() || event.output.is_none()) => Outcome::Unknown,
        None => Outcome::Success,
    });
}

fn exit_code(text: &str) -> Option<i64> {
    text.strip_prefix("Exit code: ")?.lines().next()?.trim().parse().ok()
}

fn decode_notice<'a>(fields: Fields<'a>, each: &mut dyn FnMut(Event<'a>)) -> Result<(), Refused> {
    let mut event = Event::default();
    lift(fields, notice, &mut event)?;
    event.action_type.get_or_insert(ActionType::Communication);
    event.phase.get_or_insert(Phase::Message);
    each(event);
    Ok(())
}

fn notice(name: &str) -> Option<Lift> {
    Some(match name {
        "type" => Lift::Head(Head::Action),
        "thread-id" => Lift::Head(Head::Session),
        "turn-id" => Lift::Text(TextFact::TurnId),
        "input-messages" => Lift::Section(Section::Input),
        "last-assistant-message" => Lift::Section(Section::Output),
        _ => return claude_hook::table(name),
    })
}
