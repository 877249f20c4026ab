//! Who is on call when, and who is reached by a name; in virtual time.

use tacho_alert::notify::*;

const MINUTE: i64 = 60_000_000;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

pub(crate) fn at(text: &str) -> i64 {
    tacho_event::time::parse(text).unwrap()
}

pub(crate) const PEOPLE: &str = "\
route:
  receiver: oncall
  group_by: ['...']
  group_wait: 0s
  group_interval: 1m
  routes:
    - {matchers: ['team=\"db\"'], receiver: team, escalation: slow}
receivers:
  - {name: oncall, schedule: ops}
  - name: ana-phone
  - name: ana-mail
  - name: bo-phone
  - name: cy
  - name: team
people:
  - {name: ana, receivers: [ana-phone, ana-mail]}
  - {name: bo, receiver: bo-phone}
schedules:
  - name: ops
    location: Europe/Berlin
    rotations:
      - {people: [ana, bo], starts: 2025-12-29, handoff: '09:00', length: 1w}
escalations:
  - name: slow
    levels:
      - {after: 10m, schedules: [ops]}
      - {after: 20m, people: [cy], receivers: [team]}
    repeat: 1
    repeat_after: 30m
";

pub(crate) fn config(text: &str) -> Config {
    Config::read("routing.yaml", text).unwrap()
}

pub(crate) fn dispatcher(text: &str) -> Dispatcher {
    Dispatcher::new(&config(text)).unwrap()
}

fn who<'a>(roster: &'a Roster, text: &str) -> Option<&'a str> {
    roster.on_call("ops", at(text))
}

#[test]
fn turns_change_at_local_time_also_when_the_clocks_do() {
    let roster = dispatcher(PEOPLE).roster;
    // Summer time begins on the 29th of March: nine in Berlin is eight in UTC before, and seven after.
    assert_eq!(who(&roster, "2026-03-23T07:59:59Z"), Some("bo"));
    assert_eq!(who(&roster, "2026-03-23T08:00:00Z"), Some("ana"));
    assert_eq!(who(&roster, "2026-03-30T06:59:59Z"), Some("ana"));
    assert_eq!(who(&roster, "2026-03-30T07:00:00Z"), Some("bo"));
    // It ends on the 25th of October.
    assert_eq!(who(&roster, "2026-10-26T07:59:59Z"), Some("ana"));
    assert_eq!(who(&roster, "2026-10-26T08:00:00Z"), Some("bo"));
    assert_eq!(who(&roster, "2025-12-29T07:59:59Z"), Some("bo"), "the turn before the first");
    let of = roster.schedules().next().unwrap();
    let lengths: Vec<i64> = roster
        .turns(of, at("2026-03-16T08:00:00Z"), at("2026-04-06T07:00:00Z"))
        .iter()
        .map(|turn| (turn.until_us - turn.from_us) / HOUR)
        .collect();
    assert_eq!(lengths, [168, 167, 168], "the week of the change is an hour shorter");
    let autumn = roster.turns(of, at("2026-10-19T07:00:00Z"), at("2026-10-26T08:00:00Z"));
    assert_eq!((autumn[0].until_us - autumn[0].from_us) / HOUR, 169);
}

#[test]
fn a_handoff_that_the_clocks_skip_or_show_twice_happens_once() {
    let daily = PEOPLE.replace(
        "starts: 2025-12-29, handoff: '09:00', length: 1w",
        "starts: 2026-01-01, handoff: '02:30', length: 1d",
    );
    let roster = dispatcher(&daily).roster;
    let of = roster.schedules().next().unwrap();
    let handoffs = |from: &str, until: &str| -> Vec<String> {
        let turns = roster.turns(of, at(from), at(until));
        turns.iter().skip(1).map(|turn| tacho_event::time::format(turn.from_us)).collect()
    };
    // 02:30 is not on the 29th of March: the turn changes as much later as the clocks were put forward.
    assert_eq!(
        handoffs("2026-03-28T12:00:00Z", "2026-03-30T12:00:00Z"),
        ["2026-03-29T01:30:00.000000Z", "2026-03-30T00:30:00.000000Z"]
    );
    // It comes twice on the 25th of October: the first one counts, and nobody gets the turn back.
    assert_eq!(
        handoffs("2026-10-24T12:00:00Z", "2026-10-26T12:00:00Z"),
        ["2026-10-25T00:30:00.000000Z", "2026-10-26T01:30:00.000000Z"]
    );
}

const HOURS: &str = "
      - people: [bo, ana]
        starts: 2026-01-01
        handoff: '08:00'
        length: 12h
        only:
          - weekdays: ['monday:friday']
            times: [{start_time: '08:00', end_time: '18:30'}, {start_time: '00:00', end_time: '02:30'}]
          - {weekdays: [sunday], location: Australia/Sydney}
";

