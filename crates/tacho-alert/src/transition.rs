//! What an evaluation says: what became of an alert, and how a rule is doing.

use crate::alert::Change;
use crate::group::Labels;
use crate::value::Value;
use tacho_event::id::Id;

/// An event that an alert is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    pub time_us: i64,
    pub index: u64,
    pub id: Id,
}

/// What became of an alert, with all that is needed to compute it again.
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    pub rule: String,
    pub rule_hash: [u8; 32],
    pub change: Change,
    pub group: Labels,
    pub values: Vec<(String, Value<'static>)>,
    /// The instant of the evaluation, and the window that it was about.
    pub at_us: i64,
    pub window: (i64, i64),
    /// When the firing began: with rule and group it names the alert.
    pub episode_us: i64,
    pub flapping: bool,
    /// The size of the log that the evaluation saw.
    pub tree_size: u64,
    pub evidence: Vec<Seen>,
}

impl Transition {
    /// The id of the alert that it is about: of rule, group and the begin of the firing.
    pub fn alert_id(&self) -> String {
        crate::notify::id_of(self)
    }
}

/// How a rule is doing: never silent about what it could not do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Health {
    pub groups: usize,
    pub learning: usize,
    pub firing: usize,
    /// Events that came later than the rule waits.
    pub late: u64,
    /// Events of groups or buckets beyond the limit: the rule counts too little.
    pub refused: u64,
    /// Instants that were left out because the clock leapt too far.
    pub skipped: u64,
}
