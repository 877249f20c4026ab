//! Cuts: every entry is visible exactly once, before, during and after, whatever step a crash falls on.

use crate::support::{Fixture, copy, open, segment_files};
use parquet::basic::Compression;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaDataReader};
use std::cell::RefCell;
use std::path::PathBuf;
use std::sync::Arc;
use tacho_store::store::Options;
use tacho_store::{Position, Step, Store, StoreError, check};

#[test]
fn a_cut_moves_rows_from_memory_to_one_segment_per_class() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = Fixture::new(dir.path());
    log.add(100, 7);
    log.assert_whole(&log.store);
    log.cut();
    assert_eq!(log.store.snapshot().segments.len(), 3);
    assert_eq!(log.store.position(), Position { next_index: 100, next_record: 15 });
    assert_eq!(log.store.hot_bytes(), 0);
    log.add(50, 50);
    log.assert_whole(&log.store);
    log.cut();
    log.add(10, 3);
    log.assert_whole(&log.store);
    assert!(check(dir.path()).is_empty(), "{:?}", check(dir.path()));
    drop(log.store);

    let store = open(dir.path(), |_| {});
    assert_eq!(store.position().next_index, 150);
    let past = |most: u64| {
        let mut all = Vec::new();
        store.past(most, &mut |past| all.push(past)).unwrap();
        assert!(all.iter().zip(0..150).all(|(past, n)| past.index == n) && all.len() == 150);
        assert_eq!(all[7].session.map(|(_, seq)| seq), Some(1));
        assert!(all.iter().all(|past| past.state.is_none_or(|state| state.content == past.index)));
        all.iter().filter(|past| past.state.is_some()).count()
    };
    assert_eq!((past(u64::MAX), past(150)), (150, 150));
    // The second cut has three files, one for each class, and of the first one only sessions are read.
    assert_eq!((past(50), past(0)), (50, 0));
    assert!((17..=50).contains(&past(17)) && past(51) >= 51, "{} {}", past(17), past(51));
}

#[test]
fn rows_appended_while_a_cut_is_written_are_in_the_next_one() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = Fixture::new(dir.path());
    log.add(30, 10);
    let cut = log.store.freeze().unwrap();
    log.add(20, 10);
    assert_eq!(cut.range(), 0..30);
    let before = log.store.snapshot();
    // The same cut again, until one of them is committed.
    assert_eq!(log.store.freeze().unwrap().range(), 0..30);
    let (written, again) = (cut.write(&log.leaf()).unwrap(), cut.write(&log.leaf()).unwrap());
    assert_eq!(segment_files(dir.path()).len(), 6);
    log.assert_whole(&log.store);
    log.store.commit(written).unwrap();
    log.store.commit(again).unwrap();
    assert_eq!(segment_files(dir.path()).len(), 3);
    log.assert_whole(&log.store);
    assert_eq!(before.size, 50);
    assert_eq!(log.store.freeze().unwrap().range(), 30..50);
    log.cut();
    log.assert_whole(&log.store);
    assert!(check(dir.path()).is_empty());
}

#[test]
fn a_failed_cut_loses_nothing_and_can_be_tried_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = Fixture::new(dir.path());
    log.add(20, 5);
    let cut = log.store.freeze().unwrap();
    let wrong = |index: u64| log.leaf()(index).filter(|_| index != 7);
    let error = cut.write(&wrong).unwrap_err();
    assert!(matches!(error, StoreError::Leaf { index: 7, .. }), "{error}");
    assert!(segment_files(dir.path()).is_empty());
    log.assert_whole(&log.store);
    log.cut();
    log.assert_whole(&log.store);
}

