//! The journal (write-ahead log): the first durable place of every accepted batch, and the only queue.
//!
//! Limits: a record's payload is at most `RECORD_BYTES_MAX`, a file turns over after [`FILE_BYTES`].
//!
//! On disk, `docs/formats/journal.md`: files `wal/NNNNNNNNNNNNNNNN.wal`, named by the number of their first
//! record in hexadecimal. A file is the 16-byte [`MAGIC`], then frames:
//! `u32 length of payload, u32 CRC-32, u64 record number, i64 journal time, payload`, little-endian; the CRC
//! covers everything after itself, and the length.
//!
//! Invariants
//! - Record numbers run from 0 without gaps over all files: a missing file or frame is seen.
//! - Only the end of the last file may be torn, and only then is anything cut off: it was never acknowledged.

use crate::error::RecordError;
use crate::{Observer, Step};
use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use tacho_event::limits::RECORD_BYTES_MAX;
use tacho_event::record::Batch;
use tacho_event::time::Micros;

pub const MAGIC: &[u8; 16] = b"tachograph wal 1";
/// A journal file turns over when it has grown past this, bytes.
pub const FILE_BYTES: u64 = 64 << 20;
const FRAME_BYTES: usize = 24;

/// One record as read back.
#[derive(Debug, Clone)]
pub struct Record {
    pub number: u64,
    /// When it was written, by the recorder's clock.
    pub time_us: Micros,
    pub batch: Batch,
}

/// The open end of the journal.
#[derive(Debug)]
pub struct Journal {
    folder: PathBuf,
    file: File,
    path: PathBuf,
    size: u64,
    next_record: u64,
    /// First record number of each file, oldest first; the last one is being written.
    files: VecDeque<u64>,
    poisoned: Option<String>,
    observer: Observer,
}

impl Journal {
    /// Opens the journal for appending behind what [`read`] found, mending a torn end.
    ///
    /// The last file is written anew and synced: after a crash the page cache may show bytes that the disk
    /// never got, and nothing may be built on those. Call it only when the records read are known to be all
    /// that was promised, for what is torn is cut off here.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub fn open(folder: &Path, observer: Observer, end: End) -> Result<Journal, RecordError> {
        let (next_record, mut files) = (end.next_record, end.files);
        let path = match end.last {
            Some((path, good)) => {
                replace(&path, if good.is_empty() { MAGIC } else { &good })?;
                path
            }
            None => {
                files.push_back(next_record);
                create(folder, next_record)?
            }
        };
        let (file, size) = open_end(&path)?;
        let folder = folder.to_path_buf();
        Ok(Journal { folder, file, path, size, next_record, files, poisoned: None, observer })
    }

    /// Writes a group of batches with one journal time and makes them durable with one sync.
    ///
    /// # Errors
    /// On [`RecordError::Io`] nothing of the group is on the log and the journal goes on; on
    /// [`RecordError::Poisoned`] it refuses until it is opened again.
    pub fn append(&mut self, time_us: Micros, group: &[Batch]) -> Result<(), RecordError> {
        if let Some(why) = &self.poisoned {
            return Err(RecordError::Poisoned { why: why.clone() });
        }
        let mut bytes = Vec::with_capacity(group.iter().map(|b| b.bytes().len() + FRAME_BYTES).sum());
        for (batch, number) in group.iter().zip(self.next_record..) {
            push_frame(number, time_us, batch.bytes(), &mut bytes)?;
        }
        if self.size > FILE_BYTES {
            self.turn_over()?;
        }
        if let Err(error) = self.file.write_all(&bytes) {
            // Part of the group may be there: cut it off, or the next group would follow a torn frame.
            if let Err(cut) = self.file.set_len(self.size) {
                self.poison(format!("a torn write could not be cut off: {cut}"));
            }
            return Err(RecordError::io("cannot write", &self.path)(error));
        }
        (self.observer)(Step::JournalWritten);
        if let Err(error) = self.file.sync_data() {
            return Err(self.poison(format!("{} could not be synced: {error}", self.path.display())));
        }
        (self.observer)(Step::JournalSynced);
        self.size += bytes.len() as u64;
        self.next_record += group.len() as u64;
        Ok(())
    }

    fn poison(&mut self, why: String) -> RecordError {
        self.poisoned = Some(why.clone());
        RecordError::Poisoned { why }
    }

    fn turn_over(&mut self) -> Result<(), RecordError> {
        let path = create(&self.folder, self.next_record)?;
        (self.file, self.size) = open_end(&path)?;
        self.path = path;
        self.files.push_back(self.next_record);
        Ok(())
    }

    /// The number that the next record gets.
    pub fn next_record(&self) -> u64 {
        self.next_record
    }

    /// Deletes the files whose records all stand below `record`: every follower is past them.
    ///
    /// # Errors
    /// [`RecordError::Io`]; what could not be deleted is tried again at the next call.
    pub fn release(&mut self, record: u64) -> Result<(), RecordError> {
        while let Some(second) = self.files.get(1).filter(|second| **second <= record) {
            let path = file_path(&self.folder, self.files[0]);
            match std::fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(RecordError::io("cannot delete", &path)(error));
                }
                _ => debug_assert!(*second > self.files[0], "files are in order"),
            }
            self.files.pop_front();
        }
        Ok(())
    }
}

