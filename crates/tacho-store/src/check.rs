//! Checks a folder at rest: catalog against itself, against the files, and against the order of the log.
//!
//! Changes nothing, and never stops at the first fault.

use crate::catalog::{Catalog, name_of};
use crate::error::StoreError;
use crate::read::Open;
use crate::row::{Row, Rows};
use crate::schema::at;
use crate::segment::{Name, check_digest, digest_of};
use crate::snapshot::SegmentFile;
use rusqlite::ErrorCode;
use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use tacho_event::time::Micros;

const CATALOG: &str = "catalog.sqlite";

/// Everything that is wrong with the catalog and the files of a data folder; empty when all is well.
///
/// Reads every segment once: whatever the catalog says of a file is compared with the file itself, because a query
/// passes over files by it. The rows themselves are checked by [`crate::segment::verify_file`].
pub fn check(folder: &Path) -> Vec<StoreError> {
    let (path, segments_folder) = (folder.join(CATALOG), folder.join("segments"));
    let catalog = match open(folder) {
        Ok(catalog) => catalog,
        Err(error) => return vec![error],
    };
    let mut found = catalog.integrity();
    let (segments, damaged) = catalog.segments(&segments_folder).unwrap_or_else(|e| (Vec::new(), vec![e]));
    found.extend(damaged);
    found.extend(unexpected(&segments_folder, &segments));
    let mut seen = Seen::default();
    for segment in doubtful(&catalog, &segments_folder) {
        found.extend(read_columns(&segment, &mut seen).err());
    }
    for segment in &segments {
        found.extend(check_digest(segment).err());
        match read_columns(segment, &mut seen) {
            Ok(columns) => found.extend(columns.faults(segment).into_iter().map(|what| {
                catalog.damaged(format!("what it says of segment {} is wrong: {what}", name_of(segment)))
            })),
            Err(error) => found.push(error),
        }
    }
    match catalog.position() {
        Ok(position) => found.extend(seen.gaps(position.next_index).map(|what| catalog.damaged(what))),
        Err(error) => found.push(error),
    }
    found.into_iter().map(|error| named(error, &path)).collect()
}

/// Opens the catalog to look at it, also where nothing can be written.
///
/// SQLite cannot read a database in WAL mode without making its two files, unless it is told that nobody writes.
pub(crate) fn open(folder: &Path) -> Result<Catalog, StoreError> {
    let path = folder.join(CATALOG);
    let refused = match Catalog::inspect(&path) {
        Err(StoreError::Catalog { source, .. }) if path.exists() => source,
        other => return other,
    };
    if !matches!(refused.sqlite_error_code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly)) {
        return Err(StoreError::Catalog { path, source: refused });
    }
    let log = folder.join("catalog.sqlite-wal");
    if std::fs::metadata(&log).is_ok_and(|found| found.len() > 0) {
        let what = format!(
            "{} holds changes, and they cannot be read where nothing can be written: check a copy of the folder",
            log.display()
        );
        return Err(StoreError::CatalogDamaged { path, what });
    }
    Catalog::inspect(&immutable(&path)).map_err(|error| named(error, &path))
}

/// The path as the URI by which SQLite takes a file that nobody changes.
fn immutable(path: &Path) -> PathBuf {
    let full = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let escaped: Vec<u8> = full.as_os_str().as_bytes().iter().fold(Vec::new(), |mut out, byte| {
        match byte {
            b'%' | b'?' | b'#' => out.extend(format!("%{byte:02x}").bytes()),
            _ => out.push(*byte),
        }
        out
    });
    let uri = [b"file:".as_slice(), &escaped, b"?immutable=1"].concat();
    PathBuf::from(OsString::from_vec(uri))
}

/// The same error with the path that people know.
fn named(error: StoreError, path: &Path) -> StoreError {
    let path = path.to_path_buf();
    match error {
        StoreError::Catalog { source, .. } => StoreError::Catalog { path, source },
        StoreError::CatalogDamaged { what, .. } => StoreError::CatalogDamaged { path, what },
        StoreError::Newer { found, known, .. } => StoreError::Newer { path, found, known },
        other => other,
    }
}

/// Files that nobody lists and no crash leaves behind. A crash leaves temporary files and segments that were not
/// listed yet or no longer: they count for nothing, and the next open clears them away.
fn unexpected(folder: &Path, segments: &[SegmentFile]) -> Vec<StoreError> {
    let listed: HashSet<String> = segments.iter().map(name_of).collect();
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => return vec![StoreError::io("cannot list", folder)(error)],
    };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let unlisted = paths.filter(|path| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        !listed.contains(name) && !Name::is_temporary(name) && Name::parse(name).is_none()
    });
    let what = "the catalog does not list it".to_string();
    unlisted.map(|path| StoreError::Changed { path, what: what.clone() }).collect()
}

/// Files whose row of the catalog is damaged, as they are: what they hold can still be judged.
pub(crate) fn doubtful(catalog: &Catalog, folder: &Path) -> Vec<SegmentFile> {
    let (_, names) = catalog.rows(folder).unwrap_or_default();
    names.iter().filter_map(|name| on_disk(folder, name)).collect()
}

fn on_disk(folder: &Path, name: &str) -> Option<SegmentFile> {
    let (path, said) = (folder.join(name), Name::parse(name)?);
    let (bytes, digest) = digest_of(&path).ok()?;
    let open = catch_unwind(|| Open::new(&path)).ok()?.ok()?;
    let rows = (0..open.row_groups()).map(|group| open.row_group_rows(group)).sum();
    let Name { first, last, class, .. } = said;
    let (time_min, time_max, doomed) = Default::default();
    Some(SegmentFile { path, first, last, rows, bytes, time_min, time_max, class, digest, doomed })
}

