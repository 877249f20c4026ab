//! Incidents in virtual time: which alerts form one, what people do, clocks, and what is written afterwards.

use proptest::prelude::*;
use std::collections::{BTreeSet, HashMap};
use tacho_alert::Severity::{self, Critical, Info, Warning};
use tacho_alert::incident::{
    Change, ChangeKind, Entity, EntityKind, Entry, Incident, Incidents, Incoming, LineKind, Proof, Saying,
    Settings, State, Step, figures, post_mortem,
};

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;

fn agent(name: &str) -> Entity {
    Entity { kind: EntityKind::Agent, value: name.into() }
}

fn session(name: &str) -> Entity {
    Entity { kind: EntityKind::Session, value: name.into() }
}

fn alert(id: &str, severity: Severity, at_us: i64, entities: &[Entity]) -> Incoming {
    Incoming {
        id: id.into(),
        rule: format!("rule_{id}"),
        title: format!("title {id}"),
        severity,
        at_us,
        ends_us: None,
        cause: format!("alertname={id}"),
        entities: entities.iter().cloned().collect(),
        about: None,
        opens: true,
        evidence: Some(Entry { index: at_us as u64 / 1_000_000, id: format!("e{id}") }),
        acknowledged: None,
    }
}

fn incidents() -> Incidents {
    Incidents::new(Settings::default())
}

/// The alerts of each incident.
fn members(incidents: &Incidents) -> BTreeSet<Vec<String>> {
    let ids = |incident: &Incident| {
        let mut ids: Vec<String> = incident.alerts.iter().map(|member| member.id.clone()).collect();
        ids.sort();
        ids
    };
    incidents.open().map(ids).collect()
}

fn only(incidents: &Incidents) -> Incident {
    let all: Vec<&Incident> = incidents.open().collect();
    assert_eq!(all.len(), 1, "{all:#?}");
    all[0].clone()
}

fn names(sayings: &[Saying]) -> Vec<&'static str> {
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
fn a_value_that_everybody_shares_says_nothing() {
    let mut all = incidents();
    let shared = |n: i64| alert(&format!("{n:03}"), Warning, HOUR + n, &[agent("shared")]);
    all.take((0..50).map(shared).collect());
    assert_eq!(only(&all).alerts.len(), 50);
    all.take((50..60).map(shared).collect());
    assert_eq!(all.open().count(), 11, "each cause beyond the limit stands for itself");
    // The same cause belongs to the same incident all the same.
    all.take(vec![Incoming { cause: "alertname=000".into(), ..shared(70) }]);
    assert_eq!(all.open().count(), 11);
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
        let over = Incoming { ends_us: Some(HOUR + MINUTE), ..alert("1", severity, HOUR, &[agent("a")]) };
        all.take(vec![over]);
        all.pass(HOUR + 30 * MINUTE);
        assert_eq!(all.open().count(), 1);
        all.pass(HOUR + 31 * MINUTE);
        assert_eq!(all.open().count(), stays, "{severity:?}");
        let (kept, _) = all.take_changed();
        assert_eq!(kept[0].resolved_us, (stays == 0).then_some(HOUR + MINUTE));
    }
}

#[test]
fn states_follow_one_another_and_nothing_is_skipped() {
    let mut all = incidents();
    all.take(vec![alert("1", Critical, HOUR, &[agent("a")])]);
    let id = only(&all).id;
    let mut at = HOUR;
    let mut step = |all: &mut Incidents, step: Step, note: Option<&str>| {
        at += MINUTE;
        all.step(&id, &step, "kim", note, at).map(|found| found.unwrap())
    };
    let go = |to| Step::Move { to };
    let wrong = step(&mut all, go(State::Remediation), None).unwrap_err();
    assert_eq!(wrong, "from reception it can't go to remediation: expected investigation or closed");
    let wrong = step(&mut all, go(State::Closed), Some("  ")).unwrap_err();
    assert!(wrong.contains("give a note"), "{wrong}");
    assert_eq!(only(&all).state, State::Reception, "what is refused changes nothing");
    step(&mut all, go(State::Investigation), None).unwrap();
    step(&mut all, go(State::Remediation), None).unwrap();
    let wrong = step(&mut all, go(State::PostMortem), None).unwrap_err();
    assert!(wrong.contains("nobody has verified"), "{wrong}");
    let wrong = step(&mut all, Step::Verify, Some("looked")).unwrap_err();
    assert!(wrong.contains("nothing contains it yet"), "{wrong}");
    step(&mut all, Step::Contain, Some("the agent's key was taken away")).unwrap();
    step(&mut all, Step::Verify, Some("no call for ten minutes")).unwrap();
    let resolved = step(&mut all, go(State::PostMortem), None).unwrap();
    assert!(resolved.resolved_us.is_some());
    // It takes no alerts any more: a new one is another incident.
    all.take(vec![alert("2", Warning, resolved.last_us + 1, &[agent("a")])]);
    assert_eq!(all.open().count(), 2);
    let closed = step(&mut all, go(State::Closed), None).unwrap();
    assert_eq!(closed.state, State::Closed);
    assert!(all.open().all(|incident| incident.id != closed.id));
    let (kept, _) = all.take_changed();
    let mut all = incidents();
    all.recall(kept.into_iter().filter(|incident| incident.id == closed.id).collect());
    let again = step(&mut all, go(State::Investigation), Some("it came back")).unwrap();
    assert_eq!((again.resolved_us, again.closed_us), (None, None));
}

