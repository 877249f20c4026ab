//! Erasure and expiry: entries never change, what is taken out is gone, and all else stays as it lay.

use crate::support::{Fixture, commit, open, section, segment_files, texts};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData};
use parquet::file::reader::{FileReader, SerializedFileReader};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use tacho_event::entry::Header;
use tacho_event::section::{Section, Who};
use tacho_event::time::Day;
use tacho_merkle::commit::body;
use tacho_store::read::Wanted;
use tacho_store::row::{Part, Row};
use tacho_store::segment::Leaf;
use tacho_store::take_out::Commit;
use tacho_store::{Removal, Snapshot, Store, StoreError, Why, check};

type Select<'a> = &'a dyn Fn(&Row<'_>) -> Vec<Section>;

fn removal<'a>(why: Why, select: Select<'a>, commit: Commit<'a>) -> Removal<'a> {
    Removal { why, days: &|_| true, select, commit }
}

/// Takes out of everything that the log holds now.
fn take_out(log: &Fixture, why: Why, select: Select<'_>) -> u64 {
    let turned = log.journal.len() as u64;
    log.store.take_out(&removal(why, select, &commit), &log.leaf(), turned, &|| false).unwrap()
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
                let commitment = commit(&row.header().unwrap(), &row.who(), section, bytes).unwrap();
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
    assert_eq!(take_out(&log, Why::Erased, &user_1), 40);
    log.assert_whole(&log.store);
    assert_erased(&log.store);
    // Only the class of these events was rewritten, and the old files went.
    assert_eq!(segment_files(dir.path()).len(), 6);
    assert_eq!(take_out(&log, Why::Erased, &user_1), 0);

    // Later the rest of the same rows expires: both reasons are told.
    let rest = |_: &Row<'_>| vec![Section::Who, Section::Extra];
    take_out(&log, Why::Expired, &rest);
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
    let log = RefCell::new(log);
    let store = Arc::clone(&log.borrow().store);
    let asked = std::cell::Cell::new(0);
    // It is asked before each segment: then events come, and merges are tried.
    let stopped = || {
        asked.set(asked.get() + 1);
        let mut log = log.borrow_mut();
        log.add(30, 10);
        log.cut();
        while store.compact(&log.leaf()).unwrap() {}
        assert!(!store.has_mergeable(), "what is being erased is not to be merged");
        false
    };
    let removal = removal(Why::Erased, &user_1, &commit);
    assert_eq!(store.take_out(&removal, &first, turned, &stopped).unwrap(), 40);
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
    assert!(store.has_mergeable(), "small ones are there, though none was cut since");
    while store.compact(&log.leaf()).unwrap() {}
    assert!(!store.has_mergeable());
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
        take_out(&log, Why::Erased, &|_| vec![section]);
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
    let erase = |turned, leaf: Leaf<'_>| {
        log.store.take_out(&removal(Why::Erased, &user_1, &commit), leaf, turned, &|| false)
    };
    let error = erase(4, &log.leaf()).unwrap_err();
    assert!(matches!(error, StoreError::Behind { held: 3, turned: 4 }), "{error}");
    assert_eq!(erase(3, &log.leaf()).unwrap(), 10);
}

#[test]
fn nothing_is_erased_when_the_commitments_are_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = Fixture::new(dir.path());
    log.add(30, 10);
    let wrong = |_: &Header<'_>, _: &Who<'_>, _: Section, _: &[u8]| Some([0; 32]);
    let erase = |commit: Commit<'_>| {
        let turned = log.journal.len() as u64;
        log.store.take_out(&removal(Why::Erased, &user_1, commit), &log.leaf(), turned, &|| false)
    };
    let error = erase(&wrong).unwrap_err();
    assert!(matches!(error, StoreError::Row { index: 1, .. }), "{error}");
    let none = |_: &Header<'_>, _: &Who<'_>, _: Section, _: &[u8]| None;
    assert!(erase(&none).is_err());
    assert!(texts(&log.store.snapshot(), Section::Who).iter().all(Option::is_some));
    assert!(check(dir.path()).is_empty());
}

