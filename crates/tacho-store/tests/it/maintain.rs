//! Compaction and erasure: entries never change, snapshots stay readable, what is taken out is gone.

use crate::support::{Fixture, commit, open, section, segment_files};
use parquet::basic::Compression;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::reader::{FileReader, SerializedFileReader};
use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use tacho_event::section::Section;
use tacho_merkle::commit::body;
use tacho_store::read::Wanted;
use tacho_store::row::{Part, Row};
use tacho_store::{Snapshot, Store, StoreError, Why, check};

fn texts(snapshot: &Snapshot, wanted: Section) -> Vec<Option<String>> {
    let mut found = Vec::new();
    let each = &mut |row: &Row<'_>| {
        found.push(section(row, wanted));
        Ok(())
    };
    snapshot.rows(0..u64::MAX, Wanted::All, each).unwrap();
    found
}

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

fn user_1(row: &Row<'_>) -> Vec<Section> {
    match row.who().user {
        Some("user-1@example.org") => vec![Section::Who, Section::Facts, Section::Input, Section::Output],
        _ => Vec::new(),
    }
}

/// Recomputes the body of a row from what is there and what is left.
fn assert_body(row: &Row<'_>) {
    let (mut listed, mut scratch) = (Vec::new(), Vec::new());
    for section in Section::ALL {
        match row.section(section, &mut scratch).unwrap() {
            Part::Absent => {}
            Part::Open(bytes) => {
                let commitment = commit(row, section, bytes).unwrap();
                listed.push((section.name(), bytes.len() as u64, commitment));
            }
            Part::Gone { commitment, length, .. } => listed.push((section.name(), length, commitment)),
        }
    }
    assert_eq!(*body(&listed).unwrap().as_bytes(), row.header().unwrap().body);
}

fn assert_erased(store: &Store) {
    let mut count = 0;
    let each = &mut |row: &Row<'_>| {
        assert_body(row);
        let is_gone = row.index() % 3 == 1;
        count += u64::from(is_gone);
        assert_eq!(section(row, Section::Who).is_none(), is_gone);
        assert_eq!(section(row, Section::Facts).is_none(), is_gone);
        assert_eq!(section(row, Section::Input).is_none(), is_gone);
        assert_eq!(section(row, Section::Extra).as_deref(), Some("{}"));
        Ok(())
    };
    store.snapshot().rows(0..u64::MAX, Wanted::All, each).unwrap();
    assert_eq!(count, 40);
}

#[test]
fn erasing_keeps_entries_and_bodies_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = Fixture::new(dir.path());
    log.add(90, 10);
    log.cut();
    log.add(30, 10);
    assert_eq!(
        log.store
            .erase(&user_1, Why::Erased, &commit, &log.leaf(), log.journal.len() as u64, &|| false)
            .unwrap(),
        40
    );
    log.assert_whole(&log.store);
    assert_erased(&log.store);
    // Only the class of these events was rewritten, and the old files went.
    assert_eq!(segment_files(dir.path()).len(), 6);
    assert_eq!(
        log.store
            .erase(&user_1, Why::Erased, &commit, &log.leaf(), log.journal.len() as u64, &|| false)
            .unwrap(),
        0
    );

    // Later the rest of the same rows expires: both reasons are told.
    let rest = |_: &Row<'_>| vec![Section::Who, Section::Extra];
    log.store.erase(&rest, Why::Expired, &commit, &log.leaf(), log.journal.len() as u64, &|| false).unwrap();
    let mut scratch = Vec::new();
    let each = &mut |row: &Row<'_>| {
        assert_body(row);
        let mut why = |section| match row.section(section, &mut scratch) {
            Ok(Part::Gone { why, .. }) => why.to_string(),
            other => panic!("expected a gone section, found {other:?}"),
        };
        assert_eq!(why(Section::Who), if row.index() % 3 == 1 { "erased" } else { "expired" });
        assert_eq!(why(Section::Extra), "expired");
        Ok(())
    };
    log.store.snapshot().rows(0..u64::MAX, Wanted::All, each).unwrap();
    log.assert_whole(&log.store);
    drop(log.store);
    assert!(check(dir.path()).is_empty());
    open(dir.path(), |_| {});
}

