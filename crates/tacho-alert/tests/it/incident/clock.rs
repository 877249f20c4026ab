//! The clock of an incident that was answered: what joins it later, and is as bad or worse, asks anew.

use super::{HOUR, MINUTE, agent, alert, incidents, names, only};
use proptest::prelude::*;
use tacho_alert::Severity::{Critical, Info, Warning};
use tacho_alert::incident::{End, Incidents, Incoming, LineKind, State, Step, figures};
use tacho_alert::notify::Entry as History;

fn answered(severity: tacho_alert::Severity) -> (Incidents, String) {
    let mut all = incidents();
    all.take(vec![alert("1", severity, HOUR, &[agent("a")])]);
    let id = only(&all).id;
    let go = Step::Move { to: State::Investigation };
    all.step(&id, &go, "kim", None, HOUR + MINUTE).unwrap().unwrap();
    all.take_changed();
    (all, id)
}

#[test]
fn a_critical_alert_that_joins_an_answered_incident_has_to_be_answered_too() {
    for severity in [Critical, Warning] {
        let (mut all, id) = answered(severity);
        all.take(vec![alert("2", Critical, HOUR + 3 * MINUTE, &[agent("a")])]);
        let asked = only(&all);
        assert_eq!((asked.answered.as_ref(), asked.due_us), (None, HOUR + 8 * MINUTE));
        assert_eq!(asked.first_answer().unwrap().by, "kim");
        let (kept, sayings) = all.take_changed();
        assert_eq!(names(&sayings), ["alert_incident_asked", "alert_incident_alert"]);
        assert_eq!(sayings[0].result["alert"], "2");
        // It is the same after a restart.
        let mut all = incidents();
        all.recall(kept);
        all.pass(HOUR + 8 * MINUTE - 1);
        assert_eq!(names(&all.take_changed().1), [""; 0]);
        all.pass(HOUR + 8 * MINUTE);
        let (_, sayings) = all.take_changed();
        assert_eq!((names(&sayings), sayings[0].severity), (vec!["incident_breach"], Critical));
        let late = all.step(&id, &Step::Note, "lee", Some("here"), HOUR + 9 * MINUTE).unwrap().unwrap();
        assert_eq!(late.answered.as_ref().unwrap().by, "lee");
        assert_eq!(late.lines().iter().filter(|line| line.kind == LineKind::Asked).count(), 1);
        // What was answered first counts for the figures, and that it was late once.
        let figures = figures(&[late])[0].clone();
        assert_eq!((figures.answered, figures.late), (1, 1));
        assert_eq!(figures.answer_us.unwrap().mean_us, MINUTE);
    }
}

#[test]
fn an_answer_about_the_new_alert_stops_the_clock_and_what_happens_by_itself_does_not() {
    let (mut all, _) = answered(Critical);
    let act = |by: &str| History {
        at_us: HOUR + 4 * MINUTE,
        what: "acknowledged".into(),
        by: Some(by.into()),
        note: None,
        event: None,
    };
    let joins = |id: &str, by: &str| Incoming {
        history: vec![act(by)],
        ..alert(id, Critical, HOUR + 3 * MINUTE, &[agent("a")])
    };
    all.take(vec![joins("2", tacho_alert::incident::ITSELF)]);
    assert_eq!(only(&all).answered, None);
    all.take(vec![joins("3", "lee")]);
    assert_eq!(only(&all).answered.unwrap().by, "lee");
    all.pass(9 * HOUR);
    assert!(only(&all).late_us.is_none());
}

#[test]
fn what_is_no_worse_than_what_was_answered_asks_nobody_unless_it_is_critical() {
    let (mut all, id) = answered(Warning);
    let about = Incoming { about: Some(id), opens: false, ..alert("5", Critical, HOUR + 4 * MINUTE, &[]) };
    all.take(vec![
        alert("2", Warning, HOUR + 2 * MINUTE, &[agent("a")]),
        alert("3", Info, HOUR + 3 * MINUTE, &[agent("a")]),
        about,
    ]);
    assert_eq!(only(&all).answered.unwrap().by, "kim");
    assert!(names(&all.take_changed().1).iter().all(|name| *name == "alert_incident_alert"));
}

#[test]
fn a_critical_alert_that_joins_after_a_warning_ran_out_has_a_time_of_its_own() {
    let mut all = incidents();
    all.take(vec![alert("1", Warning, HOUR, &[agent("a")])]);
    all.pass(2 * HOUR);
    assert!(only(&all).late_us.is_some());
    all.take(vec![Incoming { cause: "alertname=1".into(), ..alert("2", Critical, 3 * HOUR, &[]) }]);
    all.take_changed();
    all.pass(3 * HOUR + 5 * MINUTE);
    let (kept, sayings) = all.take_changed();
    assert_eq!((names(&sayings), sayings[0].severity), (vec!["incident_breach"], Critical));
    assert!(kept[0].was_late() && kept[0].late_us == Some(3 * HOUR + 5 * MINUTE));
}

#[test]
fn that_nobody_answered_keeps_no_incident_open_whose_alerts_are_over() {
    let mut all = incidents();
    all.take(vec![alert("1", Warning, HOUR, &[agent("a")])]);
    all.pass(2 * HOUR);
    let id = only(&all).id;
    all.take(vec![Incoming { about: Some(id), opens: false, ..alert("late", Warning, 2 * HOUR, &[]) }]);
    let over = Incoming {
        cause: "alertname=1".into(),
        ends: Some(End { at_us: 2 * HOUR + 2, by: None }),
        ..alert("2", Warning, 2 * HOUR + 1, &[])
    };
    all.take(vec![over]);
    all.pass(9 * HOUR);
    assert_eq!(all.open().count(), 1, "alert 1 goes on");
    let mut all = incidents();
    all.take(vec![Incoming {
        ends: Some(End { at_us: HOUR + 61 * MINUTE, by: None }),
        ..alert("1", Warning, HOUR, &[agent("a")])
    }]);
    let id = only(&all).id;
    all.take(vec![Incoming { about: Some(id), opens: false, ..alert("late", Warning, 2 * HOUR, &[]) }]);
    all.pass(3 * HOUR);
    assert_eq!(all.open().count(), 0);
}

proptest! {
    /// Bursts, what has something in common, the same again, answers in between: nobody is left without a clock.
    #[test]
    fn after_each_critical_alert_somebody_answers_or_the_clock_runs_out(
        steps in proptest::collection::vec((0..4_u8, 0..5_usize, 0..3_usize, 1..180_i64), 1..40),
    ) {
        let (mut all, mut at, mut n) = (incidents(), HOUR, 0);
        for (what, place, severity, seconds) in steps {
            at += seconds * 1_000_000;
            all.pass(at);
            if what == 0 {
                let ids: Vec<String> = all.open().map(|one| one.id.clone()).collect();
                if let Some(id) = ids.get(place) {
                    all.step(id, &Step::Note, "kim", Some("seen"), at).unwrap();
                }
                continue;
            }
            n += 1;
            let severity = [Info, Warning, Critical][severity];
            let rule = format!("rule {}", place % 2);
            all.take(vec![Incoming { rule, ..alert(&format!("{n:02}"), severity, at, &[agent(&format!("a{place}"))]) }]);
            let joined = all.open().find(|one| one.alerts.iter().any(|member| member.id == format!("{n:02}")));
            if severity == Critical {
                let joined = joined.unwrap();
                let due = joined.due_us <= at + 5 * MINUTE;
                prop_assert!(joined.answered.is_none() && (due || joined.late_us.is_some()), "{:#?}", joined);
            }
        }
    }
}
