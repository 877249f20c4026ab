//! The named streams: which events are followed as `critical`, `security`, `audit`, `performance` and `application`, and the
//! line that each is in a file.
//!
//! Invariant: a line holds header and facts only, which belong to nobody: erasing a person touches no file of lines.

use crate::edits::OWN;
use std::fmt::Write;
use tacho_event::entry::{Header, Place};
use tacho_event::fact::{Facts, IntFact, TextFact};
use tacho_event::time;
use tacho_event::words::{ActionType, Level, Outcome};

/// A duration above this counts as slow where the sender names no threshold, microseconds.
const SLOW_US: i64 = 3 * time::SECOND_US;

/// Actions of the class table that are about security.
const SECURITY: [&str; 3] = ["security_decision", "compliance_violation_detected", "user_data_access"];

/// A stream of events by what they are about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, utoipa::ToSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Stream {
    /// Everything from level INFO upwards.
    Application,
    /// Level CRITICAL.
    Critical,
    /// Logins and access, security decisions, sensitive data: from WARNING upwards.
    Security,
    /// Who did what: audit entries, logins, settings, lifecycle: from INFO upwards.
    Audit,
    /// What took time, and metrics: every level.
    Performance,
}

impl Stream {
    pub(crate) const ALL: [Stream; 5] =
        [Stream::Application, Stream::Critical, Stream::Security, Stream::Audit, Stream::Performance];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Stream::Application => "application",
            Stream::Critical => "critical",
            Stream::Security => "security",
            Stream::Audit => "audit",
            Stream::Performance => "performance",
        }
    }

    /// The least level of its events.
    fn level(self) -> Level {
        match self {
            Stream::Critical => Level::Critical,
            Stream::Security => Level::Warning,
            Stream::Application | Stream::Audit => Level::Info,
            Stream::Performance => Level::Debug,
        }
    }

    /// Whether an event is in the stream.
    pub(crate) fn has(self, header: &Header<'_>, facts: &Facts<'_>) -> bool {
        // Levels are listed from the most important on.
        if header.level > self.level() {
            return false;
        }
        match self {
            Stream::Application => true,
            // Its class, which keeps it long, gives it the level.
            Stream::Critical => header.action_name != "segment_written" || header.writer != OWN.writer,
            Stream::Security => {
                let action = facts.texts[TextFact::MappedAction as usize].unwrap_or(header.action_name);
                header.action_type == ActionType::Auth
                    || facts.int(IntFact::Sensitive) == Some(1)
                    || SECURITY.contains(&action)
                    || header.action_name.starts_with("security")
            }
            Stream::Audit => matches!(
                header.action_type,
                ActionType::Audit | ActionType::Auth | ActionType::Lifecycle | ActionType::Settings
            ),
            Stream::Performance => {
                header.action_type == ActionType::Metric
                    || facts.int(IntFact::DurationUs).is_some()
                    || header.action_name.starts_with("AGENT_")
            }
        }
    }

    /// Appends the event's line: time, level, what happened, then `name=value` for programs.
    pub(crate) fn line(
        self,
        index: u64,
        header: &Header<'_>,
        place: &Place,
        facts: &Facts<'_>,
        out: &mut String,
    ) {
        let start = out.len();
        let mut put = |text: std::fmt::Arguments<'_>| out.write_fmt(text).expect("a String takes text");
        put(format_args!("{} {} ", time::format(place.time_us), header.level));
        let report = (self == Stream::Performance).then(|| report(header, facts)).flatten();
        match report {
            Some(report) => put(format_args!("{report} action={}", header.action_name)),
            None => put(format_args!(
                "{} {} {} {}",
                header.agent, header.action_type, header.action_name, header.outcome
            )),
        }
        for (name, fact) in [("duration_us", IntFact::DurationUs), ("sensitive", IntFact::Sensitive)] {
            if let Some(value) = facts.int(fact) {
                put(format_args!(" {name}={value}"));
            }
        }
        for (name, fact) in [("error_type", TextFact::ErrorType), ("mapped_action", TextFact::MappedAction)] {
            if let Some(value) = facts.texts[fact as usize] {
                put(format_args!(" {name}={}", word(value)));
            }
        }
        if let Some(session) = &header.session {
            put(format_args!(" session={}", session.text()));
        }
        put(format_args!(" id={} index={index}", header.id.text()));
        debug_assert!(!out[start..].contains('\n'), "an event is one line");
        out.push('\n');
    }
}

/// What Python's loggers of agents write, made of the same values: grep and awk find it by these words.
fn report(header: &Header<'_>, facts: &Facts<'_>) -> Option<String> {
    let agent = header.agent;
    if header.outcome == Outcome::Failure {
        if !is_work(header) {
            return None;
        }
        let kind = facts.texts[TextFact::ErrorType as usize].map_or("Error".into(), word);
        return Some(format!("AGENT_FAILURE: {agent} failed: {kind}"));
    }
    let took = facts.int(IntFact::DurationUs)?;
    let threshold = facts.int(IntFact::ThresholdUs).unwrap_or(SLOW_US);
    Some(if took >= threshold {
        let (threshold, took) = (seconds(threshold), seconds(took));
        format!("AGENT_SLOW: {agent} exceeded {threshold}s threshold ({took}s)")
    } else {
        format!("AGENT_EXECUTION: {agent} completed in {}s", seconds(took))
    })
}

