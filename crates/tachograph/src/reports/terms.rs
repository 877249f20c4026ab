//! The words that the SQL of a report may use: `$when` for its time, `$t_NAME` for a threshold, `$c_NAME` for what was
//! measured of capacity, and others. A word that is none stays as it is, and the query fails by its name.

use super::Span;
use super::health::Thresholds;
use crate::capacity::Capacity;
use crate::http::App;
use std::collections::BTreeMap;
use tacho_event::time::{self, DAY_US, Day, Micros};

/// Days that growth is drawn for.
const FORTNIGHT: i32 = 14;
/// Weeks that a week is compared with.
const WEEKS_BEFORE: i32 = 4;

/// What each word stands for.
pub(super) struct Terms(BTreeMap<String, String>);

impl Terms {
    /// Of a span over the first `size` entries, as things are at `now_us`.
    pub(super) fn of(span: Span, size: u64, now_us: Micros, thresholds: &Thresholds) -> Terms {
        let length = span.to.0 - span.from.0;
        let days = |from: i32, to: i32| list((from..to).map(|day| format!("'{}'", Day(day).text())));
        let weeks = (0..=WEEKS_BEFORE).rev().map(|back| format!("'{}'", Day(span.from.0 - 7 * back).text()));
        let within = |from: i32, to: i32| Span { from: Day(from), to: Day(to) }.condition(size);
        let (from, to) = (span.from.0, span.to.0);
        let last = to.min(time::day(now_us).0 + 1);
        let elapsed_us = span.ends_us().min(now_us) - span.starts_us();
        let mut terms = Terms(BTreeMap::new());
        for (name, text) in [
            ("when", span.condition(size)),
            ("before", within(from - length, from)),
            ("five_weeks", within(from - 7 * WEEKS_BEFORE, to)),
            ("fortnight", within(last - FORTNIGHT, last)),
            ("from", moment(span.from)),
            ("to", moment(span.to)),
            ("first_day", span.from.text()),
            ("from_us", span.starts_us().to_string()),
            ("before_us", (span.starts_us() - Micros::from(length) * DAY_US).to_string()),
            ("end_us", span.ends_us().min(now_us).to_string()),
            ("now", time::format(now_us)),
            ("size", size.to_string()),
            ("elapsed_weeks", format!("{:.4}", (elapsed_us.max(DAY_US) as f64) / (7 * DAY_US) as f64)),
            ("hours", list((0..24).map(|hour| format!("'{hour:02}:00'")))),
            ("days", days(last - FORTNIGHT, last)),
            ("each_day", days(from, to)),
            ("weeks", list(weeks)),
        ] {
            terms.put(name, text);
        }
        for name in Thresholds::names() {
            terms.put(&format!("t_{name}"), thresholds.get(name).to_string());
        }
        terms
    }

    fn put(&mut self, name: &str, text: impl Into<String>) {
        self.0.insert(name.to_string(), text.into());
    }

    /// What this server follows and checks.
    pub(super) fn know(&mut self, app: &App) {
        let on = |is_on: bool| if is_on { "1" } else { "0" };
        self.put("alerting", on(app.alerting().is_some()));
        self.put("coverage", on(app.coverage().every_us != 0));
        let book = app.alerting().map(|alerting| alerting.book());
        let rules = book.iter().flat_map(|book| &book.rules);
        let rules: Vec<String> =
            rules.map(|rule| format!("{}, '{}'", quoted(&rule.id), rule.severity.as_str())).collect();
        // A list without rows is no SQL: the query leaves this row out.
        self.put("rules", if rules.is_empty() { "('', '')".to_string() } else { list(rules) });
    }

    /// What was measured of capacity; nulls where it could not be.
    pub(super) fn measure(&mut self, capacity: Option<&Capacity>) {
        let share = |part: u64, of: u64| 100.0 * part as f64 / of.max(1) as f64;
        let number = |figure: Option<f64>| match figure {
            Some(figure) => format!("{figure:.2}"),
            None => "CAST(NULL AS DOUBLE)".to_string(),
        };
        let free = |of: &Capacity| share(of.free_bytes, of.disk_bytes);
        let queue = |of: &Capacity| {
            let bytes = share(of.waiting_bytes, of.waiting_bytes_limit);
            share(of.waiting_requests, of.waiting_requests_limit).max(bytes)
        };
        self.put("c_days_until_full", number(capacity.and_then(|of| of.days_until_full)));
        self.put("c_free_percent", number(capacity.map(free)));
        self.put("c_journal_percent", number(capacity.map(|of| of.journal_busy * 100.0)));
        self.put("c_queue_percent", number(capacity.map(queue)));
        self.put("c_behind_events", number(capacity.map(|of| of.behind_events as f64)));
        self.put("c_waiting_messages", number(capacity.map(|of| of.waiting_messages as f64)));
    }

    /// The query with its words replaced, on one line.
    pub(super) fn fill(&self, sql: &str) -> String {
        let mut out = String::with_capacity(sql.len() * 2);
        let mut rest = sql;
        while let Some(at) = rest.find('$') {
            let (before, word) = rest.split_at(at);
            out += before;
            let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let end = word[1..].find(|c| !is_part(c)).map_or(word.len(), |end| end + 1);
            out += self.0.get(&word[1..end]).map_or(&word[..end], String::as_str);
            rest = &word[end..];
        }
        out += rest;
        out.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

fn list(rows: impl IntoIterator<Item = String>) -> String {
    rows.into_iter().map(|row| format!("({row})")).collect::<Vec<_>>().join(", ")
}

fn moment(day: Day) -> String {
    format!("TIMESTAMPTZ '{}T00:00:00Z'", day.text())
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::super::kinds::Kind;
    use super::*;

    fn terms() -> Terms {
        let span = Span { from: Day::parse("2026-11-16").unwrap(), to: Day::parse("2026-11-23").unwrap() };
        let mut terms = Terms::of(span, 9, span.ends_us(), &Thresholds::default());
        for name in ["alerting", "coverage", "rules"] {
            terms.put(name, "1");
        }
        terms.measure(None);
        terms
    }

    #[test]
    fn no_query_of_a_report_has_a_word_that_is_none() {
        for part in Kind::all().flat_map(|kind| kind.sections) {
            let sql = terms().fill(part.sql);
            assert!(!sql.contains('$'), "{}: {sql}", part.title);
        }
    }

    #[test]
    fn the_longest_word_counts_and_what_is_none_stays() {
        let terms = terms();
        assert_eq!(terms.fill("a = $from_us\n  AND '$first_day'"), "a = 1794787200000000 AND '2026-11-16'");
        assert_eq!(terms.fill("$nothing $"), "$nothing $");
        assert_eq!(terms.fill("$t_disk_days $elapsed_weeks"), "30 1.0000");
        assert_eq!(
            terms.fill("$weeks"),
            "('2026-10-19'), ('2026-10-26'), ('2026-11-02'), ('2026-11-09'), ('2026-11-16')"
        );
        assert!(terms.fill("$before").starts_with("recorded_at >= TIMESTAMPTZ '2026-11-09T00:00:00Z'"));
        assert_eq!(quoted("it's"), "'it''s'");
    }
}
