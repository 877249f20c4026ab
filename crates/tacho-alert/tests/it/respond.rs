//! Automatic responses in virtual time.

use serde_json::json;
use std::collections::BTreeMap;
use tacho_alert::respond::{
    About, Answer, Kind, Outcome, Run, Runs, Saying, Settings, Standing, Wish, id_of,
};

const HOUR: i64 = 3_600_000_000;

fn runs(change: impl Fn(&mut Settings)) -> Runs {
    let mut halt = Settings { kind: Kind::StopAgent, approve: false, dry_run: false, per_hour: 3 };
    change(&mut halt);
    Runs::new(BTreeMap::from([("halt".to_string(), halt)]))
}

fn wish(alert: &str) -> Wish {
    let about = About { alert: Some(alert.into()), agent: Some("a1".into()), ..About::default() };
    Wish {
        id: id_of("halt", &about, false, 0),
        response: "halt".into(),
        about,
        rule: Some("forbidden".into()),
        by: None,
        reason: None,
        dry_run: false,
        doubt: None,
        refused: None,
    }
}

fn outcome(standing: Standing, what: &str) -> Outcome {
    Outcome { standing, what: what.into(), result: json!({}) }
}

fn names(sayings: &[Saying]) -> Vec<&str> {
    sayings.iter().map(|saying| saying.name).collect()
}

#[test]
fn a_run_goes_from_asked_to_its_end_and_each_step_is_said() {
    let mut all = runs(|_| {});
    let asked = all.ask(wish("x"), None, HOUR).unwrap();
    assert_eq!(asked.standing, Standing::Due);
    let begun = all.begin(HOUR + 1).unwrap();
    assert_eq!((begun.id.as_str(), begun.standing), (asked.id.as_str(), Standing::Running));
    assert_eq!(all.begin(HOUR + 2), None);
    all.tried(&begun.id, "no answer", HOUR + 3);
    let ended = all.end(&begun.id, outcome(Standing::Succeeded, "a1 is stopped"), HOUR + 4).unwrap();
    assert_eq!((ended.standing, ended.what.as_deref()), (Standing::Succeeded, Some("a1 is stopped")));
    let (kept, sayings) = all.take_changed();
    let expected = [
        "alert_response_asked",
        "alert_response_started",
        "alert_response_tried",
        "alert_response_succeeded",
    ];
    assert_eq!(names(&sayings), expected);
    let events: Vec<&str> = sayings.iter().map(|saying| saying.event.rsplit('/').next().unwrap()).collect();
    assert_eq!(events, ["0", "1", "2", "3"]);
    assert_eq!(sayings[3].text, "response halt: succeeded, a1 is stopped");
    assert_eq!(kept.len(), 1, "the newest of each");
    assert_eq!(all.end(&begun.id, outcome(Standing::Failed, "x"), HOUR), None, "it is over");
    let counts = Standing::ALL.map(|standing| all.count(begun.kind, standing));
    assert_eq!(counts, [0, 0, 0, 1, 0, 0, 0, 0, 0]);
}

#[test]
fn the_same_about_the_same_alert_is_run_once() {
    let mut all = runs(|_| {});
    let first = all.ask(wish("x"), None, HOUR).unwrap();
    assert_eq!(all.ask(wish("x"), None, HOUR + 1).unwrap(), first);
    let begun = all.begin(HOUR).unwrap();
    let over = all.end(&begun.id, outcome(Standing::Succeeded, ""), HOUR).unwrap();
    assert_eq!(all.ask(wish("x"), Some(over.clone()), 2 * HOUR).unwrap(), over);
    assert_eq!(all.begin(2 * HOUR), None);
}

#[test]
fn beyond_its_limit_it_is_refused_and_that_is_said() {
    let mut all = runs(|_| {});
    let standing =
        |all: &mut Runs, n: i64, at_us| all.ask(wish(&n.to_string()), None, at_us).unwrap().standing;
    let found: Vec<Standing> = (0..5).map(|n| standing(&mut all, n, HOUR + n)).collect();
    let (due, refused) = (Standing::Due, Standing::Refused);
    assert_eq!(found, [due, due, due, refused, refused]);
    let (_, sayings) = all.take_changed();
    let last = sayings.last().unwrap();
    assert_eq!(last.name, "alert_response_refused");
    assert!(last.text.contains("3 times within an hour"), "{}", last.text);
    assert_eq!(standing(&mut all, 9, 2 * HOUR + 1), due, "two of them were an hour ago");
}

