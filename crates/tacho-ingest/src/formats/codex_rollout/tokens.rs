//! Reports of tokens. Each has what was used since the one before, and a running total. An answer of the model is
//! reported twice, by a `token_usage_record` and by a `token_count` behind it; a `token_count` may come again with
//! nothing new. The two kinds have totals of their own: a program that is killed between them leaves the second out, and
//! its total behind for the rest of the session. So a report is paired with one of the other kind by what both say, in
//! the order of a turn, and a new turn ends what waits.

use crate::fields::Fields;
use crate::formats::parts;
use crate::lift::{Lift, lift_copies};
use crate::read::Unit;
use serde::{Deserialize, Serialize};
use tacho_event::event::Event;
use tacho_event::fact::{IntFact, TextFact};
use tacho_event::limits::ID_BYTES_MAX;
use tacho_event::words::{ActionType, Outcome};

/// Members that hold a report's running total, and what was used since the one before.
const TOTALS: [(&str, &str); 2] =
    [("payload.thread_token_usage", "payload.usage"), ("payload.info", "payload.info")];

/// What a report says that was used, as far as it says so.
const USED: [&str; 5] =
    ["input_tokens", "output_tokens", "cached_input_tokens", "reasoning_output_tokens", "total_tokens"];

/// So many reports wait for the other kind: those of one answer, and a few that nobody repeats.
const WAITING_MAX: usize = 8;

/// The reports of a file, as far as they are still to be told from those behind them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Reports {
    /// The running total of the last `token_usage_record`.
    recorded: Option<i64>,
    /// Those of the turn that no report of the other kind has repeated.
    waiting: Vec<Waiting>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Waiting {
    is_record: bool,
    turn: Option<String>,
    total: i64,
    used: [Option<i64>; USED.len()],
}

impl Reports {
    pub(crate) fn is_empty(&self) -> bool {
        *self == Reports::default()
    }

    /// Whether an event reports what no report before it did. `counted` is the running total of the last `token_count`.
    pub(crate) fn is_new(&mut self, event: &Event<'_>, counted: &mut Option<i64>) -> bool {
        let turn = event.facts.text(TextFact::TurnId);
        match event.action_name.as_deref() {
            Some("task_started" | "turn_started" | "session_start") => self.waiting.clear(),
            // What names its turn waits for reports of that turn only.
            Some("turn_context" | "token_usage_record") => {
                self.waiting
                    .retain(|one| one.turn.is_none() || turn.is_none() || one.turn.as_deref() == turn);
            }
            _ => {}
        }
        let Some((total, last)) = report(event) else { return false };
        let Some(total) = number(&total, "total_tokens") else { return false };
        let is_record = event.action_name.as_deref() == Some("token_usage_record");
        let before = if is_record { &mut self.recorded } else { counted };
        if before.replace(total) == Some(total) {
            return false;
        }
        let turn = turn.filter(|turn| turn.len() <= ID_BYTES_MAX).map(str::to_string);
        let report = Waiting { is_record, turn, total, used: USED.map(|name| number(&last, name)) };
        if let Some(at) = self.waiting.iter().position(|one| one.is_same(&report)) {
            self.waiting.drain(..=at);
            return false;
        }
        if self.waiting.len() == WAITING_MAX {
            self.waiting.remove(0);
        }
        self.waiting.push(report);
        true
    }
}

impl Waiting {
    /// Whether both tell of one answer: they are of different kinds and differ in nothing that both say was used.
    fn is_same(&self, other: &Waiting) -> bool {
        let both = || self.used.iter().zip(&other.used).filter_map(|(own, other)| (*own).zip(*other));
        let is_used_same = both().next().is_some() && both().all(|(own, other)| own == other);
        self.is_record != other.is_record && (is_used_same || self.total == other.total)
    }
}

fn number(fields: &Fields<'_>, name: &str) -> Option<i64> {
    fields.get(name)?.parse().ok()
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
