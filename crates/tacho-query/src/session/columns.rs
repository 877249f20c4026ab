//! What a session is read from: the columns of its events, with what is concluded of their actions in place of their own.
//!
//! Invariant: the figures, outcomes and times are those of `agent_audit_log` and `actions`, by the same functions.

use crate::actions::{Told, function};
use datafusion::arrow::datatypes::DataType;
use datafusion::logical_expr::{Expr, cast, col, lit};
use tacho_action::Figure;

const EVENT: [&str; 30] = [
    "index",
    "writer",
    "known",
    "timestamp",
    "agent_id",
    "session_uuid",
    "session_seq",
    "call_id",
    "parent_id",
    "phase",
    "action_type",
    "action_name",
    "level",
    "outcome_status",
    "who_session",
    "who_user",
    "tokens_input",
    "tokens_output",
    "duration_us",
    "cost_micros",
    "exit_code",
    "target",
    "from_agent",
    "to_agent",
    "input",
    "output",
    "error",
    "access",
    "decision",
    "extra",
];

/// Where the times of an action's phases stand, in the order of its life.
pub(super) const PHASES_AT: [&str; 5] = ["proposed_at", "asked_at", "decided_at", "executed_at", "result_at"];

pub(super) fn columns() -> impl Iterator<Item = Expr> {
    let action = told(Told::Action, &["index"]).alias("action");
    let shown = cast(told(Told::Shown, &["index"]), DataType::Int64).alias("shown");
    let closure = told(Told::Closure, &["index", "phase", "outcome_status", "action_type"]).alias("closure");
    let phases = PHASES_AT.map(|name| {
        let phase = lit(name.trim_end_matches("_at"));
        function(Told::PhaseAt).call(vec![col("index"), col("phase"), col("timestamp"), phase]).alias(name)
    });
    EVENT.map(now).into_iter().chain([action, shown, closure]).chain(phases)
}

/// The session that an event is in, by its UUID on the log.
pub(super) fn session() -> Expr {
    told(Told::Session, &["session_uuid", "index"])
}

/// A column with the value of the whole action where the event stands for one.
fn now(name: &str) -> Expr {
    let of_action = match name {
        "agent_id" => Told::Agent,
        "action_name" => Told::Name,
        "outcome_status" => Told::Outcome,
        _ => match Figure::ALL.iter().position(|figure| figure.fact().name() == name) {
            Some(figure) => Told::Figure(figure),
            None => return col(name),
        },
    };
    told(of_action, &[name, "index"]).alias(name)
}

fn told(told: Told, columns: &[&str]) -> Expr {
    function(told).call(columns.iter().map(|name| col(*name)).collect())
}
