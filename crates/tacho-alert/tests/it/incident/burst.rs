//! Bursts and storms: what comes in numbers is one incident, and what is unrelated stays apart.

use super::{HOUR, MINUTE, agent, alert, incidents, members, names, only, session};
use std::collections::BTreeSet;
use tacho_alert::Severity::Critical;
use tacho_alert::incident::{End, Incidents, Incoming};

#[test]
fn a_burst_is_one_incident_and_a_value_that_everybody_shares_does_not_glue_it_to_what_comes_later() {
    let shared = |n: i64, at_us: i64| alert(&format!("{n:03}"), Critical, at_us, &[agent("shared")]);
    let mut at_once = incidents();
    at_once.take((0..120).map(|n| shared(n, HOUR)).collect());
    assert_eq!(only(&at_once).alerts.len(), 120);
    let mut all = incidents();
    (0..60).for_each(|n| all.take(vec![shared(n, HOUR + n * 20_000_000)]));
    assert_eq!(only(&all).alerts.len(), 60, "one by one, over twenty minutes");
    all.take(vec![shared(60, HOUR + 31 * MINUTE)]);
    all.take(vec![shared(61, HOUR + 32 * MINUTE)]);
    assert_eq!(members(&all).iter().map(Vec::len).collect::<BTreeSet<_>>(), [2, 60].into());
    // The same cause belongs to the same incident all the same.
    all.take(vec![Incoming { cause: "alertname=000".into(), ..shared(70, HOUR + 40 * MINUTE) }]);
    assert_eq!(members(&all).iter().map(Vec::len).collect::<BTreeSet<_>>(), [2, 61].into());
    // What few share ties for as long as it goes on.
    let mut few = incidents();
    (0..40).for_each(|n| few.take(vec![shared(n, HOUR + n * 20 * MINUTE)]));
    assert_eq!(only(&few).alerts.len(), 40);
}

/// An alert of one rule about an agent of its own.
fn found(n: i64, at_us: i64) -> Incoming {
    Incoming {
        rule: "forbidden".into(),
        ..alert(&format!("{n:03}"), Critical, at_us, &[agent(&format!("a{n}"))])
    }
}

#[test]
fn what_one_rule_finds_in_three_places_within_a_minute_is_one_incident_and_two_stay_two() {
    let sizes = |all: &Incidents| members(all).iter().map(Vec::len).collect::<Vec<_>>();
    let mut two = incidents();
    two.take(vec![found(1, HOUR), found(2, HOUR)]);
    assert_eq!(sizes(&two), [1, 1]);
    let mut spread = incidents();
    spread.take((0..30).map(|n| found(n, HOUR + n * MINUTE)).collect());
    assert_eq!(spread.open().count(), 30, "a minute apart they are thirty");
    let mut others = incidents();
    others.take((0..30).map(|n| Incoming { rule: format!("r{n}"), ..found(n, HOUR) }).collect());
    assert_eq!(others.open().count(), 30, "and so are those of thirty rules");
    for apart_us in [0, 30_000] {
        let mut burst = incidents();
        burst.take((0..30).map(|n| found(n, HOUR + n * apart_us)).collect());
        assert_eq!(sizes(&burst), [30]);
        burst.take(vec![found(30, HOUR + MINUTE)]);
        assert_eq!(sizes(&burst), [31], "it goes on");
        burst.take(vec![found(31, HOUR + 5 * MINUTE)]);
        assert_eq!(burst.open().count(), 2, "alone again");
    }
    // What comes in numbers once more minutes later is another matter, and so it is when alerts of the first end meanwhile.
    for ends in [None, Some(End { at_us: HOUR + 3 * MINUTE, by: None })] {
        let mut twice = incidents();
        twice.take((0..4).map(|n| Incoming { ends: ends.clone(), ..found(n, HOUR) }).collect());
        twice.take((4..7).map(|n| found(n, HOUR + 3 * MINUTE)).collect());
        assert_eq!(members(&twice).iter().map(Vec::len).collect::<BTreeSet<_>>(), [3, 4].into());
        assert!(twice.open().all(|incident| incident.related.is_empty()));
        twice.take(vec![found(7, HOUR + 4 * MINUTE)]);
        assert_eq!(
            members(&twice).iter().map(Vec::len).collect::<Vec<_>>(),
            [4, 4],
            "it is the second that goes on"
        );
    }
    // One by one the first two stay what they are, and are told of each other.
    let mut slow = incidents();
    (0..30).for_each(|n| slow.take(vec![found(n, HOUR + n * 100_000)]));
    assert_eq!(sizes(&slow), [29, 1]);
    assert!(slow.open().all(|incident| incident.related.len() == 1));
}

#[test]
fn a_burst_by_rule_ends_and_what_has_something_in_common_is_an_incident_of_its_own() {
    let mut long = incidents();
    (0..240).for_each(|n| long.take(vec![found(n, HOUR + n * 15_000_000)]));
    assert_eq!(long.open().count(), 3, "an hour of it: the first alone, and one for each half");
    // Two crowds and one alone, all of one rule within a second.
    let mut crowds = incidents();
    crowds.take(vec![found(0, HOUR)]);
    let of = |n: i64, name: &str| Incoming { entities: [session(name)].into(), ..found(n, HOUR + 1_000 * n) };
    crowds.take((1..121).map(|n| of(n, "one")).chain((121..201).map(|n| of(n, "other"))).collect());
    assert_eq!(members(&crowds).iter().map(Vec::len).collect::<BTreeSet<_>>(), [1, 120, 80].into());
}

#[test]
fn a_storm_of_one_rule_opens_twenty_incidents_a_minute_and_says_so() {
    let pair = |n: i64| {
        let of = |n: i64, at_us| Incoming {
            entities: [session(&format!("s{}", n / 2))].into(),
            ..found(n, at_us)
        };
        [of(2 * n, HOUR + 1_000 * n), of(2 * n + 1, HOUR + 1_000 * n)]
    };
    let mut all = incidents();
    all.take((0..50).flat_map(pair).collect());
    assert_eq!(all.open().count(), 20);
    assert_eq!(all.open().map(|incident| incident.alerts.len()).sum::<usize>(), 100, "and loses none");
    assert_eq!(
        names(&all.take_changed().1).iter().filter(|name| **name == "alert_incident_limit").count(),
        1
    );
}