/// Footer and bytes of a file.
fn parts(path: &Path) -> (ParquetMetaData, Vec<u8>) {
    let reader = SerializedFileReader::new(File::open(path).unwrap()).unwrap();
    (reader.metadata().clone(), std::fs::read(path).unwrap())
}

fn chunk<'f>(
    (footer, bytes): &'f (ParquetMetaData, Vec<u8>),
    name: &str,
) -> (&'f ColumnChunkMetaData, &'f [u8]) {
    let mut columns = footer.row_group(0).columns().iter();
    let column = columns.find(|column| column.column_path().string() == name).unwrap();
    let (start, length) = column.byte_range();
    (column, &bytes[start as usize..(start + length) as usize])
}

#[test]
fn columns_of_which_nothing_goes_are_taken_over_as_they_lie() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = Fixture::new(dir.path());
    log.add(90, 10);
    log.cut();
    let before: Vec<_> = segment_files(dir.path()).iter().map(|path| parts(path)).collect();
    let inputs = texts(&log.store.snapshot(), Section::Input);
    assert_eq!(take_out(&log, Why::Expired, &|_| vec![Section::Who]), 90);
    let after: Vec<_> = segment_files(dir.path()).iter().map(|path| parts(path)).collect();
    assert_eq!((before.len(), after.len()), (3, 3));
    for (before, after) in before.iter().zip(&after) {
        for name in ["index", "event_id", "body", "model", "input", "extra"] {
            let ((old, old_bytes), (new, new_bytes)) = (chunk(before, name), chunk(after, name));
            assert_eq!(old_bytes, new_bytes, "{name}");
            assert_eq!(old.statistics(), new.statistics(), "{name}");
            assert_eq!(old.bloom_filter_offset().is_some(), new.bloom_filter_offset().is_some(), "{name}");
            assert_eq!(old.column_index_length(), new.column_index_length(), "{name}");
            assert_eq!(old.offset_index_length().is_some(), new.offset_index_length().is_some(), "{name}");
        }
        assert_ne!(chunk(before, "who_user").1, chunk(after, "who_user").1);
    }
    assert_eq!(texts(&log.store.snapshot(), Section::Input), inputs);
    assert!(texts(&log.store.snapshot(), Section::Who).iter().all(Option::is_none));
    log.assert_whole(&log.store);
    // The next one finds its pages by the indexes that were taken over, and takes over what that one encoded.
    assert_eq!(take_out(&log, Why::Erased, &|_| vec![Section::Input]), 90);
    let assert_row = &mut |row: &Row<'_>| {
        assert_body(row);
        Ok(())
    };
    log.store.snapshot().rows(37..42, Wanted::All, assert_row).unwrap();
    log.assert_whole(&log.store);
    assert!(check(dir.path()).is_empty());
}

#[test]
fn files_of_other_days_are_not_looked_through() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = Fixture::new(dir.path());
    for _ in 0..3 {
        log.add(100, 10);
        log.cut();
    }
    let (second, seen) = (Day(20_091), RefCell::new(BTreeSet::new()));
    let select = |row: &Row<'_>| {
        seen.borrow_mut().insert(row.period());
        vec![Section::Who]
    };
    let days = |days: std::ops::RangeInclusive<Day>| days.contains(&second);
    let removal = Removal { why: Why::Expired, days: &days, select: &select, commit: &commit };
    let turned = log.journal.len() as u64;
    assert_eq!(log.store.take_out(&removal, &log.leaf(), turned, &|| false).unwrap(), 100);
    assert_eq!(seen.into_inner(), BTreeSet::from([second]));
    let gone = texts(&log.store.snapshot(), Section::Who);
    assert!(gone.iter().enumerate().all(|(n, who)| who.is_none() == (n / 100 == 1)), "{gone:?}");
    // What is in memory tells of no day.
    log.add(10, 10);
    let found = log.store.snapshot().of_days(&days).unwrap();
    assert_eq!((found.segments.len(), found.hot.len()), (3, 1));
    log.assert_whole(&log.store);
}
