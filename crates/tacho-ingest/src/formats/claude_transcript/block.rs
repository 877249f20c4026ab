//! A block of a message: a call, its result, a thought, or a text.

use super::super::tools::{self, NeverRan};
use super::course::Course;
use super::program::Speaker;
use super::speak;
use crate::fields::{Fields, Refused};
use crate::lift::{Head, Lift, lift_under};
use tacho_event::event::Event;
use tacho_event::fact::IntFact;
use tacho_event::section::Section;
use tacho_event::words::{ActionType, Outcome, Phase};

pub(super) fn add<'a>(
    block: Fields<'a>,
    speaker: Speaker,
    course: Course,
    event: &mut Event<'a>,
) -> Result<(), Refused> {
    let kind = block.get_text("type").unwrap_or_default();
    let failed = block.get("is_error") == Some("true");
    let table = match kind.as_ref() {
        "tool_use" | "server_tool_use" => tool_use,
        "tool_result" if failed => tool_error,
        "tool_result" => tool_result,
        _ if speaker == Speaker::Assistant => output_text,
        _ => input_text,
    };
    lift_under("content", block, table, event)?;
    match kind.as_ref() {
        "tool_use" | "server_tool_use" => {
            event.phase = Some(Phase::Proposed);
            event.outcome = Some(Outcome::Running);
            tools::describe(event);
        }
        "tool_result" => {
            event.action_name.get_or_insert("tool_result".into());
            event.action_type = Some(ActionType::Tool);
            event.phase = Some(Phase::Result);
            event.outcome = Some(match course {
                Course::Lost => Outcome::Unknown,
                Course::Launched if !failed => Outcome::Running,
                Course::Stopped => Outcome::Partial,
                _ if failed => Outcome::Failure,
                _ => Outcome::Success,
            });
            match course {
                Course::Stopped => event.facts.set_int(IntFact::Interrupted, 1),
                Course::Refused => NeverRan::Refused.note(event),
                Course::Untold => {
                    let told = event.error.as_deref().and_then(NeverRan::of);
                    told.into_iter().for_each(|why| why.note(event));
                }
                Course::Ran | Course::Lost | Course::Launched => {}
            }
            if let Some(code) = event.error.as_deref().and_then(tools::exit_code) {
                event.facts.set_int(IntFact::ExitCode, code);
            }
        }
        "thinking" => {
            event.action_name = Some("assistant_thinking".into());
            speak(speaker, event);
        }
        _ => speak(speaker, event),
    }
    Ok(())
}

fn tool_use(name: &str) -> Option<Lift> {
    Some(match name {
        "id" => Lift::Head(Head::Call),
        "name" => Lift::Head(Head::Action),
        "input" => Lift::Section(Section::Input),
        _ => return None,
    })
}

fn tool_result(name: &str) -> Option<Lift> {
    Some(match name {
        "tool_use_id" => Lift::Head(Head::Call),
        "content" => Lift::Section(Section::Output),
        _ => return None,
    })
}

fn tool_error(name: &str) -> Option<Lift> {
    match name {
        "content" => Some(Lift::Section(Section::Error)),
        _ => tool_result(name),
    }
}

fn input_text(name: &str) -> Option<Lift> {
    (name == "text").then_some(Lift::Section(Section::Input))
}

fn output_text(name: &str) -> Option<Lift> {
    matches!(name, "text" | "thinking").then_some(Lift::Section(Section::Output))
}
