//! The sender's side of the spool: batches from a position on, and what is done when the server has answered.

use super::frame::{HEADER, is_other_version};
use super::recover::{LINE_BYTES_MAX, for_frames_of};
use super::{Frame, Lock, SESSIONS_DAYS, Spool, replace, sync_folder};
use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::time::Duration;

/// Refused events are kept up to this size, bytes; then the older half goes.
const REJECTED_BYTES_MAX: u64 = 8 << 20;

/// Up to where the server has answered.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    pub segment: u64,
    pub byte: u64,
}

/// A line of the spool that can't be sent, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aside {
    pub reason: String,
    pub line: Vec<u8>,
}

/// Events to send, and where the spool goes on behind them.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Batch {
    pub events: Vec<Vec<u8>>,
    pub broken: Vec<Aside>,
    pub next: Position,
}

/// The position; the beginning where none is stored or it can't be read: twice is once for the server.
pub fn position(spool: &Spool) -> Position {
    let text = std::fs::read_to_string(spool.path("position")).unwrap_or_default();
    let mut words = text.split_whitespace().map(str::parse);
    match (words.next(), words.next(), words.next()) {
        (Some(Ok(segment)), Some(Ok(byte)), None) => Position { segment, byte },
        _ => Position::default(),
    }
}

/// Reads from a position on, at most so many events and about so many bytes, within one segment.
///
/// # Errors
/// What the system says.
pub fn batch(spool: &Spool, from: Position, events_max: usize, bytes_max: usize) -> io::Result<Batch> {
    let segments = spool.segments()?;
    let ahead = |(n, size): &&(u64, u64)| *n > from.segment || *n == from.segment && *size > from.byte;
    let Some((number, size)) = segments.iter().find(ahead).copied() else {
        return Ok(Batch { next: from, ..Batch::default() });
    };
    let start = if number == from.segment { from.byte } else { 0 };
    let is_last = segments.last().is_some_and(|(last, _)| *last == number);
    let mut batch = Batch { next: Position { segment: number, byte: start }, ..Batch::default() };
    let mut file = std::fs::File::open(spool.segment(number))?;
    file.seek(SeekFrom::Start(start))?;
    let mut lines = BufReader::new(file.take(size - start));
    let (mut line, mut bytes) = (Vec::new(), 0);
    while batch.events.len() + batch.broken.len() < events_max && bytes < bytes_max {
        line.clear();
        let read = lines.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
        // The end of the last segment may be a line that is being written.
        let is_open = !line.ends_with(b"\n") && (read as u64) < LINE_BYTES_MAX;
        if read == 0 || is_open && is_last {
            break;
        }
        let is_head = batch.next.byte == 0;
        if is_head && is_other_version(&line) {
            let told = String::from_utf8_lossy(line.trim_ascii_end()).into_owned();
            let name = spool.segment(number);
            let told = format!("{}: begins with \"{told}\", expected version 1", name.display());
            return Err(io::Error::new(io::ErrorKind::InvalidData, told));
        }
        batch.next.byte += read as u64;
        bytes += read;
        match Frame::parse(&line) {
            Ok(frame) => batch.events.push(frame.json.to_vec()),
            Err(_) if line == b"\n" || is_head && line == HEADER => {}
            Err(reason) => {
                batch.broken.push(Aside { reason: reason.to_owned(), line: line.trim_ascii_end().to_vec() });
            }
        }
    }
    Ok(batch)
}

/// Puts events into the file `rejected`, each with its reason.
///
/// # Errors
/// What the system says; then none may count as answered.
pub fn reject(spool: &Spool, at: &str, asides: &[Aside]) -> io::Result<()> {
    if asides.is_empty() {
        return Ok(());
    }
    let path = spool.path("rejected");
    if std::fs::metadata(&path).is_ok_and(|found| found.len() > REJECTED_BYTES_MAX) {
        std::fs::rename(&path, spool.path("rejected.old"))?;
    }
    let mut out = Vec::new();
    for aside in asides {
        let event = String::from_utf8_lossy(&aside.line);
        let line = serde_json::json!({ "at": at, "reason": aside.reason, "event": event });
        serde_json::to_writer(&mut out, &line)?;
        out.push(b'\n');
    }
    let mut file = super::private(OpenOptions::new().append(true)).open(path)?;
    file.write_all(&out)?;
    file.sync_data()
}