/// Whatever the hours: the turns say at every moment what is said of that moment alone.
#[test]
fn turns_agree_with_every_moment_around_both_changes_of_the_clocks() {
    let restricted = PEOPLE
        .replace("\n      - {people: [ana, bo], starts: 2025-12-29, handoff: '09:00', length: 1w}\n", HOURS);
    for text in [PEOPLE, &restricted] {
        for (from, taken) in [
            ("2026-03-25T00:00:00Z", "2026-03-29T00:17:00Z"),
            ("2026-10-01T03:00:00Z", "2026-10-25T00:17:00Z"),
        ] {
            let mut roster = dispatcher(text).roster;
            let taken = Override {
                id: "o1".into(),
                schedule: "ops".into(),
                person: "cy".into(),
                from_us: at(taken),
                until_us: at(taken) + 100 * MINUTE,
                created_by: "ana".into(),
                comment: String::new(),
                made_us: 0,
            };
            roster.take(taken).unwrap();
            let (from_us, until_us) = (at(from), at(from) + 30 * DAY);
            let turns = roster.turns(roster.schedules().next().unwrap(), from_us, until_us);
            assert_eq!((turns[0].from_us, turns[turns.len() - 1].until_us), (from_us, until_us));
            assert!(turns.windows(2).all(|two| two[0].until_us == two[1].from_us));
            for moment in (from_us..until_us).step_by(13 * MINUTE as usize / 2) {
                let turn = turns.iter().find(|turn| (turn.from_us..turn.until_us).contains(&moment)).unwrap();
                let said = roster.on_call("ops", moment);
                assert_eq!(turn.person.as_deref(), said, "{}", tacho_event::time::format(moment));
            }
        }
    }
    let roster = dispatcher(&restricted).roster;
    assert_eq!(who(&roster, "2026-01-05T17:29:59Z"), Some("bo"));
    assert_eq!(who(&roster, "2026-01-05T17:30:00Z"), None, "nobody after half past six in the evening");
    assert_eq!(who(&roster, "2026-01-06T01:00:00Z"), Some("ana"), "the other half of the day");
}

#[test]
fn an_override_counts_while_it_lasts_and_the_last_one_first() {
    let mut roster = dispatcher(PEOPLE).roster;
    let taken = |id: &str, person: &str, from: &str, until: &str| Override {
        id: id.into(),
        schedule: "ops".into(),
        person: person.into(),
        from_us: at(from),
        until_us: at(until),
        created_by: "ana".into(),
        comment: "dentist".into(),
        made_us: 0,
    };
    roster.take(taken("a", "bo", "2026-01-01T10:00:00Z", "2026-01-01T14:00:00Z")).unwrap();
    roster.take(taken("b", "cy", "2026-01-01T12:00:00Z", "2026-01-01T13:00:00Z")).unwrap();
    for (moment, person) in
        [("09:59", "ana"), ("10:00", "bo"), ("12:00", "cy"), ("13:00", "bo"), ("14:00", "ana")]
    {
        assert_eq!(who(&roster, &format!("2026-01-01T{moment}:00Z")), Some(person), "{moment}");
    }
    let turns = roster.turns(
        roster.schedules().next().unwrap(),
        at("2026-01-01T00:00:00Z"),
        at("2026-01-02T00:00:00Z"),
    );
    let told: Vec<_> =
        turns.iter().map(|turn| (turn.person.as_deref().unwrap(), turn.taken.as_deref())).collect();
    assert_eq!(told, [("ana", None), ("bo", Some("a")), ("cy", Some("b")), ("bo", Some("a")), ("ana", None)]);
    assert_eq!(roster.give_back("b").unwrap().person, "cy");
    assert!(roster.give_back("b").is_none());
    assert_eq!(who(&roster, "2026-01-01T12:00:00Z"), Some("bo"));
    for (wrong, part) in [
        (taken("c", "bo", "2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z"), "ends after it begins"),
        (
            taken("c", "boo", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"),
            "no person \"boo\"; did you mean \"bo\"?",
        ),
        (
            Override {
                schedule: "opss".into(),
                ..taken("c", "bo", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z")
            },
            "no schedule \"opss\"; did you mean \"ops\"?",
        ),
    ] {
        let error = roster.take(wrong).unwrap_err();
        assert!(error.contains(part), "{error}");
    }
    assert_eq!(roster.forget(at("2026-01-01T14:00:01Z")), ["a"]);
}

#[test]
fn what_does_not_fit_together_is_named() {
    for (from, to, part) in [
        (
            "schedule: ops}",
            "schedule: opps}",
            "receiver oncall: there is no schedule \"opps\"; did you mean \"ops\"?",
        ),
        (
            "receiver: bo-phone}",
            "receiver: bo-fone}",
            "person bo: there is no receiver \"bo-fone\"; did you mean \"bo-phone\"?",
        ),
        ("receiver: bo-phone}", "receiver: oncall}", "receiver \"oncall\" is a schedule's"),
        (
            "people: [ana, bo]",
            "people: [ana, boo]",
            "schedule ops: there is no person \"boo\"; did you mean \"bo\"?",
        ),
        ("people: [ana, bo]", "people: []", "has 0 people"),
        ("length: 1w", "length: 10m", "1h to 366d"),
        ("starts: 2025-12-29", "starts: 2025-13-29", "is no date"),
        ("handoff: '09:00'", "handoff: '9am'", "is no time of day"),
        ("Europe/Berlin", "Mars/Base", "no time zone \"Mars/Base\""),
        ("escalation: slow", "escalation: slwo", "no escalation \"slwo\"; did you mean \"slow\"?"),
        ("people: [cy]", "people: [cyy]", "escalation slow: there is no person \"cyy\""),
        ("after: 20m", "after: 10m", "each level comes later"),
        ("schedules: [ops]}", "}", "level 1 tells nobody"),
    ] {
        let text = PEOPLE.replace(from, to);
        assert_ne!(text, PEOPLE, "{from}");
        let error = Dispatcher::new(&config(&text)).unwrap_err();
        assert!(error.contains(part), "{error}");
    }
    let error = Config::read("c", &PEOPLE.replace("handoff:", "hand_off:")).unwrap_err().to_string();
    assert!(error.contains("did you mean \"handoff\"?"), "{error}");
}
