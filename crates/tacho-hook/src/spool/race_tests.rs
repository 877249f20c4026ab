//! Interleavings of hooks, sender and crash, each forced at the step where it hurts.

use super::read::{self, Position};
use super::*;
use crate::stamp::State;
use std::time::{Duration, SystemTime};

const MB: u64 = 1 << 20;

fn spool(bytes_max: u64) -> (tempfile::TempDir, Spool) {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::open(folder.path(), bytes_max).unwrap();
    (folder, spool)
}

/// As the hook does it: numbered where there is a state.
fn add_within(wait: Duration, spool: &Spool, text: &str) -> Appended {
    let mut make = |state: Option<&mut State>| {
        let seq = state.map(|state| {
            state.seq += 1;
            state.seq
        });
        Some(serde_json::json!({"t": text, "seq": seq}).to_string().into_bytes())
    };
    spool.append_within(wait, Some("a"), 1_000_000, &mut make, &mut || {}).unwrap()
}

fn add(spool: &Spool, text: &str) -> Appended {
    add_within(LOCK_WAIT, spool, text)
}

/// Everything from the position on: text and number.
fn drain(spool: &Spool) -> Vec<(String, Option<u64>)> {
    let (mut events, mut at) = (Vec::new(), read::position(spool));
    loop {
        let batch = read::batch(spool, at, 100, 1 << 20).unwrap();
        assert!(batch.broken.is_empty(), "{:?}", batch.broken);
        if batch.next == at {
            return events;
        }
        at = batch.next;
        for event in &batch.events {
            let event: serde_json::Value = serde_json::from_slice(event).unwrap();
            events.push((event["t"].as_str().unwrap().to_owned(), event["seq"].as_u64()));
        }
    }
}

fn texts(spool: &Spool) -> Vec<String> {
    drain(spool).into_iter().map(|(text, _)| text).collect()
}

fn asides(spool: &Spool) -> usize {
    std::fs::read_dir(spool.path("aside")).unwrap().count()
}

#[test]
fn who_can_not_get_the_lock_stands_aside_without_a_number_and_is_taken_in() {
    let (_folder, spool) = spool(MB);
    add(&spool, "first");
    let lock = spool.lock(LOCK_WAIT).unwrap();
    assert_eq!(add_within(Duration::ZERO, &spool, "aside"), Appended::Aside);
    drop(lock);
    add(&spool, "second");
    assert_eq!(read::depth(&spool).unwrap().unwrap().events, 3);
    assert_eq!(spool.take_in(LOCK_WAIT, 0).unwrap(), 1);
    let seen = [("first", Some(1)), ("second", Some(2)), ("aside", None)];
    assert_eq!(drain(&spool), seen.map(|(text, seq)| (text.to_owned(), seq)));
    assert_eq!((asides(&spool), read::depth(&spool).unwrap().unwrap().events), (0, 3));
}

#[test]
fn the_first_hook_of_a_spool_may_stand_aside_and_the_next_makes_it_ready() {
    let (_folder, spool) = spool(MB);
    let lock = spool.lock(LOCK_WAIT).unwrap();
    let other = Spool::open(spool.folder(), MB).unwrap();
    assert_eq!(add_within(Duration::ZERO, &other, "aside"), Appended::Aside);
    drop(lock);
    assert_eq!(spool.take_in(LOCK_WAIT, 0).unwrap(), 1);
    assert_eq!((texts(&spool), loss::read(&spool)), (vec!["aside".to_owned()], loss::Loss::default()));
    assert!(spool.path("lost").exists());
}

#[test]
fn a_wait_that_is_given_up_does_not_take_the_lock_later() {
    let (_folder, spool) = spool(MB);
    let lock = spool.lock(LOCK_WAIT).unwrap();
    let error = spool.lock(Duration::from_nanos(1)).err().unwrap();
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
    drop(lock);
    // Its thread may get it now, with nobody to hand it to.
    for _ in 0..3 {
        drop(spool.lock(LOCK_WAIT).unwrap());
    }
}

#[test]
fn a_wait_for_the_lock_ends_when_its_holder_does() {
    let (_folder, spool) = spool(MB);
    let lock = spool.lock(LOCK_WAIT).unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| add(&spool, "waited"));
        drop(lock);
        assert_eq!(waiting.join().unwrap(), Appended::Spooled);
    });
}

#[test]
fn the_lock_of_a_folder_that_was_deleted_is_no_lock() {
    let (_folder, spool) = spool(MB);
    let sender = spool.try_sender_lock().unwrap().unwrap();
    assert!(spool.is_sender_lock(&sender));
    std::fs::remove_file(spool.path("sender.lock")).unwrap();
    assert!(!spool.is_sender_lock(&sender));
    let other = spool.try_sender_lock().unwrap().unwrap();
    assert!(spool.is_sender_lock(&other) && !spool.is_sender_lock(&sender));
}

