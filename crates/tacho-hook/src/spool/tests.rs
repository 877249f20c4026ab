//! The spool on a folder of its own: torn lines, crashes, no room.

use super::read::{Aside, Position};
use super::*;
use crate::stamp::State;

const MB: u64 = 1 << 20;

fn spool(bytes_max: u64) -> (tempfile::TempDir, Spool) {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::open(folder.path(), bytes_max).unwrap();
    (folder, spool)
}

fn add(spool: &Spool, session: &str, text: &str) -> Appended {
    let mut make = |state: Option<&mut State>| {
        let state = state.unwrap();
        state.seq += 1;
        Some(format!("{{\"s\":\"{session}\",\"n\":{},\"t\":\"{text}\"}}", state.seq).into_bytes())
    };
    spool.append(Some(session), 1_000_000, &mut make, &mut || {}).unwrap()
}

/// Everything from a position on, in batches of three.
fn drain(spool: &Spool) -> (Vec<String>, Vec<Aside>, Position) {
    let (mut events, mut broken, mut at) = (Vec::new(), Vec::new(), read::position(spool));
    loop {
        let batch = read::batch(spool, at, 3, 1 << 20).unwrap();
        if batch.next == at {
            return (events, broken, at);
        }
        at = batch.next;
        broken.extend(batch.broken);
        events.extend(batch.events.into_iter().map(|event| String::from_utf8(event).unwrap()));
    }
}

#[test]
fn events_come_out_in_order_with_a_number_for_each_session() {
    let (_folder, spool) = spool(MB);
    for text in ["1", "2", "3", "4", "5"] {
        add(&spool, if text == "3" { "b" } else { "a" }, text);
    }
    let (events, broken, _) = drain(&spool);
    assert_eq!(
        events,
        [("a", 1, "1"), ("a", 2, "2"), ("b", 1, "3"), ("a", 3, "4"), ("a", 4, "5")]
            .map(|(s, n, t)| format!("{{\"s\":\"{s}\",\"n\":{n},\"t\":\"{t}\"}}"))
    );
    assert!(broken.is_empty());
    assert_eq!(read::depth(&spool).unwrap().unwrap().events, 5);
}

#[test]
fn a_torn_line_costs_itself_only_wherever_it_is_torn() {
    let (_folder, spool) = spool(MB);
    add(&spool, "a", "first");
    let path = spool.segment(1);
    let whole = std::fs::metadata(&path).unwrap().len();
    add(&spool, "a", "torn");
    let all = std::fs::read(&path).unwrap();
    for end in whole as usize + 1..all.len() {
        std::fs::write(&path, &all[..end]).unwrap();
        let (events, broken, _) = drain(&spool);
        assert_eq!((events.len(), broken.len()), (1, 0), "a line at the end may still be written: {end}");
        add(&spool, "a", "after");
        let (events, broken, _) = drain(&spool);
        // Only the line end may be missing: then nothing is lost.
        let lost = usize::from(end < all.len() - 1);
        assert_eq!((events.len(), broken.len()), (3 - lost, lost), "{end}");
        assert!(events.last().unwrap().contains("after"));
    }
}

#[test]
fn after_a_crash_of_the_machine_numbers_go_on_behind_those_in_the_segments() {
    for stale in [&b""[..], b"0000", b"garbage that is no state"] {
        let (_folder, spool) = spool(MB);
        for _ in 0..3 {
            add(&spool, "a", "x");
        }
        std::fs::write(spool.path("sessions").join("a"), stale).unwrap();
        std::fs::write(spool.path("boot"), "another boot").unwrap();
        add(&spool, "a", "y");
        assert!(drain(&spool).0[3].contains("\"n\":4"), "{stale:?}");
    }
}

#[test]
fn a_broken_number_is_found_again_without_a_crash() {
    let (_folder, spool) = spool(MB);
    add(&spool, "a", "x");
    add(&spool, "a", "x");
    std::fs::write(spool.path("sessions").join("a"), "12345678 3 {}}").unwrap();
    add(&spool, "a", "y");
    assert!(drain(&spool).0[2].contains("\"n\":3"));
}

