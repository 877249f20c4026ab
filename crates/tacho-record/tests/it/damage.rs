//! Damage is found and named; a torn end is mended; nothing is skipped.

use crate::fleet::{self, open};
use std::path::{Path, PathBuf};
use tacho_record::RecordError;

fn folder_with(events: u64) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let mut log = open(dir.path()).unwrap();
    for n in 0..events {
        log.append(fleet::START_US + n as i64, vec![fleet::batch(n, n)]).unwrap();
    }
    log.seal().unwrap();
    dir
}

fn wal(folder: &Path) -> PathBuf {
    folder.join("wal/0000000000000000.wal")
}

#[test]
fn every_flipped_byte_of_the_journal_is_found() {
    let dir = folder_with(3);
    let good = std::fs::read(wal(dir.path())).unwrap();
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x10;
        std::fs::write(wal(dir.path()), &bad).unwrap();
        // Damage in the middle is corruption; damage in the last frame looks torn, but that frame was signed.
        assert!(matches!(open(dir.path()), Err(RecordError::Corrupt { .. })), "byte {at}");
    }
    std::fs::write(wal(dir.path()), &good).unwrap();
    assert_eq!(open(dir.path()).unwrap().sizes(), (3, 3));
}

#[test]
fn every_cut_that_loses_a_signed_entry_is_refused() {
    let dir = folder_with(2);
    let good = std::fs::read(wal(dir.path())).unwrap();
    for len in 0..good.len() {
        std::fs::write(wal(dir.path()), &good[..len]).unwrap();
        let opened = open(dir.path());
        assert!(matches!(opened, Err(RecordError::Corrupt { .. })), "cut at {len}: {:?}", opened.err());
    }
}

#[test]
fn a_torn_end_that_nobody_was_promised_is_mended() {
    let dir = folder_with(2);
    let good = std::fs::read(wal(dir.path())).unwrap();
    let mut torn = good.clone();
    torn.extend_from_slice(&good[32..good.len() / 2]);
    std::fs::write(wal(dir.path()), &torn).unwrap();
    let mut log = open(dir.path()).unwrap();
    assert_eq!(log.sizes(), (2, 2));
    log.append(fleet::START_US, vec![fleet::batch(2, 2)]).unwrap();
    drop(log);
    assert_eq!(open(dir.path()).unwrap().sizes().0, 3);
}

#[test]
fn a_missing_journal_file_is_named() {
    let dir = folder_with(1);
    std::fs::rename(wal(dir.path()), dir.path().join("wal/0000000000000009.wal")).unwrap();
    let error = open(dir.path()).unwrap_err().to_string();
    assert!(error.contains("a file is missing"), "{error}");
}

#[test]
fn tiles_are_made_again_from_the_journal() {
    let dir = folder_with(5);
    std::fs::remove_dir_all(dir.path().join("log/tile")).unwrap();
    let mut log = open(dir.path()).unwrap();
    log.append(fleet::START_US, vec![fleet::batch(5, 5)]).unwrap();
    log.seal().unwrap();
    assert!(log.prove(0).is_ok());
}

#[test]
fn a_second_recorder_on_the_folder_refuses() {
    let dir = folder_with(1);
    let _first = open(dir.path()).unwrap();
    assert!(matches!(open(dir.path()), Err(RecordError::InUse { .. })));
}
