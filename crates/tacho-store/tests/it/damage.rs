//! Changed bytes and rows are found, named, and never make anything panic.

use crate::support::{Fixture, copy, segment_files};
use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};
use std::path::Path;
use tacho_merkle::leaf_hash;
use tacho_store::segment::verify_file;
use tacho_store::store::Options;
use tacho_store::{Store, StoreError, check};

fn small_log(folder: &Path) -> Fixture {
    let mut log = Fixture::new(folder);
    log.add(24, 8);
    log.cut();
    log
}

#[test]
fn every_flipped_byte_of_a_segment_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let log = small_log(dir.path());
    let file = &log.store.snapshot().segments[0];
    let good = std::fs::read(&file.path).unwrap();
    let mut rows = 0;
    let found = verify_file(file, &mut |row| {
        let mut bytes = Vec::new();
        row.entry(&mut bytes)?;
        assert_eq!(leaf_hash(&bytes), log.leaves[row.index() as usize]);
        rows += 1;
        Ok(())
    });
    assert!(found.is_empty(), "{found:?}");
    assert_eq!(rows, 8);
    // A prime step visits every kind of place; the last kilobytes are the footer.
    let sample = (0..good.len()).step_by(101).chain(good.len() - 64..good.len());
    for at in sample {
        let mut bytes = good.clone();
        bytes[at] ^= 0x55;
        std::fs::write(&file.path, &bytes).unwrap();
        let found = verify_file(file, &mut |row| row.entry(&mut Vec::new()));
        assert!(matches!(found[0], StoreError::Changed { .. }), "byte {at}: {found:?}");
        assert!(found[0].to_string().contains("parquet"), "{}", found[0]);
    }
    std::fs::write(&file.path, &good[..good.len() / 2]).unwrap();
    assert!(verify_file(file, &mut |_| Ok(())).len() >= 2);
    std::fs::write(&file.path, &good).unwrap();
}

#[test]
fn a_changed_segment_is_not_rewritten_as_if_it_were_good() {
    let dir = tempfile::tempdir().unwrap();
    let mut log = Fixture::new(dir.path());
    for _ in 0..4 {
        log.add(24, 8);
        log.cut();
    }
    let path = log.store.snapshot().segments[0].path.clone();
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.len() / 2;
    bytes[at] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    assert!(matches!(log.store.compact(&log.leaf()), Err(StoreError::Changed { .. })));
    assert_eq!(segment_files(dir.path()).len(), 12);
    assert!(check(dir.path()).iter().any(|found| matches!(found, StoreError::Changed { .. })));
}

fn changed(good: &Path, sql: &str) -> (tempfile::TempDir, Vec<StoreError>) {
    let dir = tempfile::tempdir().unwrap();
    copy(good, dir.path());
    let connection = Connection::open(dir.path().join("catalog.sqlite")).unwrap();
    assert!(connection.execute(sql, []).unwrap() > 0, "{sql}");
    drop(connection);
    let found = check(dir.path());
    (dir, found)
}

#[test]
fn a_change_to_any_column_of_the_catalog_is_found() {
    let dir = tempfile::tempdir().unwrap();
    drop(small_log(dir.path()).store);
    assert!(check(dir.path()).is_empty());
    for column in ["first", "last", "rows", "bytes", "time_min", "time_max"] {
        let sql = format!("UPDATE segments SET {column} = {column} + 1 WHERE class = 'standard'");
        let (dir, found) = changed(dir.path(), &sql);
        assert!(found.iter().any(|e| matches!(e, StoreError::CatalogDamaged { .. })), "{column}: {found:?}");
        let error = Store::open(dir.path(), Options::new("x")).unwrap_err();
        assert!(matches!(error, StoreError::CatalogDamaged { .. }), "{column}: {error}");
        assert_eq!(segment_files(dir.path()).len(), 3);
    }
    for sql in [
        "UPDATE segments SET name = 'x' WHERE class = 'standard'",
        "UPDATE segments SET class = 'critical' WHERE class = 'standard'",
        "UPDATE segments SET digest = zeroblob(32) WHERE class = 'standard'",
        "UPDATE segments SET digest = zeroblob(3) WHERE class = 'standard'",
        "UPDATE segments SET checksum = zeroblob(32) WHERE class = 'standard'",
        "UPDATE position SET next_index = next_index - 1",
        "UPDATE position SET next_record = next_record + 1",
        "UPDATE position SET checksum = zeroblob(32)",
        "DELETE FROM position",
        "DELETE FROM segments WHERE class = 'standard'",
        "INSERT INTO segments SELECT 'again.parquet', first, last, rows, bytes, time_min, time_max, class, \
         digest, checksum FROM segments LIMIT 1",
    ] {
        let (_dir, found) = changed(dir.path(), sql);
        assert!(!found.is_empty(), "{sql}");
    }
}

