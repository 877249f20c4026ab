//! Reports: what happened in a day or a week, from the log, for people who audit it.
//!
//! Invariants
//! - A report is about the entries that one checkpoint covers, and names it: whoever holds that checkpoint can have each
//!   row proved.
//! - It is computed when it is asked for and kept nowhere, so erasing a person reaches it. That it was made, of what and
//!   with which digest, is on the log.
//! - A section that has more rows than it shows says so.

mod kinds;
mod render;

pub(crate) use kinds::{ALL, Kind, Period};
pub(crate) use render::Paper;

use crate::node::Node;
use crate::rows::{Unmade, rows};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tacho_event::time::{self, DAY_US, Day, Micros};
use tacho_merkle::Checkpoint;
use tacho_query::AgentEdit;

/// Rows of one section.
const ROWS_MAX: usize = 500;

/// The days that a report is about, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub from: Day,
    /// The first day behind it.
    pub to: Day,
}

impl Span {
    /// The day, or the week from Monday to Sunday that it lies in.
    pub(crate) fn of(period: Period, day: Day) -> Span {
        match period {
            Period::Day => Span { from: day, to: Day(day.0 + 1) },
            Period::Week => {
                // The first of January 1970 was a Thursday.
                let from = Day(day.0 - (day.0 + 3).rem_euclid(7));
                Span { from, to: Day(from.0 + 7) }
            }
        }
    }

    /// The last one that is over.
    pub(crate) fn last(period: Period, now_us: Micros) -> Span {
        let this = Span::of(period, time::day(now_us));
        Span::of(period, Day(this.from.0 - 1))
    }

    fn ends_us(self) -> Micros {
        Micros::from(self.to.0) * DAY_US
    }

    /// As a condition of SQL.
    fn condition(self, size: u64) -> String {
        format!(
            "recorded_at >= TIMESTAMPTZ '{}T00:00:00Z' AND recorded_at < TIMESTAMPTZ '{}T00:00:00Z' AND index < {size}",
            self.from.text(),
            self.to.text()
        )
    }
}

/// The checkpoint that covers what a report is about.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
#[schema(as = ReportCovered)]
pub(crate) struct Covered {
    pub origin: String,
    /// Entries, all of those that the report looks at.
    pub size: u64,
    /// Base64, as the checkpoint has it.
    pub root: String,
    /// The same in the digits that nothing takes for a secret.
    #[serde(skip)]
    pub root_hex: String,
}

/// One part of a report.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
#[schema(as = ReportSection)]
pub(crate) struct Section {
    pub title: &'static str,
    /// What it shows, and how it is computed.
    pub about: &'static str,
    pub columns: Vec<&'static str>,
    #[schema(value_type = Vec<Vec<Object>>)]
    pub rows: Vec<Vec<Value>>,
    /// There were more rows than are shown.
    pub cut: bool,
    /// What was asked; it can be asked again.
    pub sql: String,
}

/// A report.
#[derive(Debug, Clone, serde::Serialize, utoipa::ToSchema)]
#[schema(as = MadeReport)]
pub(crate) struct Report {
    pub kind: &'static str,
    pub title: &'static str,
    /// The first day, and the first one behind the last, UTC by the server's time.
    pub from: String,
    pub to: String,
    /// False while the time is not over, or the checkpoint does not reach its end.
    pub complete: bool,
    pub made_at: String,
    pub checkpoint: Covered,
    pub sections: Vec<Section>,
    /// SHA-256 of titles, columns and rows as JSON: the same whenever a time that is over is reported, until data expires or
    /// is erased, or something is learnt of an action afterwards.
    pub sha256: String,
}

/// Computes a report over what the newest checkpoint covers.
///
/// # Errors
/// A query reached a limit, the store failed, or nothing is sealed yet.
pub(crate) async fn make(
    node: &Node,
    agents: &[AgentEdit],
    kind: &'static Kind,
    span: Span,
) -> Result<Report, Unmade> {
    let unsealed = |error: Box<dyn std::error::Error>| Unmade::Row(error.to_string());
    let text = node.checkpoint().map_err(unsealed)?;
    let (checkpoint, _) =
        Checkpoint::open_all(&text, node.verifiers()).map_err(|error| unsealed(error.into()))?;
    let moment = node.moment().await;
    let now_us = node.now_us();
    let mut sections = Vec::with_capacity(kind.sections.len());
    for part in kind.sections {
        let sql = part.sql.replace("$when", &span.condition(checkpoint.size));
        let sql = sql.split_whitespace().collect::<Vec<_>>().join(" ");
        let asked = format!("{sql} LIMIT {}", ROWS_MAX + 1);
        let mut found: Vec<Map<String, Value>> = rows(node, moment.clone(), agents, &asked).await?;
        let cut = found.len() > ROWS_MAX;
        found.truncate(ROWS_MAX);
        let row = |mut row: Map<String, Value>| {
            part.columns.iter().map(|name| row.remove(*name).unwrap_or_default()).collect()
        };
        let rows = found.into_iter().map(row).collect();
        sections.push(Section {
            title: part.title,
            about: part.about,
            columns: part.columns.to_vec(),
            rows,
            cut,
            sql,
        });
    }
    // Not the text of the query: it names the size of the log, which changes nothing of a day that is over.
    let told: Vec<_> =
        sections.iter().map(|part| (part.title, &part.columns, &part.rows, part.cut)).collect();
    let told = serde_json::to_vec(&told).map_err(|error| Unmade::Row(error.to_string()))?;
    Ok(Report {
        kind: kind.id,
        title: kind.title,
        from: span.from.text(),
        to: span.to.text(),
        complete: span.ends_us() <= now_us,
        made_at: time::format(now_us),
        checkpoint: Covered {
            origin: checkpoint.origin,
            size: checkpoint.size,
            root: text.lines().nth(2).unwrap_or_default().to_string(),
            root_hex: checkpoint.root.to_string(),
        },
        sections,
        sha256: Sha256::digest(told).iter().map(|byte| format!("{byte:02x}")).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_begin_on_monday_and_the_last_one_is_over() {
        let day = |text: &str| Day::parse(text).unwrap();
        let week = |text: &str| {
            let span = Span::of(Period::Week, day(text));
            (span.from.text(), span.to.text())
        };
        assert_eq!(week("2026-11-16"), ("2026-11-16".into(), "2026-11-23".into()), "a Monday");
        assert_eq!(week("2026-11-22"), ("2026-11-16".into(), "2026-11-23".into()), "a Sunday");
        assert_eq!(week("1970-01-01"), ("1969-12-29".into(), "1970-01-05".into()));
        let noon = time::parse("2026-11-21T12:00:00Z").unwrap();
        assert_eq!(Span::last(Period::Day, noon).from.text(), "2026-11-20");
        assert_eq!(Span::last(Period::Week, noon).from.text(), "2026-11-09");
    }
}
