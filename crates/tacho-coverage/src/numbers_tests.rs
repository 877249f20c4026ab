use super::*;
use crate::numbered::{produced, suspicious, suspicious_producers};
use crate::rows::NumberedRow;

const WINDOW: Window =
    Window { from_us: 0, to_us: 1000, until_us: 1000, grace_us: 100, session_silence_us: 100 };

fn rows(source: &str, numbers: &[(u64, i64)]) -> Vec<NumberRow> {
    let row = |(number, at_us): &(u64, i64)| NumberRow {
        session: "s".into(),
        agent: "a".into(),
        source: source.into(),
        number: *number,
        at_us: *at_us,
        index: at_us.unsigned_abs(),
        events: 1,
        alike: false,
        user: None,
        producer: None,
        writer: String::new(),
    };
    numbers.iter().map(row).collect()
}

fn missing(source: &str, numbers: &[(u64, i64)]) -> Vec<(u64, u64)> {
    let found = gaps(&rows(source, numbers), &Sessions::default(), &WINDOW);
    found.iter().flat_map(|finding| &finding.evidence.gaps).map(|gap| (gap.first, gap.last)).collect()
}

#[test]
fn a_gap_is_named_with_the_events_on_both_sides() {
    let found =
        gaps(&rows("otel_log", &[(0, 1), (1, 2), (4, 3), (5, 4), (7, 5)]), &Sessions::default(), &WINDOW);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].id, "sequence_gap/otel_log/s");
    assert_eq!((found[0].evidence.missing, found[0].evidence.of), (3, 8));
    assert_eq!(found[0].evidence.events, [2, 3, 4, 5]);
    assert!(found[0].what.ends_with("did not arrive: 2 to 3, 6"), "{}", found[0].what);
}

#[test]
fn each_source_begins_where_it_begins() {
    assert_eq!(missing("otel_log", &[(2, 1), (3, 2)]), [(0, 1)]);
    assert_eq!(missing("hook", &[(2, 1), (3, 2)]), [(1, 1)]);
    assert_eq!(missing("http", &[(7, 1), (9, 2)]), [(8, 8)]);
    assert_eq!(missing("hook", &[(0, 1), (1, 2)]), []);
}

#[test]
fn order_of_arrival_does_not_matter_and_the_newest_gap_may_still_be_filled() {
    assert_eq!(missing("otel_log", &[(2, 3), (0, 1), (1, 2)]), []);
    assert_eq!(missing("otel_log", &[(0, 1), (3, 950)]), []);
}

#[test]
fn a_log_that_begins_again_is_judged_apart_and_one_event_in_parts_is_one_number() {
    assert_eq!(missing("otel_log", &[(0, 1), (1, 2), (0, 10), (1, 11), (3, 12)]), [(2, 2)]);
    assert_eq!(missing("hook", &[(1, 1), (2, 2), (2, 2), (3, 3)]), []);
    let parts = gaps(&rows("hook", &[(1, 1), (2, 2), (2, 3), (4, 4)]), &Sessions::default(), &WINDOW);
    assert_eq!((parts[0].evidence.missing, parts[0].evidence.of), (1, 4));
}

#[test]
fn two_processes_at_once_leave_no_gap_and_what_one_of_them_lacks_is_at_least_that() {
    let run = |start: i64, numbers: &[u64]| -> Vec<(u64, i64)> {
        numbers.iter().map(|number| (*number, start + *number as i64 * 10)).collect()
    };
    let whole: Vec<u64> = (0..50).collect();
    assert_eq!(missing("otel_log", &[run(0, &whole), run(33, &whole)].concat()), []);
    let lacking: Vec<u64> = (0..50).filter(|number| !(20..=21).contains(number)).collect();
    let both = [run(0, &whole), run(33, &lacking)].concat();
    let found = gaps(&rows("otel_log", &both), &Sessions::default(), &WINDOW);
    assert_eq!((found[0].evidence.missing, found[0].evidence.of), (2, 100));
    let what = &found[0].what;
    assert!(what.starts_with("at least 2 of 100 events"), "{what}");
    assert!(what.ends_with("did not arrive: 20 to 21"), "{what}");
}