#[test]
fn a_catalog_that_lost_a_row_is_refused_and_nothing_is_cleared_away() {
    let dir = tempfile::tempdir().unwrap();
    drop(small_log(dir.path()).store);
    assert!(tacho_store::inspect::glance(dir.path()).faults.is_empty());
    let files = segment_files(dir.path());
    for sql in [
        "DELETE FROM segments WHERE class = 'standard'",
        "DELETE FROM segments WHERE first = 0",
        "DELETE FROM segments",
    ] {
        let (dir, _) = changed(dir.path(), sql);
        let at_a_glance = tacho_store::inspect::glance(dir.path());
        assert!(!at_a_glance.faults.is_empty(), "{sql}");
        let said = Store::open(dir.path(), Options::new("x")).unwrap_err().to_string();
        assert!(said.contains("the segments that it lists hold"), "{sql}: {said}");
        assert!(said.contains("not listed, though in segments/"), "{sql}: {said}");
        assert!(said.contains("tachograph verify"), "{sql}: {said}");
        assert_eq!(segment_files(dir.path()).len(), files.len(), "{sql}: evidence stays");
    }
}

#[test]
fn a_catalog_is_copied_with_what_its_log_holds_while_it_is_written() {
    let (dir, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let log = small_log(dir.path());
    std::fs::create_dir(to.path().join("segments")).unwrap();
    tacho_store::inspect::copy_catalog(dir.path(), to.path()).unwrap();
    assert!(dir.path().join("catalog.sqlite-wal").metadata().unwrap().len() > 0, "not all is in the file");
    assert!(tacho_store::inspect::same_books(dir.path(), to.path()));
    drop(log);
    Connection::open(dir.path().join("catalog.sqlite"))
        .and_then(|open| open.execute("DELETE FROM segments WHERE first = 0", []))
        .unwrap();
    assert!(!tacho_store::inspect::same_books(dir.path(), to.path()));
}

#[test]
fn missing_and_unexpected_files_are_found() {
    let dir = tempfile::tempdir().unwrap();
    drop(small_log(dir.path()).store);
    let stranger = dir.path().join("segments/notes.txt");
    std::fs::write(&stranger, "x").unwrap();
    assert_eq!(check(dir.path()).len(), 1);
    let files = segment_files(dir.path());
    std::fs::remove_file(&files[0]).unwrap();
    assert!(check(dir.path()).len() >= 2);
    let error = Store::open(dir.path(), Options::new("x")).unwrap_err();
    assert!(matches!(error, StoreError::CatalogDamaged { .. }), "{error}");
    assert!(stranger.exists());
}

#[test]
fn a_lost_catalog_does_not_take_the_segments_with_it() {
    let dir = tempfile::tempdir().unwrap();
    drop(small_log(dir.path()).store);
    let count = segment_files(dir.path()).len();
    for name in ["catalog.sqlite", "catalog.sqlite-wal", "catalog.sqlite-shm"] {
        let _ = std::fs::remove_file(dir.path().join(name));
    }
    let error = Store::open(dir.path(), Options::new("x")).unwrap_err();
    assert!(error.to_string().contains("restore it"), "{error}");
    assert_eq!(segment_files(dir.path()).len(), count);
}

#[test]
fn a_catalog_of_a_later_version_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    drop(small_log(dir.path()).store);
    let connection = Connection::open(dir.path().join("catalog.sqlite")).unwrap();
    connection.pragma_update(None, "user_version", 99).unwrap();
    drop(connection);
    let error = Store::open(dir.path(), Options::new("x")).unwrap_err();
    assert!(matches!(error, StoreError::Newer { found: 99, .. }), "{error}");
    assert!(!check(dir.path()).is_empty());
}