/// Stores the position.
///
/// # Errors
/// What the system says; then the old one holds, and events are sent twice.
pub fn advance(spool: &Spool, to: Position) -> io::Result<()> {
    replace(&spool.path("position"), format!("{} {}\n", to.segment, to.byte).as_bytes())
}

/// The segments that may be deleted at a position: those before it, and with `all` the one it is in, when nothing of
/// it is left to send. The numbers of their sessions are on disk afterwards, which takes too long to do under the lock.
///
/// # Errors
/// What the system says; then none may be deleted.
pub fn answered(spool: &Spool, position: Position, all: bool) -> io::Result<Vec<u64>> {
    let is_done = |(number, size): &(u64, u64)| {
        *number < position.segment
            || all && *number == position.segment && *size == position.byte && *size > 0
    };
    let done: Vec<u64> = spool.segments()?.into_iter().filter(is_done).map(|(number, _)| number).collect();
    let mut names = BTreeSet::new();
    for number in &done {
        for_frames_of(spool, *number, &mut |frame| {
            names.insert(frame.session.to_owned());
        })?;
    }
    for name in &names {
        match std::fs::File::open(spool.path("sessions").join(name)) {
            Ok(file) => file.sync_data()?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    if !names.is_empty() {
        sync_folder(&spool.path("sessions"))?;
    }
    Ok(done)
}

/// Deletes one of [`answered`]. The one that is written to is left alone if something was added in between.
///
/// # Errors
/// What the system says.
pub fn delete(spool: &Spool, lock: &Lock, number: u64, position: Position) -> io::Result<Position> {
    let path = spool.segment(number);
    let mut now = position;
    if number == position.segment {
        if std::fs::metadata(&path)?.len() != position.byte {
            return Ok(position);
        }
        // The number is not used again, or the position would hide what is written under it.
        now = Position { segment: number + 1, byte: 0 };
        spool.start_segment(now.segment, lock)?;
        advance(spool, now)?;
    }
    std::fs::remove_file(path)?;
    Ok(now)
}

/// Deletes what is known of sessions that had no event for [`SESSIONS_DAYS`].
///
/// # Errors
/// What the system says.
pub fn forget_sessions(spool: &Spool, _: &Lock) -> io::Result<()> {
    let old = Duration::from_secs(SESSIONS_DAYS * 24 * 3600);
    for entry in std::fs::read_dir(spool.path("sessions"))? {
        let entry = entry?;
        if entry.metadata()?.modified()?.elapsed().is_ok_and(|age| age > old) {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// What waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Depth {
    pub events: u64,
    pub bytes: u64,
}

/// How much waits from the position on, and aside; nothing when nothing does.
///
/// # Errors
/// What the system says.
pub fn depth(spool: &Spool) -> io::Result<Option<Depth>> {
    let from = position(spool);
    let (mut events, mut bytes) = (spool.count_asides()?, 0);
    for number in spool.numbers()?.into_iter().filter(|number| *number >= from.segment) {
        let text = match std::fs::read(spool.segment(number)) {
            Ok(text) => text,
            // The sender deleted it in between.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        let start = if number == from.segment { from.byte.min(text.len() as u64) as usize } else { 0 };
        let rest = &text[start..];
        let rest = if start == 0 { rest.strip_prefix(HEADER).unwrap_or(rest) } else { rest };
        events += rest.iter().filter(|byte| **byte == b'\n').count() as u64;
        bytes += rest.len() as u64;
    }
    Ok((events > 0).then_some(Depth { events, bytes }))
}
