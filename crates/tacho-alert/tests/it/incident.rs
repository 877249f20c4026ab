//! Incidents in virtual time: which alerts form one, what people do, clocks, and what is written afterwards.

mod burst;
mod clock;

use proptest::prelude::*;
use std::collections::BTreeSet;
use tacho_alert::Severity::{self, Critical, Info, Warning};
use tacho_alert::incident::{
    End, Entity, EntityKind, Entry, Incident, Incidents, Incoming, LineKind, Saying, Settings, Step,
};

pub(crate) const MINUTE: i64 = 60_000_000;
pub(crate) const HOUR: i64 = 60 * MINUTE;

pub(crate) fn agent(name: &str) -> Entity {
    Entity { kind: EntityKind::Agent, value: name.into() }
}

pub(crate) fn session(name: &str) -> Entity {
    Entity { kind: EntityKind::Session, value: name.into() }
}

pub(crate) fn alert(id: &str, severity: Severity, at_us: i64, entities: &[Entity]) -> Incoming {
    Incoming {
        id: id.into(),
        rule: format!("rule_{id}"),
        name: format!("rule of {id}"),
        title: format!("title {id}"),
        severity,
        at_us,
        ends: None,
        cause: format!("alertname={id}"),
        entities: entities.iter().cloned().collect(),
        about: None,
        opens: true,
        evidence: Some(Entry { index: at_us as u64 / 1_000_000, id: format!("e{id}") }),
        history: Vec::new(),
    }
}

pub(crate) fn incidents() -> Incidents {
    Incidents::new(Settings::default())
}

/// The alerts of each incident.
pub(crate) fn members(incidents: &Incidents) -> BTreeSet<Vec<String>> {
    let ids = |incident: &Incident| {
        let mut ids: Vec<String> = incident.alerts.iter().map(|member| member.id.clone()).collect();
        ids.sort();
        ids
    };
    incidents.open().map(ids).collect()
}

pub(crate) fn only(incidents: &Incidents) -> Incident {
    let all: Vec<&Incident> = incidents.open().collect();
    assert_eq!(all.len(), 1, "{all:#?}");
    all[0].clone()
}

pub(crate) fn names(sayings: &[Saying]) -> Vec<&'static str> {
    sayings.iter().map(|saying| saying.name).collect()
}

#[test]
fn alerts_with_something_in_common_form_one_incident_and_others_do_not() {
    let mut all = incidents();
    all.take(vec![
        alert("1", Warning, HOUR, &[agent("a"), session("s")]),
        alert("2", Critical, HOUR + 10 * MINUTE, &[session("s")]),
        alert("3", Warning, HOUR + 11 * MINUTE, &[agent("b")]),
    ]);
    assert_eq!(members(&all), [vec!["1".to_string(), "2".into()], vec!["3".into()]].into());
    // Too late by what they have in common; in time by the same cause, as long as it goes on.
    all.take(vec![
        alert("4", Warning, 5 * HOUR, &[agent("a")]),
        Incoming { cause: "alertname=1".into(), ..alert("5", Warning, 6 * HOUR, &[agent("z")]) },
    ]);
    let found = members(&all);
    assert!(found.contains(&vec!["4".to_string()]), "{found:?}");
    assert!(found.contains(&vec!["1".to_string(), "2".into(), "5".into()]), "{found:?}");
    let worst = all.open().find(|incident| incident.severity == Critical).unwrap();
    assert_eq!(worst.title, "title 2", "the worst alert names it");
    assert_eq!(worst.due_us, HOUR + 15 * MINUTE, "five minutes from the critical alert");
}

#[test]
fn an_alert_that_ties_two_incidents_together_joins_the_older_and_merges_nothing() {
    let mut all = incidents();
    all.take(vec![alert("1", Warning, HOUR, &[agent("a")])]);
    all.take(vec![alert("2", Warning, HOUR + MINUTE, &[agent("b")])]);
    all.take(vec![alert("3", Warning, HOUR + 2 * MINUTE, &[agent("a"), agent("b")])]);
    assert_eq!(members(&all), [vec!["1".to_string(), "3".into()], vec!["2".into()]].into());
    let ids: Vec<&str> = all.open().map(|incident| incident.id.as_str()).collect();
    for incident in all.open() {
        assert!(incident.related.iter().all(|other| ids.contains(&other.as_str()) && *other != incident.id));
        assert_eq!(incident.related.len(), 1);
    }
}

#[test]
fn what_is_not_severe_joins_and_opens_none_and_an_alert_about_an_incident_joins_it_alone() {
    let mut all = incidents();
    all.take(vec![alert("i", Info, HOUR, &[agent("a")])]);
    assert_eq!(all.open().count(), 0);
    all.take(vec![alert("1", Warning, HOUR, &[agent("a")]), alert("j", Info, HOUR, &[agent("a")])]);
    let id = only(&all).id;
    let about = Incoming { about: Some(id), opens: false, ..alert("late", Critical, 9 * HOUR, &[]) };
    let nowhere = Incoming { about: Some("gone".into()), ..about.clone() };
    all.take(vec![about, Incoming { id: "other".into(), ..nowhere }]);
    assert_eq!(members(&all), [vec!["1".to_string(), "j".into(), "late".into()]].into());
}

