//! Hooks of Codex: the form of Claude Code's, with the model in each, and one difference that matters. The hook after a
//! call is the same whether its command succeeded or failed: the response is the bare output, and the exit code stands
//! only in the session file and in its telemetry. So such a call is neither success nor failure here; where a tool
//! writes `Exit code: N` before its output, that is believed.
//!
//! Also what its `notify` command is given: `thread-id`, `turn-id`, the user's and the agent's last messages.
//! Recognised by `hook_source`, `thread-id`, or a transcript below `.codex`.

use super::claude_hook;
use crate::fields::{Fields, Refused, unquote};
use crate::lift::{Head, Lift, lift};
use tacho_event::event::Event;
use tacho_event::fact::{IntFact, TextFact};
use tacho_event::section::Section;
use tacho_event::words::{ActionType, Outcome, Phase};

pub(super) fn decode<'a>(fields: Fields<'a>, each: &mut dyn FnMut(Event<'a>)) -> Result<(), Refused> {
    if fields.get("hook_event_name").is_none() && fields.get("thread-id").is_some() {
        return decode_notice(fields, each);
    }
    claude_hook::decode(fields, &mut |mut event| {
        if event.facts.text(TextFact::HookEvent) == Some("PostToolUse") {
            settle_result(&mut event);
        }
        each(event);
    })
}

/// How a call ended, as far as its response tells.
fn settle_result(event: &mut Event<'_>) {
    let Some(output) = event.output.as_deref() else {
        event.outcome = Some(Outcome::Unknown);
        return;
    };
    if let Some(text) = unquote(output) {
        let code = exit_code(&text);
        if let Some(code) = code {
            event.facts.set_int(IntFact::ExitCode, code);
        }
        event.outcome = Some(match code {
            Some(0) => Outcome::Success,
            Some(_) => Outcome::Failure,
            None => Outcome::Unknown,
        });
    } else if let Ok(response) = Fields::object(output)
        && ["isError", "is_error"].iter().any(|name| response.get(name) == Some("true"))
    {
        event.outcome = Some(Outcome::Failure);
    }
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
