//! Writing and checking segments: Parquet files that count only after they were read back.
//!
//! On disk, `docs/formats/segment.md`: `segments/FIRST-LAST-CLASS.parquet`, with `.N` before the suffix when a
//! file replaces one of the same range.
//!
//! Invariants
//! - A file has its name only when its bytes are synced and every row gave its leaf hash again.
//! - A changed byte is always found: the catalog holds the file's SHA-256.
//! - A name that was listed is never given to another file: the log tells of files by their names.

use crate::encoding::{Purpose, properties};
use crate::error::StoreError;
use crate::fingerprint::Fingerprint;
use crate::grams::{self, GRAMS_KEY, Gatherer};
use crate::groups::{Groups, Source};
use crate::inset;
use crate::read::Open;
use crate::rollup::{self, Adder};
use crate::row::{Row, Rows, conform};
use crate::schema::{EVERY, at, schema};
use crate::snapshot::SegmentFile;
use crate::valued::Valued;
use crate::{Observer, Step};
use arrow::array::{AsArray, RecordBatch};
use arrow::compute::{max, min};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use tacho_event::time::Micros;
use tacho_merkle::{Hash, leaf_hash};

/// Version of the format, in the file's metadata under [`FORMAT_KEY`].
pub const FORMAT: &str = "1";
pub const FORMAT_KEY: &str = "tachograph.format";
pub const ORIGIN_KEY: &str = "tachograph.origin";

pub(crate) const ROW_GROUP_ROWS: usize = 128 << 10;
const _: () =
    assert!(ROW_GROUP_ROWS.is_multiple_of(grams::BLOCK_ROWS), "a block of rows lies in one row group");

/// The leaf hash of an entry as the tree holds it; `None` when the tree does not hold it yet.
pub type Leaf<'a> = &'a dyn Fn(u64) -> Option<Hash>;

/// The parts of a segment's file name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) class: String,
    pub(crate) replacement: u32,
}

impl Name {
    pub(crate) fn text(&self) -> String {
        let Name { first, last, class, replacement } = self;
        match replacement {
            0 => format!("{first:016x}-{last:016x}-{class}.parquet"),
            n => format!("{first:016x}-{last:016x}-{class}.{n}.parquet"),
        }
    }

    /// Reads exactly what [`Name::text`] writes.
    pub(crate) fn parse(text: &str) -> Option<Name> {
        let stem = text.strip_suffix(".parquet")?;
        let (stem, replacement) = match stem.split_once('.') {
            Some((stem, n)) => (stem, n.parse().ok()?),
            None => (stem, 0),
        };
        let mut parts = stem.splitn(3, '-');
        let mut number = || u64::from_str_radix(parts.next()?, 16).ok();
        let (first, last) = (number()?, number()?);
        let name = Name { first, last, class: parts.next()?.to_string(), replacement };
        (name.text() == text).then_some(name)
    }

    /// Whether a file of this name is one that was never finished.
    pub(crate) fn is_temporary(text: &str) -> bool {
        let Some((first, rest)) = text.strip_suffix(".tmp").and_then(|stem| stem.split_once('-')) else {
            return false;
        };
        first.len() == 16 && first.bytes().all(|b| b.is_ascii_hexdigit()) && rest.contains('.')
    }
}

/// What every file of a folder is written with.
#[derive(Debug, Clone)]
pub(crate) struct Site {
    /// The folder of the segments.
    pub(crate) folder: PathBuf,
    pub(crate) origin: String,
    pub(crate) observer: Observer,
}

/// A segment that is being written under a temporary name.
pub(crate) struct SegmentWriter {
    site: Site,
    class: String,
    /// The lowest number of replacement that the name may have.
    replacement: u32,
    temporary: PathBuf,
    groups: Groups<Hashing<BufWriter<File>>>,
    fingerprint: Fingerprint,
    /// Only for what is kept: the newest events are few, and recording them is what must be cheap.
    aids: Option<Aids>,
    first: Option<u64>,
    last: u64,
    rows: u64,
    times: Option<(Micros, Micros)>,
}

