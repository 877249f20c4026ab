//! Sources that give calls no id beside one that does.

use crate::{CallRow, Config, Input, PartRow, SessionRow, judge};

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
        began_us: None,
        ended_us: Some(DAY + 10 * MINUTE),
        sub: false,
        changed: None,
        hooked: None,
        started: false,
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
        ..CallRow::default()
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

fn told(call: &str, session: &str, source: &str, minute: i64) -> CallRow {
    let (call, source, at_us) = (call.into(), source.into(), DAY + minute * MINUTE);
    let times = CallRow { first_us: at_us, last_us: at_us, done_us: Some(at_us), ..span("") };
    CallRow { call, session: Some(session.into()), source, ..times }
}

fn lasting(session: &str, source: &str, from: i64, to: i64) -> SessionRow {
    let (first_us, last_us) = (DAY + from * MINUTE, DAY + to * MINUTE);
    SessionRow { session: session.into(), first_us, last_us, ..self::session(source, 0) }
}

/// Findings, and the calls that a source saw of those that it could.
fn judged(calls: &[CallRow], sessions: &[SessionRow], source: &str) -> (Vec<String>, (u64, u64)) {
    judged_with(&[], calls, sessions, source)
}

fn judged_with(
    parts: &[PartRow],
    calls: &[CallRow],
    sessions: &[SessionRow],
    source: &str,
) -> (Vec<String>, (u64, u64)) {
    let input = Input {
        parts: parts.to_vec(),
        from_us: DAY,
        to_us: DAY + 60 * MINUTE,
        now_us: DAY + 60 * MINUTE,
        tree_size: 100,
        calls: calls.to_vec(),
        sessions: sessions.to_vec(),
        ..Input::default()
    };
    let report = judge(input, &Config::default());
    let figure = report.figures.iter().find(|figure| figure.source == source).unwrap();
    let ids = report.findings.iter().map(|finding| finding.id.clone()).collect();
    (ids, (figure.calls_seen, figure.calls_all))
}

#[test]
fn a_call_that_a_forked_session_repeats_is_the_parents() {
    let (first, second) = ("toolu_01RanBeforeTheFork0", "toolu_01RanBehindTheFork0");
    let sessions = [
        lasting("parent", "hook", 1, 9),
        lasting("parent", "transcript", 1, 9),
        lasting("fork", "hook", 20, 29),
        lasting("fork", "transcript", 2, 29),
    ];
    let calls = [
        told(first, "fork", "transcript", 5),
        told(first, "parent", "hook", 5),
        told(first, "parent", "transcript", 5),
        told(second, "fork", "hook", 25),
        told(second, "fork", "transcript", 25),
    ];
    assert_eq!(judged(&calls, &sessions, "hook"), (vec![], (2, 2)));
    let unseen = [calls[0].clone(), calls[2].clone(), calls[3].clone(), calls[4].clone()];
    let (found, counts) = judged(&unseen, &sessions, "hook");
    assert_eq!(
        (found.as_slice(), counts),
        (&["calls_unseen/hook/parent".to_owned()][..], (1, 2)),
        "who missed it did"
    );
}

#[test]
fn hooks_need_not_tell_of_what_runs_none() {
    let sessions = [lasting("s", "hook", 0, 10), lasting("s", "otel_log", 0, 10)];
    let polled = CallRow { unhooked: true, ..told("call_b", "s", "otel_log", 6) };
    let calls = [told("call_a", "s", "hook", 5), told("call_a", "s", "otel_log", 5), polled.clone()];
    assert_eq!(judged(&calls, &sessions, "hook"), (vec![], (1, 1)));
    assert_eq!(judged(&calls, &sessions, "otel_log"), (vec![], (2, 2)));
    let seen = [&calls[..], &[CallRow { source: "hook".into(), ..polled }]].concat();
    assert_eq!(judged(&seen, &sessions, "hook"), (vec![], (2, 2)), "should it run one after all");
}

