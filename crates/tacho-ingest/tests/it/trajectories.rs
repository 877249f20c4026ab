//! Runs of SWE-agent: which of them are one, and which of their calls.

use crate::history::{OWNER, events, part, sum};
use std::collections::BTreeSet;
use tacho_event::fact::IntFact;
use tacho_event::id::Id;
use tacho_event::record::Batch;
use tacho_event::words::Outcome;

/// A step whose call has an id that every step of every run has.
fn step(text: &str, seconds: &str) -> (String, String) {
    let step = format!(
        r#"{{"action":"{text}","observation":"x","response":"r","thought":"r","execution_time":{seconds}}}"#
    );
    let message = r#"{"role":"assistant","content":"r","tool_calls":[{"id":"call_5iDdbOYybq7L19vqXmR0DPaU","function":{"name":"bash","arguments":"{}"}}]}"#;
    (step, message.to_owned())
}

fn run(steps: &[(String, String)], info: &str) -> String {
    let (steps, messages): (Vec<_>, Vec<_>) = steps.iter().cloned().unzip();
    let history = [vec![r#"{"role":"user","content":"fix"}"#.to_owned()], messages].concat().join(",");
    format!(
        r#"{{"environment":"main","trajectory":[{}],"history":[{history}],"info":{{{info}}}}}"#,
        steps.join(",")
    )
}

const ENDED: &str = r#""exit_status":"submitted","model_stats":{"tokens_sent":5}"#;

fn import(body: &str, file: &str) -> Vec<Batch> {
    let (tally, batches) = part(body, file, None, &OWNER);
    assert_eq!(tally.refused, [], "{body}");
    batches
}

fn sessions(batches: &[Batch]) -> BTreeSet<Id> {
    events(batches).iter().map(|event| event.header.session.unwrap()).collect()
}

fn ids(batches: &[Batch]) -> Vec<Id> {
    events(batches).iter().map(|event| event.header.id).collect()
}

fn calls(batches: &[Batch]) -> Vec<String> {
    events(batches).iter().filter_map(|event| event.header.call.map(str::to_owned)).collect()
}

#[test]
fn each_step_is_a_call_also_where_the_model_repeats_an_id() {
    let one = import(&run(&[step("ls", "0.25"), step("ls", "0.25"), step("pwd", "0.5")], ENDED), "f.traj");
    let other = import(&run(&[step("ls", "0.75"), step("ls", "0.25"), step("pwd", "0.5")], ENDED), "f.traj");
    assert_eq!(calls(&one).len(), 3);
    let all: BTreeSet<String> = [calls(&one), calls(&other)].concat().into_iter().collect();
    assert_eq!(all.len(), 6);
    let known = events(&one).iter().filter(|event| event.header.action_name == "bash").count();
    assert_eq!(known, 3, "the model's call still names the tool");
}

#[test]
fn runs_that_begin_alike_are_told_apart_by_their_first_commands_time_wherever_they_are() {
    let [one, other] = ["0.281412832", "0.281412833"].map(|seconds| {
        let body = run(&[step("ls", seconds), step("pwd", "0.5")], ENDED);
        let (here, there) = (import(&body, "a/task.traj"), import(&body, "b/renamed.traj"));
        assert_eq!(ids(&here), ids(&there));
        assert_eq!(sessions(&here), sessions(&there));
        (sessions(&here), ids(&here))
    });
    assert!(one.0.is_disjoint(&other.0) && one.0.len() == 1);
    assert!(one.1.iter().all(|id| !other.1.contains(id)));
}

#[test]
fn a_run_without_times_is_told_apart_by_its_file_and_its_line() {
    for nothing in ["0.0", "null"] {
        let [one, other] = ["pwd", "id"].map(|then| run(&[step("ls", nothing), step(then, nothing)], ENDED));
        let all = [
            import(&one, "a/task.traj"),
            import(&other, "b/task.traj"),
            import(&format!("{one}\n{other}\n{one}\n"), "many.jsonl"),
        ];
        let (sessions, calls) =
            (all.each_ref().map(|run| sessions(run)), all.each_ref().map(|run| calls(run)));
        assert_eq!(sessions.iter().map(BTreeSet::len).collect::<Vec<_>>(), [1, 1, 3]);
        assert_eq!(sessions.iter().flatten().collect::<BTreeSet<_>>().len(), 5);
        assert_eq!(calls.iter().flatten().collect::<BTreeSet<_>>().len(), 10);
        assert_eq!(ids(&import(&one, "a/task.traj")), ids(&all[0]), "again, it is the same");
    }
}

#[test]
fn a_run_that_grows_stays_the_same_and_its_tokens_are_told_by_one_event() {
    for seconds in ["0.5", "0.0"] {
        let step = |text: &str| step(text, seconds);
        let young = run(&[step("1"), step("2")], r#""model_stats":{"tokens_sent":3}"#);
        let old = run(&[step("1"), step("2"), step("3")], ENDED);
        let (young, old) = (import(&young, "a/task.traj"), import(&old, "a/task.traj"));
        let known: BTreeSet<Id> = ids(&old).into_iter().collect();
        assert!(ids(&young).iter().all(|id| known.contains(id)));
        assert_eq!(ids(&old).len(), ids(&young).len() + 3, "what was said, done and repeated in the history");
        let same = |batches: &[Batch]| -> Vec<_> {
            events(batches).iter().map(|event| (event.header.id, event.content)).collect()
        };
        let (young_same, old_same) = (same(&young), same(&old));
        let changed: Vec<_> = young_same.iter().filter(|event| !old_same.contains(event)).collect();
        let (end_young, end_old) = (events(&young), events(&old));
        let (end_young, end_old) = (end_young.last().unwrap(), end_old.last().unwrap());
        assert_eq!(changed.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [end_old.header.id]);
        assert_eq!(end_young.header.id, end_old.header.id);
        assert_eq!([end_young, end_old].map(|end| end.header.outcome), [Outcome::Running, Outcome::Success]);
        assert_eq!(sum(&old, IntFact::TokensInput), 5);
    }
}