/// Whether an event is something that its agent did. A sample of a metric, an entry of an audit, a login, a setting or a
/// log line may tell of a failure, and no agent failed.
fn is_work(header: &Header<'_>) -> bool {
    let is_told = matches!(
        header.action_type,
        ActionType::Metric | ActionType::Audit | ActionType::Auth | ActionType::Settings | ActionType::Log
    );
    !is_told || header.action_name.starts_with("AGENT_")
}

/// Seconds without needless zeros.
fn seconds(us: i64) -> String {
    let text = format!("{}.{:06}", us / time::SECOND_US, us.unsigned_abs() % time::SECOND_US as u64);
    text.trim_end_matches('0').trim_end_matches('.').to_string()
}

/// A short text as one word.
fn word(text: &str) -> String {
    text.chars().map(|c| if c.is_whitespace() || c.is_control() { '_' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use tacho_event::id::Id;
    use tacho_event::time::Day;
    use tacho_event::words::{Class, Known};

    fn header(action_type: ActionType, level: Level) -> Header<'static> {
        Header {
            id: Id([1; 16]),
            timestamp_us: 0,
            time_claimed: false,
            agent: "data_integration_agent",
            agent_version: None,
            session: None,
            producer_seq: None,
            call: None,
            parent: None,
            phase: None,
            action_type,
            action_name: "Bash",
            class: Class::Standard,
            level,
            outcome: Outcome::Success,
            known: Known::Observed,
            source: "http",
            writer: [0; 8],
            retention: Class::Standard,
            period: Day(0),
            subject: None,
            body: [0; 32],
        }
    }

    fn streams(header: &Header<'_>, facts: &Facts<'_>) -> Vec<&'static str> {
        Stream::ALL.iter().filter(|stream| stream.has(header, facts)).map(|stream| stream.name()).collect()
    }

    fn line(stream: Stream, header: &Header<'_>, facts: &Facts<'_>) -> String {
        let place = Place { time_us: 1_772_539_200_123_456, session_seq: None, revision: 0 };
        let mut out = String::new();
        stream.line(12, header, &place, facts, &mut out);
        out
    }

    #[test]
    fn an_event_is_in_the_streams_that_it_is_about_from_their_level_on() {
        let none = Facts::default();
        assert_eq!(streams(&header(ActionType::Tool, Level::Critical), &none), ["application", "critical"]);
        assert_eq!(streams(&header(ActionType::Tool, Level::Debug), &none), [""; 0]);
        assert_eq!(streams(&header(ActionType::Auth, Level::Info), &none), ["application", "audit"]);
        assert_eq!(
            streams(&header(ActionType::Auth, Level::Warning), &none),
            ["application", "security", "audit"]
        );
        let mut slow = Facts::default();
        slow.ints[IntFact::DurationUs as usize] = Some(1);
        assert_eq!(streams(&header(ActionType::Tool, Level::Debug), &slow), ["performance"]);
        slow.ints[IntFact::Sensitive as usize] = Some(1);
        assert!(streams(&header(ActionType::Tool, Level::Error), &slow).contains(&"security"));
    }

    #[test]
    fn lines_of_performance_keep_the_words_that_people_grep_for() {
        let mut facts = Facts::default();
        facts.ints[IntFact::DurationUs as usize] = Some(1_200_000);
        let mut event = header(ActionType::Lifecycle, Level::Info);
        let fast = line(Stream::Performance, &event, &facts);
        assert!(fast.starts_with(
            "2026-03-03T12:00:00.123456Z INFO AGENT_EXECUTION: data_integration_agent completed in 1.2s action=Bash "
        ));
        facts.ints[IntFact::DurationUs as usize] = Some(4_100_000);
        let slow = line(Stream::Performance, &event, &facts);
        assert!(slow.contains("AGENT_SLOW: data_integration_agent exceeded 3s threshold (4.1s)"), "{slow}");
        event.outcome = Outcome::Failure;
        facts.texts[TextFact::ErrorType as usize] = Some("Bad\nError");
        let failed = line(Stream::Performance, &event, &facts);
        assert!(failed.contains("AGENT_FAILURE: data_integration_agent failed: Bad_Error"), "{failed}");
        let other = line(Stream::Application, &event, &facts);
        assert!(
            other.contains(" data_integration_agent lifecycle Bash failure duration_us=4100000 "),
            "{other}"
        );
        assert!(other.ends_with(" index=12\n") && other.lines().count() == 1);
    }

    #[test]
    fn only_what_an_agent_did_is_its_failure() {
        let mut facts = Facts::default();
        facts.ints[IntFact::DurationUs as usize] = Some(4_100_000);
        let told = |action_type, action_name| {
            let mut event = header(action_type, Level::Error);
            (event.outcome, event.action_name) = (Outcome::Failure, action_name);
            line(Stream::Performance, &event, &facts)
        };
        for work in [
            ActionType::Tool,
            ActionType::Skill,
            ActionType::External,
            ActionType::Workflow,
            ActionType::ModelDecision,
            ActionType::Trade,
            ActionType::Lifecycle,
        ] {
            let failed = told(work, "Bash");
            assert!(failed.contains(" AGENT_FAILURE: data_integration_agent failed: Error "), "{failed}");
        }
        for other in
            [ActionType::Metric, ActionType::Audit, ActionType::Auth, ActionType::Settings, ActionType::Log]
        {
            let plain = told(other, "threshold_breached");
            let expected = format!(" data_integration_agent {other} threshold_breached failure duration_us=");
            assert!(plain.contains(&expected) && !plain.contains("AGENT_"), "{plain}");
        }
        let named = told(ActionType::Log, "AGENT_FAILURE");
        assert!(named.contains("AGENT_FAILURE: data_integration_agent failed"), "{named}");
    }
}
