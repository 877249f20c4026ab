//! The report over whole inputs: sessions as agents really produce them, one thing missing at a time.

use super::*;
use crate::report::{Finding, Kind};

const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3600 * SECOND;
/// A day that begins at hour zero.
const DAY: i64 = 1_795_219_200 * SECOND;

fn call(id: &str, source: &str, at_us: i64) -> CallRow {
    CallRow {
        call: id.into(),
        session: Some("s".into()),
        agent: "claude-code".into(),
        source: source.into(),
        first_us: at_us,
        last_us: at_us + SECOND,
        done_us: Some(at_us + SECOND),
        first_index: (at_us - DAY).unsigned_abs() / 1000,
        ..CallRow::default()
    }
}

fn session(id: &str, source: &str, first_us: i64, last_us: i64) -> SessionRow {
    SessionRow {
        session: id.into(),
        agent: "claude-code".into(),
        source: source.into(),
        events: 10,
        first_us,
        last_us,
        last_index: 99,
        ..SessionRow::default()
    }
}

/// A session `s` of an hour at 1 o'clock, seen by hooks, logs and a transcript: three calls, each by all.
fn whole() -> Input {
    let sources = ["hook", "otel_log", "transcript"];
    let at = |minute: i64| DAY + HOUR + minute * 60 * SECOND;
    let calls = (1..=3).flat_map(|n| sources.map(|source| call(&format!("c{n}"), source, at(n * 10))));
    let mut sessions: Vec<SessionRow> =
        sources.iter().map(|source| session("s", source, at(0), at(59))).collect();
    (sessions[0].began, sessions[0].began_us, sessions[0].ended_us) = (Some(1), Some(at(0)), Some(at(59)));
    Input {
        from_us: DAY,
        to_us: DAY + 12 * HOUR,
        now_us: DAY + 12 * HOUR,
        tree_size: 100,
        calls: calls.collect(),
        sessions,
        ..Input::default()
    }
}

fn found(input: Input, config: &str) -> Vec<Finding> {
    judge(input, &toml::from_str(config).unwrap()).findings
}

fn ids(findings: &[Finding]) -> Vec<&str> {
    findings.iter().map(|finding| finding.id.as_str()).collect()
}

fn figure(report: &Report, agent: &str, source: &str) -> Figure {
    report.figures.iter().find(|f| f.agent == agent && f.source == source).cloned().unwrap()
}

#[test]
fn what_every_source_saw_is_whole_and_nothing_is_found() {
    let report = judge(whole(), &Config::default());
    assert_eq!(report.findings, []);
    assert_eq!(report.figures.len(), 3);
    for figure in &report.figures {
        assert_eq!((figure.calls_seen, figure.calls_all, figure.calls_in_its_sessions), (3, 3, 3));
        assert_eq!((figure.calls_share, figure.sessions_seen, figure.sessions_all), (Some(1.0), 1, 1));
    }
    assert_eq!(judge(whole(), &Config::default()), report, "the same input gives the same report");
}

#[test]
fn a_call_that_one_source_saw_and_another_did_not_is_named() {
    let mut input = whole();
    input.calls.retain(|row| row.call != "c2" || row.source != "hook");
    let report = judge(input, &Config::default());
    assert_eq!(ids(&report.findings), ["calls_unseen/hook/s"]);
    let finding = &report.findings[0];
    assert_eq!(
        finding.what,
        "the hooks did not see 1 of 3 calls of claude-code in session s that otel_log, transcript saw"
    );
    assert_eq!((finding.evidence.calls.as_slice(), finding.evidence.missing), (&["c2".to_owned()][..], 1));
    assert_eq!(finding.evidence.events, [4_800_000]);
    let hook = figure(&report, "claude-code", "hook");
    assert_eq!((hook.calls_seen, hook.calls_all, hook.calls_share), (2, 3, Some(0.6666)));
}

#[test]
fn a_call_that_never_ran_or_runs_still_or_is_too_young_is_not_judged() {
    let mut input = whole();
    input.calls.retain(|row| row.source == "hook");
    for row in &mut input.calls {
        match row.call.as_str() {
            "c1" => row.never_ran = true,
            "c2" => (row.done_us, row.last_us) = (None, input.now_us - SECOND),
            _ => (row.done_us, row.last_us) = (Some(input.now_us - SECOND), input.now_us - SECOND),
        }
    }
    let report = judge(input.clone(), &Config::default());
    assert_eq!(report.findings, []);
    assert_eq!(figure(&report, "claude-code", "hook").calls_all, 0);
    input.now_us += 2 * HOUR;
    input.to_us += 2 * HOUR;
    assert_eq!(ids(&found(input, "")), ["calls_unseen/otel_log/s", "calls_unseen/transcript/s"]);
}

