//! Who is told while nobody answers, with schedules and policies; in virtual time.

use crate::oncall::{PEOPLE, at, config, dispatcher};
use std::collections::BTreeMap;
use tacho_alert::notify::*;
use tacho_alert::{Severity, trial};

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
const T0: i64 = trial::START_US;

fn desk(text: &str) -> Desk {
    Desk::new(&[], &config(text)).unwrap()
}

fn outside(labels: &[(&str, &str)], starts_us: i64) -> Outside {
    Outside {
        labels: labels.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect(),
        annotations: BTreeMap::new(),
        starts_us,
        expires_us: starts_us + 30 * DAY,
        url: None,
    }
}

/// Minutes after `T0`, and who is told of what.
fn told(due: &[Due]) -> Vec<(i64, &'static str, String)> {
    let line = |due: &Due| match due {
        Due::Notify(told) => (
            (told.at_us - T0) / MINUTE,
            if told.firing.is_empty() { "over" } else { "group" },
            told.receiver.clone(),
        ),
        Due::Page { receivers, at_us, .. } => ((at_us - T0) / MINUTE, "page", receivers.join(",")),
        Due::Over { receivers, at_us, .. } => ((at_us - T0) / MINUTE, "over", receivers.join(",")),
    };
    due.iter().map(line).collect()
}

fn lines(expected: &[(i64, &'static str, &str)]) -> Vec<(i64, &'static str, String)> {
    expected.iter().map(|(at, what, who)| (*at, *what, who.to_string())).collect()
}

#[test]
fn a_receiver_of_a_schedule_reaches_whoever_is_on_call_and_the_end_everybody_who_was_told() {
    let mut desk = desk(PEOPLE);
    desk.outside(outside(&[("alertname", "x"), ("severity", "info")], T0), T0);
    assert_eq!(
        told(&desk.due(T0)),
        lines(&[(0, "group", "oncall"), (0, "group", "ana-phone"), (0, "group", "ana-mail")])
    );
    // Bo takes over, and is told with the repetition.
    let monday = (at("2026-01-05T08:00:00Z") - T0) / MINUTE;
    let repeated = desk.due(T0 + (monday + 5 * 60) * MINUTE);
    let bo = told(&repeated).into_iter().find(|(_, _, who)| who == "bo-phone");
    assert_eq!(bo, Some((26 * 240, "group", "bo-phone".to_string())));
    let id = desk.open().next().unwrap().id().to_string();
    desk.act(&id, &Act::Resolve, "ana", None, T0 + 6 * DAY).unwrap();
    let over = desk.due(T0 + 6 * DAY + MINUTE);
    let names: Vec<_> = told(&over).into_iter().map(|(_, what, who)| (what, who)).collect();
    let expected = ["ana-mail", "ana-phone", "bo-phone", "oncall"].map(|name| ("over", name.to_string()));
    assert_eq!(names, expected);
}

#[test]
fn a_policy_goes_through_its_levels_and_once_more_until_somebody_answers() {
    let mut desk = desk(PEOPLE);
    desk.outside(outside(&[("alertname", "x"), ("severity", "critical"), ("team", "db")], T0), T0);
    let id = desk.open().next().unwrap().id().to_string();
    let all = told(&desk.due(T0 + 2 * HOUR));
    assert_eq!(
        all,
        lines(&[
            (0, "group", "team"),
            (10, "page", "ana-phone,ana-mail"),
            (20, "page", "team,cy"),
            (60, "page", "ana-phone,ana-mail"),
            (70, "page", "team,cy"),
        ])
    );
    let noted: Vec<String> = desk.get(&id).unwrap().history.iter().map(|entry| entry.what.clone()).collect();
    assert_eq!(noted[1], "nobody answered: escalated to ana (on call in ops)");
    // Whoever was paged hears that it is over.
    desk.act(&id, &Act::Resolve, "cy", None, T0 + 3 * HOUR).unwrap();
    let over = desk.due(T0 + 3 * HOUR + MINUTE);
    assert!(
        told(&over).contains(&(180, "over", "ana-mail,ana-phone,cy,team".to_string())),
        "{:?}",
        told(&over)
    );
}

#[test]
fn an_answer_ends_the_rounds_and_a_restart_goes_on_where_it_was() {
    let mut first = desk(PEOPLE);
    first.outside(outside(&[("alertname", "x"), ("team", "db")], T0), T0);
    assert_eq!(first.due(T0 + 25 * MINUTE).len(), 3);
    let kept = first.take_changed();
    let mut second = desk(PEOPLE);
    let groups = kept.groups.into_iter().filter_map(|(key, told)| Some((key, told?))).collect();
    second.recall(kept.alerts, groups, Vec::new(), Vec::new());
    assert_eq!(told(&second.due(T0 + 65 * MINUTE)), lines(&[(60, "page", "ana-phone,ana-mail")]));
    let id = second.open().next().unwrap().id().to_string();
    second.act(&id, &Act::Acknowledge, "ana", None, T0 + 66 * MINUTE).unwrap();
    assert_eq!(told(&second.due(T0 + 3 * HOUR)), []);
}

#[test]
fn the_rule_names_a_policy_before_the_route_and_the_route_before_the_severity() {
    let named = format!(
        "{PEOPLE}  - {{name: mine, levels: [{{after: 5m, people: [bo]}}]}}\n  - {{name: warning, levels: [{{after: 1h, people: [ana]}}]}}\n"
    );
    let d = dispatcher(&named);
    let labels = |team: &str| LabelSet::from([("team".to_string(), team.to_string())]);
    let name = |rule: Option<&str>, team: &str, severity| d.policy(rule, &labels(team), severity).name;
    assert_eq!(name(Some("mine"), "db", Severity::Critical), "mine");
    assert_eq!(name(Some("not there"), "db", Severity::Critical), "slow");
    assert_eq!(name(None, "db", Severity::Warning), "slow");
    assert_eq!(name(None, "web", Severity::Warning), "warning");
    assert_eq!(
        d.policy(None, &labels("web"), Severity::Warning).levels[0].after_us,
        HOUR,
        "its own, not the one that is built in"
    );
    assert_eq!(d.policy(None, &labels("web"), Severity::Critical), Escalation::of(Severity::Critical));
}

#[test]
fn while_an_alert_is_muted_its_escalation_stands() {
    let mut desk = desk(PEOPLE);
    desk.silences()
        .set(Silence {
            id: "s".into(),
            matchers: parse_matchers("alertname=x").unwrap(),
            starts_us: T0,
            ends_us: T0 + HOUR,
            created_by: "ana".into(),
            comment: "known".into(),
            approved_by: None,
            maintenance: None,
        })
        .unwrap();
    desk.outside(outside(&[("alertname", "x"), ("team", "db")], T0), T0);
    assert_eq!(told(&desk.due(T0 + 30 * MINUTE)), []);
    // Nothing is left out, and nothing comes all at once.
    let after =
        told(&desk.due(T0 + HOUR)).into_iter().filter(|(_, what, _)| *what == "page").collect::<Vec<_>>();
    assert_eq!(after, lines(&[(60, "page", "ana-phone,ana-mail")]));
    assert_eq!(told(&desk.due(T0 + 69 * MINUTE)).len(), 0);
    assert_eq!(told(&desk.due(T0 + 70 * MINUTE)), lines(&[(70, "page", "team,cy")]));
}