/// What is gathered from the rows, so that queries need not read all of them.
struct Aids {
    grams: Gatherer,
    sums: Adder,
}

impl Aids {
    fn new() -> Aids {
        Aids { grams: Gatherer::new(), sums: Adder::new() }
    }
}

impl SegmentWriter {
    /// Starts a file of one retention class; `first` only makes the temporary name.
    ///
    /// # Errors
    /// [`StoreError::Io`] when the file cannot be created.
    pub(crate) fn new(
        site: &Site,
        class: &str,
        first: u64,
        purpose: Purpose,
        valued: &Valued,
    ) -> Result<SegmentWriter, StoreError> {
        // Every attempt has a name of its own: two threads may write the same cut.
        static ATTEMPT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let attempt = ATTEMPT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let temporary = site.folder.join(format!("{first:016x}-{class}.{attempt}.tmp"));
        let file = File::create(&temporary).map_err(StoreError::io("cannot create", &temporary))?;
        let sink = Hashing { to: BufWriter::with_capacity(1 << 20, file), hash: Sha256::new(), bytes: 0 };
        let properties = properties(&site.origin, purpose, valued);
        let groups = Groups::new(sink, properties).map_err(StoreError::parquet(&temporary))?;
        Ok(SegmentWriter {
            site: site.clone(),
            class: class.to_string(),
            replacement: 0,
            temporary,
            groups,
            fingerprint: Fingerprint::new(),
            aids: (purpose == Purpose::Kept).then(Aids::new),
            first: None,
            last: 0,
            rows: 0,
            times: None,
        })
    }

    /// The file takes the place of this one, which has the same range. Its number is one more, though a lower one may
    /// be free again.
    pub(crate) fn replacing(mut self, file: &SegmentFile) -> SegmentWriter {
        let name = file.path.file_name().and_then(|name| Name::parse(name.to_str()?));
        self.replacement = name.map_or(1, |name| name.replacement.saturating_add(1));
        self
    }

    /// The rows that are added next are those of a row group of `source`, where only the columns that `is_taken` does not say differ.
    ///
    /// # Errors
    /// [`StoreError`] when the disk is full.
    pub(crate) fn take_over(
        &mut self,
        source: &Source,
        group: usize,
        is_taken: impl Fn(usize) -> bool,
    ) -> Result<(), StoreError> {
        self.groups.take_over(source, group, is_taken).map_err(StoreError::parquet(&self.temporary))
    }