#[test]
fn segments_are_closed_and_deleted_behind_the_position() {
    let (_folder, spool) = spool(64 * MB);
    let text = "x".repeat(400_000);
    for _ in 0..8 {
        add(&spool, "a", &text);
    }
    assert!(spool.segments().unwrap().len() >= 2);
    let (events, _, end) = drain(&spool);
    assert_eq!(events.len(), 8);
    read::advance(&spool, end).unwrap();
    let lock = spool.lock(LOCK_WAIT).unwrap();
    let done = read::answered(&spool, end, true).unwrap();
    assert_eq!(done.len(), spool.segments().unwrap().len());
    let mut at = end;
    for number in done {
        at = read::delete(&spool, &lock, number, at).unwrap();
    }
    drop(lock);
    assert_eq!(read::position(&spool), at);
    assert_eq!(spool.segments().unwrap(), [(at.segment, 0)]);
    add(&spool, "a", "after");
    assert!(drain(&spool).0[0].contains("\"n\":9"));
}

#[test]
fn an_event_that_came_while_the_last_segment_was_looked_at_keeps_it() {
    let (_folder, spool) = spool(MB);
    add(&spool, "a", "x");
    let end = drain(&spool).2;
    read::advance(&spool, end).unwrap();
    let done = read::answered(&spool, end, true).unwrap();
    add(&spool, "a", "between");
    let lock = spool.lock(LOCK_WAIT).unwrap();
    assert_eq!(read::delete(&spool, &lock, done[0], end).unwrap(), end);
    drop(lock);
    assert!(drain(&spool).0[0].contains("between"));
}

#[test]
fn a_sender_that_died_between_position_and_deletion_hides_nothing() {
    let (_folder, spool) = spool(MB);
    add(&spool, "a", "old");
    read::advance(&spool, Position { segment: 2, byte: 0 }).unwrap();
    add(&spool, "a", "new");
    assert_eq!(drain(&spool).0.len(), 1);
    assert!(drain(&spool).0[0].contains("new"));
}

#[test]
fn a_full_spool_counts_what_is_lost_and_tells_it_when_there_is_room() {
    let (_folder, spool) = spool(2000);
    while add(&spool, "a", &"x".repeat(100)) == Appended::Spooled {}
    add(&spool, "a", &"x".repeat(100));
    let loss = loss::read(&spool);
    assert_eq!((loss.count, loss.id.len()), (2, 36));
    let before = drain(&spool).0.len();
    let roomy = Spool::open(spool.folder(), MB).unwrap();
    add(&roomy, "a", "after");
    let (events, broken, _) = drain(&roomy);
    assert!(broken.is_empty());
    let told: serde_json::Value = serde_json::from_str(&events[before]).unwrap();
    assert_eq!((told["lost_events"].as_u64(), told["event_id"].as_str()), (Some(2), Some(loss.id.as_str())));
    // The numbers of what was lost are used up: the server sees the gap as well.
    assert!(events[before + 1].contains(&format!("\"n\":{}", before + 3)), "{}", events[before + 1]);
    assert_eq!(loss::read(&roomy).count, 0);
}

#[test]
fn a_full_disk_is_counted_and_costs_nobody_more() {
    let (_folder, spool) = spool(MB);
    add(&spool, "a", "before");
    let segment = spool.segment(1);
    std::fs::remove_file(&segment).unwrap();
    std::os::unix::fs::symlink("/dev/full", &segment).unwrap();
    assert_eq!(add(&spool, "a", "lost"), Appended::Lost);
    assert_eq!(loss::read(&spool).count, 1);
    std::fs::remove_file(&segment).unwrap();
    assert_eq!(add(&spool, "a", "after"), Appended::Spooled);
    let (events, ..) = drain(&spool);
    assert!(events[0].contains("\"lost_events\":1") && events[1].contains("after"), "{events:?}");
}

#[test]
fn sessions_have_files_of_their_own_whatever_they_are_called() {
    let names: Vec<String> = [
        "a",
        "../../etc/passwd",
        "a/b",
        "",
        "ä",
        &"x".repeat(500),
        "-",
        "01a1fbcb-15a5-7951-8428-af1573e4a30a",
    ]
    .iter()
    .map(|id| file_name(Some(id)))
    .collect();
    assert!(names.iter().all(|name| !name.contains(['/', ' ']) && name.len() <= PLAIN && !name.is_empty()));
    assert_eq!(names.iter().collect::<std::collections::HashSet<_>>().len(), names.len());
    const PLAIN: usize = 80;
}

#[test]
fn files_are_for_their_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, spool) = spool(MB);
    add(&spool, "a", "x");
    for name in ["lock", "lost", "segments/0000000001", "sessions/a"] {
        assert_eq!(
            std::fs::metadata(spool.path(name)).unwrap().permissions().mode() & 0o777,
            0o600,
            "{name}"
        );
    }
    assert_eq!(std::fs::metadata(spool.path("segments")).unwrap().permissions().mode() & 0o777, 0o700);
}
