//! Reading the journal back: every record in order, and where the good bytes end. Writes nothing.

use super::frame::{FRAME_BYTES, HEADER_BYTES, MAGIC, Salt};
use super::{Record, file_path};
use crate::error::RecordError;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use tacho_event::record::Batch;

/// Where a journal's good bytes end.
#[derive(Debug)]
pub struct End {
    pub(super) next_record: u64,
    /// First record number of each file, oldest first.
    pub(super) files: VecDeque<u64>,
    /// The last file: its path, its good bytes and its salt.
    pub(super) last: Option<(PathBuf, Vec<u8>, Salt)>,
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
    let start = files.first().map_or(from, |first| (*first).min(from));
    let mut end = End { next_record: start, files: VecDeque::new(), last: None };
    let mut each = |record: Record| if record.number < from { Ok(()) } else { each(record) };
    for (i, first) in files.iter().enumerate() {
        let path = file_path(folder, *first);
        // A crash may bring a released file back without the one behind it.
        let released = end.next_record < *first && *first <= from;
        if *first != end.next_record && !released {
            let what =
                format!("it starts at record {first}, expected {}: a file is missing", end.next_record);
            return Err(RecordError::corrupt(&path, 0, what));
        }
        let mut bytes = std::fs::read(&path).map_err(RecordError::io("cannot read", &path))?;
        let salt = read_header(&path, &bytes)?;
        let is_last = i + 1 == files.len();
        let (good, next) = read_frames(&path, &bytes, salt, *first, is_last, &mut each)?;
        bytes.truncate(good);
        end.files.push_back(*first);
        end = End { next_record: next, files: end.files, last: Some((path, bytes, salt)) };
    }
    if end.next_record < from {
        let what = format!("it ends at record {}, but record {from} was released", end.next_record);
        return Err(RecordError::corrupt(folder, 0, what));
    }
    Ok(end)
}

/// A file gets its name only when its header is durable, so a header is never torn.
fn read_header(path: &Path, bytes: &[u8]) -> Result<Salt, RecordError> {
    if !bytes.starts_with(MAGIC) {
        return Err(RecordError::corrupt(path, 0, "expected the journal's magic of version 1"));
    }
    let damaged = || RecordError::corrupt(path, MAGIC.len() as u64, "the file's header is damaged");
    Salt::read(bytes).ok_or_else(damaged)
}

/// Reads the frames of one file. Returns where the good bytes end and the next record's number.
fn read_frames(
    path: &Path,
    bytes: &[u8],
    salt: Salt,
    first: u64,
    may_be_torn: bool,
    each: &mut impl FnMut(Record) -> Result<(), RecordError>,
) -> Result<(usize, u64), RecordError> {
    let (mut at, mut number) = (HEADER_BYTES, first);
    while at < bytes.len() {
        let damaged = |what: String| Err(RecordError::corrupt(path, at as u64, what));
        let Some((head, payload)) = salt.frame(bytes, at).filter(|(head, _)| head.number == number) else {
            if may_be_torn && !salt.proves_damage(bytes, at, number) {
                return Ok((at, number));
            }
            return damaged(format!("record {number} is damaged"));
        };
        // A whole frame is no torn end, whatever it holds: a newer version may have written it.
        let batch = match Batch::parse(payload.to_vec()) {
            Ok(batch) => batch,
            Err(error) => return damaged(format!("record {number}: {error}")),
        };
        at += FRAME_BYTES + payload.len();
        each(Record { number, time_us: head.time_us, batch })?;
        number += 1;
    }
    Ok((at, number))
}

/// The journal's files by the number of their first record.
fn files(folder: &Path) -> Result<Vec<u64>, RecordError> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(RecordError::io("cannot list", folder))? {
        let path = entry.map_err(RecordError::io("cannot list", folder))?.path();
        if path.extension().is_some_and(|extension| extension == "tmp") {
            continue; // left by a crash before its rename: never part of the journal
        }
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        let first = u64::from_str_radix(name, 16).ok().filter(|first| file_path(folder, *first) == path);
        let what = "not a journal file: expected a name of 16 hexadecimal digits and .wal";
        found.push(first.ok_or_else(|| RecordError::corrupt(&path, 0, what))?);
    }
    found.sort_unstable();
    Ok(found)
}