/// Where a journal's good bytes end.
#[derive(Debug)]
pub struct End {
    next_record: u64,
    files: VecDeque<u64>,
    /// The last file and its good bytes.
    last: Option<(PathBuf, Vec<u8>)>,
}

/// Reads every record from number `from` on back through `each`, in order. Writes nothing.
///
/// Records below `from` may have been released; what is still there of them is checked and passed over.
///
/// # Errors
/// [`RecordError::Corrupt`] names file and byte; [`RecordError::Io`] otherwise.
pub fn read(
    folder: &Path,
    from: u64,
    mut each: impl FnMut(Record) -> Result<(), RecordError>,
) -> Result<End, RecordError> {
    let files = files(folder)?;
    let start = files.first().map_or(from, |(first, _)| (*first).min(from));
    let mut end = End { next_record: start, files: VecDeque::new(), last: None };
    let mut each = |record: Record| if record.number < from { Ok(()) } else { each(record) };
    for (i, (first, path)) in files.iter().enumerate() {
        if *first != end.next_record {
            let what =
                format!("it starts at record {first}, expected {}: a file is missing", end.next_record);
            return Err(RecordError::corrupt(path, 0, what));
        }
        let mut bytes = std::fs::read(path).map_err(RecordError::io("cannot read", path))?;
        let is_last = i + 1 == files.len();
        let (good, next) = read_file(path, &bytes, end.next_record, is_last, &mut each)?;
        bytes.truncate(good);
        end.files.push_back(*first);
        end = End { next_record: next, files: end.files, last: Some((path.clone(), bytes)) };
    }
    if end.next_record < from {
        let what = format!("it ends at record {}, but record {from} was released", end.next_record);
        return Err(RecordError::corrupt(folder, 0, what));
    }
    Ok(end)
}

/// Reads the frames of one file. Returns where the good bytes end and the next record's number.
fn read_file(
    path: &Path,
    bytes: &[u8],
    first: u64,
    may_be_torn: bool,
    each: &mut impl FnMut(Record) -> Result<(), RecordError>,
) -> Result<(usize, u64), RecordError> {
    if may_be_torn && bytes.len() < MAGIC.len() && MAGIC.starts_with(bytes) {
        return Ok((0, first));
    }
    if !bytes.starts_with(MAGIC) {
        return Err(RecordError::corrupt(path, 0, "expected the journal's magic of version 1"));
    }
    let (mut at, mut number) = (MAGIC.len(), first);
    while at < bytes.len() {
        let Some((record, end)) = read_frame(bytes, at, number) else {
            // A torn end has nothing good behind it. A good frame behind a bad one means damage.
            if may_be_torn && !good_frame_behind(bytes, at, number) {
                return Ok((at, number));
            }
            return Err(RecordError::corrupt(path, at as u64, format!("record {number} is damaged")));
        };
        each(record)?;
        (at, number) = (end, number + 1);
    }
    Ok((at, number))
}

fn read_frame(bytes: &[u8], at: usize, number: u64) -> Option<(Record, usize)> {
    let head = bytes.get(at..at + FRAME_BYTES)?;
    let word = |i: usize| u32::from_le_bytes([head[i], head[i + 1], head[i + 2], head[i + 3]]);
    let long = |i: usize| u64::from(word(i)) | u64::from(word(i + 4)) << 32;
    let len = word(0) as usize;
    if len > RECORD_BYTES_MAX || long(8) != number {
        return None;
    }
    let end = at + FRAME_BYTES + len;
    let payload = bytes.get(at + FRAME_BYTES..end)?;
    if checksum(&head[..4], &head[8..], payload) != word(4) {
        return None;
    }
    let batch = Batch::parse(payload.to_vec()).ok()?;
    Some((Record { number, time_us: long(16) as i64, batch }, end))
}

