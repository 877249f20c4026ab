//! Reports: what happened in a day, a week, a month, from the log, for people who audit it or keep the fleet well.
//!
//! Invariants
//! - A report is about the entries that one checkpoint covers, and names it: whoever holds that checkpoint can have each
//!   row proved.
//! - It is computed when it is asked for and kept nowhere, so erasing a person reaches it. That it was made, of what and
//!   with which digest, is on the log.
//! - A section that has more rows than it shows says so.

mod assessments;
mod config;
mod health;
mod kept;
mod kinds;
mod make;
mod render;
mod reviews;
pub(crate) mod schedule;
mod terms;

pub(crate) use config::Config;
pub(crate) use health::Tally;
pub(crate) use kept::{Kept, forget_people, list as kept};
pub(crate) use kinds::{Kind, Period};
pub(crate) use make::make;
pub(crate) use render::Paper;

use crate::edits::OWN;
use crate::node::Node;
use serde_json::Value;
use std::sync::Arc;
use tacho_event::time::{self, DAY_US, Day, Micros};

/// The days that a report is about, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub from: Day,
    /// The first day behind it.
    pub to: Day,
}

impl Span {
    /// The day, or the week from Monday to Sunday, the month, the quarter that it lies in.
    pub(crate) fn of(period: Period, day: Day) -> Span {
        match period {
            Period::Day => Span { from: day, to: Day(day.0 + 1) },
            Period::Week => {
                // The first of January 1970 was a Thursday.
                let from = Day(day.0 - (day.0 + 3).rem_euclid(7));
                Span { from, to: Day(from.0 + 7) }
            }
            Period::Month => Span::months(day, 1),
            Period::Quarter => Span::months(day, 3),
        }
    }

    /// The month, or so many of them that begin with the year.
    fn months(day: Day, count: i32) -> Span {
        let text = day.text();
        let (year, month) = text.split_once('-').unwrap_or((&text, ""));
        let number = |text: &str| text.parse::<i32>().unwrap_or(1);
        let (year, month) = (number(year), number(month.get(..2).unwrap_or_default()) - 1);
        let first = |months: i32| {
            let (year, month) = (year + months.div_euclid(12), months.rem_euclid(12) + 1);
            Day::parse(&format!("{year:04}-{month:02}-01")).unwrap_or(day)
        };
        let from = month - month.rem_euclid(count);
        Span { from: first(from), to: first(from + count) }
    }

    /// The last one that is over.
    pub(crate) fn last(period: Period, now_us: Micros) -> Span {
        let this = Span::of(period, time::day(now_us));
        Span::of(period, Day(this.from.0 - 1))
    }

    fn starts_us(self) -> Micros {
        Micros::from(self.from.0) * DAY_US
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
    /// Columns that are drawn along another one.
    pub drawings: Vec<Drawn>,
}

/// A column drawn along another one of the same section.
#[derive(Debug, Clone, PartialEq, serde::Serialize, utoipa::ToSchema)]
#[schema(as = ReportDrawing)]
pub(crate) struct Drawn {
    pub title: &'static str,
    /// The columns by name.
    pub along: &'static str,
    pub column: &'static str,
    /// What its values are compared with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub threshold: Option<f64>,
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
    /// How the checks ended, of a health check.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub health: Option<Tally>,
    pub sections: Vec<Section>,
    /// SHA-256 of titles, columns and rows as JSON: the same whenever a time that is over is reported, until data expires or
    /// is erased, or something is learnt of an action afterwards.
    pub sha256: String,
}

impl Report {
    /// What the log is told of it: of a file that is kept its name and SHA-256, too.
    pub(crate) fn event(&self, paper: Paper, by: &str, file: Option<(&str, &str)>) -> Value {
        let rows: usize = self.sections.iter().map(|section| section.rows.len()).sum();
        let mut result = serde_json::json!({
            "kind": self.kind, "from": self.from, "to": self.to, "format": paper.as_str(), "by": by,
            "tree_size": self.checkpoint.size, "root": self.checkpoint.root_hex, "sha256": self.sha256, "rows": rows,
        });
        if let Some((name, sha256)) = file {
            (result["file"], result["file_sha256"]) = (name.into(), sha256.into());
        }
        serde_json::json!({
            "agent": {"id": "tachograph"},
            "action": {"type": "audit", "name": "report_made"},
            "level": "INFO",
            "outcome": {"status": "success", "result": result},
        })
    }
}

/// Puts an event of a report on the log; it is there when this returns.
///
/// # Errors
/// Why it could not be recorded, in words.
pub(crate) fn record(node: &Node, event: &Value) -> Result<(), Arc<tacho_record::RecordError>> {
    let (_, batches) = node.ingest(event.to_string().as_bytes(), &OWN, &tacho_ingest::Options::default());
    node.record(batches).map(drop)
}

#[cfg(test)]
mod health_tests;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_and_quarters_begin_on_their_first_day_and_end_with_the_year() {
        let span = |period, text: &str| {
            let span = Span::of(period, Day::parse(text).unwrap());
            (span.from.text(), span.to.text())
        };
        let days = |from: &str, to: &str| (from.to_string(), to.to_string());
        assert_eq!(span(Period::Month, "2026-02-28"), days("2026-02-01", "2026-03-01"));
        assert_eq!(span(Period::Month, "2026-12-31"), days("2026-12-01", "2027-01-01"));
        assert_eq!(span(Period::Quarter, "2026-11-05"), days("2026-10-01", "2027-01-01"));
        assert_eq!(span(Period::Quarter, "2024-03-31"), days("2024-01-01", "2024-04-01"));
        let new_year = time::parse("2026-01-01T00:00:00Z").unwrap();
        assert_eq!(Span::last(Period::Quarter, new_year).from.text(), "2025-10-01");
        assert_eq!(Span::last(Period::Month, new_year).from.text(), "2025-12-01");
    }

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
