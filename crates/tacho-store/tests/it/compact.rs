//! Compaction: entries never change, and snapshots stay readable.

use crate::support::{Fixture, segment_files, texts};
use parquet::basic::Compression;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use std::fs::File;
use std::path::Path;
use tacho_event::section::Section;
use tacho_store::check;

#[test]
fn compaction_merges_neighbours_and_keeps_old_snapshots_readable() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = Fixture::new(dir.path());
    for _ in 0..5 {
        log.add(30, 10);
        log.cut();
    }
    let before = log.store.snapshot();
    let inputs = texts(&before, Section::Input);
    assert_eq!(before.segments.len(), 15);
    while log.store.compact(&log.leaf()).unwrap() {}
    assert_eq!(log.store.snapshot().segments.len(), 3);
    assert_eq!(segment_files(dir.path()).len(), 18);
    assert_eq!(texts(&before, Section::Input), inputs);
    assert_eq!(texts(&log.store.snapshot(), Section::Input), inputs);
    drop(before);
    assert_eq!(segment_files(dir.path()).len(), 3);
    log.assert_whole(&log.store);
    assert!(check(dir.path()).is_empty());
    assert_eq!(log.store.position().next_index, 150);
}

/// Whether each column but those of chance has a value somewhere, and whether it is compressed.
fn columns(path: &Path) -> Vec<(String, bool, bool)> {
    let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    let groups = reader.metadata().row_groups();
    let one = |at: usize| {
        let of_groups = || groups.iter().map(|group| (group.num_rows() as u64, group.column(at)));
        let name = of_groups().next().unwrap().1.column_path().string();
        let has = |(rows, column): (u64, &ColumnChunkMetaData)| {
            column.statistics().unwrap().null_count_opt() != Some(rows)
        };
        let is_packed =
            |(_, column): (u64, &ColumnChunkMetaData)| column.compression() != Compression::UNCOMPRESSED;
        (name, of_groups().any(has), of_groups().any(is_packed))
    };
    let all = (0..groups[0].num_columns()).map(one);
    all.filter(|(name, ..)| !["body", "content"].contains(&name.as_str())).collect()
}

#[test]
fn only_columns_that_hold_a_value_are_compressed() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = Fixture::new(dir.path());
    for _ in 0..5 {
        log.add(30, 10);
        log.cut();
    }
    for path in segment_files(dir.path()) {
        for (name, has, is_packed) in columns(&path) {
            assert!(is_packed || !has, "{name} of {}", path.display());
        }
    }
    while log.store.compact(&log.leaf()).unwrap() {}
    for path in segment_files(dir.path()) {
        let columns = columns(&path);
        let (full, empty): (Vec<_>, Vec<_>) = columns.iter().partition(|(_, has, _)| *has);
        assert!(full.iter().all(|(.., is_packed)| *is_packed), "{full:?}");
        assert!(!empty.is_empty() && empty.iter().all(|(.., is_packed)| !is_packed), "{empty:?}");
    }
}

#[test]
fn a_range_of_entries_is_read_from_segments_and_memory() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = Fixture::new(dir.path());
    log.add(90, 10);
    log.cut();
    log.add(20, 10);
    for range in [0..0, 0..1, 37..42, 85..95, 100..200] {
        let mut found = Vec::new();
        log.store.entries(range.clone(), &mut |index, bytes| found.push((index, bytes.to_vec()))).unwrap();
        let want = range.clone().take_while(|index| *index < 110);
        let want: Vec<_> = want.map(|index| (index, log.entries[index as usize].clone())).collect();
        assert_eq!(found, want, "{range:?}");
    }
}