#[test]
fn an_incident_lists_so_many_alerts_counts_the_rest_and_says_so() {
    let mut all = incidents();
    let again = |n: i64| Incoming {
        cause: "same".into(),
        ..alert(&format!("{n:03}"), Warning, HOUR + n, &[agent("a")])
    };
    all.take((0..250).map(again).collect());
    let incident = only(&all);
    assert_eq!((incident.alerts.len(), incident.more), (200, 50));
    assert_eq!(incident.lines().iter().filter(|line| line.kind == LineKind::Limit).count(), 1);
    let (_, sayings) = all.take_changed();
    assert_eq!(names(&sayings).iter().filter(|name| **name == "alert_incident_limit").count(), 1);
}

#[test]
fn the_clock_runs_out_once_and_an_answer_stops_it() {
    for (severity, allowed) in [(Critical, 5 * MINUTE), (Warning, HOUR), (Info, 24 * HOUR)] {
        let mut all = Incidents::new(Settings { opens_at: Info, ..Settings::default() });
        all.take(vec![alert("1", severity, HOUR, &[agent("a")])]);
        all.take_changed();
        all.pass(HOUR + allowed - 1);
        assert_eq!(names(&all.take_changed().1), [""; 0], "{severity:?}");
        all.pass(HOUR + allowed);
        all.pass(HOUR + allowed + 1);
        let (kept, sayings) = all.take_changed();
        assert_eq!(names(&sayings), ["incident_breach"], "{severity:?}");
        assert_eq!(sayings[0].severity, severity);
        assert_eq!(kept[0].late_us, Some(HOUR + allowed));

        let mut answered = Incidents::new(Settings { opens_at: Info, ..Settings::default() });
        answered.take(vec![alert("1", severity, HOUR, &[agent("a")])]);
        let id = only(&answered).id;
        answered.step(&id, &Step::Note, "kim", Some("looking"), HOUR + 1).unwrap().unwrap();
        answered.take_changed();
        answered.pass(HOUR + allowed);
        assert_eq!(names(&answered.take_changed().1), [""; 0], "{severity:?}");
    }
}

#[test]
fn what_is_over_by_itself_closes_by_itself_unless_it_was_critical() {
    for (severity, stays) in [(Warning, 0), (Critical, 1)] {
        let mut all = incidents();
        let over = Incoming {
            ends: Some(End { at_us: HOUR + MINUTE, by: None }),
            ..alert("1", severity, HOUR, &[agent("a")])
        };
        all.take(vec![over]);
        all.pass(HOUR + 30 * MINUTE);
        assert_eq!(all.open().count(), 1);
        all.pass(HOUR + 31 * MINUTE);
        assert_eq!(all.open().count(), stays, "{severity:?}");
        let (kept, _) = all.take_changed();
        assert_eq!(kept[0].resolved_us, (stays == 0).then_some(HOUR + MINUTE));
    }
}

fn arbitrary() -> impl Strategy<Value = Vec<Incoming>> {
    let one = (0..4_i64, 0..6_usize, proptest::collection::vec(0..5_usize, 0..3), 0..3_usize, 0..3);
    proptest::collection::vec(one, 1..25).prop_map(|all| {
        all.into_iter()
            .enumerate()
            .map(|(n, (instant, cause, agents, severity, rule))| {
                let entities: Vec<Entity> = agents.iter().map(|n| agent(&format!("a{n}"))).collect();
                let severity = [Info, Warning, Critical][severity];
                let at_us = HOUR + instant * 20 * MINUTE;
                let alert = alert(&format!("{n:02}"), severity, at_us, &entities);
                Incoming {
                    cause: format!("rule {rule} cause {cause}"),
                    rule: format!("rule {rule}"),
                    ..alert
                }
            })
            .collect()
    })
}

proptest! {
    #[test]
    fn the_order_of_alerts_of_one_instant_changes_nothing(
        (first, second) in arbitrary().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
    ) {
        let of = |mut alerts: Vec<Incoming>| {
            alerts.sort_by_key(|alert| alert.at_us);
            let mut all = incidents();
            for instant in alerts.chunk_by(|one, other| one.at_us == other.at_us) {
                all.take(instant.to_vec());
            }
            all.take_changed()
        };
        prop_assert_eq!(of(first), of(second));
    }

    #[test]
    fn every_alert_belongs_to_at_most_one_incident(alerts in arbitrary()) {
        let mut all = incidents();
        all.take(alerts.clone());
        let mut seen = BTreeSet::new();
        for incident in all.open() {
            prop_assert!(incident.severity >= Warning);
            for member in &incident.alerts {
                prop_assert!(seen.insert(member.id.clone()));
            }
        }
        for alert in &alerts {
            prop_assert!(alert.severity == Info || seen.contains(&alert.id), "{} is nowhere", alert.id);
        }
    }
}
