//! Sub-agents that are told of in sessions of their own. Of Gemini CLI's, hooks tell in the session that started it, its own
//! file in one of its own, and only that session's file says which that is. All requests have the same tokens, and both
//! sessions call the same tool. Of Codex's, telemetry tells in a session of its own.

use crate::dice::Dice;
use crate::gemini::{imported, logged, model_hook, tool_hook};
use crate::models::orders;
use crate::scene::{ends, event, groups, join, model, session};
use tacho_action::{Observation, Observer};
use tacho_event::words::{Outcome, Phase};

type Log = Vec<Observation<'static>>;

const PART: &str = "02020202-0202-0202-0202-020202020202";
const TASK: &str = r#"{"agent_name":"counter"}"#;
const COUNT: &str = r#"{"command":"echo sub"}"#;

/// Proposed and answered, as hooks tell, and when the file says so, milliseconds; whether the sub-agent asked.
const REQUESTS: [([i64; 3], bool); 4] = [
    ([0, 300, 320], false),
    ([600, 800, 820], true),
    ([1_300, 1_700, 1_720], true),
    ([3_200, 3_500, 3_520], false),
];
/// The same of calls; with tool, id, the hook's id and input.
const CALLS: [([i64; 3], bool, [&str; 4]); 4] = [
    ([350, 380, 390], false, ["run_shell_command", "run_shell_command_1795225765124_0", "hook-0a", COUNT]),
    ([400, 3_000, 3_100], false, ["invoke_agent", "invoke_agent_1795225765124_1", "hook-0b", TASK]),
    (
        [900, 1_100, 1_150],
        true,
        ["run_shell_command", "02020202-0202-0202-0202-020202020202#0-0", "hook-0c", COUNT],
    ),
    (
        [1_800, 1_900, 1_950],
        true,
        ["complete_task", "02020202-0202-0202-0202-020202020202#1-0", "hook-0d", "{}"],
    ),
];

fn in_session(is_part: bool, of: Observation<'static>) -> Observation<'static> {
    Observation { session: Some(session(if is_part { 2 } else { 1 })), ..of }
}

fn hooks() -> Log {
    let requests = REQUESTS.iter().enumerate().flat_map(|(at, ([proposed, answered, _], _))| {
        let id = ["hook-1a", "hook-1b", "hook-1c", "hook-1d"][at];
        [model_hook(*proposed, "BeforeModel", id), model_hook(*answered, "AfterModel", id)]
    });
    let calls = CALLS.iter().flat_map(|([proposed, answered, _], _, [name, _, id, input])| {
        let hook = |ms: &i64, of| Observation { name, ..tool_hook(*ms, of, id, input) };
        [hook(proposed, "BeforeTool"), hook(answered, "AfterTool")]
    });
    in_order(requests.chain(calls).collect())
}

fn file(of_part: bool) -> Log {
    let requests = REQUESTS.iter().filter(|(_, is_part)| *is_part == of_part);
    let requests = requests
        .map(|([.., filed], is_part)| in_session(*is_part, answer(filed * 1_000, Observer::Transcript)));
    let calls = CALLS.iter().filter(|(_, is_part, _)| *is_part == of_part);
    let calls = calls.map(|([.., filed], is_part, [name, id, _, input])| {
        let started = (*name == "invoke_agent").then_some(PART);
        in_session(*is_part, Observation { name, started, ..imported(filed * 1_000, id, input) })
    });
    in_order(requests.chain(calls).collect())
}

/// A file tells of no steps.
fn answer(us: i64, observer: Observer) -> Observation<'static> {
    let phase = Some(Phase::Result).filter(|_| observer != Observer::Transcript);
    Observation { observer, phase, outcome: Outcome::Success, ..model(event(us), 800) }
}

fn in_order(mut log: Log) -> Log {
    log.sort_by_key(|of| of.time_us);
    log
}

fn want() -> Vec<Vec<i64>> {
    let times = REQUESTS.iter().map(|(times, _)| times).chain(CALLS.iter().map(|(times, ..)| times));
    let mut want: Vec<Vec<i64>> = times.map(|times| times.map(|ms| ms * 1_000).to_vec()).collect();
    want.sort();
    want
}

#[test]
fn what_the_file_of_a_sub_agent_tells_is_what_hooks_tell_in_the_session_that_started_it() {
    for sent in orders(&[hooks(), file(true), file(false)]) {
        let log = sent.concat();
        assert_eq!(groups(&log), want(), "{:?}", log.iter().map(|of| of.time_us).collect::<Vec<_>>());
    }
}

#[test]
fn so_it_is_where_they_come_at_the_same_time() {
    let mut dice = Dice(1);
    for _ in 0..300 {
        let mut rest = [hooks(), file(true), file(false)];
        let mut log = Log::new();
        while rest.iter().any(|sent| !sent.is_empty()) {
            let at = dice.below(3);
            if !rest[at].is_empty() {
                log.push(rest[at].remove(0));
            }
        }
        assert_eq!(groups(&log), want(), "{:?}", log.iter().map(|of| of.time_us).collect::<Vec<_>>());
    }
}