/// What one user's processes numbered: session, number, time.
fn of_user(numbers: &[(&str, std::ops::Range<u64>, i64)]) -> Vec<NumberRow> {
    let each = numbers.iter().flat_map(|(session, numbers, at_us)| {
        let timed = numbers.clone().zip(*at_us..);
        let mut rows = rows(LOG, &timed.collect::<Vec<_>>());
        rows.iter_mut().for_each(|row| (row.session, row.user) = ((*session).to_owned(), Some("u".into())));
        rows
    });
    each.collect()
}

#[test]
fn a_process_that_goes_on_in_another_session_leaves_no_gap_and_what_is_missing_is_of_the_session_behind() {
    // The first is cleared, the second begun by another process, which resumes the first.
    let whole =
        [("a", 0..78, 0), ("b", 78..120, 100), ("c", 0..36, 200), ("b", 36..80, 300), ("a", 80..99, 400)];
    assert_eq!(gaps(&of_user(&whole), &Sessions::default(), &WINDOW).len(), 0);
    let lacking = [("a", 0..78, 0), ("b", 81..120, 100)];
    let found = gaps(&of_user(&lacking), &Sessions::default(), &WINDOW);
    assert_eq!((found.len(), found[0].id.as_str()), (1, "sequence_gap/otel_log/b"));
    assert_eq!((found[0].evidence.missing, found[0].evidence.of), (3, 42));
    assert!(found[0].what.starts_with("3 of 42 events"), "{}", found[0].what);
}

#[test]
fn a_process_that_goes_on_after_another_one_began_and_fell_silent_is_whole() {
    assert_eq!(missing("otel_log", &[(0, 1), (1, 2), (2, 3), (0, 10), (1, 11), (3, 20), (4, 21)]), []);
}

#[test]
fn what_two_processes_may_have_told_in_the_same_words_at_once_is_no_gap() {
    let numbers = [(0, 1), (0, 2), (1, 3), (2, 4), (3, 5), (3, 6), (4, 7), (4, 8)];
    let mut rows = rows("otel_log", &numbers);
    let found = |rows: &[NumberRow]| gaps(rows, &Sessions::default(), &WINDOW).len();
    assert_eq!(found(&rows), 1, "1 and 2 tell of calls, and no two calls are alike");
    rows.iter_mut().for_each(|row| row.alike = true);
    assert_eq!(found(&rows), 0);
    let later = [(0, 1), (1, 2), (2, 3), (3, 4), (0, 500), (3, 510)];
    let mut rows = self::rows("otel_log", &later);
    rows.iter_mut().for_each(|row| row.alike = true);
    assert_eq!(found(&rows), 1, "what was told before the process began is not what it told");
}

#[test]
fn only_suspicious_sessions_are_looked_at_closely() {
    let row = |session: &str, source: &str, lowest, highest, given, events| NumberedRow {
        session: session.into(),
        source: source.into(),
        lowest,
        highest,
        given,
        events,
        last_us: 0,
        user: None,
        producer: None,
    };
    let rows = [
        row("whole", "otel_log", 0, 9, 10, 10),
        row("gap", "otel_log", 0, 9, 9, 9),
        row("again", "otel_log", 0, 9, 10, 15),
        row("parts", "hook", 1, 9, 9, 15),
        row("late", "hook", 2, 9, 8, 8),
        row("late", "otel_log", 1, 9, 9, 9),
        row("anywhere", "http", 7, 9, 3, 3),
    ];
    assert_eq!(suspicious(&rows), ["gap", "again", "late"]);
    let mut rows = rows;
    rows.iter_mut()
        .filter(|row| ["gap", "whole", "parts"].contains(&row.session.as_str()))
        .for_each(|row| row.user = Some("u".into()));
    assert_eq!(
        suspicious(&rows),
        ["gap", "again", "late", "whole"],
        "what one user's other processes numbered, too"
    );
}

/// Hooks and events of the user's own, with their times, which are their places on the log.
fn beside(hooks: &[(u64, i64)], own: &[(u64, i64)]) -> Vec<NumberRow> {
    let mut rows = [rows("hook", hooks), rows("http", own)].concat();
    rows.sort_by_key(|row| row.index);
    rows
}

fn found(rows: &[NumberRow]) -> Vec<(String, Vec<(u64, u64)>)> {
    let gap = |gap: &Gap| (gap.first, gap.last);
    let found = gaps(rows, &Sessions::default(), &WINDOW);
    found.iter().map(|one| (one.id.clone(), one.evidence.gaps.iter().map(gap).collect())).collect()
}