#[test]
fn a_transcript_answers_for_what_happened_up_to_its_last_line() {
    let mut input = whole();
    input.calls.retain(|row| row.call != "c3" || row.source != "transcript");
    input.sessions[2].last_us = DAY + HOUR + 25 * 60 * SECOND;
    assert_eq!(found(input.clone(), ""), []);
    input.sessions[2].last_us = DAY + 2 * HOUR;
    assert_eq!(ids(&found(input, "")), ["calls_unseen/transcript/s"]);
}

#[test]
fn a_source_that_names_a_session_in_passing_need_not_see_its_calls() {
    let mut input = whole();
    input.sessions.push(session("s", "http", DAY + HOUR, DAY + 2 * HOUR));
    input.calls.push(call("c1", "http", DAY + HOUR + 600 * SECOND));
    assert_eq!(found(input.clone(), ""), []);
    let asked = "[[sources]]\nagent = \"claude-*\"\nof = [\"http\"]";
    assert_eq!(ids(&found(input, asked)), ["calls_unseen/http/s"], "unless the operator asks for it");
}

#[test]
fn hooks_that_fall_silent_within_a_session_are_off() {
    let mut input = whole();
    input.calls.retain(|row| row.call == "c1" || row.source != "hook");
    input.sessions[0].last_us = DAY + HOUR + 15 * 60 * SECOND;
    (input.sessions[0].ended_us, input.sessions[0].changed) = (None, Some(42));
    let findings = found(input, "");
    assert_eq!(ids(&findings), ["hooks_off/hook/s", "session_open/s"]);
    assert!(findings[0].what.contains("2 of 3 calls came after that"), "{}", findings[0].what);
    assert_eq!(findings[0].evidence.events.last(), Some(&42), "the change of settings is evidence");
}

#[test]
fn a_session_without_hooks_is_found_when_hooks_should_have_told_of_it() {
    let mut input = whole();
    let bare = session("bare", "otel_log", DAY + 3 * HOUR, DAY + 4 * HOUR);
    input.sessions.push(bare.clone());
    assert_eq!(ids(&found(input.clone(), "")), ["hooks_off/hook/bare"], "hooks told of a session before it");

    input.sessions.last_mut().unwrap().first_us = DAY;
    assert_eq!(found(input.clone(), ""), [], "before the first hook there was none to be off");
    let asked = "[[sources]]\nagent = \"claude-*\"\nof = [\"hook\"]";
    assert_eq!(
        ids(&found(input.clone(), asked)),
        ["hooks_off/hook/bare"],
        "unless the operator asks for hooks"
    );
    input.sessions.last_mut().unwrap().hooked = Some(77);
    let findings = found(input.clone(), "");
    assert_eq!(ids(&findings), ["hooks_off/hook/bare"], "or the agent itself says that it runs hooks");
    assert!(findings[0].evidence.events.contains(&77));

    let young = session("young", "otel_log", input.now_us - SECOND, input.now_us);
    let input = Input { sessions: vec![input.sessions[0].clone(), young], calls: Vec::new(), ..input };
    assert_eq!(found(input, ""), [], "a hook may be a moment behind");
}

#[test]
fn safe_mode_and_failing_hooks_are_told_by_the_agent() {
    let mut input = whole();
    input.sessions.push(session("safe", "otel_log", DAY, DAY + 4 * HOUR));
    let trouble = |session: &str, failed, safe_mode| TroubleRow {
        session: session.into(),
        agent: "claude-code".into(),
        failed,
        last_us: DAY + HOUR,
        last_index: 7,
        safe_mode,
    };
    input.troubles = vec![trouble("safe", 0, true), trouble("s", 3, false)];
    let findings = found(input, "");
    assert_eq!(ids(&findings), ["hooks_off/hook/safe", "hook_failing/s"]);
    assert!(findings[0].what.contains("safe mode") && findings[1].what.contains("3 hooks"));
}

#[test]
fn a_source_that_must_tell_of_each_session_and_does_not_is_found() {
    let config = "[[sources]]\nagent = \"claude-code\"\nof = [\"hook\", \"otel_log\", \"otel_span\"]";
    let report = judge(whole(), &toml::from_str(config).unwrap());
    assert_eq!(ids(&report.findings), ["source_absent/otel_span/s"]);
    let span = figure(&report, "claude-code", "otel_span");
    assert_eq!(
        (span.calls_seen, span.calls_all, span.sessions_seen),
        (0, 3, 0),
        "its figure is zero, not absent"
    );
}

