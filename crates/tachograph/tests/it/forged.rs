//! Somebody who knows the formats changes segments and catalog and makes both fit: `verify` names what was changed, and
//! nothing that was not.

use crate::server::{Server, tachograph, text};
use arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch, StringArray};
use arrow::compute::{cast, concat, concat_batches};
use arrow::datatypes::Int64Type;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use rusqlite::{Connection, params};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const EVENTS: u64 = 40;
/// The row that is changed, and so the entry: one class holds all events.
const AT: usize = 7;

fn event(n: u64) -> String {
    let user = ["ada", "grace"][n as usize % 2];
    format!(
        r#"{{"id":"e-{n}","agent":{{"id":"ops/a","session_id":"s{}"}},"user_id":"{user}","action":{{"type":"tool","name":"Read","tool":{{"parameters":{{"path":"{n}"}}}}}},"outcome":{{"status":"success"}}}}"#,
        n % 3
    ) + "\n"
}

/// One segment that the log tells of, and nothing else in segments.
fn folder(dir: &Path) -> PathBuf {
    let data = dir.join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("config.toml"), "[store]\nsegment_minutes = 0\n").unwrap();
    tachograph(&data, &["import", "-"], &(0..EVENTS).map(event).collect::<String>());
    tachograph(&data, &["import", "-"], "");
    std::fs::write(data.join("config.toml"), "[store]\n").unwrap();
    let server = Server::start(&data);
    while server.sql("SELECT 1 FROM events WHERE action_name = 'segment_written'").is_empty() {
        std::thread::yield_now();
    }
    server.stop();
    assert_eq!(verify(&data), (Some(0), Vec::new()));
    data
}

/// Exit code and findings.
fn verify(data: &Path) -> (Option<i32>, Vec<String>) {
    let output = tachograph(data, &["verify"], "");
    let said = text(&output.stdout);
    let findings =
        said.lines().filter(|line| line.starts_with("INTEGRITY") || line.starts_with("COMPLETENESS"));
    (output.status.code(), findings.map(str::to_string).collect())
}

fn segment(data: &Path) -> PathBuf {
    let mut files = std::fs::read_dir(data.join("segments")).unwrap();
    let path = files.next().unwrap().unwrap().path();
    assert!(files.next().is_none(), "there is one segment");
    path
}

/// Other values in one row, the file's digest in the catalog made to fit.
fn edit(data: &Path, changes: &[(&str, ArrayRef)]) {
    let path = segment(data);
    let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(&path).unwrap()).unwrap();
    let kept: Vec<KeyValue> = builder
        .metadata()
        .file_metadata()
        .key_value_metadata()
        .unwrap()
        .iter()
        .filter(|pair| pair.key.starts_with("tachograph."))
        .cloned()
        .collect();
    let schema = Arc::clone(builder.schema());
    let batches: Vec<RecordBatch> = builder.build().unwrap().map(Result::unwrap).collect();
    let rows = concat_batches(&schema, &batches).unwrap();
    let mut columns = rows.columns().to_vec();
    for (name, value) in changes {
        let at = schema.index_of(name).unwrap();
        let (old, new) = (&columns[at], cast(value, columns[at].data_type()).unwrap());
        let (before, after) = (old.slice(0, AT), old.slice(AT + 1, old.len() - AT - 1));
        columns[at] = concat(&[before.as_ref(), new.as_ref(), after.as_ref()]).unwrap();
    }
    let rows = RecordBatch::try_new(schema, columns).unwrap();
    let properties = WriterProperties::builder().set_key_value_metadata(Some(kept)).build();
    let mut writer =
        ArrowWriter::try_new(File::create(&path).unwrap(), rows.schema(), Some(properties)).unwrap();
    writer.write(&rows).unwrap();
    writer.close().unwrap();
    let indexes = rows.column_by_name("index").unwrap().as_primitive::<Int64Type>().value(AT);
    assert_eq!(indexes, AT as i64);
    fit(data, &path.file_name().unwrap().to_string_lossy());
}

/// Name, size, digest and checksum of the only row as the file is now.
fn fit(data: &Path, name: &str) {
    let bytes = std::fs::read(data.join("segments").join(name)).unwrap();
    let catalog = Connection::open(data.join("catalog.sqlite")).unwrap();
    let sql = "SELECT class, first, last, rows, time_min, time_max FROM segments";
    let read = |row: &rusqlite::Row<'_>| {
        Ok((row.get::<_, String>(0)?, [1, 2, 3, 4, 5].map(|at| row.get::<_, i64>(at).unwrap())))
    };
    let (class, [first, last, rows, time_min, time_max]) = catalog.query_row(sql, [], read).unwrap();
    let digest: [u8; 32] = Sha256::digest(&bytes).into();
    let mut hash = Sha256::new().chain_update(b"tacho/catalog/segment/v1\0");
    for text in [name, &class] {
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    }
    for number in [first, last, rows, bytes.len() as i64, time_min, time_max] {
        hash.update(number.to_be_bytes());
    }
    let checksum: [u8; 32] = hash.chain_update(digest).finalize().into();
    let sql = "UPDATE segments SET name = ?1, bytes = ?2, digest = ?3, checksum = ?4";
    catalog.execute(sql, params![name, bytes.len() as i64, digest, checksum]).unwrap();
}

