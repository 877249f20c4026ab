//! Power that fails leaves holes: in the group that was being synced they are a torn end, before it damage.

use crate::fleet;
use std::path::{Path, PathBuf};
use tacho_record::RecordError;

/// Events of the first group, which was acknowledged, and of both.
const ACKED: usize = 2;
const ALL: usize = 6;

fn wal(folder: &Path) -> PathBuf {
    folder.join("wal/0000000000000000.wal")
}

/// A folder with two groups, nothing sealed; where each frame begins, and where the last one ends.
fn folder_with_groups() -> (tempfile::TempDir, Vec<usize>) {
    let dir = tempfile::tempdir().unwrap();
    let mut log = fleet::open(dir.path()).unwrap();
    let batches: Vec<_> = (0..ALL as u64).map(|n| fleet::batch(n, n)).collect();
    log.append(fleet::START_US, batches[..ACKED].to_vec()).unwrap();
    log.append(fleet::START_US, batches[ACKED..].to_vec()).unwrap();
    drop(log);
    let mut places = vec![32];
    places.extend(batches.iter().scan(32, |at, batch| {
        *at += 32 + batch.bytes().len();
        Some(*at)
    }));
    assert_eq!(std::fs::read(wal(dir.path())).unwrap().len(), places[ALL], "docs/formats/journal.md");
    (dir, places)
}

#[test]
fn a_hole_in_the_group_that_was_being_synced_is_a_torn_end() {
    let (dir, places) = folder_with_groups();
    let good = std::fs::read(wal(dir.path())).unwrap();
    for record in ACKED..ALL {
        for hole in [places[record]..places[record + 1], places[record] + 40..places[record] + 41] {
            let mut torn = good.clone();
            torn[hole].iter_mut().for_each(|byte| *byte = if *byte == 0 { 1 } else { 0 });
            std::fs::write(wal(dir.path()), &torn).unwrap();
            let mut log = fleet::open(dir.path()).unwrap();
            assert_eq!(log.sizes().0, record as u64, "whole frames before the hole are taken");
            let receipt = log.append(fleet::START_US, vec![fleet::batch(5, 5)]).unwrap()[0];
            assert_eq!(receipt.accepted, 1, "nothing behind the hole was taken");
            drop(log);
            assert_eq!(fleet::open(dir.path()).unwrap().sizes().0, record as u64 + 1);
        }
    }
}

#[test]
fn a_hole_before_a_later_group_is_damage() {
    let (dir, places) = folder_with_groups();
    let good = std::fs::read(wal(dir.path())).unwrap();
    for at in places[0]..places[ACKED] {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        std::fs::write(wal(dir.path()), &bad).unwrap();
        assert!(matches!(fleet::open(dir.path()), Err(RecordError::Corrupt { .. })), "byte {at}");
        assert_eq!(std::fs::read(wal(dir.path())).unwrap(), bad, "what is refused stays as it is");
    }
    // One whole frame of the later group is proof enough, wherever it stands.
    let mut bad = good.clone();
    bad[places[0]..places[ALL - 1]].fill(0);
    std::fs::write(wal(dir.path()), &bad).unwrap();
    assert!(matches!(fleet::open(dir.path()), Err(RecordError::Corrupt { .. })));
}

#[test]
fn a_damaged_header_is_never_a_torn_end() {
    let (dir, _) = folder_with_groups();
    let good = std::fs::read(wal(dir.path())).unwrap();
    for at in 0..32 {
        let mut bad = good.clone();
        bad[at] ^= 1;
        std::fs::write(wal(dir.path()), &bad).unwrap();
        assert!(matches!(fleet::open(dir.path()), Err(RecordError::Corrupt { .. })), "byte {at}");
        std::fs::write(wal(dir.path()), &good[..at]).unwrap();
        assert!(matches!(fleet::open(dir.path()), Err(RecordError::Corrupt { .. })), "cut at {at}");
    }
}

#[test]
fn a_frame_of_another_file_planted_behind_a_torn_end_proves_nothing() {
    let (dir, places) = folder_with_groups();
    let (other, _) = folder_with_groups();
    let (good, foreign) =
        (std::fs::read(wal(dir.path())).unwrap(), std::fs::read(wal(other.path())).unwrap());
    let end = places[1] + 40;
    let planted = |frames: &[u8]| [&good[..end], &[b' '; 20], frames, b"\"}"].concat();
    // The same record numbers in the same format: only the salt tells them apart.
    std::fs::write(wal(dir.path()), planted(&foreign[places[ACKED]..])).unwrap();
    assert_eq!(fleet::open(dir.path()).unwrap().sizes().0, 1);
    std::fs::write(wal(dir.path()), planted(&good[places[ACKED]..])).unwrap();
    assert!(matches!(fleet::open(dir.path()), Err(RecordError::Corrupt { .. })));
}