#[test]
fn roles_follow_ups_and_notes_have_their_limits_and_say_who() {
    let mut all = incidents();
    all.take(vec![alert("1", Critical, HOUR, &[agent("a")])]);
    let id = only(&all).id;
    let mut step = |step: Step, by: &str, note: Option<&str>| all.step(&id, &step, by, note, 2 * HOUR);
    let role = |who: &str| Step::Role { role: "commander".into(), who: who.into() };
    step(role("kim"), "kim", None).unwrap();
    step(role(""), "kim", None).unwrap();
    assert_eq!(step(role(""), "kim", None).unwrap_err(), "nobody is commander");
    assert!(step(Step::Note, "kim", None).unwrap_err().contains("note is empty"));
    assert!(step(Step::Note, " ", Some("x")).unwrap_err().contains("who you are"));
    assert!(step(Step::Note, "kim", Some(&"x".repeat(4097))).unwrap_err().contains("4096 characters"));
    let task = Step::FollowUp { text: "limit the key".into(), owner: Some("lee".into()), due: None };
    step(task, "kim", None).unwrap();
    step(Step::Done { number: 1 }, "lee", None).unwrap();
    assert!(step(Step::Done { number: 1 }, "lee", None).unwrap_err().contains("done already"));
    assert!(step(Step::Done { number: 9 }, "lee", None).unwrap_err().contains("no follow-up 9"));
    assert_eq!(all.step("nobody", &Step::Note, "kim", Some("x"), 0).unwrap(), None);
    let (_, sayings) = all.take_changed();
    let ids: BTreeSet<&String> = sayings.iter().map(|saying| &saying.event).collect();
    assert_eq!(ids.len(), sayings.len(), "each has an id of its own");
}

fn change(index: u64, at_us: i64, name: &str, same_agent: bool) -> Change {
    Change {
        at_us,
        kind: ChangeKind::Deployment,
        agent: name.into(),
        text: "kubectl apply".into(),
        same_agent,
        entry: Entry { index, id: format!("c{index}") },
    }
}

#[test]
fn the_newest_change_of_its_agents_is_suggested_else_the_earliest_alert() {
    let mut all = incidents();
    all.take(vec![alert("1", Critical, HOUR, &[agent("a")]), alert("2", Warning, HOUR + 1, &[agent("a")])]);
    let incident = only(&all);
    assert!(incident.wants_look());
    all.explain(&incident.id, vec![], incident.agents(), HOUR);
    let cause = only(&all).cause.unwrap();
    assert_eq!(cause.alert.as_deref(), Some("1"));
    let changes = vec![
        change(9, HOUR - MINUTE, "other", false),
        change(7, HOUR - 10 * MINUTE, "a", true),
        change(5, HOUR - 30 * MINUTE, "a", true),
    ];
    all.explain(&incident.id, changes.clone(), incident.agents(), HOUR);
    let found = only(&all);
    assert!(!found.wants_look());
    assert_eq!(found.cause.as_ref().unwrap().entry.as_ref().unwrap().index, 7);
    assert!(found.cause.unwrap().text.starts_with("deployment of a 10 min before the first alert"));
    assert_eq!(found.timeline.iter().filter(|line| line.kind == LineKind::Change).count(), 3);
    all.take_changed();
    all.explain(&incident.id, changes, incident.agents(), HOUR);
    assert_eq!(names(&all.take_changed().1), [""; 0], "nothing new, nothing said");
    assert_eq!(only(&all).timeline.len(), found.timeline.len());
}

