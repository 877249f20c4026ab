//! Reports of tokens. Each has what was used since the one before, and a running total; the same total may be reported
//! again, by another kind of line or with nothing new.

use crate::fields::Fields;
use crate::formats::parts;
use crate::lift::{Lift, lift_copies};
use crate::read::Unit;
use tacho_event::event::Event;
use tacho_event::fact::IntFact;
use tacho_event::words::{ActionType, Outcome};

/// Members that hold a report's running total, and what was used since the one before.
const TOTALS: [(&str, &str); 2] =
    [("payload.thread_token_usage", "payload.usage"), ("payload.info", "payload.info")];

/// The running total that an event reports, tokens.
pub(crate) fn running_total(event: &Event<'_>) -> Option<i64> {
    let (total, _) = report(event)?;
    total.get("total_tokens")?.parse().ok()
}

/// The running total and the last usage of a report.
fn report<'e>(event: &'e Event<'_>) -> Option<(Fields<'e>, Fields<'e>)> {
    if !matches!(event.action_name.as_deref(), Some("token_count" | "token_usage_record")) {
        return None;
    }
    let member = |name: &str| {
        let (_, raw) = event.extra.iter().find(|(member, _)| member == name)?;
        Fields::object(raw).ok()
    };
    TOTALS.iter().find_map(|(total, last)| {
        let (mut total, mut last) = (member(total)?, member(last)?);
        Some((
            total.take_object("total_token_usage").ok()?.unwrap_or(total),
            last.take_object("last_token_usage").ok()?.unwrap_or(last),
        ))
    })
}

/// Makes a report the request to the model that it tells of. The members stay where they are.
pub(crate) fn charge(event: &mut Event<'_>) {
    let Some((_, last)) = report(event) else { return };
    let mut copies = Event::default();
    lift_copies(last, usage, &mut copies);
    let counts = *copies.facts.ints();
    for (fact, count) in IntFact::ALL.iter().zip(counts) {
        if let Some(count) = count {
            event.facts.set_int(*fact, count);
        }
    }
    event.action_type = Some(ActionType::External);
    event.action_name = Some("model_request".into());
    event.outcome = Some(Outcome::Success);
    event.level = None;
}

fn usage(name: &str) -> Option<Lift> {
    let fact = match name {
        "cached_input_tokens" => IntFact::TokensCacheRead,
        "cache_write_input_tokens" => IntFact::TokensCacheWrite,
        "reasoning_output_tokens" => IntFact::TokensReasoning,
        _ => return parts::resources(name),
    };
    Some(Lift::Int(fact, Unit::Count))
}
