//! The course of an incident: states, roles, follow-ups, what changed before, the post-mortem, figures.

use crate::incident::{HOUR, MINUTE, agent, alert, incidents, names, only};
use std::collections::{BTreeSet, HashMap};
use tacho_alert::Severity::{Critical, Warning};
use tacho_alert::incident::{
    Change, ChangeKind, Ended, Entry, Incidents, Incoming, LineKind, Proof, RUNNING, State, Step, figures,
    post_mortem,
};
use tacho_alert::notify::Entry as History;

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
        running: None,
    }
}

#[test]
fn a_change_that_still_ran_says_how_it_ended_once_it_has() {
    let mut all = incidents();
    all.take(vec![alert("1", Critical, HOUR, &[agent("a")])]);
    let incident = only(&all);
    let mut begun = change(7, HOUR - MINUTE, "a", true);
    (begun.text, begun.running) = (format!("kubectl apply{RUNNING}"), Some(6));
    all.explain(
        &incident.id,
        vec![begun.clone(), change(5, HOUR - 2 * MINUTE, "a", true)],
        incident.agents(),
        HOUR,
    );
    assert!(only(&all).cause.unwrap().text.ends_with(": kubectl apply, still running"));
    assert_eq!(all.running(HOUR - MINUTE), Some((HOUR - MINUTE, BTreeSet::from([6]))));
    assert_eq!(all.running(HOUR), None, "one that began long ago is asked for no more");
    all.take_changed();

    // Another agent joins, and the log is asked again when the change is over: it still wants its line.
    let over = Change { text: "kubectl apply, failed".into(), running: None, ..begun };
    all.explain(&incident.id, vec![over, change(5, HOUR - 2 * MINUTE, "a", true)], incident.agents(), HOUR);
    assert_eq!(all.running(0).unwrap().1, BTreeSet::from([6]));
    let entry = Entry { index: 9, id: "e9".into() };
    let end = |action| (action, Ended { how: "failed".into(), at_us: HOUR + MINUTE, entry: entry.clone() });
    all.ended(&[end(4), end(6)].into());
    let found = only(&all);
    assert_eq!(found.changes.last().unwrap().text, "kubectl apply, failed");
    assert!(found.cause.unwrap().text.ends_with(": kubectl apply, failed"));
    let last = found.timeline.iter().max_by_key(|line| line.at_us).unwrap();
    assert_eq!(
        (last.kind, last.at_us, last.text.as_str(), last.entry.as_ref()),
        (LineKind::Change, HOUR + MINUTE, "deployment of a: kubectl apply, failed", Some(&entry))
    );
    let (kept, sayings) = all.take_changed();
    assert_eq!((kept.len(), names(&sayings)), (1, vec![]), "it is kept, and the log has its end already");
    all.ended(&[end(6)].into());
    assert_eq!((all.running(0), all.take_changed().0.len()), (None, 0), "once");
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
fn an_event_that_belongs_to_it_stands_at_its_own_time_and_once() {
    let mut all = incidents();
    all.take(vec![alert("1", Critical, HOUR, &[agent("a")])]);
    let id = only(&all).id;
    let entry = Entry { index: 5, id: "e5".into() };
    let attach = Step::Attach { entry: entry.clone(), at_us: HOUR - MINUTE, text: "Bash of a".into() };
    all.step(&id, &attach, "kim", Some("here it began"), 2 * HOUR).unwrap();
    let again = all.step(&id, &attach, "kim", None, 2 * HOUR).unwrap_err();
    assert_eq!(again, "entry 5 is in the timeline already");
    let incident = only(&all);
    let first = incident.lines()[0];
    assert_eq!(
        (first.kind, first.at_us, first.entry.as_ref()),
        (LineKind::Event, HOUR - MINUTE, Some(&entry))
    );
}

#[test]
fn what_people_did_about_an_alert_is_an_answer_and_in_the_timeline() {
    let did = |at_us, what: &str, by: Option<&str>| History {
        at_us,
        what: what.into(),
        by: by.map(str::to_string),
        note: by.map(|_| "a word".into()),
        event: None,
    };
    let history = vec![
        did(HOUR, "firing", None),
        did(HOUR + 1, "nobody answered: escalated to team", None),
        did(HOUR + 2, "assigned to lee", Some("kim")),
        did(HOUR + 3, "resolved", Some("lee")),
    ];
    let mut all = incidents();
    all.take(vec![Incoming { history, ..alert("1", Critical, HOUR, &[agent("a")]) }]);
    let incident = only(&all);
    assert_eq!(incident.answered.as_ref().map(|answer| answer.by.as_str()), Some("kim"));
    let lines = incident.lines();
    let note = lines.iter().find(|line| line.kind == LineKind::Note).unwrap();
    assert_eq!(note.event.as_deref(), Some(format!("alert/1/assigned/{}", HOUR + 2).as_str()));
    assert_eq!(note.text, "alert assigned to lee: title 1");
}

#[test]
fn the_log_has_the_words_of_rules_and_of_people_and_not_those_of_alerts() {
    let mut all = incidents();
    all.take(vec![alert("1", Critical, HOUR, &[agent("a")])]);
    let id = only(&all).id;
    all.explain(&id, vec![], BTreeSet::new(), HOUR);
    all.step(&id, &Step::Note, "kim", Some("looking"), HOUR + MINUTE).unwrap();
    all.pass(HOUR + 5 * MINUTE);
    let (_, sayings) = all.take_changed();
    assert_eq!(sayings.len(), 4, "{sayings:?}");
    for saying in &sayings {
        let text = saying.result.to_string();
        assert!(text.contains("rule of 1") && !text.contains("title 1"), "{text}");
    }
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