    /// Adds rows of the class, in index order.
    ///
    /// # Errors
    /// [`StoreError`] when columns are not those of the schema or the disk is full.
    pub(crate) fn push(&mut self, batch: &RecordBatch) -> Result<(), StoreError> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let batch = conform(batch)?;
        self.groups.write(&batch).map_err(StoreError::parquet(&self.temporary))?;
        self.fingerprint.add(&batch);
        if let Some(aids) = &mut self.aids {
            aids.grams.add(&batch);
            aids.sums.add(&batch);
        }
        let indexes = batch.column(at::INDEX).as_primitive::<Int64Type>().values();
        self.first = self.first.or(Some(indexes[0] as u64));
        self.last = indexes[indexes.len() - 1] as u64;
        self.rows += indexes.len() as u64;
        let times = batch.column(at::TIMESTAMP).as_primitive::<TimestampMicrosecondType>();
        if let (Some(low), Some(high)) = (min(times), max(times)) {
            let (l, h) = self.times.unwrap_or((low, high));
            self.times = Some((l.min(low), h.max(high)));
        }
        Ok(())
    }

    /// Closes, syncs, reads back and names the file. `None` when it would have no rows.
    ///
    /// The file goes again unless the catalog takes it: the result is doomed until then.
    ///
    /// # Errors
    /// [`StoreError::Leaf`] when a row does not give its leaf; [`StoreError::Changed`] when the file read back is
    /// not the one that was written.
    pub(crate) fn finish(mut self, leaf: Leaf<'_>) -> Result<Option<SegmentFile>, StoreError> {
        let (Some(first), Some((time_min, time_max))) = (self.first, self.times) else {
            return Ok(None);
        };
        let path = self.temporary.clone();
        self.write_aids()?;
        let sink = self.groups.finish().map_err(StoreError::parquet(&path))?;
        sink.flush().map_err(StoreError::io("cannot write", &path))?;
        (self.site.observer)(Step::SegmentWritten);
        sink.to.get_ref().sync_all().map_err(StoreError::io("cannot sync", &path))?;
        (self.site.observer)(Step::SegmentSynced);
        let (digest, bytes) = (sink.hash.clone().finalize().into(), sink.bytes);
        let fingerprint = std::mem::replace(&mut self.fingerprint, Fingerprint::new()).finish();
        let mut file = SegmentFile {
            path,
            first,
            last: self.last,
            rows: self.rows,
            bytes,
            time_min,
            time_max,
            class: self.class.clone(),
            digest,
            doomed: AtomicBool::new(true),
        };
        read_back(&file, &fingerprint, leaf)?;
        (self.site.observer)(Step::SegmentVerified);
        file.path = self.publish(&file)?;
        (self.site.observer)(Step::SegmentPublished);
        Ok(Some(file))
    }

    /// Puts what queries are helped by between the last row group and the footer.
    fn write_aids(&mut self) -> Result<(), StoreError> {
        let Some(Aids { grams, sums }) = self.aids.take() else { return Ok(()) };
        let grams = grams.finish().map_err(StoreError::io("cannot compress", &self.temporary))?;
        self.write_inset(GRAMS_KEY, grams::VERSION, &grams)?;
        for (span, table) in sums.finish().map_err(StoreError::parquet(&self.temporary))? {
            self.write_inset(span.key(), rollup::VERSION, &table)?;
        }
        Ok(())
    }

    fn write_inset(&mut self, key: &str, version: u32, bytes: &[u8]) -> Result<(), StoreError> {
        let place = |offset| inset::place(key, version, offset, bytes.len());
        self.groups.write_inset(bytes, place).map_err(StoreError::parquet(&self.temporary))
    }

    /// Gives the file its name, durably.
    fn publish(&self, file: &SegmentFile) -> Result<PathBuf, StoreError> {
        let folder = &self.site.folder;
        let SegmentFile { first, last, .. } = *file;
        let mut name = Name { first, last, class: file.class.clone(), replacement: self.replacement };
        let path = loop {
            let path = folder.join(name.text());
            // The name is taken with an empty file, so that two attempts can never get the same one.
            match File::create_new(&path) {
                Ok(_) => break path,
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => name.replacement += 1,
                Err(error) => return Err(StoreError::io("cannot create", &path)(error)),
            }
        };
        if let Err(error) = std::fs::rename(&self.temporary, &path) {
            let _ = std::fs::remove_file(&path);
            return Err(StoreError::io("cannot rename", &path)(error));
        }
        sync_folder(folder)?;
        Ok(path)
    }
}

impl Drop for SegmentWriter {
    fn drop(&mut self) {
        // After a rename there is nothing left under this name.
        let _ = std::fs::remove_file(&self.temporary);
    }
}

pub(crate) fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    let handle = File::open(folder).map_err(StoreError::io("cannot open", folder))?;
    handle.sync_all().map_err(StoreError::io("cannot sync", folder))
}

/// Reads a new file back: same bytes, same columns, and every entry gives the leaf that is in the tree.
fn read_back(file: &SegmentFile, fingerprint: &[u64], leaf: Leaf<'_>) -> Result<(), StoreError> {
    let path = &file.path;
    check_digest(file)?;
    let (mut found, mut entry, mut rows) = (Fingerprint::new(), Vec::with_capacity(1024), 0);
    let open = Open::new(path)?;
    for batch in open.batches((0..open.row_groups()).collect(), &EVERY)? {
        let batch = conform(&batch?)?;
        found.add(&batch);
        for row in Rows::new(&batch)?.iter() {
            let index = row.index();
            let wrong = |what: &str| StoreError::Leaf { path: path.clone(), index, what: what.to_string() };
            entry.clear();
            row.entry(&mut entry)?;
            match leaf(index) {
                Some(want) if want == leaf_hash(&entry) => rows += 1,
                Some(_) => return Err(wrong("its columns give another entry")),
                None => return Err(wrong("the tree does not hold it yet")),
            }
        }
    }
    if rows != file.rows {
        let what = format!("{rows} rows are read back, {} were written", file.rows);
        return Err(StoreError::Changed { path: path.clone(), what });
    }
    match found.finish().iter().zip(fingerprint).position(|(a, b)| a != b) {
        Some(column) => {
            let what =
                format!("column {} is read back otherwise than written", schema().field(column).name());
            Err(StoreError::Changed { path: path.clone(), what })
        }
        None => Ok(()),
    }
}