#[test]
fn what_does_not_follow_or_does_not_fit_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = Fixture::new(dir.path());
    log.add(20, 10);
    let (batch, decisions) = log.journal[0].clone();
    assert!(matches!(log.store.append(0, &batch, &decisions), Err(StoreError::Order { expected: 2, .. })));
    assert!(matches!(log.store.append(2, &batch, &decisions), Err(StoreError::Order { expected: 20, .. })));
    log.assert_whole(&log.store);

    let dir = tempfile::tempdir().unwrap();
    let small = Store::open(dir.path(), Options { hot_bytes_max: 1, ..Options::new("x") }).unwrap();
    small.append(0, &batch, &decisions).unwrap();
    let (batch, decisions) = &log.journal[1];
    assert!(matches!(small.append(1, batch, decisions), Err(StoreError::Full { .. })));
    assert!(small.cut(&log.leaf()).unwrap());
    small.append(1, batch, decisions).unwrap();
    log.assert_whole(&small);
}

thread_local! {
    static CRASHES: RefCell<Option<(PathBuf, PathBuf, usize)>> = const { RefCell::new(None) };
}

/// Copies the folder as it is at each step.
fn crash(step: Step) {
    CRASHES.with_borrow_mut(|crashes| {
        if let Some((from, to, count)) = crashes {
            copy(from, &to.join(format!("{count}-{step:?}")));
            *count += 1;
        }
    });
}

#[test]
fn a_crash_at_any_step_loses_nothing_and_doubles_nothing() {
    let (dir, copies) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut log = Fixture::observed(dir.path(), crash);
    for _ in 0..4 {
        log.add(20, 5);
        log.cut();
    }
    log.add(20, 5);
    CRASHES.set(Some((dir.path().into(), copies.path().into(), 0)));
    log.cut();
    while log.store.compact(&log.leaf()).unwrap() {}
    let (_, _, count) = CRASHES.take().unwrap();
    assert!(count >= 4 * Step::ALL.len(), "{count}");
    for entry in std::fs::read_dir(copies.path()).unwrap() {
        let folder = entry.unwrap().path();
        let store = open(&folder, |_| {});
        log.replay(&store);
        log.assert_whole(&store);
        store.cut(&log.leaf()).unwrap();
        log.assert_whole(&store);
        drop(store);
        assert!(check(&folder).is_empty(), "{}: {:?}", folder.display(), check(&folder));
    }
}

#[test]
fn a_segment_is_what_its_page_says() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = Fixture::new(dir.path());
    log.add(30, 10);
    log.cut();
    let segment = Arc::clone(&log.store.snapshot().segments[0]);
    let name = segment.path.file_name().unwrap().to_str().unwrap().to_string();
    assert_eq!(name, format!("{:016x}-{:016x}-{}.parquet", segment.first, segment.last, segment.class));
    let file = std::fs::File::open(&segment.path).unwrap();
    let metadata = ParquetMetaDataReader::new()
        .with_page_index_policy(PageIndexPolicy::Required)
        .parse_and_finish(&file)
        .unwrap();
    let pairs = metadata.file_metadata().key_value_metadata().unwrap();
    let value = |key: &str| pairs.iter().find(|pair| pair.key == key).and_then(|pair| pair.value.clone());
    assert_eq!(value("tachograph.format").as_deref(), Some("1"));
    assert_eq!(value("tachograph.origin").as_deref(), Some("log.example/1"));
    assert!(metadata.file_metadata().created_by().unwrap().starts_with("tachograph "));
    assert!(metadata.column_index().is_some() && metadata.offset_index().is_some());
    let group = metadata.row_group(0);
    assert_eq!(group.sorting_columns().unwrap()[0].column_idx, 0);
    for column in group.columns() {
        let name = column.column_path().string();
        let has_filter = ["event_id", "session_uuid", "who_id", "who_session"].contains(&name.as_str());
        assert_eq!(column.bloom_filter_offset().is_some(), has_filter, "{}", column.column_path());
        // A column may have a value in the file of another class alone: then it is compressed in all.
        let is_empty = column.statistics().unwrap().null_count_opt() == u64::try_from(group.num_rows()).ok();
        match column.compression() {
            Compression::UNCOMPRESSED => {
                assert!(is_empty || ["body", "content"].contains(&name.as_str()), "{name}")
            }
            compression => assert_eq!(compression, Compression::ZSTD(Default::default()), "{name}"),
        }
    }
}
