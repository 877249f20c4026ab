//! Many senders, one recorder: every job is answered once, followers see everything in order, the journal is
//! released behind them, and a restart goes on from there.

use crate::fleet;
use std::path::Path;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tacho_event::entry;
use tacho_merkle::{Frontier, leaf_hash};
use tacho_record::keyring::KeyRing;
use tacho_record::log::{Lock, Log, Released};
use tacho_record::recorder::{Follower, Recorder, Status, TICK};
use tacho_record::sequence::{Past, PastState, Sequenced, Sequencer};
use tacho_record::{Options, Receipt, RecordError};

/// A store in memory: what a follower that keeps everything knows.
#[derive(Default)]
struct Kept {
    tree: Frontier,
    past: Vec<Past>,
    next_record: u64,
}

impl Kept {
    fn take(&mut self, batch: &Sequenced) {
        for (index, place, event) in batch.entries() {
            assert_eq!(index, self.tree.size(), "in order, without gaps");
            let mut bytes = Vec::new();
            entry::render(&event.header, &place, &mut bytes);
            self.tree.push(leaf_hash(&bytes));
            let (writer, id, revision) = (event.header.writer, event.header.id, place.revision);
            let state = event.content.map(|content| PastState { writer, id, revision, content });
            let session = event.header.session.zip(place.session_seq);
            self.past.push(Past { index, time_us: place.time_us, session, state });
        }
        self.next_record = batch.record + 1;
    }
}

struct Keeper(Arc<Mutex<Kept>>);

impl Follower for Keeper {
    fn name(&self) -> &'static str {
        "keeper"
    }

    fn follow(&mut self, batch: &Arc<Sequenced>) -> Result<(), RecordError> {
        self.0.lock().unwrap().take(batch);
        Ok(())
    }

    fn tick(&mut self) -> Result<(), RecordError> {
        Ok(())
    }

    fn position(&self) -> u64 {
        self.0.lock().unwrap().next_record
    }
}

fn start(folder: &Path, log: Log, kept: &Arc<Mutex<Kept>>) -> Recorder {
    let ring = KeyRing::open(&folder.join("keyring"), &[7; 32], |bytes| bytes.fill(9)).unwrap();
    let keeper = Box::new(Keeper(Arc::clone(kept)));
    Recorder::start(log, Arc::new(Mutex::new(ring)), || fleet::START_US, Arc::default(), TICK, vec![keeper])
}

/// Sends events `from..to`, one batch each, from four threads; returns all receipts.
fn send(recorder: &Recorder, from: u64, to: u64) -> Vec<Receipt> {
    let (answers, received) = channel();
    std::thread::scope(|scope| {
        for lane in 0..4 {
            let answers = answers.clone();
            scope.spawn(move || {
                for n in (from..to).filter(|n| n % 4 == lane) {
                    let answers = answers.clone();
                    let answer = Box::new(move |receipts: Result<Vec<Receipt>, _>| {
                        answers.send(receipts.unwrap()[0]).unwrap();
                    });
                    recorder.submit(vec![fleet::batch(n, n)], answer).unwrap();
                }
            });
        }
    });
    drop(answers);
    received.iter().collect()
}

#[test]
fn every_sender_is_answered_and_a_restart_goes_on_behind_what_was_released() {
    let dir = tempfile::tempdir().unwrap();
    let kept = Arc::new(Mutex::new(Kept::default()));
    let log = fleet::open(dir.path()).unwrap();
    let recorder = start(dir.path(), log, &kept);
    let receipts = send(&recorder, 0, 400);
    assert_eq!(receipts.len(), 400);
    let mut indexes: Vec<u64> = receipts.iter().map(|receipt| receipt.range.unwrap().0).collect();
    indexes.sort_unstable();
    assert_eq!(indexes, (0..400).collect::<Vec<u64>>());
    drop(recorder);

    // The store has everything: the sequencer starts from it, and the journal is only checked.
    let mut sequencer = Sequencer::default();
    let (next_record, root) = {
        let kept = kept.lock().unwrap();
        kept.past.iter().for_each(|past| sequencer.recall(past));
        (kept.next_record, kept.tree.root())
    };
    let lock = Lock::take(dir.path()).unwrap();
    let released = Released { next_record, sequencer };
    let log = Log::recover(
        dir.path(),
        lock,
        fleet::ORIGIN,
        fleet::signers(),
        released,
        Options::new(fleet::counted),
        |_| panic!("nothing is left to replay"),
    )
    .unwrap();
    assert_eq!(log.sizes(), (400, 400));
    let recorder = start(dir.path(), log, &kept);
    let again = send(&recorder, 300, 500);
    assert_eq!(again.iter().filter(|receipt| receipt.duplicates == 1).count(), 100);
    drop(recorder);
    assert_eq!(kept.lock().unwrap().tree.size(), 500);
    assert_ne!(kept.lock().unwrap().tree.root(), root);

    // The whole journal from its first record gives the same tree: the two ways to start agree.
    let log = fleet::open(dir.path()).unwrap();
    assert_eq!(log.sizes(), (500, 500));
}

