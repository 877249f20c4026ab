//! The native format: `agent`, `action`, `outcome`, `resources`, `security` as agents' own loggers write them
//! (tool, skill, external call, decision).

use crate::fields::{Fields, Refused};
use tacho_event::event::Event;
use tacho_event::fact::{IntFact, TextFact};
use tacho_event::words::{ActionType, Outcome};
use tacho_event::{time, units};

/// Decodes one event.
///
/// # Errors
/// [`Refused`] when the text is no object within the limits, or its time is not understood.
pub fn decode(text: &str) -> Result<Event<'_>, Refused> {
    let mut fields = Fields::event(text)?;
    let mut event = Event { id: fields.text("id"), ..Event::default() };
    if let Some(claimed) = fields.text("timestamp") {
        let parsed = time::parse(&claimed);
        event.claimed_us = Some(parsed.map_err(|_| Refused::Field {
            field: "timestamp",
            found: claimed.chars().take(60).collect(),
            expected: "RFC 3339 such as 2026-11-21T10:30:00Z, or a Unix time",
        })?);
    }
    if let Some(agent) = fields.nested("agent") {
        take_agent(agent, &mut event);
    }
    if let Some(action) = fields.nested("action") {
        take_action(action, &mut event);
    }
    if let Some(outcome) = fields.nested("outcome") {
        take_outcome(outcome, &mut event);
    }
    if let Some(resources) = fields.nested("resources") {
        take_resources(resources, &mut event);
    }
    if let Some(security) = fields.nested("security") {
        take_security(security, &mut event);
    }
    event.user = fields.text("user_id");
    event.extra.extend(fields.rest(""));
    Ok(event)
}

fn take_agent<'a>(mut agent: Fields<'a>, event: &mut Event<'a>) {
    event.agent = agent.text("id");
    event.session = agent.text("session_id");
    event.conversation = agent.text("conversation_id");
    event.agent_version = agent.text("version");
    if let Some(name) = agent.text("name") {
        event.facts.set_text(TextFact::AgentName, name);
    }
    event.extra.extend(agent.rest("agent"));
}

fn take_action<'a>(mut action: Fields<'a>, event: &mut Event<'a>) {
    event.action_type = action.text("type").and_then(|word| ActionType::parse(&word));
    event.action_name = action.text("name");
    event.decision = action.raw("decision").map(Into::into);
    for kind in ["tool", "skill", "external"] {
        let Some(mut call) = action.nested(kind) else { continue };
        // The whole call stays together when it says more than its name and parameters.
        if let Some(parameters) = call.raw("parameters") {
            event.input = Some(parameters.into());
        }
        if let Some(target) = call.text("target") {
            event.facts.set_text(TextFact::Target, target);
        }
        event.extra.extend(call.rest(&format!("action.{kind}")));
    }
    event.extra.extend(action.rest("action"));
}

fn take_outcome<'a>(mut outcome: Fields<'a>, event: &mut Event<'a>) {
    if let Some(status) = outcome.text("status") {
        event.outcome = Outcome::understand(&status);
        event.facts.set_text(TextFact::Status, status);
    }
    event.output = outcome.raw("result").map(Into::into);
    event.error = outcome.raw("error").map(Into::into);
    event.extra.extend(outcome.rest("outcome"));
}

fn take_resources<'a>(mut resources: Fields<'a>, event: &mut Event<'a>) {
    for (name, fact) in [("tokens_input", IntFact::TokensInput), ("tokens_output", IntFact::TokensOutput)] {
        if let Some(tokens) = resources.int(name) {
            event.facts.set_int(fact, tokens);
        }
    }
    if let Some(ms) = resources.int("duration_ms") {
        event.facts.set_int(IntFact::DurationUs, ms.saturating_mul(1000));
    }
    if let Some(cost) = resources.raw("cost_usd") {
        match units::dollars_micros(cost) {
            Some(micros) => event.facts.set_int(IntFact::CostMicros, micros),
            None => event.extra.push(("resources.cost_usd".into(), cost.into())),
        }
    }
    event.extra.extend(resources.rest("resources"));
}

fn take_security<'a>(mut security: Fields<'a>, event: &mut Event<'a>) {
    if let Some(level) = security.text("permission_level") {
        event.facts.set_text(TextFact::PermissionLevel, level);
    }
    if let Some(sensitive) = security.flag("sensitive_data_accessed") {
        event.facts.set_int(IntFact::Sensitive, i64::from(sensitive));
    }
    event.access = security.raw("resources_accessed").map(Into::into);
    event.extra.extend(security.rest("security"));
}