#[test]
fn sources_that_give_calls_no_id_are_compared_by_number() {
    let mut input = whole();
    input.calls.retain(|row| row.source == "otel_log");
    input.sessions.truncate(2);
    input.sessions[0].unnamed = 3;
    assert_eq!(found(input.clone(), ""), []);
    input.sessions[0].unnamed = 2;
    let report = judge(input, &Config::default());
    assert_eq!(ids(&report.findings), ["calls_unseen/hook/s"]);
    assert!(report.findings[0].what.contains("told of 2 of 3 calls"));
    assert_eq!(figure(&report, "claude-code", "hook").calls_share, Some(0.6666));
}

#[test]
fn a_sub_agent_counts_as_the_agent_that_started_it_and_another_agent_as_itself() {
    let mut input = whole();
    for (agent, sub) in [("a9356098366a0a70b", false), ("worker", true), ("other", false)] {
        let row = SessionRow {
            agent: agent.into(),
            sub,
            events: 99,
            ..session("s", "hook", DAY + HOUR, DAY + 2 * HOUR)
        };
        input.sessions.push(row);
    }
    for row in &mut input.calls {
        match row.call.as_str() {
            "c1" => row.agent = "a9356098366a0a70b".into(),
            "c2" => row.agent = "worker".into(),
            _ => row.agent = "other".into(),
        }
    }
    input.sessions[0].events = 500;
    let report = judge(input, &Config::default());
    assert_eq!(figure(&report, "claude-code", "hook").calls_all, 2);
    assert_eq!(figure(&report, "other", "hook").calls_all, 1);
    assert_eq!(report.figures.iter().map(|f| f.agent.as_str()).filter(|a| *a == "worker").count(), 0);
}

#[test]
fn too_many_rows_shorten_the_range_and_are_said() {
    let mut input = whole();
    let many = (0..ask::CALLS_MAX as i64).map(|n| call(&format!("x{n}"), "hook", DAY + 11 * HOUR - n));
    input.calls = many.chain(input.calls).collect();
    input.sessions = vec![session("s", "hook", DAY, DAY + 12 * HOUR)];
    let report = judge(input, &Config::default());
    assert_eq!(report.cut.len(), 1);
    assert_eq!((report.cut[0].what, report.cut[0].limit), ("calls", ask::CALLS_MAX as u64));
    assert_eq!(
        figure(&report, "claude-code", "hook").calls_all,
        0,
        "all but the newest moments are left out"
    );
}

#[test]
fn one_agent_may_be_asked_for() {
    let mut input = whole();
    input.sessions.push(SessionRow { agent: "codex".into(), ..session("t", "otel_log", DAY, DAY + HOUR) });
    input.sessions[0].ended_us = None;
    input.agent = Some("codex".into());
    let report = judge(input, &Config::default());
    assert_eq!((report.figures.len(), report.findings.len()), (1, 0));
}

#[test]
fn findings_beyond_the_limit_are_counted() {
    let sessions: Vec<SessionRow> = (0..FINDINGS_MAX + 5)
        .map(|n| SessionRow {
            began: Some(1),
            began_us: Some(DAY),
            ..session(&format!("s{n:05}"), "hook", DAY, DAY + HOUR)
        })
        .collect();
    let report = judge(Input { sessions, ..whole() }, &Config::default());
    assert_eq!((report.findings.len(), report.findings_more > 0), (FINDINGS_MAX, true));
    assert!(report.findings.iter().all(|finding| Kind::ALL.contains(&finding.kind)));
}

#[test]
fn one_id_in_two_sessions_is_two_calls_and_one_without_a_session_belongs_to_its_own() {
    let mut input = whole();
    input.calls.retain(|row| row.call == "c1");
    input.calls[1].session = None;
    let mut other = call("c1", "hook", DAY + 3 * HOUR);
    (other.session, other.action) = (Some("t".into()), 1);
    input.calls.push(other);
    input.sessions.push(session("t", "hook", DAY + 3 * HOUR, DAY + 4 * HOUR));
    input.sessions.push(session("t", "otel_log", DAY + 3 * HOUR, DAY + 4 * HOUR));
    let report = judge(input, &Config::default());
    assert_eq!(ids(&report.findings), ["calls_unseen/otel_log/t"]);
    assert_eq!(figure(&report, "claude-code", "hook").calls_all, 2);
}