#[test]
fn what_comes_while_something_is_erased_is_merged_meanwhile() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = Fixture::new(dir.path());
    for _ in 0..4 {
        log.add(30, 10);
        log.cut();
    }
    let (turned, first) = (log.journal.len() as u64, log.leaf());
    let log = std::cell::RefCell::new(log);
    let store = Arc::clone(&log.borrow().store);
    let asked = std::cell::Cell::new(0);
    // It is asked before each segment: then events come, and merges are tried.
    let stopped = || {
        asked.set(asked.get() + 1);
        let mut log = log.borrow_mut();
        log.add(30, 10);
        log.cut();
        while store.compact(&log.leaf()).unwrap() {}
        false
    };
    assert_eq!(store.erase(&user_1, Why::Erased, &commit, &first, turned, &stopped).unwrap(), 40);
    let later = |snapshot: &Snapshot| {
        let (old, new): (Vec<_>, Vec<_>) =
            snapshot.segments.iter().partition::<Vec<_>, _>(|segment| segment.first < 120);
        (old.len(), new.len())
    };
    assert!(asked.get() > 12, "{asked:?}");
    let (old, new) = later(&store.snapshot());
    assert_eq!(old, 12, "an erasure has them for itself");
    assert!(new < asked.get() * 3 / 2, "{new} of {asked:?}");
    let log = log.into_inner();
    log.assert_whole(&store);
    while store.compact(&log.leaf()).unwrap() {}
    assert!(later(&store.snapshot()).0 < 12);
    log.assert_whole(&store);
}

#[test]
fn a_name_that_was_listed_is_never_given_to_another_file() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = Fixture::new(dir.path());
    log.add(30, 10);
    log.cut();
    let mut seen: BTreeSet<std::path::PathBuf> = segment_files(dir.path()).into_iter().collect();
    for section in [Section::Input, Section::Facts, Section::Extra] {
        let before = seen.len();
        let turned = log.journal.len() as u64;
        log.store.erase(&|_| vec![section], Why::Erased, &commit, &log.leaf(), turned, &|| false).unwrap();
        seen.extend(segment_files(dir.path()));
        assert_eq!(segment_files(dir.path()).len(), 3, "the old files are gone, their names are free");
        assert_eq!(seen.len(), before + 3, "{seen:?}");
    }
    log.assert_whole(&log.store);
}

#[test]
fn nothing_is_erased_that_the_journal_would_keep() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = Fixture::new(dir.path());
    log.add(30, 10);
    // The journal has one more record than the store.
    let error = log.store.erase(&user_1, Why::Erased, &commit, &log.leaf(), 4, &|| false).unwrap_err();
    assert!(matches!(error, StoreError::Behind { held: 3, turned: 4 }), "{error}");
    assert_eq!(log.store.erase(&user_1, Why::Erased, &commit, &log.leaf(), 3, &|| false).unwrap(), 10);
}

#[test]
fn nothing_is_erased_when_the_commitments_are_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = Fixture::new(dir.path());
    log.add(30, 10);
    let wrong = |_: &Row<'_>, _: Section, _: &[u8]| Some([0; 32]);
    let error = log
        .store
        .erase(&user_1, Why::Erased, &wrong, &log.leaf(), log.journal.len() as u64, &|| false)
        .unwrap_err();
    assert!(matches!(error, StoreError::Row { index: 1, .. }), "{error}");
    let none = |_: &Row<'_>, _: Section, _: &[u8]| None;
    assert!(
        log.store
            .erase(&user_1, Why::Erased, &none, &log.leaf(), log.journal.len() as u64, &|| false)
            .is_err()
    );
    assert!(texts(&log.store.snapshot(), Section::Who).iter().all(Option::is_some));
    assert!(check(dir.path()).is_empty());
}
