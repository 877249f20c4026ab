//! `audit-trail.ndjson`: what an application's users did to its entities.
//!
//! An entity that is a user is the data subject, unless another user acted. `changes` (before and after) is kept as input, `details` as output.
//! Recognised by `entityType` beside `action`.

use super::parts::{columns, request, resources};
use crate::fields::{Fields, Refused};
use crate::lift::{Head, Lift, lift};
use crate::read::scalar;
use tacho_event::event::Event;
use tacho_event::fact::TextFact;
use tacho_event::section::Section;
use tacho_event::words::{ActionType, Outcome};

pub(super) fn decode<'a>(mut fields: Fields<'a>, each: &mut dyn FnMut(Event<'a>)) -> Result<(), Refused> {
    // A user's id must not become a fact: facts are nobody's and outlive an erasure.
    let is_user = ["entityType", "entity_type"].iter().any(|n| fields.get(n) == Some("\"user\""));
    let user = if is_user { fields.take("entityId").or_else(|| fields.take("entity_id")) } else { None };
    let mut event = Event::default();
    lift(fields, table, &mut event)?;
    match user.and_then(scalar) {
        Some(id) if event.user.as_ref().is_none_or(|user| *user == id) => event.user = Some(id),
        _ => event.extra.extend(user.map(|raw| ("entityId".into(), raw.into()))),
    }
    let name = event.action_name.as_deref().unwrap_or_default().to_ascii_uppercase();
    event.action_type.get_or_insert(action_type(&name));
    event.outcome.get_or_insert(outcome(&name));
    let entity = |fact| event.facts.text(fact);
    if let (None, Some("agent"), Some(id)) =
        (&event.agent, entity(TextFact::EntityType), entity(TextFact::EntityId))
    {
        event.agent = Some(id.to_string().into());
    }
    each(event);
    Ok(())
}

fn table(name: &str) -> Option<Lift> {
    Some(match name {
        "action" => Lift::Head(Head::Action),
        "entityType" | "entity_type" => Lift::Text(TextFact::EntityType),
        "entityId" | "entity_id" => Lift::Text(TextFact::EntityId),
        "changes" => Lift::Section(Section::Input),
        "details" => Lift::Keep(Section::Output, details),
        "request" => Lift::Within(request),
        _ => return columns(name),
    })
}

/// Copies out of the details that are kept whole.
fn details(name: &str) -> Option<Lift> {
    match name {
        "success" => Some(Lift::Success),
        _ => resources(name),
    }
}

fn action_type(name: &str) -> ActionType {
    const AUTH: &[&str] = &[
        "LOGIN",
        "LOGOUT",
        "LOCK",
        "ACCESS_DENIED",
        "PERMISSION",
        "ROLE",
        "PASSWORD",
        "2FA",
        "MFA",
        "SESSION",
    ];
    const SETTINGS: &[&str] = &["SETTING", "PROFILE", "NOTIFICATION", "API_KEY", "CONFIG"];
    let any = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if name.starts_with("AGENT_") {
        ActionType::Lifecycle
    } else if any(AUTH) {
        ActionType::Auth
    } else if any(SETTINGS) {
        ActionType::Settings
    } else if name.starts_with("WORKFLOW_") || name.starts_with("STEP_") {
        ActionType::Workflow
    } else if name.starts_with("MEMORY_") {
        ActionType::Memory
    } else {
        ActionType::Audit
    }
}

/// An entry tells what was done; it was done unless its name says otherwise.
fn outcome(name: &str) -> Outcome {
    let failed = ["FAILED", "DENIED", "REJECTED", "LOCKED_OUT", "ABANDONED"];
    if failed.iter().any(|word| name.contains(word)) {
        Outcome::Failure
    } else if name.ends_with("_STARTED") {
        Outcome::Running
    } else {
        Outcome::Success
    }
}
