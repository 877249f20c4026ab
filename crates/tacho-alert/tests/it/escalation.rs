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
    // Bo takes over when a repetition is due, and is told once.
    let monday = (at("2026-01-05T08:00:00Z") - T0) / MINUTE;
    let mut repeated = told(&desk.due(T0 + (monday + 60) * MINUTE));
    repeated.extend(told(&desk.due(T0 + (monday + 5 * 60) * MINUTE)));
    let bo = repeated.iter().filter(|(_, _, who)| who == "bo-phone").map(|(at, ..)| *at);
    assert_eq!(bo.collect::<Vec<_>>(), [monday, monday + 240]);
    let id = desk.open().next().unwrap().id().to_string();
    desk.act(&id, &Act::Resolve, "ana", None, T0 + 6 * DAY).unwrap();
    let over = desk.due(T0 + 6 * DAY + MINUTE);
    let names: Vec<_> = told(&over).into_iter().map(|(_, what, who)| (what, who)).collect();
    let expected = ["ana-mail", "ana-phone", "bo-phone", "oncall"].map(|name| ("over", name.to_string()));
    assert_eq!(names, expected);
}

fn takes_over(desk: &mut Desk, from_us: i64) {
    let taken = Override {
        id: "o".into(),
        schedule: "ops".into(),
        person: "bo".into(),
        from_us,
        until_us: from_us + DAY,
        created_by: "ana".into(),
        comment: "dentist".into(),
        made_us: from_us,
    };
    desk.roster().take(taken).unwrap();
}

#[test]
fn whoever_takes_over_is_told_then_of_what_nobody_answered() {
    let mut desk = desk(PEOPLE);
    // The route tells of one, the escalation of another; a third is answered, a fourth is silenced.
    for (name, team) in [("routed", "web"), ("paged", "db"), ("answered", "db"), ("silent", "web")] {
        desk.outside(outside(&[("alertname", name), ("severity", "info"), ("team", team)], T0), T0);
    }
    desk.due(T0 + 11 * MINUTE);
    let id = desk.open().find(|raised| raised.labels()["alertname"] == "answered").unwrap().id().to_string();
    desk.act(&id, &Act::Acknowledge, "ana", None, T0 + 11 * MINUTE).unwrap();
    let silence = Silence {
        id: "s".into(),
        matchers: parse_matchers("alertname=silent").unwrap(),
        starts_us: T0 + 11 * MINUTE,
        ends_us: T0 + 14 * MINUTE,
        created_by: "ana".into(),
        comment: "known".into(),
        approved_by: None,
        maintenance: None,
    };
    desk.silences().set(silence).unwrap();
    takes_over(&mut desk, T0 + 12 * MINUTE + 30_000_000);
    assert_eq!(told(&desk.due(T0 + 12 * MINUTE)), []);
    let handed = desk.due(T0 + 12 * MINUTE + 30_000_000);
    assert_eq!(told(&handed), lines(&[(12, "group", "bo-phone"), (12, "page", "bo-phone")]));
    let Due::Notify(group) = &handed[0] else { panic!("{handed:?}") };
    assert_eq!((group.notice, group.firing[0].labels["alertname"].as_str()), (Notice::Repeated, "routed"));
    // Once, also after a restart; and of what was silenced when that ends.
    let kept = desk.take_changed();
    let mut again = self::desk(PEOPLE);
    let groups = kept.groups.into_iter().filter_map(|(key, told)| Some((key, told?))).collect();
    let overrides = desk.roster().overrides().to_vec();
    again.recall(kept.alerts, groups, desk.silences().all().to_vec(), overrides);
    assert_eq!(told(&again.due(T0 + 13 * MINUTE + 59_000_000)), []);
    assert_eq!(told(&again.due(T0 + 15 * MINUTE)), lines(&[(15, "group", "bo-phone")]));
    assert_eq!(told(&again.due(T0 + 19 * MINUTE)), []);
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
    assert_eq!(told(&desk.due(T0 + HOUR - 1)), []);
    // Nothing is left out, and nothing comes all at once.
    let after =
        told(&desk.due(T0 + HOUR)).into_iter().filter(|(_, what, _)| *what == "page").collect::<Vec<_>>();
    assert_eq!(after, lines(&[(60, "page", "ana-phone,ana-mail")]));
    assert_eq!(told(&desk.due(T0 + 69 * MINUTE)).len(), 0);
    assert_eq!(told(&desk.due(T0 + 70 * MINUTE)), lines(&[(70, "page", "team,cy")]));
}

#[test]
fn when_a_mute_ends_the_group_is_told_before_anybody_is_paged() {
    // Neither the silence nor the quiet hours end when the group is looked at anyway.
    let people = PEOPLE.replace("group_interval: 1m", "group_interval: 8m");
    let hours = "mute_time_intervals: [nights]";
    let quiet = format!(
        "{}time_intervals: [{{name: nights, time_intervals: [{{times: [{{start_time: \"00:00\", end_time: \"01:03\"}}]}}]}}]\n",
        people.replace("receiver: team", &format!("receiver: team, {hours}"))
    );
    for (text, is_silenced) in [(people.as_str(), true), (quiet.as_str(), false)] {
        let mut desk = desk(text);
        if is_silenced {
            let silence = Silence {
                id: "s".into(),
                matchers: parse_matchers("alertname=x").unwrap(),
                starts_us: T0,
                ends_us: T0 + 63 * MINUTE,
                created_by: "ana".into(),
                comment: "known".into(),
                approved_by: None,
                maintenance: None,
            };
            desk.silences().set(silence).unwrap();
        }
        desk.outside(outside(&[("alertname", "x"), ("team", "db")], T0), T0);
        for minute in 0..63 {
            assert_eq!(told(&desk.due(T0 + minute * MINUTE)), [], "{is_silenced} {minute}");
        }
        let expected = lines(&[(63, "group", "team"), (63, "page", "ana-phone,ana-mail")]);
        assert_eq!(told(&desk.due(T0 + 63 * MINUTE)), expected, "{is_silenced}");
        // And not once more when its turn comes.
        assert_eq!(told(&desk.due(T0 + 72 * MINUTE)), [], "{is_silenced}");
    }
}
