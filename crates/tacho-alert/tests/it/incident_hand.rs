//! Incidents that people open, shape and merge.

use crate::incident::{HOUR, MINUTE, agent, alert, incidents, names, only};
use std::collections::BTreeSet;
use tacho_alert::Severity::{Critical, Info, Warning};
use tacho_alert::incident::{
    Entity, EntityKind, Entry, Incidents, Line, LineKind, New, Proof, State, Step, figures, post_mortem,
};

fn new(id: &str) -> New {
    New {
        id: id.into(),
        title: " customers report wrong invoices ".into(),
        severity: Warning,
        entities: vec![agent("billing")],
        reason: Some("three calls within an hour".into()),
    }
}

#[test]
fn one_that_is_opened_by_hand_is_opened_once_and_takes_alerts_by_itself() {
    let mut all = incidents();
    let first = all.begin_by_hand(new("h1"), "kim", HOUR).unwrap();
    assert_eq!((first.title.as_str(), first.severity), ("customers report wrong invoices", Warning));
    assert_eq!(first.due_us, 2 * HOUR, "opening it is not taking care of it");
    assert_eq!(first.timeline[0].note.as_deref(), Some("three calls within an hour"));
    assert_eq!(all.begin_by_hand(new("h1"), "lee", HOUR + 1).unwrap(), first);
    let (_, sayings) = all.take_changed();
    assert_eq!(names(&sayings), ["alert_incident_opened"]);
    assert_eq!(sayings[0].result["by"], "kim");
    all.take(vec![alert("1", Critical, HOUR + MINUTE, &[agent("billing")])]);
    let one = only(&all);
    assert_eq!((one.id.as_str(), one.alerts.len(), one.severity), ("h1", 1, Critical));

    let empty = New { title: "  ".into(), ..new("h2") };
    assert!(all.begin_by_hand(empty, "kim", HOUR).unwrap_err().contains("title is empty"));
    assert!(all.begin_by_hand(new("h2"), "", HOUR).unwrap_err().contains("who you are"));
    let long = New { reason: Some("x".repeat(5000)), ..new("h2") };
    assert!(all.begin_by_hand(long, "kim", HOUR).unwrap_err().contains("4096 characters"));
}

#[test]
fn one_without_alerts_stays_until_a_person_closes_it() {
    let mut all = incidents();
    all.begin_by_hand(new("h1"), "kim", HOUR).unwrap();
    all.pass(HOUR + 40 * MINUTE);
    assert_eq!(only(&all).state, State::Reception);
    all.pass(3 * HOUR);
    assert!(only(&all).late_us.is_some(), "nobody answered");
}

#[test]
fn alerts_are_taken_in_and_out_and_come_back_by_hand_only() {
    let mut all = incidents();
    all.begin_by_hand(new("h1"), "kim", HOUR).unwrap();
    let other = alert("1", Warning, HOUR + MINUTE, &[agent("far")]);
    all.take(vec![other.clone()]);
    let far = all.of_alert("1").unwrap().to_string();
    let refused = all.attach_alert("h1", &other, "kim", None, 2 * HOUR).unwrap_err();
    assert!(refused.contains(&format!("belongs to incident {far}")), "{refused}");
    let detach = |alert: &str| Step::DetachAlert { alert: alert.into() };
    assert!(all.step(&far, &detach("9"), "kim", None, 2 * HOUR).unwrap_err().contains("not one of"));
    all.step(&far, &detach("1"), "kim", Some("another story"), 2 * HOUR).unwrap();
    assert_eq!(all.of_alert("1"), None);
    let again = |id: &str, at_us| tacho_alert::incident::Incoming {
        id: id.into(),
        ..alert("1", Warning, at_us, &[agent("far")])
    };
    all.take(vec![again("1b", 2 * HOUR + MINUTE)]);
    assert_ne!(all.of_alert("1b"), Some(far.as_str()), "what was taken out does not come back by itself");

    let taken = all.attach_alert("h1", &other, "kim", Some("same invoices"), 2 * HOUR).unwrap().unwrap();
    assert_eq!((taken.alerts.len(), taken.answered.as_ref().unwrap().by.as_str()), (1, "kim"));
    assert_eq!(all.of_alert("1"), Some("h1"));
    drop(all.take_changed());
    let same = all.attach_alert("h1", &other, "lee", None, 3 * HOUR).unwrap().unwrap();
    assert_eq!(same, taken);
    assert_eq!(all.take_changed().1, [], "what is attached is not attached again");
    assert_eq!(all.attach_alert("nobody", &other, "kim", None, 0), Ok(None));
}

