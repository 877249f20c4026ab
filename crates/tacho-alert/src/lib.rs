//! Alerts: rules over the stream of events, and what becomes of the alerts that they raise.
//!
//! `docs/guide/alerts.md` tells the users' side.
//!
//! Invariants
//! - Pure: time is handed in, nothing is read or sent. The same events and times give the same alerts everywhere.
//! - Memory has a limit for each rule; where it is reached the rule says so, and what it counts stays right.

mod absent;
mod alert;
pub mod alertmanager;
mod anchor;
pub mod builtin;
mod calls;
mod catalog;
mod cell;
mod check;
mod compile;
mod condition;
mod engine;
mod explain;
pub mod field;
mod file;
mod format;
mod group;
mod history;
pub mod incident;
mod json;
mod judge;
mod lint;
mod needs;
pub mod notify;
mod open;
mod over;
mod replay;
pub mod respond;
pub mod row;
mod rule;
mod run;
mod sequence;
pub mod sigma;
mod source;
mod term;
mod things;
mod tick;
mod transition;
pub mod trial;
pub mod unit;
pub mod value;
mod window;
mod yaml;

pub use alert::{Change, State};
pub use calls::Calls;
pub use catalog::catalog;
pub use engine::Engine;
pub use explain::explain;
pub use file::{FILE_BYTES_MAX, FileError, Span, read};
pub use format::format;
pub use group::Labels;
pub use lint::lint;
pub use needs::needs;
pub use over::Over;
pub use replay::{NAMED_MAX, Replay, Replayer};
pub use rule::{Ack, Clock, Every, NoData, Rule, Severity};
pub use run::Sets;
pub use transition::{Health, Seen, Transition};
pub use trial::{Expected, TestText};