#[test]
fn what_comes_out_of_one_spool_two_ways_is_one_sequence() {
    assert_eq!(found(&beside(&[(2, 2), (4, 4)], &[(1, 1), (3, 3)])), []);
    assert_eq!(found(&beside(&[(1, 1), (4, 4)], &[(3, 3)])), [("sequence_gap/hook/s".into(), vec![(2, 2)])]);
    assert_eq!(
        found(&beside(&[(1, 1), (2, 2)], &[(3, 3), (6, 6)])),
        [("sequence_gap/http/s".into(), vec![(4, 5)])],
        "where neither fills a gap of the other they may be two"
    );
}

#[test]
fn a_sender_beside_hooks_that_counts_for_itself_fills_no_gap_of_theirs() {
    let hooks = [(1, 1), (2, 3), (4, 7)];
    let gap = [("sequence_gap/hook/s".to_owned(), vec![(3, 3)])];
    let at_once = beside(&hooks, &[(1, 2), (2, 4), (3, 5), (4, 6)]);
    assert_eq!(found(&at_once), gap, "they give the same numbers");
    let late = beside(&hooks, &[(3, 9)]);
    assert_eq!(found(&late), gap, "its numbers come in another order");
    assert_eq!(found(&beside(&hooks, &[(1000, 4), (1001, 5)])), gap, "it stands elsewhere");
    let mut others = beside(&hooks, &[(3, 5)]);
    others[2].writer = "another key".into();
    assert_eq!(found(&others), gap, "it has another key");
}

/// What a client's process sent in two sessions and in none, one number after another.
fn sent(numbers: &[(u64, &str)]) -> Vec<NumberRow> {
    let row = |(number, session): &(u64, &str)| NumberRow {
        session: (*session).into(),
        producer: Some("p".into()),
        ..rows("http", &[(*number, *number as i64)]).remove(0)
    };
    numbers.iter().map(row).collect()
}

#[test]
fn a_clients_process_numbers_all_its_sessions_in_one_sequence() {
    assert_eq!(found(&sent(&[(1, "one"), (2, "other"), (3, "one"), (4, ""), (5, "other")])), []);
    let lost = sent(&[(1, "one"), (2, "other"), (4, "one"), (7, "")]);
    assert_eq!(found(&lost), [("sequence_gap/http/p".into(), vec![(3, 3), (5, 6)])]);
    let nowhere = gaps(&sent(&[(1, ""), (3, "")]), &Sessions::default(), &WINDOW);
    assert_eq!(nowhere[0].what, "1 of 3 events that the source http numbered of a did not arrive: 2");
    assert_eq!(nowhere[0].session, None);
    let another = NumberRow { producer: Some("q".into()), ..sent(&[(2, "one")]).remove(0) };
    let both = [sent(&[(1, "one"), (3, "one")]), vec![another]].concat();
    assert_eq!(found(&both), [("sequence_gap/http/p".into(), vec![(2, 2)])], "two processes in one session");
    let early = Window { from_us: 4, ..WINDOW };
    assert_eq!(gaps(&sent(&[(1, "one"), (3, "one")]), &Sessions::default(), &early), [], "before the range");
}

#[test]
fn a_hook_that_a_client_sends_is_numbered_as_its_other_events_are() {
    let mut all = sent(&[(1, "s"), (2, "s"), (3, "s"), (4, "s")]);
    all[3].source = "hook".into();
    assert_eq!(found(&all), []);
}

#[test]
fn producers_are_suspicious_where_all_their_sessions_together_have_gaps() {
    let row = |producer: &str, session: &str, lowest, highest, given| NumberedRow {
        session: session.into(),
        source: "http".into(),
        given,
        lowest,
        highest,
        events: given,
        last_us: highest as i64,
        user: None,
        producer: Some(producer.into()),
    };
    let rows = [
        row("p", "one", 1, 9, 5),
        row("p", "other", 2, 8, 4),
        row("q", "one", 1, 9, 5),
        row("q", "other", 2, 8, 3),
    ];
    assert_eq!(suspicious(&rows), [""; 0]);
    assert_eq!(suspicious_producers(&rows), ["q"]);
    let all: Vec<(u64, u64)> = produced(&rows).values().map(|of| (of.given, of.due())).collect();
    assert_eq!(all, [(9, 9), (8, 9)]);
}