#[test]
fn a_person_agrees_or_not_and_after_a_day_it_is_too_late() {
    let mut all = runs(|halt| halt.approve = true);
    let waits = |all: &mut Runs, n: &str| all.ask(wish(n), None, HOUR).unwrap();
    let (one, two, three) = (waits(&mut all, "1"), waits(&mut all, "2"), waits(&mut all, "3"));
    assert_eq!(one.standing, Standing::Waiting);
    assert_eq!(all.begin(HOUR), None, "nothing is done before");
    assert!(all.answer(&one.id, Answer::Yes, " ", None, HOUR).unwrap_err().contains("who you are"));
    let agreed = all.answer(&one.id, Answer::Yes, "kim", Some("go"), HOUR + 1).unwrap().unwrap();
    assert_eq!(agreed.standing, Standing::Due);
    assert_eq!(all.answer(&one.id, Answer::No, "lee", None, HOUR + 2).unwrap(), None, "it was answered");
    assert_eq!(all.begin(HOUR + 2).unwrap().id, one.id);
    let declined = all.answer(&two.id, Answer::No, "lee", Some("a test"), HOUR).unwrap().unwrap();
    assert_eq!((declined.standing, declined.what.as_deref()), (Standing::Declined, Some("a test")));
    all.pass(24 * HOUR);
    assert!(all.open(&three.id).is_some());
    all.pass(25 * HOUR);
    assert!(all.open(&three.id).is_none());
    let (kept, _) = all.take_changed();
    let late = kept.iter().find(|run| run.id == three.id).unwrap();
    assert!(late.what.as_ref().unwrap().starts_with("nobody agreed until 1970-01-02T01:00"), "{late:?}");
}

#[test]
fn after_a_crash_what_had_begun_is_not_begun_again() {
    let mut all = runs(|_| {});
    all.ask(wish("1"), None, HOUR).unwrap();
    all.ask(wish("2"), None, HOUR + 1).unwrap();
    let begun = all.begin(HOUR + 2).unwrap();
    let (kept, _) = all.take_changed();
    let kept: Vec<Run> = kept.iter().map(|run| serde_json::from_value(json!(run)).unwrap()).collect();
    let mut again = runs(|_| {});
    again.recall(kept, 2 * HOUR);
    let (changed, sayings) = again.take_changed();
    assert_eq!((changed[0].id.as_str(), changed[0].standing), (begun.id.as_str(), Standing::Unknown));
    assert_eq!(names(&sayings), ["response_failed"], "rules see it");
    let next = again.begin(2 * HOUR).unwrap();
    assert_eq!(next.about.alert.as_deref(), Some("2"), "what waited is done");
    assert_eq!(again.begin(2 * HOUR), None);
}

#[test]
fn a_dry_run_asks_nobody_and_counts_for_nothing() {
    let mut all = runs(|halt| (halt.dry_run, halt.approve) = (true, true));
    for n in 0..9 {
        let run = all.ask(wish(&n.to_string()), None, HOUR).unwrap();
        assert_eq!((run.standing, run.dry_run), (Standing::Due, true));
    }
    let begun = all.begin(HOUR).unwrap();
    all.end(&begun.id, outcome(Standing::Succeeded, ""), HOUR);
    assert!(Standing::ALL.iter().all(|standing| all.count(begun.kind, *standing) == 0));
    let (_, sayings) = all.take_changed();
    assert!(sayings[0].text.starts_with("response halt (dry run): asked for by rule forbidden"));
}

#[test]
fn what_is_not_configured_is_refused_by_name() {
    let mut all = runs(|_| {});
    let other = Wish { response: "hat".into(), ..wish("1") };
    assert_eq!(all.ask(other, None, 0).unwrap_err(), "there is no response \"hat\", expected one of halt");
    let none = Runs::default().ask(wish("1"), None, 0).unwrap_err();
    assert!(none.contains("[alerts.responses]"), "{none}");
    let refused = Wish { refused: Some("the alert is silenced".into()), ..wish("2") };
    assert_eq!(all.ask(refused, None, 0).unwrap().standing, Standing::Refused);
    let doubt = Wish { doubt: Some("the alert is an hour old".into()), ..wish("3") };
    assert_eq!(all.ask(doubt, None, 0).unwrap().standing, Standing::Waiting);
}

#[test]
fn ids_follow_from_what_a_run_is_about() {
    let about = |alert: Option<&str>, agent: &str| About {
        alert: alert.map(str::to_string),
        incident: Some("i".into()),
        agent: Some(agent.into()),
        session: None,
    };
    let id = |about: &About, number| id_of("halt", about, false, number);
    assert_eq!(id(&about(Some("x"), "a"), 0), id(&about(Some("x"), "found later"), 0));
    assert_ne!(id(&about(None, "a"), 0), id(&about(None, "b"), 0));
    assert_ne!(id(&about(None, "a"), 0), id(&about(None, "a"), 1));
}