#[test]
fn log_records_without_an_id_tell_of_the_same_calls() {
    let answers = REQUESTS.iter().map(|([_, answered, _], _)| answer((answered + 10) * 1_000, Observer::Log));
    let calls = CALLS.iter().map(|([from, to, _], _, [name, .., input])| Observation {
        name,
        ..logged((to + 15) * 1_000, to - from, input)
    });
    let logs = in_order(answers.chain(calls).collect());
    for sent in orders(&[logs, file(true), file(false)]) {
        let found = groups(&sent.concat());
        assert!(found.len() == want().len() && found.iter().all(|group| group.len() == 2), "{found:?}");
    }
}

#[test]
fn files_alone_tell_each_its_own() {
    for sent in orders(&[file(true), file(false)]) {
        assert_eq!(groups(&sent.concat()).len(), REQUESTS.len() + CALLS.len());
    }
}

#[test]
fn without_the_file_that_names_the_part_both_stay_apart() {
    let parts = REQUESTS.iter().filter(|(_, is_part)| *is_part).count()
        + CALLS.iter().filter(|(_, is_part, _)| *is_part).count();
    for sent in orders(&[hooks(), file(true)]) {
        assert_eq!(groups(&sent.concat()).len(), want().len() + parts);
    }
}

#[test]
fn what_a_part_told_before_it_was_known_as_one_and_tells_again_later_is_one() {
    let first = Observation { state: 7, ..file(true).swap_remove(0) };
    let again = Observation { revision: 1, time_us: first.time_us + 1, ..first.clone() };
    for around in [Log::new(), hooks()] {
        let one = |log: &Log| {
            let groups = groups(log);
            groups
                .iter()
                .filter(|group| group.contains(&first.time_us) && group.contains(&again.time_us))
                .count()
        };
        let log: Log = [vec![first.clone()], around.clone(), file(false), vec![again.clone()]].concat();
        assert_eq!(one(&log), 1, "{:?}", groups(&log));
    }
}

#[test]
fn a_session_is_part_of_the_first_that_says_so_and_no_part_has_parts() {
    let claim = |ms: i64, whole: u8, part: &'static str| Observation {
        session: Some(session(whole)),
        name: "invoke_agent",
        started: Some(part),
        ..imported(ms * 1_000, "invoke_agent_1795225765124_9", TASK)
    };
    let claims = [
        claim(90_000, 2, "01010101-0101-0101-0101-010101010101"),
        claim(91_000, 3, PART),
        claim(92_000, 3, "01010101-0101-0101-0101-010101010101"),
    ];
    let log = [hooks(), file(true), file(false), claims.to_vec()].concat();
    let found = groups(&log);
    assert!(want().iter().all(|group| found.contains(group)), "{found:?}");
}

#[test]
fn another_programs_sub_agents_have_sessions_of_their_own() {
    let mut whole = file(false);
    whole.iter_mut().filter(|of| of.started.is_some()).for_each(|of| of.name = "spawn_agent");
    let found = groups(&[hooks(), file(true), whole].concat());
    assert!(found.len() > want().len(), "{found:?}");
}

/// A request as Codex tells of it, in a log record or a session's file.
fn codex(us: i64, observer: Observer, number: u8, agent: &'static str) -> Observation<'static> {
    Observation {
        session: Some(session(number)),
        agent,
        agent_assumed: agent == "codex",
        phase: Some(Phase::Result).filter(|_| observer == Observer::Log),
        observer,
        outcome: Outcome::Success,
        ..model(event(us), 900)
    }
}

/// Telemetry of Codex tells of a sub-agent in a session of its own, which has the name that the sub-agent has where hooks and
/// files tell of it. Two sub-agents ask their model at the same time, with the same tokens.
#[test]
fn telemetry_of_a_sub_agents_session_is_of_the_agent_that_has_its_name() {
    const OTHER: &str = "03030303-0303-0303-0303-030303030303";
    let logs = vec![
        codex(1_000_000, Observer::Log, 1, "codex"),
        codex(2_000_000, Observer::Log, 2, "codex"),
        codex(2_000_100, Observer::Log, 3, "codex"),
    ];
    let files = vec![
        codex(1_003_000, Observer::Transcript, 1, "codex"),
        codex(2_003_100, Observer::Transcript, 1, PART),
        codex(2_003_000, Observer::Transcript, 1, OTHER),
    ];
    let hook = |us, call, agent| Observation { agent, ..crate::scene::hook(us, "PreToolUse", Some(call)) };
    let hooks = vec![hook(2_100_000, "call_1", PART), hook(2_200_000, "call_2", OTHER)];
    let want = vec![
        vec![1_000_000, 1_003_000],
        vec![2_000_000, 2_003_100],
        vec![2_000_100, 2_003_000],
        vec![2_100_000],
        vec![2_200_000],
    ];
    for sent in orders(&[logs, files, hooks]) {
        let log = sent.concat();
        assert_eq!(groups(&log), want);
        let ends = ends(&log, &join(&log));
        let agents: Vec<_> = ends.values().map(|end| end.agent.as_str()).collect();
        assert_eq!(agents, ["codex", PART, OTHER, PART, OTHER]);
    }
}
