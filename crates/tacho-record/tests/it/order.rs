//! Order, identity and time, as sequencing decides them.

use crate::fleet;
use tacho_event::id::Id;
use tacho_record::Log;
use tacho_record::log::{self, Released, replay};
use tacho_record::sequence::{Past, PastState, Sequencer};

fn open(folder: &std::path::Path) -> Log {
    fleet::open(folder).unwrap()
}

#[test]
fn the_same_id_with_new_content_is_a_later_state() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path());
    let contents = [10, 10, 11, 10, 11, 12];
    let group: Vec<_> = contents.iter().map(|content| fleet::batch(0, *content)).collect();
    let receipts = log.append(fleet::START_US, group).unwrap();
    let accepted: Vec<u32> = receipts.iter().map(|receipt| receipt.accepted).collect();
    assert_eq!(accepted, [1, 0, 1, 0, 0, 1]);
    assert_eq!(receipts[5].range, Some((2, 2)));
    drop(log);
    let mut last = String::new();
    replay(dir.path(), |_, bytes| last = String::from_utf8(bytes.to_vec()).unwrap()).unwrap();
    assert!(last.contains(r#""revision":2"#), "{last}");
}

#[test]
fn a_clock_set_back_does_not_disorder_the_log() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path());
    for (n, now_us) in [50, 20, 60, 0].into_iter().enumerate() {
        log.append(now_us, vec![fleet::batch(n as u64, 0)]).unwrap();
    }
    drop(log);
    let mut times = Vec::new();
    replay(dir.path(), |_, bytes| {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let after = text.split(r#""time":"#).nth(1).unwrap();
        times.push(after.split(',').next().unwrap().parse::<i64>().unwrap());
    })
    .unwrap();
    assert_eq!(times, [50, 50, 60, 60]);
}

#[test]
fn a_record_of_duplicates_leaves_its_time_to_the_next_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path());
    log.append(10, vec![fleet::batch(0, 7)]).unwrap();
    log.append(50, vec![fleet::batch(0, 7)]).unwrap();
    let late = log.append(20, vec![fleet::batch(1, 0)]).unwrap();
    assert_eq!(late[0].range, Some((1, 1)), "the second was a duplicate");
    drop(log);
    // As after a release of the first two: the segments have the first entry's time only.
    let mut times = Vec::new();
    let mut sequencer = Sequencer::default();
    let (writer, id, session) = ([0; 8], Id([0; 16]), None);
    let state = Some(PastState { writer, id, revision: 0, content: 7 });
    sequencer.recall(&Past { index: 0, time_us: 10, session, state });
    log::read(dir.path(), Released { next_record: 2, sequencer }, |batch| {
        times.extend(batch.entries().map(|(_, place, _)| place.time_us));
        Ok(())
    })
    .unwrap();
    assert_eq!(times, [50]);
}

#[test]
fn sessions_count_without_gaps_over_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    for part in [0..4, 4..9] {
        let mut log = open(dir.path());
        for n in part {
            log.append(fleet::START_US, vec![fleet::batch(n, n)]).unwrap();
        }
    }
    let mut seen = Vec::new();
    replay(dir.path(), |_, bytes| {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        let after = text.split(r#""session_seq":"#).nth(1).unwrap();
        seen.push(after.split(',').next().unwrap().parse::<u64>().unwrap());
    })
    .unwrap();
    assert_eq!(seen, [0, 0, 0, 1, 1, 1, 2, 2, 2]);
}

#[test]
fn an_entry_is_the_same_bytes_on_every_replay() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path());
    for n in 0..300 {
        log.append(fleet::START_US + n, vec![fleet::batch(n as u64, 0)]).unwrap();
    }
    log.seal().unwrap();
    drop(log);
    let (mut first, mut second) = (Vec::new(), Vec::new());
    replay(dir.path(), |_, bytes| first.push(bytes.to_vec())).unwrap();
    replay(dir.path(), |_, bytes| second.push(bytes.to_vec())).unwrap();
    assert_eq!(first.len(), 300);
    assert_eq!(first, second);
    // Opening compares the tree with the signed root: it would refuse another history.
    assert_eq!(open(dir.path()).sizes(), (300, 300));
}
