//! What waits on disk while the server is away: `docs/formats/client-spool.md`, which all client libraries share.
//!
//! A file is what one request carries. The last one is open, and takes more, until it is full or about to be sent.
//!
//! *On disk*: `client/SERVER/PRODUCER/NUMBER.ndjson`, folders 0700, files 0600, one redacted event a line.
//!
//! Invariants
//! - A process writes to the one folder that it made, and to its newest file only.
//! - The folder of a dead process is taken over by one rename: of several that try, one succeeds.
//! - A file is deleted when the server has answered for all of it; until then it may be sent again, with the same ids.
//! - After a failed write nothing is appended to that file; a line without its end is counted and passed over.

use crate::owner;
use std::collections::VecDeque;
use std::fs::{self, DirBuilder, File, FileTimes, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Beside the limit: room to say what found none.
const SPARE_BYTES: u64 = 4096;

/// What one request carries, and what may wait.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub bytes: u64,
    pub batch_events: usize,
    pub batch_bytes: usize,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Segment {
    pub path: PathBuf,
    pub events: usize,
    pub bytes: usize,
}

/// Why nothing was written.
#[derive(Debug)]
pub(crate) enum Refused {
    /// The limit that was set is reached.
    Full(String),
    Disk(String),
}

pub(crate) struct Spool {
    folder: PathBuf,
    own: PathBuf,
    limits: Limits,
    segments: VecDeque<Segment>,
    open: bool,
    events: usize,
    bytes: u64,
}

impl Spool {
    pub(crate) fn new(folder: PathBuf, producer: &str, limits: Limits) -> Spool {
        owner::begin();
        let own = folder.join(owner::name(producer));
        Spool { folder, own, limits, segments: VecDeque::new(), open: false, events: 0, bytes: 0 }
    }

    /// Events on disk.
    pub(crate) fn events(&self) -> usize {
        self.events
    }

    /// The oldest file.
    pub(crate) fn first(&self) -> Option<&Segment> {
        self.segments.front()
    }

    /// Whether the oldest file may still take more.
    pub(crate) fn first_is_open(&self) -> bool {
        self.segments.len() == 1 && self.last_is_open()
    }

    fn last_is_open(&self) -> bool {
        self.open && self.segments.back().is_some_and(|last| last.events < self.limits.batch_events)
    }

    /// Nothing is written to the last file any more.
    pub(crate) fn close(&mut self) {
        self.open = false;
    }

    /// Events and bytes that the open file may still take, or a new one.
    pub(crate) fn room(&self) -> (usize, usize) {
        let Limits { batch_events, batch_bytes, .. } = self.limits;
        match self.segments.back().filter(|_| self.last_is_open()) {
            Some(last) => (batch_events - last.events, batch_bytes.saturating_sub(last.bytes)),
            None => (batch_events, batch_bytes),
        }
    }

    /// Writes events behind all others: into the open file where they have room, else into a new one, which has the
    /// number of its first event.
    ///
    /// # Errors
    /// What the system says; then nothing of them is on disk.
    pub(crate) fn append(&mut self, number: u64, lines: &[&str]) -> Result<Segment, Refused> {
        self.append_within(self.limits.bytes, number, lines)
    }

    /// The same for the line that says what found no room.
    ///
    /// # Errors
    /// As [`Spool::append`].
    pub(crate) fn append_last(&mut self, number: u64, line: &str) -> Result<Segment, Refused> {
        self.append_within(self.limits.bytes + SPARE_BYTES, number, &[line])
    }

    fn append_within(&mut self, max: u64, number: u64, lines: &[&str]) -> Result<Segment, Refused> {
        let text: String = lines.iter().flat_map(|line| [*line, "\n"]).collect();
        if self.bytes + text.len() as u64 > max {
            let told = format!("the spool {} is full: {max} bytes", self.folder.display());
            return Err(Refused::Full(told));
        }
        let (events, bytes) = self.room();
        let fits = self.last_is_open() && lines.len() <= events && text.len() <= bytes;
        self.open = false;
        let new = || Segment { path: self.own.join(format!("{number:016}.ndjson")), events: 0, bytes: 0 };
        let mut segment = self.segments.back().filter(|_| fits).cloned().unwrap_or_else(new);
        write(&self.own, &segment.path, text.as_bytes())
            .map_err(|error| Refused::Disk(format!("cannot write {}: {error}", segment.path.display())))?;
        segment.events += lines.len();
        segment.bytes += text.len();
        self.events += lines.len();
        self.bytes += text.len() as u64;
        if fits {
            self.segments.pop_back();
        }
        self.segments.push_back(segment.clone());
        self.open = true;
        Ok(segment)
    }

    /// The lines of a file, and how many have no end.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) fn read(&self, segment: &Segment) -> io::Result<(Vec<String>, usize)> {
        let bytes = fs::read(&segment.path)?;
        let text = String::from_utf8_lossy(&bytes);
        let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
        let torn = lines.pop().is_some_and(|rest| !rest.is_empty());
        lines.retain(|line| !line.is_empty());
        Ok((lines, usize::from(torn)))
    }

    /// The server has answered for the oldest file.
    pub(crate) fn delete_first(&mut self) -> io::Result<()> {
        let Some(segment) = self.forget_first() else { return Ok(()) };
        let removed = fs::remove_file(&segment.path);
        if let Some(folder) = segment.path.parent()
            && !self.segments.iter().any(|other| other.path.parent() == Some(folder))
        {
            drop(fs::remove_dir(folder)); // a folder that holds something else stays
        }
        removed
    }

    /// Leaves the oldest file where it is.
    pub(crate) fn forget_first(&mut self) -> Option<Segment> {
        let segment = self.segments.pop_front()?;
        if self.segments.is_empty() {
            self.open = false;
        }
        self.events -= segment.events;
        self.bytes -= segment.bytes as u64;
        Some(segment)
    }

    /// Takes over what dead processes left, before all of its own; not while the oldest file is being sent.
    pub(crate) fn adopt(&mut self, now: SystemTime) {
        let mut found = Vec::new();
        for (_, left) in self.left(now) {
            let mine = self.folder.join(owner::name(&owner::random()));
            // So that it is seen to be in use, by this process as well.
            let touched =
                File::open(&left).and_then(|folder| folder.set_times(FileTimes::new().set_modified(now)));
            if touched.is_ok() && fs::rename(&left, &mine).is_ok() {
                found.extend(segments_of(&mine));
                drop(fs::remove_dir(&mine)); // when it was empty
            }
        }
        for segment in found.into_iter().rev() {
            self.events += segment.events;
            self.bytes += segment.bytes as u64;
            self.segments.push_front(segment);
        }
    }

    /// Folders without an owner, the oldest first.
    fn left(&self, now: SystemTime) -> Vec<(SystemTime, PathBuf)> {
        let Ok(entries) = fs::read_dir(&self.folder) else { return Vec::new() };
        let mut left: Vec<_> = entries
            .flatten()
            .filter_map(|entry| {
                let path = entry.path();
                let changed = changed_at(&path).ok()?;
                let is_left = owner::is_left(entry.file_name().to_str()?, changed, now);
                (path != self.own && is_left).then_some((changed, path))
            })
            .collect();
        left.sort();
        left
    }
}

fn changed_at(folder: &Path) -> io::Result<SystemTime> {
    let mut changed = fs::metadata(folder)?.modified()?;
    for entry in fs::read_dir(folder)? {
        changed = changed.max(entry?.metadata()?.modified()?);
    }
    Ok(changed)
}

fn write(folder: &Path, path: &Path, bytes: &[u8]) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    let before = file.metadata()?.len();
    file.write_all(bytes).inspect_err(|_| {
        drop(if before == 0 { fs::remove_file(path) } else { file.set_len(before) });
    })
}

fn segments_of(folder: &Path) -> Vec<Segment> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "ndjson"));
    paths.sort();
    let read = |path: PathBuf| {
        let bytes = fs::read(&path).ok()?;
        let events = bytes.iter().filter(|byte| **byte == b'\n').count();
        Some(Segment { path, events, bytes: bytes.len() })
    };
    paths.into_iter().filter_map(read).collect()
}
