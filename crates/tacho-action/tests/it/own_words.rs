//! An agent's own word beside a witness that says little: what it lacks, assumes or hears of later stays the witness's.

use crate::gemini::{HELLO, at_once, logged, tool_hook, tool_span};
use crate::scene::{closures, end, event, groups, hook, join, model, session, span};
use tacho_action::{Closure, Observation, Observer, Record};
use tacho_event::words::{ActionType, Known, Outcome, Phase};

const CALL: &str = "toolu_01A09q90qw90lq917835";
const ROOT: &str = "00000000000000a1";
const CHILD: &str = "00000000000000b1";

/// What an agent claims of the call, as somebody else and elsewhere.
fn claim(time: i64) -> Observation<'static> {
    Observation {
        observer: Observer::Mcp,
        known: Known::SelfReported,
        agent: "ghost",
        session: Some(session(9)),
        call: Some(CALL),
        name: "harmless",
        outcome: Outcome::Success,
        writer: 7,
        figures: [Some(9); 6],
        input: Some("much more than the witness says"),
        has_output: true,
        ..event(time)
    }
}

/// A log record that names no agent: the program's name stands for it.
fn log(time: i64) -> Observation<'static> {
    let (phase, outcome) = (Some(Phase::Result), Outcome::Failure);
    let (agent, name) = ("claude-code", "mcp_tool");
    let record = Observation { observer: Observer::Log, agent, agent_assumed: true, name, ..event(time) };
    Observation { call: Some(CALL), phase, outcome, ..record }
}

fn root(time: i64) -> Observation<'static> {
    let root = Observation { kind: ActionType::Lifecycle, agent: "realagent", ..span(time, ROOT, None) };
    Observation { agent_assumed: false, session: Some(session(2)), ..root }
}

fn child(time: i64) -> Observation<'static> {
    let (phase, call) = (Some(Phase::Executed), Some(CALL));
    let told = Observation { phase, call, outcome: Outcome::Success, ..span(time, CHILD, Some(ROOT)) };
    Observation { agent: "svc", agent_assumed: true, session: None, ..told }
}

/// The event of a witness that is shown, and what it stands for.
fn shown<'a>(log: &[Observation<'a>]) -> (Observation<'a>, Record) {
    let overlay = join(log);
    let acts: Vec<_> = (0..log.len())
        .filter(|at| log[*at].call == Some(CALL))
        .filter_map(|at| Some((log[at].clone(), overlay.record(at as u64)?.clone())))
        .collect();
    let [(event, record)] = acts.as_slice() else { panic!("one row: {acts:?}") };
    assert_eq!(event.known, Known::Observed);
    (event.clone(), record.clone())
}

fn who(log: &[Observation<'_>]) -> (String, Option<[u8; 16]>) {
    let (event, record) = shown(log);
    (record.agent.unwrap_or(event.agent.to_string()), event.session.map(|id| id.0).or(record.session))
}

#[test]
fn an_assumed_agent_and_a_general_name_stand_before_what_an_agent_says() {
    for told in [[log(1), claim(2)], [claim(2), log(1)]] {
        let (event, record) = shown(&told);
        assert_eq!((event.agent, event.name), ("claude-code", "mcp_tool"));
        assert_eq!((record.agent, record.name, record.session), (None, None, None));
        assert_eq!((record.closure, record.figures), (Some(Closure::Failure), [None; 6]));
    }
}

#[test]
fn what_is_inherited_stands_before_what_an_agent_says_in_any_order() {
    let (all, told) = ([root(1), child(2), claim(3)], ("realagent".to_string(), Some(session(2).0)));
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        assert_eq!(who(&order.map(|at| all[at].clone())), told, "{order:?}");
    }
    assert_eq!(who(&[child(1), claim(2)]), ("svc".to_string(), None), "no root came");
}

#[test]
fn an_agents_word_puts_no_witness_into_a_session() {
    let told = Observation { session: None, ..hook(1, "PreToolUse", Some(CALL)) };
    let over = Observation { agent: "ghost", session: Some(session(9)), ..end(9, "SessionEnd") };
    for log in [[told.clone(), claim(2), over.clone()], [claim(2), told, over]] {
        assert_eq!(who(&log), ("agent".to_string(), None));
        assert_eq!(closures(&log)[0], Closure::Open, "nor is it over with that one");
    }
}

#[test]
fn an_agents_notice_closes_no_background_call_of_a_witness() {
    let launched = Observation { outcome: Outcome::Running, ..hook(2, "PostToolUse", Some(CALL)) };
    let notice = Observation { name: "TaskNotification", phase: Some(Phase::Message), ..claim(3) };
    let log =
        [hook(1, "PreToolUse", Some(CALL)), launched, Observation { observer: Observer::Event, ..notice }];
    assert_eq!(closures(&log), [Closure::Asynchronous]);
}