#[test]
fn a_second_recorder_refuses_while_the_first_one_runs() {
    let dir = tempfile::tempdir().unwrap();
    let log = fleet::open(dir.path()).unwrap();
    let recorder = start(dir.path(), log, &Arc::default());
    assert!(matches!(Lock::take(dir.path()), Err(RecordError::InUse { .. })));
    drop(recorder);
    Lock::take(dir.path()).unwrap();
}

#[test]
fn a_full_queue_refuses_and_what_it_took_is_answered_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let kept = Arc::new(Mutex::new(Kept::default()));
    let recorder = start(dir.path(), fleet::open(dir.path()).unwrap(), &kept);
    let (answers, received) = channel();
    let submit = |n| {
        let answers = answers.clone();
        let answer = move |receipts: Result<Vec<Receipt>, _>| answers.send(receipts.unwrap()[0]).unwrap();
        recorder.submit(vec![fleet::batch(n, n)], Box::new(answer))
    };
    // The follower can't go on while this is held; the recorder waits for it, and the queue fills.
    let held = kept.lock().unwrap();
    let taken = (0..100_000).take_while(|n| submit(*n).is_ok()).count();
    assert!(taken < 100_000, "the queue has a bound");
    assert!(recorder.status().queued().0 > 1000, "{:?}", recorder.status().queued());
    drop(held);
    assert_eq!(received.iter().take(taken).map(|receipt| receipt.accepted).sum::<u32>(), taken as u32);
    submit(taken as u64).unwrap();
    drop(recorder);
    assert_eq!(kept.lock().unwrap().tree.size(), taken as u64 + 1);
}

#[test]
fn a_journal_that_turned_over_leaves_nothing_of_what_every_follower_has() {
    let dir = tempfile::tempdir().unwrap();
    let kept = Arc::new(Mutex::new(Kept::default()));
    let ring = KeyRing::open(&dir.path().join("keyring"), &[7; 32], |bytes| bytes.fill(9)).unwrap();
    let keeper = Box::new(Keeper(Arc::clone(&kept)));
    let (log, every) = (fleet::open(dir.path()).unwrap(), Duration::from_millis(5));
    let (ring, status) = (Arc::new(Mutex::new(ring)), Arc::new(Status::default()));
    let recorder = Recorder::start(log, ring, || fleet::START_US, Arc::clone(&status), every, vec![keeper]);
    send(&recorder, 0, 50);
    assert_eq!(status.closed(), 0..0, "the one file is open");
    status.want_synced(50);
    let turn_over = || {
        let (answer, answered) = channel();
        recorder.turn_over(Box::new(move |done| answer.send(done.is_ok()).unwrap())).unwrap();
        assert!(answered.recv().unwrap());
        status.closed()
    };
    let closed = turn_over();
    assert!(closed.end > 0, "{closed:?}");
    // Nothing else is sent: asking again releases what the followers are past.
    while !turn_over().is_empty() {
        std::thread::yield_now();
    }
    assert_eq!(turn_over(), closed.end..closed.end, "an empty file does not turn over");
    let files: Vec<_> =
        std::fs::read_dir(dir.path().join("wal")).unwrap().map(|file| file.unwrap()).collect();
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].metadata().unwrap().len(), 32, "a header and no record");
    assert_eq!(send(&recorder, 50, 60).len(), 10);
}
