//! A trajectory of SWE-agent: one document with `trajectory` (what the agent thought, did and observed, step by step),
//! `history` (every message as the model was given it) and `info` (how it ended, and what was spent).
//!
//! A step is two events: what the agent said, and the call with its observation. Of the history, the instructions
//! are events of their own; what only repeats the steps is kept as log lines. There are no times, and no ids but those that
//! the model gave its calls, which it gives again, as a run does that is played again: they stay in the history. An id is
//! a digest of all that stands before it, so a file that was moved or has grown gives the same events again.
//!
//! Runs of one task begin alike, but for how long their first command took. A run without that has no session here: the
//! file tells it apart ([`crate::Place`]).
//! Recognised by `trajectory` beside `history` or `info`.

use super::{limit_items, numbered, said, tools};
use crate::fields::{Fields, Refused, quote, unquote};
use crate::lift::{Lift, lift, lift_under};
use crate::read::Unit;
use said::digest;
use std::borrow::Cow;
use tacho_event::event::Event;
use tacho_event::fact::{IntFact, TextFact};
use tacho_event::section::Section;
use tacho_event::words::{ActionType, Level, Outcome, Phase};

pub(super) fn is_one(fields: &Fields<'_>) -> bool {
    let is = |name: &str, start| fields.get(name).is_some_and(|value| value.starts_with(start));
    is("trajectory", '[') && (is("history", '[') || is("info", '{'))
}

pub(super) fn decode<'a>(mut fields: Fields<'a>, each: &mut dyn FnMut(Event<'a>)) -> Result<(), Refused> {
    if !fields.get("trajectory").is_some_and(|steps| steps.starts_with('[')) {
        // Only where the format was named: a line of another file is none of these documents.
        return Err(Refused::Field {
            field: "trajectory",
            found: fields
                .get("trajectory")
                .map_or("missing".into(), |found| found.chars().take(60).collect()),
            expected: "the list of steps of a document that SWE-agent wrote",
        });
    }
    let steps = fields.take_objects("trajectory")?.unwrap_or_default();
    let history = fields.take_objects("history")?.unwrap_or_default();
    let info = fields.take_object("info")?;
    limit_items(steps.len() + history.len())?;
    let text = |fields: &Fields<'a>, name: &str| fields.get(name).unwrap_or_default();
    let first = steps.first().map_or("", |step| text(step, "response"));
    let seconds = steps.first().map_or("", |step| text(step, "execution_time"));
    let asked = history.iter().find(|one| is_role(one, "user")).map_or("", |one| text(one, "content"));
    let environment = text(&fields, "environment");
    let run = digest("swe-", &[environment, asked, first, seconds]);
    let is_timed = seconds.parse::<f64>().is_ok_and(|seconds| seconds > 0.0);
    let base = Event { session: is_timed.then(|| run.clone().into()), ..Event::default() };
    let tools = tools_called(&history);
    let mut start = Event { id: Some(run.clone().into()), ..base.clone() };
    lift(fields, head, &mut start)?;
    start.action_type = Some(ActionType::Lifecycle);
    start.action_name = Some("session_start".into());
    each(start);
    tell(history, &run, &base, each)?;
    let mut id = run.clone();
    for (step, tool) in steps.into_iter().zip(tools.into_iter().chain(std::iter::repeat(None))) {
        id = digest(
            "swe-",
            &[&id, text(&step, "action"), text(&step, "response"), text(&step, "observation")],
        );
        self::step(step, tool, &id, &base, each)?;
    }
    info.map_or(Ok(()), |info| end(info, &run, &base, each))
}

fn is_role(message: &Fields<'_>, role: &str) -> bool {
    message.get_text("role").as_deref() == Some(role)
}

fn head(name: &str) -> Option<Lift> {
    (name == "environment").then_some(Lift::Text(TextFact::Environment))
}

/// The tools that the model called, one for each step, where the history has them.
fn tools_called<'a>(history: &[Fields<'a>]) -> Vec<Option<Cow<'a, str>>> {
    let acts = |one: &&Fields<'a>| is_role(one, "assistant") && one.get("is_demo") != Some("true");
    let tool = |one: &Fields<'a>| {
        let mut call = one.clone().take_objects("tool_calls").ok()??.into_iter().next()?;
        call.take_object("function").ok()??.get_text("name")
    };
    history.iter().filter(acts).map(tool).collect()
}

/// The history. Up to the agent's first word it is what the agent was asked to do.
fn tell<'a>(
    history: Vec<Fields<'a>>,
    run: &str,
    base: &Event<'a>,
    each: &mut dyn FnMut(Event<'a>),
) -> Result<(), Refused> {
    let mut has_begun = false;
    for (number, message) in history.into_iter().enumerate() {
        let is_demo = message.get("is_demo") == Some("true");
        has_begun |= is_role(&message, "assistant") && !is_demo;
        let role = message.get_text("role").unwrap_or_default();
        let mut event = Event { id: Some(format!("{run}/history/{number}").into()), ..base.clone() };
        lift_under(
            "history",
            message,
            if role == "assistant" { said::spoken } else { said::heard },
            &mut event,
        )?;
        if has_begun || is_demo {
            event.action_type = Some(ActionType::Log);
            event.action_name = Some(if is_demo { "demonstration" } else { "history" }.into());
            event.level = Some(Level::Debug);
        } else {
            said::speak(&role, &mut event);
        }
        each(event);
    }
    Ok(())
}