fn number(value: i64) -> ArrayRef {
    Arc::new(Int64Array::from(vec![value]))
}

fn word(value: &str) -> ArrayRef {
    Arc::new(StringArray::from(vec![value]))
}

fn has(findings: &[String], want: &str) -> bool {
    findings.iter().any(|finding| finding.contains(want))
}

#[test]
fn a_new_name_does_not_end_what_the_digest_protects() {
    let dir = tempfile::tempdir().unwrap();
    let data = folder(dir.path());
    edit(&data, &[("content", number(1))]);
    let (code, findings) = verify(&data);
    assert!(code == Some(1) && findings.len() == 1 && has(&findings, "on the log says"), "{findings:?}");
    let path = segment(&data);
    let name = path.file_name().unwrap().to_str().unwrap().replace(".parquet", ".1.parquet");
    std::fs::rename(&path, path.with_file_name(&name)).unwrap();
    fit(&data, &name);
    let want = format!("INTEGRITY segments/{name}: the log does not tell of this file");
    let (code, findings) = verify(&data);
    assert!(code == Some(1) && findings.len() == 1 && has(&findings, &want), "{findings:?}");
}

#[test]
fn words_that_nobody_writes_about_what_is_gone_are_damage() {
    let dir = tempfile::tempdir().unwrap();
    let data = folder(dir.path());
    for gone in ["input=lost", "error=erased", "error=erased error=erased", "none=erased", "input", ""] {
        edit(&data, &[("gone", word(gone))]);
        let (code, findings) = verify(&data);
        let want = format!("INTEGRITY entry {AT}: row of entry {AT} is damaged: column gone");
        let never_was =
            format!("INTEGRITY entry {AT}: row of entry {AT} is damaged: column error_commitment");
        assert!(
            code == Some(1) && (has(&findings, &want) || has(&findings, &never_was)),
            "{gone:?}: {findings:?}"
        );
    }
}

#[test]
fn another_user_is_tampering_also_when_nobody_knows_him() {
    let dir = tempfile::tempdir().unwrap();
    let data = folder(dir.path());
    for user in ["nobody", "ada"] {
        edit(&data, &[("who_user", word(user))]);
        let (code, findings) = verify(&data);
        let want = format!("INTEGRITY entry {AT}: TAMPERED");
        assert!(
            code == Some(1) && has(&findings, &want) && !has(&findings, "keyring"),
            "{user}: {findings:?}"
        );
    }
}

#[test]
fn a_damaged_row_of_the_catalog_is_named_once_and_its_file_is_judged() {
    let dir = tempfile::tempdir().unwrap();
    let data = folder(dir.path());
    let sql = |sql: &str| {
        Connection::open(data.join("catalog.sqlite")).unwrap().execute(sql, []).unwrap();
    };
    sql("UPDATE segments SET time_min = time_min + 1");
    let (code, findings) = verify(&data);
    assert!(code == Some(1) && findings.len() == 1 && has(&findings, "the row of segment"), "{findings:?}");
    edit(&data, &[("input", word(r#"{"path":"/etc/shadow"}"#))]);
    sql("UPDATE segments SET time_min = time_min + 1");
    let (code, findings) = verify(&data);
    let want = format!("INTEGRITY entry {AT}: TAMPERED");
    assert!(code == Some(1) && has(&findings, &want) && has(&findings, "on the log says"), "{findings:?}");
    assert!(!has(&findings, "not there"), "{findings:?}");
}

#[test]
fn a_bad_signature_is_the_only_thing_that_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let data = folder(dir.path());
    // The sessions go on in the journal: what segments hold of them is counted without a checkpoint, too.
    tachograph(&data, &["import", "-"], &(EVENTS..EVENTS + 9).map(event).collect::<String>());
    let path = data.join("log/checkpoint");
    let mut note = std::fs::read(&path).unwrap();
    let end = note.len() - 9;
    note[end] = if note[end] == b'A' { b'B' } else { b'A' };
    std::fs::write(&path, note).unwrap();
    let (code, findings) = verify(&data);
    assert!(code == Some(1) && findings.len() == 1 && has(&findings, "log/checkpoint"), "{findings:?}");
}
