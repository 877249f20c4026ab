//! Coverage: what of the agents' doings should have been seen and was not. Several sources may tell of one call (a hook,
//! a log record, a span, a transcript); what one of them saw and another did not is a gap, and so is what the operator
//! declared and nobody ever saw.
//!
//! Invariants
//! - Pure: [`ask`] makes the text of queries, [`judge()`] makes a report of their rows. Nothing here reads a clock.
//! - The same rows and the same moment give the same report, findings under the same ids.
//! - A figure is a count of a count; nothing is weighed. What was not read for a limit is said in the report.

mod agents;
pub mod ask;
mod calls;
mod changes;
mod config;
mod groups;
mod homes;
mod hooks;
mod judge;
mod numbered;
mod numbers;
mod pattern;
mod points;
mod report;
mod rows;
mod runs;
mod sessions;
mod witness;

pub use changes::{Changes, Told, changes};
pub use config::{Config, Point, Sources};
pub use groups::GROUPS;
pub use judge::{Input, judge};
pub use numbered::{suspicious, suspicious_producers};
pub use report::{
    Cut, Evidence, FINDINGS_MAX, Figure, Finding, Gap, Kind, PointState, Report, Seen, Severity, formulas,
};
pub use rows::{CallRow, NumberRow, NumberedRow, PartRow, SeenRow, SessionRow, TroubleRow, seen_together};