#[test]
fn every_line_names_its_event_and_the_post_mortem_shows_it() {
    let mut all = incidents();
    all.take(vec![alert("1", Critical, HOUR, &[agent("a|<b>")])]);
    let id = only(&all).id;
    all.explain(&id, vec![change(3, HOUR - MINUTE, "a", true)], BTreeSet::new(), HOUR);
    all.step(&id, &Step::Note, "kim", Some("line\n# one"), HOUR + MINUTE).unwrap();
    all.take_changed();
    let events = all.unplaced(100);
    let place =
        |(event, index): (&String, u64)| (event.clone(), Entry { index, id: format!("id of {event}") });
    let places: HashMap<String, Entry> = events.iter().zip(100..).map(place).collect();
    all.place(&places);
    let incident = only(&all);
    assert!(incident.timeline.iter().all(|line| line.entry.is_some()));
    let proof = Proof { at_us: 2 * HOUR, checkpoint: Some("log.example\n7\nroot=\n".into()) };
    let page = post_mortem(&incident, &proof).markdown();
    for (event, Entry { index, .. }) in &places {
        assert!(page.contains(&format!("| {index} | id of {event} |")), "{event}: {page}");
    }
    assert!(page.contains("| 3 | c3 |") && page.contains("    log.example\n    7\n"), "{page}");
    assert!(page.contains("agent a\\|\\<b\\>") && page.contains("line \\# one"), "{page}");
}

#[test]
fn figures_are_means_over_those_that_were_answered() {
    let mut kept = Vec::new();
    for (n, answered) in [(0, Some(2)), (1, Some(4)), (2, None)] {
        let mut all = incidents();
        all.take(vec![alert(&n.to_string(), Critical, HOUR, &[agent("a")])]);
        let id = only(&all).id;
        if let Some(minutes) = answered {
            let go = Step::Move { to: State::Investigation };
            all.step(&id, &go, "kim", None, HOUR + minutes * MINUTE).unwrap();
            let go = Step::Move { to: State::Closed };
            all.step(&id, &go, "kim", Some("a test"), HOUR + minutes * 10 * MINUTE).unwrap();
        }
        all.pass(3 * HOUR);
        kept.extend(all.take_changed().0);
    }
    let critical = &figures(&kept)[0];
    let counts = (critical.opened, critical.answered, critical.late, critical.resolved, critical.closed);
    assert_eq!(counts, (3, 2, 1, 2, 2));
    assert_eq!(critical.answer_us.unwrap().mean_us, 3 * MINUTE);
    assert_eq!(critical.resolve_us.unwrap().median_us, 30 * MINUTE);
    assert_eq!(figures(&kept)[1].answer_us, None);
}

#[test]
fn what_was_kept_goes_on() {
    let mut all = incidents();
    all.take(vec![alert("1", Critical, HOUR, &[agent("a")])]);
    let (kept, _) = all.take_changed();
    let text = serde_json::to_string(&kept).unwrap();
    let mut again = incidents();
    again.recall(serde_json::from_str(&text).unwrap());
    for all in [&mut all, &mut again] {
        all.take(vec![
            alert("1", Critical, HOUR, &[agent("a")]),
            alert("2", Warning, HOUR + 1, &[agent("a")]),
        ]);
    }
    assert_eq!(only(&all), only(&again));
    assert_eq!(all.take_changed(), again.take_changed());
}

fn arbitrary() -> impl Strategy<Value = Vec<Incoming>> {
    let one = (0..4_i64, 0..6_usize, proptest::collection::vec(0..5_usize, 0..3), 0..3_usize);
    proptest::collection::vec(one, 1..25).prop_map(|all| {
        all.into_iter()
            .enumerate()
            .map(|(n, (instant, cause, agents, severity))| {
                let entities: Vec<Entity> = agents.iter().map(|n| agent(&format!("a{n}"))).collect();
                let severity = [Info, Warning, Critical][severity];
                let at_us = HOUR + instant * 20 * MINUTE;
                let alert = alert(&format!("{n:02}"), severity, at_us, &entities);
                Incoming { cause: format!("cause {cause}"), ..alert }
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

#[test]
fn a_closed_incident_stays_at_hand_until_its_lines_have_their_places() {
    let mut all = incidents();
    all.take(vec![alert("1", Critical, HOUR, &[agent("a")])]);
    let id = only(&all).id;
    let go = Step::Move { to: State::Closed };
    all.step(&id, &go, "kim", Some("a test"), HOUR + MINUTE).unwrap();
    let (kept, _) = all.take_changed();
    let mut again = incidents();
    again.recall(kept);
    for all in [&mut all, &mut again] {
        assert_eq!((all.open().count(), all.leaving().count()), (0, 1));
        let place = |event: String| (event.clone(), Entry { index: 1, id: event });
        let places = all.unplaced(100).into_iter().map(place).collect();
        all.place(&places);
        let (kept, _) = all.take_changed();
        assert!(kept[0].is_placed());
        assert_eq!((all.leaving().count(), all.unplaced(100).len()), (0, 0));
    }
}
