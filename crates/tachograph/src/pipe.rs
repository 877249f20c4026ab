//! A pipe query and the time that it is about: from text and parameters to SQL. For HTTP and the command line alike.
//!
//! Without a time it is about everything that is recorded; a query that means nothing without a length of time (rates,
//! silence, what is usual) has to be given one.

use std::fmt;
use tacho_pipe::plan::{Input, Plan, resolve};
use tacho_pipe::sql::{Clock, Range, condition, translate};
use tacho_pipe::{PipeError, Query, Source, format_us, parse, parse_us};

/// How far back a baseline looks when the query does not say, and how many windows it needs.
const HISTORY_US: i64 = 7 * 86_400_000_000;
const WINDOWS_MIN: u32 = 20;

/// The time that a query is about, and whether it is only to be explained.
#[derive(Debug, Default, serde::Deserialize, utoipa::IntoParams, clap::Args)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Asking {
    /// How far back: 15m, 24h, 7d. Everything when no time is given.
    #[arg(long, value_name = "DURATION", conflicts_with = "from")]
    pub last: Option<String>,
    /// At or after this time (RFC 3339).
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Before this time; now when it is not given.
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,
    /// Whose clock: `server`, when events were recorded, or `event`, what their senders say.
    #[arg(long, value_enum)]
    pub time: Option<Whose>,
    /// Says what the query means and its SQL instead of running it.
    #[arg(long)]
    pub explain: bool,
}

/// The clock that times are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Whose {
    Server,
    Event,
}

impl Whose {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Whose::Server => "server",
            Whose::Event => "event",
        }
    }
}

/// A query that is understood.
#[derive(Debug)]
pub(crate) struct Asked {
    query: Query,
    plan: Plan,
    range: Range,
    pub sql: Result<String, String>,
}

/// What a query means, for programs.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
#[schema(as = Meaning)]
pub(crate) struct Meaning {
    /// In words.
    pub meaning: String,
    /// The query in SQL, where it has that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sql: Option<String>,
    /// Of a query that only keeps events: what stands behind WHERE, without the time, for other queries over `agent_audit_log`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
}

/// Why a query is not asked.
#[derive(Debug)]
pub(crate) enum Refused {
    /// The text, with what stands around the place.
    Query { error: Box<PipeError>, shown: String },
    /// The times, or what the query needs of them.
    Time(String),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Refused::Query { shown: why, .. } | Refused::Time(why)) = self;
        f.write_str(why)
    }
}

impl Asking {
    /// Understands a query at a moment.
    pub(crate) fn of(&self, text: &str, now_us: i64) -> Result<Asked, Refused> {
        let refuse = |error: PipeError| Refused::Query { shown: error.render(text), error: error.into() };
        let query = parse(text).map_err(refuse)?;
        let mut plan = resolve(text, &query, &tacho_alert::catalog()).map_err(refuse)?;
        let range = self.range(&mut plan, now_us).map_err(Refused::Time)?;
        let sql = translate(&plan, &range).map_err(|reason| reason.to_string());
        Ok(Asked { query, plan, range, sql })
    }

    fn range(&self, plan: &mut Plan, now_us: i64) -> Result<Range, String> {
        let moment = |name: &str, text: &Option<String>| match text {
            None => Ok(None),
            Some(text) => tacho_event::time::parse(text)
                .map(Some)
                .map_err(|error| format!("{name} \"{text}\" is no time: {error}")),
        };
        // What was recorded in this very microsecond counts too.
        let to_us = moment("to", &self.to)?.unwrap_or(now_us + 1);
        let mut from_us = moment("from", &self.from)?;
        if let Some(last) = &self.last {
            let wrong = || format!("last is \"{last}\", expected a duration such as 15m, 24h, 7d");
            let length = parse_us(last).filter(|us| *us > 0).ok_or_else(wrong)?;
            if from_us.is_some() {
                return Err("from and last are both given: leave out one".into());
            }
            from_us = Some(to_us.saturating_sub(length));
        }
        if let Input::Table { window_us, .. } = &mut plan.input
            && let Some(written) = window_us.take()
        {
            if from_us.is_some() {
                let written = format_us(written);
                return Err(format!(
                    "the query says itself how far back, [{written}]: leave out last and from"
                ));
            }
            from_us = Some(to_us.saturating_sub(written));
        }
        if let (None, Some(what)) = (from_us, plan.needs_length()) {
            return Err(format!(
                "{what} depends on how long a time is looked at: say it, such as agent_audit_log[1h], or give last (1h, 7d)"
            ));
        }
        let from_us = from_us.unwrap_or(Range::BEGINNING_US);
        if from_us >= to_us {
            return Err("the time is empty: from is not before to".into());
        }
        let clock = match self.time {
            Some(Whose::Event) => Clock::Claimed,
            _ => Clock::Recorded,
        };
        Ok(Range { from_us, to_us, clock, history_us: HISTORY_US, windows_min: WINDOWS_MIN })
    }
}