/// Indexes that share one array of bits.
const CHUNK: u64 = 4096;
const WORD: u64 = 64;

/// One bit for each index. What stands in a file decides nothing about memory: only chunks that hold one are there.
#[derive(Default)]
struct Seen {
    chunks: HashMap<u64, [u64; (CHUNK / WORD) as usize]>,
    last: Option<u64>,
}

impl Seen {
    fn place(index: u64) -> (u64, usize, u64) {
        (index / CHUNK, (index % CHUNK / WORD) as usize, 1 << (index % WORD))
    }

    /// Returns whether the index is new.
    fn add(&mut self, index: u64) -> bool {
        let (chunk, word, bit) = Seen::place(index);
        let bits = &mut self.chunks.entry(chunk).or_insert([0; (CHUNK / WORD) as usize])[word];
        let is_new = *bits & bit == 0;
        *bits |= bit;
        self.last = self.last.max(Some(index));
        is_new
    }

    fn has(&self, index: u64) -> bool {
        let (chunk, word, bit) = Seen::place(index);
        self.chunks.get(&chunk).is_some_and(|bits| bits[word] & bit != 0)
    }

    /// The first index below the position that no segment has, and the last one when it is not below.
    fn gaps(&self, position: u64) -> impl Iterator<Item = String> {
        let missing = (0..position).find(|index| !self.has(*index));
        let missing =
            missing.map(|index| format!("no segment holds entry {index}, which is below the position"));
        let beyond = self.last.filter(|last| *last >= position);
        let beyond = beyond.map(|index| format!("a segment holds entry {index}, the position is {position}"));
        missing.into_iter().chain(beyond)
    }
}

/// What a file's own columns say about it.
#[derive(Default)]
struct Columns {
    rows: u64,
    /// First and last row's index.
    range: Option<(u64, u64)>,
    times: Option<(Micros, Micros)>,
    /// The first row of another class than the catalog's.
    stranger: Option<(u64, String)>,
    /// The first row whose index is not above the one before.
    disordered: Option<u64>,
    /// The first row whose index another row has, too.
    twice: Option<u64>,
}

impl Columns {
    fn take(&mut self, row: &Row<'_>, class: &str, seen: &mut Seen) {
        let (index, time) = (row.index(), row.timestamp_us());
        self.rows += 1;
        if self.range.is_some_and(|(_, last)| index <= last) {
            self.disordered = self.disordered.or(Some(index));
        }
        self.range = Some((self.range.map_or(index, |(first, _)| first), index));
        let (low, high) = self.times.unwrap_or((time, time));
        self.times = Some((low.min(time), high.max(time)));
        if row.retention() != class && self.stranger.is_none() {
            self.stranger = Some((index, row.retention().to_string()));
        }
        if !seen.add(index) {
            self.twice = self.twice.or(Some(index));
        }
    }

    /// Where the catalog says something else.
    fn faults(&self, segment: &SegmentFile) -> Vec<String> {
        let SegmentFile { first, last, rows, time_min, time_max, class, .. } = segment;
        let mut found = Vec::new();
        if self.rows != *rows {
            found.push(format!("it has {} rows, expected {rows}", self.rows));
        }
        if self.range != Some((*first, *last)) {
            let (a, b) = self.range.unwrap_or_default();
            found.push(format!("it holds entries {a} to {b}, expected {first} to {last}"));
        }
        if self.times != Some((*time_min, *time_max)) {
            let (a, b) = self.times.unwrap_or_default();
            let (a, b, c, d) = (moment(a), moment(b), moment(*time_min), moment(*time_max));
            found.push(format!("its events are of {a} to {b}, expected {c} to {d}"));
        }
        if let Some((index, other)) = &self.stranger {
            found.push(format!("entry {index} is of class {other:?}, expected {class:?}"));
        }
        if let Some(index) = self.disordered {
            found.push(format!("entry {index} stands behind a later one"));
        }
        if let Some(index) = self.twice {
            found.push(format!("it holds entry {index}, which another row holds too"));
        }
        let name = Name::parse(&name_of(segment));
        if !name.is_some_and(|name| name.first == *first && name.last == *last && name.class == *class) {
            found.push(format!("its name says otherwise than first {first}, last {last}, class {class:?}"));
        }
        found
    }
}

fn moment(time_us: Micros) -> String {
    tacho_event::time::format(time_us)
}

/// Reads the columns of a segment that the catalog repeats.
fn read_columns(segment: &SegmentFile, seen: &mut Seen) -> Result<Columns, StoreError> {
    let mut columns = Columns::default();
    let mut read = || -> Result<(), StoreError> {
        let open = Open::new(&segment.path)?;
        let groups = (0..open.row_groups()).collect();
        for batch in open.batches(groups, &[at::INDEX, at::TIMESTAMP, at::RETENTION])? {
            Rows::new(&batch?)?.iter().for_each(|row| columns.take(&row, &segment.class, seen));
        }
        Ok(())
    };
    // Changed bytes may make the Parquet reader give up.
    let gave_up =
        || StoreError::Parquet { path: segment.path.clone(), what: "the reader gave up".to_string() };
    catch_unwind(AssertUnwindSafe(&mut read)).unwrap_or_else(|_| Err(gave_up()))?;
    Ok(columns)
}
