//! The journal is released file by file; a start goes on from any size that a store has, with tiles cut from
//! wider ones.

use crate::fleet;
use std::path::Path;
use tacho_event::entry;
use tacho_merkle::{Frontier, Hash, leaf_hash};
use tacho_record::log::{self, Lock, Log, Released};
use tacho_record::sequence::{Past, PastState, Sequencer};
use tacho_record::{Options, RecordError};

/// Events, one in each record.
const ALL: u64 = 700;
/// Journal files of a few records each.
const FILE_BYTES: u64 = 2048;

fn options() -> Options {
    Options { file_bytes: FILE_BYTES, ..Options::new(fleet::counted) }
}

/// What a store knows: each entry's past and leaf.
fn read(folder: &Path) -> Vec<(Past, Hash)> {
    let mut all = Vec::new();
    log::read(folder, Released::default(), |batch| {
        for (index, place, event) in batch.entries() {
            let mut bytes = Vec::new();
            entry::render(&event.header, &place, &mut bytes);
            let (writer, id, revision) = (event.header.writer, event.header.id, place.revision);
            let state = event.content.map(|content| PastState { writer, id, revision, content });
            let session = event.header.session.zip(place.session_seq);
            let past = Past { index, time_us: place.time_us, session, state };
            all.push((past, leaf_hash(&bytes)));
        }
        Ok(())
    })
    .unwrap();
    all
}

/// Opens the folder as a program whose store has the first `size` entries.
fn reopen(folder: &Path, known: &[(Past, Hash)], size: u64) -> Result<Log, RecordError> {
    let mut sequencer = Sequencer::default();
    known[..size as usize].iter().for_each(|(past, _)| sequencer.recall(past));
    let released = Released { next_record: size, sequencer };
    let lock = Lock::take(folder)?;
    Log::recover(folder, lock, fleet::ORIGIN, fleet::signers(), released, options(), |_| Ok(()))
}

/// A folder with all events, sealed at some sizes, and what is in it.
fn folder() -> (tempfile::TempDir, Vec<(Past, Hash)>) {
    let dir = tempfile::tempdir().unwrap();
    let mut log = fleet::open_with(dir.path(), options()).unwrap();
    for n in 0..ALL {
        log.append(fleet::START_US, vec![fleet::batch(n, n)]).unwrap();
        if [3, 300, 600].contains(&n) {
            log.seal().unwrap();
        }
    }
    log.seal().unwrap();
    drop(log);
    let known = read(dir.path());
    (dir, known)
}

fn files(folder: &Path) -> Vec<String> {
    let listed = std::fs::read_dir(folder.join("wal")).unwrap();
    let mut names: Vec<_> = listed.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn the_sealer_starts_at_any_size_from_tiles_that_reach_further() {
    let (dir, known) = folder();
    let mut sizes: Vec<u64> = (1..ALL).step_by(61).collect();
    sizes.extend([255, 256, 257, 511, 512, 513, 599, 600, 601, 602, ALL - 1, ALL]);
    for size in sizes {
        // It checks every leaf behind `size` against the root that was signed.
        let log = reopen(dir.path(), &known, size).unwrap();
        assert_eq!(log.sizes(), (ALL, ALL), "from {size}");
    }
}

#[test]
fn a_tile_that_power_loss_emptied_is_passed_over() {
    let (dir, known) = folder();
    let partials = dir.path().join("log/tile/0/002.p");
    for (width, bytes) in [("90", vec![]), ("91", vec![0; 91 * 32]), ("92", vec![7; 5])] {
        std::fs::write(partials.join(width), bytes).unwrap();
    }
    assert!(reopen(dir.path(), &known, 602).is_ok(), "the tile of width 90 is there, but empty");
    std::fs::write(partials.join("93"), [7; 93 * 32]).unwrap();
    assert!(matches!(reopen(dir.path(), &known, 602), Err(RecordError::Corrupt { .. })));
}

#[test]
fn released_files_are_gone_and_the_log_goes_on_behind_them() {
    let (dir, known) = folder();
    let before = files(dir.path());
    assert!(before.len() > 20, "{before:?}");
    let mut log = fleet::open_with(dir.path(), options()).unwrap();
    log.release(333).unwrap();
    let after = files(dir.path());
    assert_eq!(after, before[before.len() - after.len()..], "the oldest files go");
    let first: Vec<u64> = after.iter().map(|name| u64::from_str_radix(&name[..16], 16).unwrap()).collect();
    assert!(first[0] <= 333 && first[1] > 333, "every record from 333 on is still there: {first:?}");
    drop(log);
    assert!(matches!(fleet::open_with(dir.path(), options()), Err(RecordError::Corrupt { .. })));
    assert!(matches!(reopen(dir.path(), &known, first[0] - 1), Err(RecordError::Corrupt { .. })));

    let mut log = reopen(dir.path(), &known, 333).unwrap();
    assert_eq!(log.append(fleet::START_US, vec![fleet::batch(20, 20)]).unwrap()[0].duplicates, 1);
    assert_eq!(log.append(fleet::START_US, vec![fleet::batch(ALL, ALL)]).unwrap()[0].accepted, 1);
    log.release(u64::MAX).unwrap();
    assert_eq!(files(dir.path()).len(), 1, "the file that is being written stays");
    let proof = log.prove(5).unwrap();
    assert_eq!(log.sizes(), (ALL + 1, ALL + 1));
    drop(log);
    let keys: Vec<_> = fleet::signers().iter().map(|key| key.verifier().clone()).collect();
    proof.verify(known[5].1, &keys).unwrap();
}

#[test]
fn a_released_file_that_a_crash_brought_back_is_no_damage() {
    let (dir, known) = folder();
    let names = files(dir.path());
    let back = std::fs::read(dir.path().join("wal").join(&names[0])).unwrap();
    let mut log = fleet::open_with(dir.path(), options()).unwrap();
    log.release(333).unwrap();
    drop(log);
    std::fs::write(dir.path().join("wal").join(&names[0]), back).unwrap();
    let mut log = reopen(dir.path(), &known, 333).unwrap();
    assert_eq!(log.sizes(), (ALL, ALL));
    log.release(333).unwrap();
    assert!(!files(dir.path()).contains(&names[0]), "and it is deleted again");
}

#[test]
fn partial_tiles_go_when_the_full_one_is_durable() {
    let (dir, known) = folder();
    let tiles = dir.path().join("log/tile/0");
    assert!(tiles.join("000.p/4").exists() && tiles.join("001.p/45").exists());
    // Sealed and synced by the process that wrote them, or made again by the next one.
    let mut log = fleet::open_with(dir.path(), options()).unwrap();
    log.append(fleet::START_US, vec![fleet::batch(ALL, ALL)]).unwrap();
    log.release(0).unwrap();
    assert!(!tiles.join("000.p").exists() && !tiles.join("001.p").exists());
    assert!(tiles.join("000").exists() && tiles.join("002.p").exists());
    let mut tree = Frontier::new();
    known.iter().for_each(|(_, leaf)| tree.push(*leaf));
    drop(log);
    assert_eq!(tree.size(), ALL);
    assert!(reopen(dir.path(), &known, 300).is_ok(), "cut from the full tile");
}