/// Whether any whole frame with a later number stands behind `at`. Linear: a frame's number is checked
/// before its checksum, and a number that fits by chance is rare.
fn good_frame_behind(bytes: &[u8], at: usize, number: u64) -> bool {
    (at + 1..bytes.len().saturating_sub(FRAME_BYTES)).any(|start| {
        let field = &bytes[start + 8..start + 16];
        let found = field.iter().rev().fold(0u64, |n, b| n << 8 | u64::from(*b));
        found > number && found - number <= bytes.len() as u64 && read_frame(bytes, start, found).is_some()
    })
}

fn push_frame(number: u64, time_us: Micros, payload: &[u8], out: &mut Vec<u8>) -> Result<(), RecordError> {
    if payload.len() > RECORD_BYTES_MAX {
        return Err(RecordError::TooLarge { bytes: payload.len(), max: RECORD_BYTES_MAX });
    }
    let len = (payload.len() as u32).to_le_bytes();
    let mut tail = [0; 16];
    tail[..8].copy_from_slice(&number.to_le_bytes());
    tail[8..].copy_from_slice(&time_us.to_le_bytes());
    out.extend_from_slice(&len);
    out.extend_from_slice(&checksum(&len, &tail, payload).to_le_bytes());
    out.extend_from_slice(&tail);
    out.extend_from_slice(payload);
    Ok(())
}

fn checksum(len: &[u8], tail: &[u8], payload: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(len);
    hasher.update(tail);
    hasher.update(payload);
    hasher.finalize()
}

/// The journal's files by the number of their first record.
fn files(folder: &Path) -> Result<Vec<(u64, PathBuf)>, RecordError> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(RecordError::io("cannot list", folder))? {
        let path = entry.map_err(RecordError::io("cannot list", folder))?.path();
        let name = path.file_name().and_then(|n| n.to_str()).unwrap_or_default();
        if name.ends_with(".tmp") {
            continue; // left by a crash before its rename: never part of the journal
        }
        let first = name.strip_suffix(".wal").and_then(|hex| u64::from_str_radix(hex, 16).ok());
        let first =
            first.ok_or_else(|| RecordError::corrupt(&path, 0, "not a journal file: expected NNNN.wal"))?;
        found.push((first, path));
    }
    found.sort();
    Ok(found)
}

fn file_path(folder: &Path, first: u64) -> PathBuf {
    folder.join(format!("{first:016x}.wal"))
}

fn create(folder: &Path, first: u64) -> Result<PathBuf, RecordError> {
    let path = file_path(folder, first);
    replace(&path, MAGIC)?;
    Ok(path)
}

fn open_end(path: &Path) -> Result<(File, u64), RecordError> {
    let file = OpenOptions::new().append(true).open(path).map_err(RecordError::io("cannot open", path))?;
    let size = file.metadata().map_err(RecordError::io("cannot read", path))?.len();
    Ok((file, size))
}

/// Writes a whole file durably: temporary name, sync, rename, sync of the folder.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), RecordError> {
    let temporary = write_synced(path, bytes)?;
    publish(&temporary, path)
}

/// The first half of [`replace`]: durable under a temporary name.
pub(crate) fn write_synced(path: &Path, bytes: &[u8]) -> Result<PathBuf, RecordError> {
    let temporary = path.with_extension("tmp");
    let mut file = File::create(&temporary).map_err(RecordError::io("cannot create", &temporary))?;
    file.write_all(bytes).map_err(RecordError::io("cannot write", &temporary))?;
    file.sync_all().map_err(RecordError::io("cannot sync", &temporary))?;
    Ok(temporary)
}

/// The second half of [`replace`]: durable under its own name.
pub(crate) fn publish(temporary: &Path, path: &Path) -> Result<(), RecordError> {
    std::fs::rename(temporary, path).map_err(RecordError::io("cannot rename", path))?;
    let folder = path.parent().unwrap_or(Path::new("."));
    let handle = File::open(folder).map_err(RecordError::io("cannot open", folder))?;
    handle.sync_all().map_err(RecordError::io("cannot sync", folder))
}
