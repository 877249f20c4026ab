//! What users and agents say, and messages as models take them: `role`, `content`, `tool_calls`, `tool_call_id`.
//! Shared by the formats of transcripts.

use super::tools;
use crate::fields::{Fields, Refused};
use crate::lift::{Head, Lift, lift_under};
use sha2::{Digest, Sha256};
use std::fmt::Write;
use tacho_event::event::Event;
use tacho_event::fact::TextFact;
use tacho_event::section::Section;
use tacho_event::words::{ActionType, Level, Outcome, Phase};

/// A text of that role: user, assistant, or the instructions of who runs the agent.
pub(super) fn speak(role: &str, event: &mut Event<'_>) {
    let name = match role {
        "assistant" => "assistant_message",
        "user" | "human" => "user_message",
        _ => "system_message",
    };
    event.action_name.get_or_insert(name.into());
    if name == "system_message" {
        event.action_type.get_or_insert(ActionType::Log);
        event.level.get_or_insert(Level::Debug);
    } else {
        event.action_type.get_or_insert(ActionType::Communication);
        event.phase.get_or_insert(Phase::Message);
    }
}

/// What a model thought.
pub(super) fn think(event: &mut Event<'_>) {
    event.action_name = Some("assistant_thinking".into());
    event.action_type = Some(ActionType::Communication);
    event.phase = Some(Phase::Message);
}

/// A message and the calls in it. `base` is what they share; `under` is where the message stood.
pub(super) fn message<'a>(
    under: &str,
    mut message: Fields<'a>,
    base: &Event<'a>,
    each: &mut dyn FnMut(Event<'a>),
) -> Result<(), Refused> {
    let role = message.get_text("role").unwrap_or_default();
    let calls = message.take_objects("tool_calls")?.unwrap_or_default();
    let mut event = base.clone();
    if role == "tool" {
        lift_under(under, message, result, &mut event)?;
        event.action_name.get_or_insert("tool_result".into());
        event.action_type = Some(ActionType::Tool);
        event.phase = Some(Phase::Result);
        event.outcome.get_or_insert(Outcome::Unknown);
        each(event);
        return Ok(());
    }
    lift_under(under, message, if role == "assistant" { spoken } else { heard }, &mut event)?;
    speak(&role, &mut event);
    each(event);
    for call in calls {
        let mut event = Event { extra: Vec::new(), ..base.clone() };
        lift_under(&format!("{under}.tool_calls"), call, asked, &mut event)?;
        tools::unwrap(&mut event.input);
        event.phase = Some(Phase::Proposed);
        event.outcome = Some(Outcome::Running);
        tools::describe(&mut event);
        each(event);
    }
    Ok(())
}

/// What was said to the agent.
pub(super) fn heard(name: &str) -> Option<Lift> {
    (name == "content").then_some(Lift::Section(Section::Input))
}

/// What the agent said.
pub(super) fn spoken(name: &str) -> Option<Lift> {
    (name == "content").then_some(Lift::Section(Section::Output))
}

fn result(name: &str) -> Option<Lift> {
    Some(match name {
        "content" => Lift::Section(Section::Output),
        "tool_call_id" => Lift::Head(Head::Call),
        "name" => Lift::Text(TextFact::Operation),
        _ => return None,
    })
}

fn asked(name: &str) -> Option<Lift> {
    Some(match name {
        "id" => Lift::Head(Head::Call),
        "function" => Lift::Within(asked),
        "name" => Lift::Head(Head::Action),
        "arguments" => Lift::Section(Section::Input),
        _ => return None,
    })
}

/// A name for what has no id of its own: by what is in it, each part with its length.
pub(crate) fn digest(prefix: &str, parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut id = String::from(prefix);
    for byte in &hash.finalize()[..16] {
        let _ = write!(id, "{byte:02x}"); // writing to a string cannot fail
    }
    id
}