/// Compares a file with the size and digest that are known of it.
pub(crate) fn check_digest(file: &SegmentFile) -> Result<(), StoreError> {
    let path = &file.path;
    let (bytes, digest) = digest_of(path)?;
    if bytes == file.bytes && digest == file.digest {
        return Ok(());
    }
    let (found, want) = (Hash::new(digest), Hash::new(file.digest));
    let what = format!("{bytes} bytes with SHA-256 {found}, expected {} bytes with {want}", file.bytes);
    Err(StoreError::Changed { path: path.clone(), what })
}

/// Size and SHA-256 of a file.
pub(crate) fn digest_of(path: &Path) -> Result<(u64, [u8; 32]), StoreError> {
    let mut handle = File::open(path).map_err(StoreError::io("cannot open", path))?;
    let (mut hash, mut buffer, mut bytes) = (Sha256::new(), vec![0; 1 << 20], 0u64);
    loop {
        match handle.read(&mut buffer).map_err(StoreError::io("cannot read", path))? {
            0 => break,
            n => {
                hash.update(&buffer[..n]);
                bytes += n as u64;
            }
        }
    }
    Ok((bytes, hash.finalize().into()))
}

/// Checks a segment file of any origin; `each` gets every row that can still be read, whole or not.
///
/// Returns what is wrong with the file itself; a caller compares the rows' entries with the tree to say which
/// ones were changed. Never panics, whatever the bytes are.
pub fn verify_file(
    file: &SegmentFile,
    each: &mut dyn FnMut(&Row<'_>) -> Result<(), StoreError>,
) -> Vec<StoreError> {
    let mut found: Vec<StoreError> = check_digest(file).err().into_iter().collect();
    let damaged = |what: String| StoreError::Parquet { path: file.path.clone(), what };
    // The Parquet reader is not made for hostile bytes: a panic of it is one more way to say "damaged".
    let caught = |read: &mut dyn FnMut() -> Result<u64, StoreError>| {
        catch_unwind(AssertUnwindSafe(read))
            .unwrap_or_else(|_| Err(damaged("the reader gave up".to_string())))
    };
    let mut groups = 0;
    let mut rows = 0;
    if let Err(error) = caught(&mut || {
        groups = Open::new(&file.path)?.row_groups();
        Ok(0)
    }) {
        found.push(error);
    }
    for group in 0..groups {
        let mut what = format!("row group {group}");
        let read = caught(&mut || {
            let open = Open::new(&file.path)?;
            what = format!("row group {group} with {} rows", open.row_group_rows(group));
            read_rows(open.batches(vec![group], &EVERY)?, each)
        });
        match read {
            Ok(count) => rows += count,
            Err(error) => found.push(damaged(format!("{what}: {error}"))),
        }
    }
    if rows != file.rows {
        found.push(damaged(format!("{rows} rows can be read, expected {}", file.rows)));
    }
    found
}

fn read_rows(
    batches: impl Iterator<Item = Result<RecordBatch, StoreError>>,
    each: &mut dyn FnMut(&Row<'_>) -> Result<(), StoreError>,
) -> Result<u64, StoreError> {
    let mut count = 0;
    for batch in batches {
        for row in Rows::new(&batch?)?.iter() {
            each(&row)?;
            count += 1;
        }
    }
    Ok(count)
}

/// Hashes what is written, so that the digest needs no second look at the file.
struct Hashing<W> {
    to: W,
    hash: Sha256,
    bytes: u64,
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.hash.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.to.flush()
    }
}