#[test]
fn an_agents_word_makes_none_of_two_calls_that_witnesses_tell_of() {
    const ANSWER: &str = "req_011CSHoEeqs5C35K2UUqR7Fy";
    let model = Observation { kind: ActionType::External, name: "model_request", ..log(2) };
    let model = Observation { call: None, request: Some(ANSWER), ..model };
    let both = Observation { call: Some(CALL), observer: Observer::Event, time_us: 3, ..model.clone() };
    let both = Observation { known: Known::SelfReported, ..both };
    assert_eq!(groups(&[log(1), model.clone(), both]), [vec![1, 3], vec![2]]);
}

#[test]
fn how_a_call_of_ones_own_ended_is_said_by_the_key_that_reported_it() {
    let begun = Observation { outcome: Outcome::Running, figures: [None; 6], ..claim(1) };
    let ended = |time, writer, outcome| {
        let told =
            Observation { kind: ActionType::Workflow, name: "outcome", writer, outcome, ..claim(time) };
        Observation { phase: Some(Phase::Result), ..told }
    };
    let foreign = ended(2, 8, Outcome::Success);
    assert_eq!(closures(&[begun.clone(), foreign.clone()]), [Closure::Open]);
    let log = [begun.clone(), foreign.clone(), ended(3, 7, Outcome::Failure)];
    assert_eq!(closures(&log), [Closure::Failure]);
    let overlay = join(&[begun.clone(), Observation { writer: 8, ..claim(2) }]);
    let record = overlay.entries().find_map(|(at, _)| overlay.record(at)).unwrap();
    assert_eq!(record.closure, Some(Closure::Open), "nor by another report under its id");
    assert_eq!(
        closures(&[begun, foreign, hook(4, "PostToolUse", Some(CALL))]),
        [Closure::Success],
        "a witness may"
    );
}