#[test]
fn an_event_that_was_attached_is_taken_out_again() {
    let mut all = incidents();
    all.begin_by_hand(new("h1"), "kim", HOUR).unwrap();
    let entry = Entry { index: 7, id: "e7".into() };
    let attach = Step::Attach { entry, at_us: MINUTE, text: "Bash of billing, failure".into() };
    all.step("h1", &attach, "kim", None, HOUR).unwrap();
    let wrong = all.step("h1", &Step::DetachEvent { index: 8 }, "kim", None, HOUR).unwrap_err();
    assert!(wrong.contains("entry 8 is not attached"), "{wrong}");
    let left = all.step("h1", &Step::DetachEvent { index: 7 }, "kim", Some("a test"), HOUR).unwrap().unwrap();
    assert!(left.timeline.iter().all(|line| line.kind != LineKind::Event));
    let line = left.timeline.iter().find(|line| line.kind == LineKind::Detached).unwrap();
    assert!(line.text.contains("entry 7, Bash of billing"), "{line:?}");
    all.step("h1", &attach, "kim", None, HOUR).unwrap();
}

#[test]
fn one_that_is_merged_points_to_the_other_which_has_its_alerts() {
    let mut all = incidents();
    all.take(vec![
        alert("1", Critical, HOUR, &[agent("a")]),
        alert("2", Warning, HOUR + 40 * MINUTE, &[agent("b")]),
    ]);
    let (from, to) = (all.of_alert("1").unwrap().to_string(), all.of_alert("2").unwrap().to_string());
    drop(all.take_changed());
    assert!(all.merge(&to, &to, "kim", None, 2 * HOUR).unwrap_err().contains("itself"));
    assert_eq!(all.merge("nobody", &to, "kim", None, 0), Ok(None));
    let one = all.merge(&from, &to, "kim", Some("one cause"), 2 * HOUR).unwrap().unwrap();
    assert_eq!((one.id.as_str(), one.severity, one.alerts.len()), (to.as_str(), Critical, 2));
    assert_eq!(one.agents(), BTreeSet::from(["a".to_string(), "b".to_string()]));
    assert_eq!(all.of_alert("1"), Some(to.as_str()));
    let left = all.known(&from).unwrap().clone();
    assert_eq!((left.merged_into.as_deref(), left.state), (Some(to.as_str()), State::Closed));
    assert!(left.timeline.len() > 2 && left.next().is_empty(), "its timeline is kept");
    let written = post_mortem(&left, &Proof { at_us: 3 * HOUR, checkpoint: None }).markdown();
    assert!(written.contains(&format!("| Merged into | {to} |")), "{written}");
    let (kept, sayings) = all.take_changed();
    assert_eq!(names(&sayings), ["alert_incident_merged"; 2]);
    // The same once more says nothing, also after a restart.
    all.merge(&from, &to, "lee", None, 3 * HOUR).unwrap();
    assert_eq!(all.take_changed().1, []);
    let mut all: Incidents = incidents();
    all.recall(kept);
    assert_eq!(all.of_alert("1"), Some(to.as_str()));
    all.merge(&from, &to, "lee", None, 3 * HOUR).unwrap();
    assert_eq!(all.take_changed().1, []);
    let refused = all.step(&from, &Step::Note, "kim", Some("x"), 3 * HOUR).unwrap_err();
    assert!(refused.contains(&format!("merged into incident {to}")), "{refused}");
    // A new alert of what was merged belongs to the other.
    all.take(vec![tacho_alert::incident::Incoming {
        id: "1b".into(),
        ..alert("1", Warning, 3 * HOUR, &[agent("a")])
    }]);
    assert_eq!(all.of_alert("1b"), Some(to.as_str()));
    let both: Vec<_> = [left, only(&all)].to_vec();
    let opened: usize = figures(&both).iter().map(|figures| figures.opened).sum();
    assert_eq!(opened, 1, "one that was merged counts once");
}

#[test]
fn findings_of_one_kind_are_one_incident_however_many_there_are() {
    let finding = |kind: &str| Entity { kind: EntityKind::Finding, value: format!("coverage_gap {kind}") };
    let call = |n: usize| Entity { kind: EntityKind::Call, value: format!("action_silent/{n}") };
    let mut all = incidents();
    let gaps = (0..250)
        .map(|n| alert(&format!("{n}"), Warning, HOUR + n as i64, &[finding("action_silent"), call(n)]));
    all.take(gaps.collect());
    all.take(vec![alert("other", Warning, HOUR + 300, &[finding("agent_silent")])]);
    let sizes: BTreeSet<(usize, u64)> = all.open().map(|one| (one.alerts.len(), one.more)).collect();
    assert_eq!(sizes, BTreeSet::from([(1, 0), (200, 50)]), "beyond the ceiling they are counted");
}

#[test]
fn what_was_sent_and_done_about_it_is_written_once() {
    let mut all = incidents();
    all.begin_by_hand(New { severity: Info, ..new("h1") }, "kim", HOUR).unwrap();
    let line = Line {
        at_us: HOUR,
        kind: LineKind::Response,
        text: "response halt: started".into(),
        by: None,
        note: None,
        event: Some("response/r1/1".into()),
        entry: None,
    };
    assert!(all.remark("h1", line.clone()) && all.remark("h1", line.clone()));
    assert!(!all.remark("nobody", line));
    assert_eq!(only(&all).timeline.iter().filter(|line| line.kind == LineKind::Response).count(), 1);
}