#[test]
fn logs_need_not_tell_of_what_was_broken_off_before_it_was_allowed() {
    let sessions = ["hook", "otel_log", "transcript"].map(|source| lasting("s", source, 0, 10));
    let stopped = CallRow { unlogged: true, ..told("call_b", "s", "transcript", 6) };
    let seen = ["hook", "otel_log", "transcript"].map(|source| told("call_a", "s", source, 5));
    let calls = [&seen[..], &[stopped, told("call_b", "s", "hook", 6)]].concat();
    assert_eq!(judged(&calls, &sessions, "otel_log"), (vec![], (1, 1)));
    assert_eq!(judged(&calls, &sessions, "hook"), (vec![], (2, 2)));
    let unseen = "calls_unseen/hook/s".to_owned();
    assert_eq!(
        judged(&calls[..4], &sessions, "hook"),
        (vec![unseen], (1, 2)),
        "hooks run before it is asked"
    );
    let logged = [&calls[..], &[told("call_b", "s", "otel_log", 6)]].concat();
    assert_eq!(
        judged(&logged, &sessions, "otel_log"),
        (vec![], (2, 2)),
        "it was allowed and broken off then"
    );
}

#[test]
fn a_call_that_only_a_result_made_up_at_resume_tells_of_is_expected_of_nobody() {
    let sessions = [lasting("s", "hook", 0, 10), lasting("s", "transcript", 0, 10)];
    let broken_off = CallRow { broken_off: true, ..told("call_b", "s", "transcript", 6) };
    let calls = [told("call_a", "s", "hook", 5), told("call_a", "s", "transcript", 5), broken_off];
    assert_eq!(judged(&calls, &sessions, "hook"), (vec![], (1, 1)));
    let began = [&calls[..], &[told("call_b", "s", "otel_log", 6)]].concat();
    let unseen = "calls_unseen/hook/s".to_owned();
    assert_eq!(judged(&began, &sessions, "hook"), (vec![unseen], (1, 2)), "another source saw it begin");
}

#[test]
fn an_id_that_is_counted_is_as_many_calls_as_there_are_actions() {
    let sessions = [lasting("s", "hook", 0, 10), lasting("s", "otel_log", 0, 10)];
    let of = |action, source, minute| CallRow { action, ..told("exec:0", "s", source, minute) };
    let calls = [of(1, "hook", 1), of(1, "otel_log", 1), of(2, "hook", 5), of(2, "otel_log", 5)];
    assert_eq!(judged(&calls, &sessions, "hook"), (vec![], (2, 2)));
    assert_eq!(
        judged(&calls[..3], &sessions, "otel_log"),
        (vec!["calls_unseen/otel_log/s".to_owned()], (1, 2))
    );
}

#[test]
fn calls_of_a_part_are_those_that_hooks_tell_of_in_the_whole() {
    let part = [PartRow { part: "p".into(), whole: "s".into() }];
    let sessions = [
        SessionRow { unnamed: 2, ..lasting("s", "hook", 0, 10) },
        lasting("s", "transcript", 0, 2),
        SessionRow { started: true, agent: "sub".into(), ..lasting("p", "transcript", 3, 6) },
    ];
    let calls = [told("call_a", "s", "transcript", 1), told("call_b", "p", "transcript", 4)];
    let calls = calls
        .map(|row| CallRow { agent: sessions[usize::from(row.call == "call_b") * 2].agent.clone(), ..row });
    assert_eq!(judged_with(&part, &calls, &sessions, "hook"), (vec![], (2, 2)));
    let fewer = [SessionRow { unnamed: 1, ..sessions[0].clone() }, sessions[1].clone(), sessions[2].clone()];
    let unseen = vec!["calls_unseen/hook/s".to_owned()];
    assert_eq!(judged_with(&part, &calls, &fewer, "hook"), (unseen, (1, 2)));
}