fn own(observation: Observation<'static>) -> Observation<'static> {
    Observation { observer: Observer::Event, known: Known::SelfReported, writer: 7, ..observation }
}

#[test]
fn a_question_of_a_witness_is_about_what_a_witness_tells() {
    let forged = |time| own(hook(time, "PreToolUse", Some("toolu_forged0000000000001")));
    let (pre, asked) = (hook(2, "PreToolUse", Some(CALL)), hook(3, "PermissionRequest", None));
    assert_eq!(groups(&[forged(1), pre.clone(), asked.clone()]), [vec![1], vec![2, 3]]);
    assert_eq!(groups(&[forged(1), asked.clone(), pre.clone()]), [vec![1], vec![2, 3]]);
    let (late, early) = (forged(4), hook(3, "PermissionRequest", None));
    let found = groups(&[early, late, pre]);
    assert!(found.iter().any(|group| group.starts_with(&[2, 3])), "{found:?}");
}

#[test]
fn an_agents_word_makes_no_witnesses_differ() {
    let well = hook(2, "PostToolUse", Some(CALL));
    let bad = |writer| Observation { writer, ..own(hook(3, "PostToolUseFailure", Some(CALL))) };
    for log in [[well.clone(), bad(7)], [bad(7), well.clone()], [own(well), bad(8)]] {
        let overlay = join(&log);
        assert!((0..2).filter_map(|at| overlay.record(at)).all(|record| !record.differ), "{log:?}");
    }
}

#[test]
fn whole_calls_that_agents_report_are_one_only_by_their_ids() {
    let whole = |time, observer, call| Observation {
        observer,
        known: Known::SelfReported,
        outcome: Outcome::Running,
        call,
        ..event(time)
    };
    let (http, mcp) = (whole(1, Observer::Event, None), whole(2, Observer::Mcp, Some("e-1")));
    assert_eq!(groups(&[http.clone(), mcp]), [vec![1], vec![2]]);
    let seen = hook(3, "PreToolUse", Some(CALL));
    assert_eq!(groups(&[http, Observation { input: Some("{}"), ..seen }]), [vec![1, 3]], "a witness saw it");
    let steps = [own(hook(1, "PreToolUse", Some(CALL))), own(hook(2, "PermissionRequest", None))];
    assert_eq!(groups(&steps), [vec![1, 2]], "under an agent's key hooks join as they do");
}

#[test]
fn a_question_before_its_call_is_of_the_witness_whatever_was_claimed_under_the_calls_id() {
    let claimed = own(hook(1, "PreToolUse", Some(CALL)));
    let (asked, pre) = (hook(2, "PermissionRequest", None), hook(3, "PreToolUse", Some(CALL)));
    let over = hook(4, "PostToolUse", Some(CALL));
    assert_eq!(groups(&[claimed.clone(), asked.clone(), pre.clone(), over]), [vec![1, 2, 3, 4]]);
    let elsewhere = Observation { session: Some(session(5)), ..claimed.clone() };
    assert_eq!(groups(&[elsewhere, asked.clone(), pre.clone()]), [vec![1, 2, 3]]);
    let other = Observation { input: Some(r#"{"a":1}"#), ..asked };
    assert_eq!(groups(&[claimed, other, pre]), [vec![1, 3], vec![2]], "of another input");
}

#[test]
fn that_a_claim_is_like_a_witnesss_call_gives_that_call_no_id() {
    const OTHER: &str = "toolu_02B19q90qw90lq917836";
    let evil =
        |time, name| Observation { input: Some(r#"{"command":"evil"}"#), ..hook(time, name, Some(OTHER)) };
    let (tried, failed) = (evil(5, "PreToolUse"), evil(6, "PostToolUseFailure"));
    let asked = hook(1, "PermissionRequest", None);
    let (pre, post) = (hook(3, "PreToolUse", Some(CALL)), hook(4, "PostToolUse", Some(CALL)));
    let hooks = own(hook(2, "PreToolUse", Some(OTHER)));
    let report = Observation { observer: Observer::Mcp, ..hooks.clone() };
    for claimed in [hooks, report] {
        let log = [asked.clone(), claimed.clone(), pre.clone(), post.clone(), tried.clone(), failed.clone()];
        assert!(groups(&log).contains(&vec![5, 6]), "{:?}", groups(&log));
        let log =
            [hook(1, "BeforeTool", None), claimed, hook(4, "AfterTool", None), tried.clone(), failed.clone()];
        assert!(groups(&log).contains(&vec![5, 6]), "{:?}", groups(&log));
    }
    let seen = |time, request| Observation { request, ..model(event(time), 1000) };
    let log = [
        Observation { observer: Observer::Log, ..seen(1, None) },
        own(seen(2, Some("resp_0a1b2c3d4e5f60718293"))),
        Observation { figures: [Some(90_000); 6], ..seen(3, Some("resp_0a1b2c3d4e5f60718293")) },
    ];
    assert!(groups(&log).iter().any(|group| group.contains(&3) && !group.contains(&1)), "{:?}", groups(&log));
}

#[test]
fn what_an_agent_reports_whole_and_without_an_id_is_no_call_that_a_witness_tells_of() {
    let hooks = [hook(1, "PreToolUse", Some(CALL)), hook(2, "PostToolUse", Some(CALL))];
    let report =
        Observation { call: None, name: "Bash", input: Some("{}"), session: Some(session(1)), ..claim(3) };
    for observer in [Observer::Mcp, Observer::Event] {
        let log = [hooks[0].clone(), hooks[1].clone(), Observation { observer, ..report.clone() }];
        assert_eq!(groups(&log), [vec![1, 2], vec![3]], "{observer:?}");
        let named = [log[0].clone(), log[1].clone(), Observation { call: Some(CALL), ..log[2].clone() }];
        assert_eq!(groups(&named), [vec![1, 2, 3]], "{observer:?}");
    }
}

/// What an agent copies of a log record, before and between what witnesses tell, splits no call of theirs.
#[test]
fn copies_of_a_record_under_an_agents_key_split_no_call_that_witnesses_tell_of() {
    let record = |time| logged(time, 250, HELLO);
    let hooks = [
        tool_hook(10, "BeforeTool", "hook-01a203b0-e8e6", HELLO),
        tool_hook(180, "AfterTool", "hook-01a203b0-e8e6", HELLO),
    ];
    let span = tool_span(60, 150, "39f7e14c94984b27", "run_shell_command__run_0");
    for order in [
        "hls", "hAls", "hAAls", "hlAs", "hlAAs", "AAhls", "lAAsh", "AsAlh", "lAsh", "sAAlh", "AshAl",
        "AsAhl", "sAhAl",
    ] {
        let mut log = Vec::new();
        let mut copies = 300_000;
        for witness in order.chars() {
            match witness {
                'h' => log.extend(hooks.clone()),
                'l' => log.push(record(212_000)),
                's' => log.push(span.clone()),
                _ => {
                    copies += 1;
                    log.push(Observation { outcome: Outcome::Failure, ..own(record(copies)) });
                }
            }
        }
        let witnessed = [10_000, 60_000, 180_000, 212_000];
        let found = groups(&log);
        let whole = found.iter().find(|group| group.contains(&10_000)).expect("the call");
        assert!(witnessed.iter().all(|time| whole.contains(time)), "{order}: {found:?}");
    }
}

/// Nor do they take a span whose call is in doubt among those that witnesses tell of at that time.
#[test]
fn a_span_in_doubt_among_witnesses_calls_joins_no_agents_word() {
    let [hooks @ .., one, other, record, _] = at_once();
    let [proposed, next, answered, mut last] = hooks;
    // Both ends lie in both spans.
    last.time_us = 790_000;
    let copies = [1, 2].map(|n| own(Observation { time_us: record.time_us + n, ..record.clone() }));
    let [first, second] = copies;
    let found = groups(&[proposed, next, answered, last, first, second, one, other]);
    assert!(found.contains(&vec![707_000]) && found.contains(&vec![708_000]), "{found:?}");
}