impl Asked {
    /// What the query means, as text.
    pub(crate) fn explain(&self) -> String {
        tacho_pipe::explain(&self.query, &self.plan, &self.range)
    }

    /// The same for programs.
    pub(crate) fn meaning(&self) -> Meaning {
        // A length that the query names itself went into the range: a condition would lose it.
        let names_length = matches!(self.query.source, Source::Table { window_us: Some(_), .. });
        let condition = condition(&self.plan, &self.range).filter(|_| !names_length);
        Meaning { meaning: self.explain(), sql: self.sql.clone().ok(), condition }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_767_225_600_000_000;

    fn sql(asking: &Asking, text: &str) -> String {
        asking.of(text, NOW).map_or_else(|refused| refused.to_string(), |asked| asked.sql.unwrap())
    }

    #[test]
    fn times_are_bounds_of_the_sql() {
        let last = Asking { last: Some("1h".into()), ..Asking::default() };
        let hour = "recorded_at >= TIMESTAMPTZ '2025-12-31T23:00:00.000001Z' AND \
                    recorded_at < TIMESTAMPTZ '2026-01-01T00:00:00.000001Z'";
        assert!(sql(&last, "agent_audit_log | count()").contains(hour));
        assert!(
            sql(&Asking::default(), "agent_audit_log[1h] | rate()").contains(hour),
            "the text says it as well"
        );
        let all = sql(&Asking::default(), "agent_audit_log | count()");
        assert!(all.contains("recorded_at >= TIMESTAMPTZ '1970-01-01"), "{all}");
        let between = Asking {
            from: Some("2025-01-01T00:00:00Z".into()),
            to: Some("2025-02-01T00:00:00Z".into()),
            time: Some(Whose::Event),
            ..Asking::default()
        };
        let found = sql(&between, "agent_audit_log | count()");
        assert!(found.contains("\"timestamp\" < TIMESTAMPTZ '2025-02-01T00:00:00.000000Z'"), "{found}");
    }

    #[test]
    fn what_only_keeps_events_has_a_condition() {
        let of = |text: &str| Asking::default().of(text, NOW).unwrap().meaning().condition;
        let found = of("agent_audit_log | agent = 'o''x' | duration_ms > 5s or not exists(error)").unwrap();
        assert_eq!(
            found,
            "(\"agent_id\" = 'o''x') AND ((\"duration_ms\" > 5000) OR (NOT coalesce((\"outcome_error\" IS NOT NULL), false)))"
        );
        assert_eq!(of("metrics | true").as_deref(), Some("action_type = 'metric' AND true"));
        for other in [
            "agent_audit_log",
            "agent_audit_log[1h] | agent = 'x'",
            "agent_audit_log | agent = 'x' | count()",
            "agent_audit_log | agent = 'x' | limit 3",
            "observations | agent = 'x'",
            "open(call) | age > 5m",
            "(agent_audit_log) | agent_id = 'x'",
        ] {
            assert_eq!(of(other), None, "{other}");
        }
    }

    #[test]
    fn times_that_make_no_sense_are_refused() {
        let of = |last: Option<&str>, from: Option<&str>, to: Option<&str>| Asking {
            last: last.map(Into::into),
            from: from.map(Into::into),
            to: to.map(Into::into),
            ..Asking::default()
        };
        for (asking, text, why) in [
            (of(Some("soon"), None, None), "agent_audit_log", "last is \"soon\""),
            (of(Some("0s"), None, None), "agent_audit_log", "last is \"0s\""),
            (of(None, Some("whenever"), None), "agent_audit_log", "from \"whenever\" is no time"),
            (of(Some("1h"), Some("2025-01-01"), None), "agent_audit_log", "leave out one"),
            (of(Some("1h"), None, None), "agent_audit_log[5m]", "[5m]: leave out"),
            (of(None, Some("2030-01-01T00:00:00Z"), None), "agent_audit_log", "the time is empty"),
            (of(None, None, None), "agent_audit_log | rate()", "rate depends on how long"),
            (of(None, None, None), "agent_audit_log | absent by agent_id", "absent depends on how long"),
            (of(None, None, None), "agent_audit_log | cuont()", "did you mean \"count\"?"),
        ] {
            let found = sql(&asking, text);
            assert!(found.contains(why), "{text}: {found}");
        }
    }
}