/// SHA-256 over a row of `segments`, as the page of the format says: whoever writes the catalog can make it.
fn forge(good: &Path, sql: &str) -> (tempfile::TempDir, Vec<StoreError>) {
    let dir = tempfile::tempdir().unwrap();
    copy(good, dir.path());
    let connection = Connection::open(dir.path().join("catalog.sqlite")).unwrap();
    assert!(connection.execute(sql, []).unwrap() > 0, "{sql}");
    let columns = "name, class, first, last, rows, bytes, time_min, time_max, digest";
    let mut statement = connection.prepare(&format!("SELECT {columns} FROM segments")).unwrap();
    let read = |row: &rusqlite::Row<'_>| {
        let mut hash = Sha256::new().chain_update(b"tacho/catalog/segment/v1\0");
        let name: String = row.get(0)?;
        for text in [name.clone(), row.get(1)?] {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        }
        for column in 2..8 {
            hash.update(row.get::<_, i64>(column)?.to_be_bytes());
        }
        hash.update(row.get::<_, Vec<u8>>(8)?);
        Ok((name, hash.finalize().to_vec()))
    };
    let checksums: Vec<(String, Vec<u8>)> =
        statement.query_map([], read).unwrap().collect::<Result<_, _>>().unwrap();
    for (name, checksum) in checksums {
        connection
            .execute("UPDATE segments SET checksum = ?2 WHERE name = ?1", params![name, checksum])
            .unwrap();
    }
    let position = "SELECT next_index, next_record FROM position";
    let (index, record): (i64, i64) =
        connection.query_row(position, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    let hash = Sha256::new().chain_update(b"tacho/catalog/position/v1\0").chain_update(index.to_be_bytes());
    let checksum = hash.chain_update(record.to_be_bytes()).finalize().to_vec();
    connection.execute("UPDATE position SET checksum = ?1", [checksum]).unwrap();
    drop(statement);
    drop(connection);
    let found = check(dir.path());
    (dir, found)
}

#[test]
fn a_catalog_that_was_forged_with_its_checksums_is_found() {
    let dir = tempfile::tempdir().unwrap();
    drop(small_log(dir.path()).store);
    let (_dir, found) = forge(dir.path(), "UPDATE segments SET first = first");
    assert!(found.is_empty(), "the forger's checksums are the right ones: {found:?}");
    let columns = ["first", "last", "rows", "bytes", "time_min", "time_max"];
    let numbers = columns.iter().flat_map(|column| ["- 1", "+ 1", "- 5000000000"].map(|by| (column, by)));
    let numbers = numbers
        .map(|(column, by)| format!("UPDATE segments SET {column} = {column} {by} WHERE class = 'standard'"));
    let others = [
        "UPDATE segments SET time_min = time_min - 9000000, time_max = time_max - 9000000",
        "UPDATE segments SET time_min = 9223372036854775807, time_max = -9223372036854775808",
        "UPDATE segments SET last = 9223372036854775807 WHERE class = 'standard'",
        "UPDATE segments SET class = 'critical' WHERE class = 'standard'",
        "UPDATE segments SET class = '' WHERE class = 'standard'",
        "UPDATE segments SET digest = zeroblob(32) WHERE class = 'standard'",
        "UPDATE segments SET name = 'x' || name WHERE class = 'standard'",
        "DELETE FROM segments WHERE class = 'standard'",
        "UPDATE position SET next_index = next_index - 1",
        "UPDATE position SET next_index = next_index + 1",
        "UPDATE position SET next_index = 9223372036854775807",
    ];
    for sql in numbers.chain(others.map(str::to_string)) {
        let (_dir, found) = forge(dir.path(), &sql);
        assert!(!found.is_empty(), "{sql}");
        let named = found.iter().any(|fault| fault.to_string().contains(".parquet"));
        assert!(named || !sql.starts_with("UPDATE segments"), "{sql}: {found:?}");
    }
}

#[test]
fn a_catalog_that_nobody_may_write_beside_is_read_all_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("100% of #1?");
    std::fs::create_dir(&folder).unwrap();
    drop(small_log(&folder).store);
    // Where even root cannot make the file that SQLite shares: something else is in its place.
    std::os::unix::fs::symlink("nowhere/at-all", folder.join("catalog.sqlite-shm")).unwrap();
    let found = check(&folder);
    assert!(found.is_empty(), "{found:?}");
    std::fs::write(folder.join("catalog.sqlite-wal"), "changes").unwrap();
    let found = check(&folder);
    assert!(
        found.iter().any(|fault| fault.to_string().contains("catalog.sqlite-wal holds changes")),
        "{found:?}"
    );
}
