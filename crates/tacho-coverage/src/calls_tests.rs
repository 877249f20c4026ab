//! Sources that give calls no id beside one that does.

use crate::{CallRow, Config, Input, SessionRow, judge};

const MINUTE: i64 = 60_000_000;
const DAY: i64 = 1_795_219_200_000_000;

fn session(source: &str, unnamed: u64) -> SessionRow {
    SessionRow {
        session: "s".into(),
        name: None,
        agent: "gemini-cli".into(),
        source: source.into(),
        events: 10,
        first_us: DAY,
        last_us: DAY + 10 * MINUTE,
        last_index: 99,
        unnamed,
        began: None,
        ended: Some(98),
        sub: false,
        changed: None,
        hooked: None,
    }
}

fn span(id: &str) -> CallRow {
    CallRow {
        call: id.into(),
        session: Some("s".into()),
        agent: "gemini-cli".into(),
        source: "otel_span".into(),
        first_us: DAY + 9 * MINUTE,
        last_us: DAY + 9 * MINUTE,
        done_us: Some(DAY + 9 * MINUTE),
        first_index: 1,
        never_ran: false,
    }
}

/// What each source saw, and how many findings there are, so many minutes after the session's beginning.
fn seen(minutes: i64) -> (Vec<(String, u64, u64)>, usize) {
    let input = Input {
        from_us: DAY,
        to_us: DAY + minutes * MINUTE,
        now_us: DAY + minutes * MINUTE,
        tree_size: 100,
        calls: vec![span("a"), span("b")],
        sessions: vec![session("hook", 2), session("otel_span", 0)],
        ..Input::default()
    };
    let report = judge(input, &Config::default());
    let figures = report.figures.iter();
    let seen = figures.map(|figure| (figure.source.clone(), figure.calls_seen, figure.calls_all));
    (seen.collect(), report.findings.len())
}

#[test]
fn calls_are_compared_by_number_once_all_had_time_to_come() {
    let all = |count| vec![("hook".to_owned(), count, count), ("otel_span".to_owned(), count, count)];
    assert_eq!(seen(60), (all(2), 0));
    assert_eq!(seen(11), (all(0), 0), "one source is not ahead of another");
}