fn step<'a>(
    mut step: Fields<'a>,
    tool: Option<Cow<'a, str>>,
    id: &str,
    base: &Event<'a>,
    each: &mut dyn FnMut(Event<'a>),
) -> Result<(), Refused> {
    let mut said = Event { id: Some(id.to_string().into()), ..base.clone() };
    said.output = step.take("response").map(Cow::Borrowed);
    if let Some(thought) = step.take("thought").filter(|thought| said.output.as_deref() != Some(*thought)) {
        said.extra.push(("trajectory.thought".into(), thought.into()));
    }
    said::speak("assistant", &mut said);
    each(said);
    let mut event = Event { id: Some(numbered(id.to_string().into(), 1)), ..base.clone() };
    event.call = Some(id.to_string().into());
    lift_under("trajectory", step, acted, &mut event)?;
    let word = event.input.as_deref().and_then(unquote).and_then(|action| first_word(&action));
    event.action_name = Some(tool.unwrap_or_else(|| word.map_or("Bash".into(), Cow::Owned)));
    tools::describe(&mut event);
    event.phase = Some(Phase::Result);
    let output = event.output.as_deref().unwrap_or_default();
    let timed_out = ["EXECUTION TIMED OUT", "COMMAND TIMED OUT"].iter().any(|mark| output.contains(mark));
    event.outcome = Some(if timed_out { Outcome::Failure } else { Outcome::Unknown });
    each(event);
    Ok(())
}

/// One of the agent's own commands; anything else is a command line.
fn first_word(action: &str) -> Option<String> {
    const OWN: &[&str] = &[
        "open",
        "goto",
        "create",
        "edit",
        "submit",
        "scroll_up",
        "scroll_down",
        "find_file",
        "search_dir",
        "search_file",
        "str_replace_editor",
        "insert",
        "replace",
        "undo_edit",
        "exit_forfeit",
    ];
    let word = action.split_whitespace().next()?;
    OWN.contains(&word).then(|| word.to_string())
}

fn acted(name: &str) -> Option<Lift> {
    Some(match name {
        "action" => Lift::Section(Section::Input),
        "observation" => Lift::Section(Section::Output),
        "execution_time" => Lift::Int(IntFact::DurationUs, Unit::Seconds),
        _ => return None,
    })
}

/// How the run ended, or how far it is: a state of one event as the file grows, for its tokens and money stand here and
/// nowhere else, and add up.
fn end<'a>(
    info: Fields<'a>,
    run: &str,
    base: &Event<'a>,
    each: &mut dyn FnMut(Event<'a>),
) -> Result<(), Refused> {
    let mut event = Event { id: Some(format!("{run}/end").into()), ..base.clone() };
    let status = info.get_text("exit_status").unwrap_or_default();
    event.outcome = Some(if status.starts_with("submitted") {
        Outcome::Success
    } else if status.is_empty() {
        Outcome::Running
    } else {
        Outcome::Failure
    });
    lift_under("info", info, ended, &mut event)?;
    event.action_type = Some(ActionType::Workflow);
    event.action_name = Some("session_end".into());
    if event.output.is_none() {
        event.output = Some(quote(&status).into());
    }
    each(event);
    Ok(())
}

fn ended(name: &str) -> Option<Lift> {
    Some(match name {
        "exit_status" => Lift::Text(TextFact::Status),
        "submission" => Lift::Section(Section::Output),
        "model_stats" => Lift::Within(spent),
        _ => return None,
    })
}

fn spent(name: &str) -> Option<Lift> {
    Some(match name {
        "instance_cost" => Lift::Int(IntFact::CostMicros, Unit::Dollars),
        "tokens_sent" => Lift::Int(IntFact::TokensInput, Unit::Count),
        "tokens_received" => Lift::Int(IntFact::TokensOutput, Unit::Count),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_trajectory_is_refused() {
        let decode = |text| super::decode(Fields::event(text).unwrap(), &mut |_| {});
        for (text, found) in [(r#"{"type":"user"}"#, "missing"), (r#"{"trajectory":"x"}"#, "\"x\"")] {
            let why = decode(text).unwrap_err().to_string();
            assert!(why.starts_with(&format!("\"trajectory\" is {found}: expected the list")), "{why}");
        }
        assert_eq!(decode(r#"{"trajectory":[]}"#), Ok(()));
    }

    #[test]
    fn only_the_agents_own_commands_are_tools() {
        assert_eq!(first_word("find_file x.py\n").as_deref(), Some("find_file"));
        assert_eq!(first_word("git push --force"), None);
        assert_eq!(first_word(""), None);
    }
}