#[test]
fn an_aside_is_read_only_when_it_is_whole_and_survives_the_clearing_of_its_part() {
    let (_folder, spool) = spool(MB);
    let frame = Frame { seq: 0, session: "-", json: br#"{"t":"late"}"# }.render();
    let mut times = 0;
    spool
        .name_whole(5, &frame, &mut |part| {
            times += 1;
            assert_eq!(spool.take_in(LOCK_WAIT, 0).unwrap(), 0);
            assert!(part.exists(), "its hook still writes");
            assert!(read::depth(&spool).unwrap().is_none());
            if times == 1 {
                // The machine slept for days; its sender woke first.
                let then = SystemTime::now() - Duration::from_secs(3 * 24 * 3600);
                std::fs::File::options().write(true).open(part).unwrap().set_modified(then).unwrap();
                spool.take_in(LOCK_WAIT, 0).unwrap();
                assert!(!part.exists());
            }
        })
        .unwrap();
    assert_eq!((times, spool.take_in(LOCK_WAIT, 0).unwrap()), (2, 1));
    assert_eq!(texts(&spool), ["late"]);
}

#[test]
fn asides_are_taken_in_by_their_time_with_their_line_end_and_damaged_ones_are_kept() {
    let (_folder, spool) = spool(MB);
    for (now_us, text) in [(300, "c"), (100, "a"), (200, "b")] {
        let json = format!(r#"{{"t":"{text}"}}"#);
        let frame = Frame { seq: 0, session: "-", json: json.as_bytes() }.render();
        // A crash may cost the line end, which the checksum does not hold.
        spool.name_whole(now_us, &frame[..frame.len() - 1], &mut |_| {}).unwrap();
    }
    std::fs::write(spool.path("aside").join("0"), "0badc0de 0 - {}").unwrap();
    std::fs::create_dir(spool.path("aside").join("1")).unwrap();
    assert_eq!(spool.take_in(LOCK_WAIT, 0).unwrap(), 3);
    assert_eq!((texts(&spool), asides(&spool)), (["a", "b", "c"].map(str::to_owned).to_vec(), 1));
    assert_eq!(read::depth(&spool).unwrap().unwrap().events, 3);
    let rejected = std::fs::read_to_string(spool.path("rejected")).unwrap();
    assert!(rejected.contains("checksum") && rejected.contains("0badc0de"), "{rejected}");
}

#[test]
fn what_finds_no_room_aside_is_counted_without_the_lock() {
    let (_folder, spool) = spool(400);
    let lock = spool.lock(LOCK_WAIT).unwrap();
    let text = "x".repeat(100);
    let put: Vec<_> = (0..5).map(|_| add_within(Duration::ZERO, &spool, &text)).collect();
    let lost = put.iter().filter(|put| **put == Appended::Lost).count();
    assert!(put[0] == Appended::Aside && lost > 0, "{put:?}");
    assert_eq!(loss::read(&spool).count, lost as u64);
    drop(lock);
    let roomy = Spool::open(spool.folder(), MB).unwrap();
    add(&roomy, "after");
    assert_eq!(loss::read(&roomy).count, 0, "told");
    for number in 0..ASIDE_MAX {
        std::fs::write(roomy.path("aside").join(format!("{number}.part")), "").unwrap();
    }
    let _lock = roomy.lock(LOCK_WAIT).unwrap();
    assert_eq!(add_within(Duration::ZERO, &roomy, "y"), Appended::Lost);
}

#[test]
fn a_session_whose_file_finds_no_room_is_counted_too() {
    let (_folder, spool) = spool(MB);
    add(&spool, "first");
    let state = spool.path("sessions").join("a");
    std::fs::remove_file(&state).unwrap();
    std::os::unix::fs::symlink("/dev/full", &state).unwrap();
    assert_eq!(add(&spool, "lost"), Appended::Lost);
    assert_eq!((loss::read(&spool).count, texts(&spool)), (1, vec!["first".to_owned()]));
}

#[test]
fn a_listing_that_segments_outgrow_meanwhile_has_their_last_sizes() {
    let (_folder, spool) = spool(64 * MB);
    let text = "x".repeat(400_000);
    add(&spool, &text);
    let names = spool.numbers().unwrap();
    while spool.numbers().unwrap() == names {
        add(&spool, &text);
    }
    let closed = std::fs::metadata(spool.segment(1)).unwrap().len();
    assert_eq!(spool.sizes(&names).unwrap(), [(1, closed)]);
    // One that the sender deleted between names and sizes is none.
    let names = spool.numbers().unwrap();
    std::fs::remove_file(spool.segment(1)).unwrap();
    assert_eq!(spool.sizes(&names).unwrap().len(), names.len() - 1);
}

#[test]
fn a_segment_that_a_crash_made_shorter_than_what_was_answered_hides_nothing() {
    for (kept, gone) in [(1, false), (0, false), (0, true)] {
        let (_folder, spool) = spool(MB);
        add(&spool, "answered");
        let whole = std::fs::metadata(spool.segment(1)).unwrap().len();
        add(&spool, "answered, and never synced");
        let end = std::fs::metadata(spool.segment(1)).unwrap().len();
        read::advance(&spool, Position { segment: 1, byte: end }).unwrap();
        let file = std::fs::File::options().write(true).open(spool.segment(1)).unwrap();
        file.set_len(whole * kept).unwrap();
        if gone {
            std::fs::remove_file(spool.segment(1)).unwrap();
        }
        std::fs::write(spool.path("boot"), "another boot").unwrap();
        for _ in 0..3 {
            add(&spool, "after");
        }
        assert_eq!(texts(&spool), ["after", "after", "after"], "{kept} {gone}");
    }
}

#[test]
fn a_segment_of_another_version_is_neither_read_nor_written_to() {
    let (_folder, spool) = spool(MB);
    add(&spool, "mine");
    assert!(std::fs::read(spool.segment(1)).unwrap().starts_with(b"tachograph hook spool 1\n"));
    assert_eq!(drain(&spool)[0], ("mine".to_owned(), Some(1)));
    let other = b"tachograph hook spool 2\nwho knows\n";
    std::fs::write(spool.segment(2), other).unwrap();
    add(&spool, "behind");
    assert_eq!(std::fs::read(spool.segment(2)).unwrap(), other);
    assert_eq!(spool.numbers().unwrap(), [1, 2, 3]);
    let error = read::batch(&spool, Position { segment: 2, byte: 0 }, 10, 1000).unwrap_err().to_string();
    assert!(error.contains("spool 2") && error.contains("expected version 1"), "{error}");
}
