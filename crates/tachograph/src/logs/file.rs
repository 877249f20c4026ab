//! One stream's file: appended, synced, rotated and compressed; and the file of the position.

use crate::streams::Stream;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};
use tacho_event::entry::{Header, Place};
use tacho_event::fact::Facts;
use tacho_event::time::{self, Micros, day};

/// The longest line there can be is far below this: the end of a file is looked for in so many bytes.
const TAIL_BYTES: u64 = 64 << 10;

/// An open file of lines.
pub(super) struct StreamFile {
    stream: Stream,
    folder: PathBuf,
    file: File,
    /// Bytes that are whole lines.
    size: u64,
    /// Index of its last line.
    last: Option<u64>,
    /// Time of its first line.
    began_us: Option<Micros>,
    /// Lines that are not written yet, and the index of the last one.
    lines: String,
    pending: Option<u64>,
}

impl StreamFile {
    pub(super) fn open(folder: &Path, stream: Stream) -> io::Result<StreamFile> {
        compress_rotated(folder, stream)?;
        let path = path(folder, stream);
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(&path)?;
        let (size, last) = whole_lines(&mut file)?;
        file.set_len(size)?;
        let mut head = [0; 27];
        file.seek(SeekFrom::Start(0))?;
        let began = file.read_exact(&mut head).ok().and_then(|()| std::str::from_utf8(&head).ok());
        let began_us = began.and_then(|text| time::parse(text).ok());
        let (folder, lines) = (folder.to_path_buf(), String::new());
        Ok(StreamFile { stream, folder, file, size, last, began_us, lines, pending: None })
    }

    pub(super) fn stream(&self) -> Stream {
        self.stream
    }

    /// Takes an event, unless the file has it.
    pub(super) fn take(&mut self, index: u64, header: &Header<'_>, place: &Place, facts: &Facts<'_>) {
        if self.last.is_some_and(|last| index <= last) {
            return;
        }
        self.stream.line(index, header, place, facts, &mut self.lines);
        self.pending = Some(index);
        self.began_us.get_or_insert(place.time_us);
    }

    /// Makes what was taken durable.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        if self.file.metadata()?.nlink() == 0 {
            // Somebody deleted it: lines go to a new one.
            let stream = self.stream;
            let (lines, pending) = (std::mem::take(&mut self.lines), self.pending.take());
            *self = StreamFile { lines, pending, ..StreamFile::open(&self.folder, stream)? };
        }
        if self.lines.is_empty() {
            return Ok(());
        }
        if let Err(error) = self.file.write_all(self.lines.as_bytes()) {
            // Part of it may be there: a later line must not follow a torn one.
            self.file.set_len(self.size)?;
            return Err(error);
        }
        self.file.sync_data()?;
        self.size += self.lines.len() as u64;
        self.last = self.pending.take().or(self.last);
        self.lines.clear();
        Ok(())
    }

    /// Drops what was taken and not written: it is taken again.
    pub(super) fn forget(&mut self) {
        self.lines.clear();
        self.pending = None;
    }

    /// Goes on in a new file when this one is too large or too old, and deletes rotated ones that are too old.
    pub(super) fn rotate_when_due(&mut self, bytes: u64, age_us: Micros, now_us: Micros) -> io::Result<()> {
        let is_old = self.began_us.is_some_and(|began| began.saturating_add(age_us) <= now_us);
        let Some(last) = self.last.filter(|_| self.size > bytes || (is_old && self.size > 0)) else {
            return Ok(());
        };
        let name = format!("{}-{}-{last:016}.log", self.stream.name(), day(now_us).text());
        std::fs::rename(path(&self.folder, self.stream), self.folder.join(name))?;
        File::open(&self.folder)?.sync_all()?;
        *self = StreamFile::open(&self.folder, self.stream)?;
        delete_old(&self.folder, self.stream, now_us.saturating_sub(age_us))
    }
}

fn path(folder: &Path, stream: Stream) -> PathBuf {
    folder.join(format!("{}.log", stream.name()))
}

/// Bytes up to the end of the last whole line, and that line's index.
fn whole_lines(file: &mut File) -> io::Result<(u64, Option<u64>)> {
    let size = file.seek(SeekFrom::End(0))?;
    let start = size.saturating_sub(TAIL_BYTES);
    file.seek(SeekFrom::Start(start))?;
    let mut tail = Vec::new();
    file.read_to_end(&mut tail)?;
    let Some(end) = tail.iter().rposition(|byte| *byte == b'\n') else { return Ok((start, None)) };
    let begin = tail[..end].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let line = String::from_utf8_lossy(&tail[begin..end]);
    let index = line.rsplit_once(" index=").and_then(|(_, index)| index.parse().ok());
    Ok((start + end as u64 + 1, index))
}

/// Rotated files of a stream that end in `suffix`.
fn rotated(folder: &Path, stream: Stream, suffix: &str) -> io::Result<Vec<PathBuf>> {
    let prefix = format!("{}-", stream.name());
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.starts_with(&prefix) && name.ends_with(suffix) {
            found.push(path);
        }
    }
    Ok(found)
}

/// Compresses rotated files, also one that a crash left plain.
fn compress_rotated(folder: &Path, stream: Stream) -> io::Result<()> {
    for plain in rotated(folder, stream, ".log")? {
        let done = plain.with_extension("log.gz");
        let temporary = plain.with_extension("log.gz.tmp");
        let mut encoder = GzEncoder::new(File::create(&temporary)?, Compression::default());
        io::copy(&mut File::open(&plain)?, &mut encoder)?;
        encoder.finish()?.sync_all()?;
        std::fs::rename(&temporary, &done)?;
        File::open(folder)?.sync_all()?;
        std::fs::remove_file(&plain)?;
    }
    Ok(())
}

fn delete_old(folder: &Path, stream: Stream, before_us: Micros) -> io::Result<()> {
    let before = UNIX_EPOCH + Duration::from_micros(before_us.max(0).unsigned_abs());
    for path in rotated(folder, stream, ".log.gz")? {
        if std::fs::metadata(&path)?.modified()? < before {
            std::fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// The position of a folder; `None` when it has none.
pub(super) fn read_position(folder: &Path) -> io::Result<Option<u64>> {
    match std::fs::read_to_string(folder.join("position")) {
        Ok(text) => text.trim().parse().map(Some).map_err(|_| {
            let path = folder.join("position");
            let what =
                format!("{} is no number: delete it to begin with what comes from now on", path.display());
            io::Error::new(io::ErrorKind::InvalidData, what)
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Durably, whole or not at all.
pub(super) fn write_position(folder: &Path, position: u64) -> io::Result<()> {
    let temporary = folder.join("position.tmp");
    let mut file = File::create(&temporary)?;
    file.write_all(format!("{position}\n").as_bytes())?;
    file.sync_all()?;
    std::fs::rename(&temporary, folder.join("position"))?;
    File::open(folder)?.sync_all()
}
