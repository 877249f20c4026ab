//! One file while it is read: how far, and what was there.
//!
//! Invariant: the position moves only past what the sink has answered for.

use super::ends::Ends;
use super::find::Found;
use super::name_of;
use super::pieces::{LINE_BYTES_MAX, Piece, Pieces};
use super::sink::{Sent, Sink};
use super::stop::Stop;
use super::summary::Summary;
use std::fmt::{Display, Formatter};
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use tacho_ingest::Place;
use tacho_ingest::formats::Format;

/// So far into a file copies are looked for, bytes.
const HEAD_BYTES: u64 = 1 << 20;

pub(super) struct Course {
    pub(super) path: PathBuf,
    pub(super) kind: &'static str,
    name: String,
    format: Option<Format>,
    /// Read so far, bytes of the file, and what those lines say of the ones behind them.
    at: u64,
    place: Place,
    /// What stood at the ends of that; nothing where it is not known.
    ends: Option<u64>,
    /// Which file it was, and how large and when it was written, when it was last looked at, and when it was read.
    seen: Option<Seen>,
    read: Option<Seen>,
    /// Whether it is written anew as a whole: then it is read as a whole, once for each time it was written.
    is_document: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    device: u64,
    inode: u64,
    size: u64,
    written: (i64, i64),
}

/// What an answer tells: that everything up to here is recorded.
struct Told {
    at: u64,
    place: Place,
    ends: Option<u64>,
}

/// Why a file was not read to its end.
#[derive(Debug)]
pub(super) enum Failure {
    /// Something about the file.
    File(String),
    /// Nothing can be recorded any more.
    Sink(String),
}

impl Display for Failure {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        let (Failure::File(why) | Failure::Sink(why)) = self;
        f.write_str(why)
    }
}

impl Course {
    pub(super) fn of_file(found: Found, format: Option<Format>) -> Course {
        let end = found.path.extension().map(|end| end.to_string_lossy().to_ascii_lowercase());
        Course {
            kind: found.kind(),
            name: name_of(&found.path),
            format: format.or(found.format()),
            at: 0,
            place: Place::default(),
            ends: None,
            seen: None,
            read: None,
            is_document: matches!(end.as_deref(), Some("json" | "traj")),
            path: found.path,
        }
    }

    pub(super) fn of_input(format: Option<Format>) -> Course {
        let path = PathBuf::from("-");
        let (kind, name) = ("other", name_of(&path));
        let (at, place) = (0, Place::default());
        Course { path, kind, name, format, at, place, ends: None, seen: None, read: None, is_document: false }
    }

    /// Whether the file begins with lines of another session, as Claude Code writes it for a session that goes on from one.
    /// A file that can't be read is told of when it is its turn.
    pub(super) fn begins_with_copies(&self) -> bool {
        let mut head = Vec::new();
        let read = File::open(&self.path).and_then(|file| file.take(HEAD_BYTES).read_to_end(&mut head));
        let marks = [&br#""requestSessionId":""#[..], br#""forkedFrom":{"#];
        read.is_ok() && marks.iter().any(|mark| memchr::memmem::find(&head, mark).is_some())
    }

    /// Reads what is new in the file. `is_whole` says that nobody writes to it any more: then a last line without
    /// its end is a line.
    pub(super) fn advance(
        &mut self,
        sink: &Sink,
        summary: &Summary,
        stop: &Stop,
        is_whole: bool,
    ) -> Result<(), Failure> {
        let wrong = |error: std::io::Error| Failure::File(format!("cannot be read: {error}"));
        let file = File::open(&self.path).map_err(wrong)?;
        let found = file.metadata().map_err(wrong)?;
        let seen = Seen {
            device: found.dev(),
            inode: found.ino(),
            size: found.len(),
            written: (found.mtime(), found.mtime_nsec()),
        };
        let is_quiet = self.seen == Some(seen);
        if self.read == Some(seen) && (self.is_document || self.at >= seen.size) {
            return Ok(());
        }
        if self.is_document && !is_whole && !is_quiet {
            // Somebody may be writing it just now.
            self.seen = Some(seen);
            return Ok(());
        }
        let ends = self.go_on(&file, seen);
        self.seen = Some(seen);
        let mut pieces = Pieces::open(file, self.at).map_err(wrong)?;
        let is_packed = pieces.is_packed();
        if is_packed {
            // Its bytes are not those of its text: it is read as a whole.
            (self.at, self.place) = (0, Place::default());
        }
        let tail = match (is_whole || is_packed || self.is_document, is_quiet) {
            (true, _) => Tail::Any,
            (false, true) => Tail::Complete,
            (false, false) => Tail::Nothing,
        };
        self.read_from(ends, &mut pieces, sink, summary, stop, tail)?;
        if is_packed {
            (self.at, self.ends) = (seen.size, None);
        }
        self.read = Some(seen);
        Ok(())
    }

    /// Where to go on in a file: behind what was read, or from the start of one that was replaced, cut or written anew.
    /// What was recorded of it before is a duplicate. Gives the ends of what is read so far.
    fn go_on(&mut self, file: &File, seen: Seen) -> Ends {
        let is_other = |old: Seen| (old.device, old.inode) != (seen.device, seen.inode);
        if !self.is_document && !self.seen.is_some_and(is_other) && seen.size >= self.at {
            let found = Ends::of(file, self.at).ok();
            let is_same = |found: &Ends| self.ends.is_none_or(|ends| ends == found.digest());
            if let Some(ends) = found.filter(is_same) {
                return ends;
            }
        }
        (self.at, self.place, self.ends) = (0, Place::default(), None);
        Ends::default()
    }

    /// Reads pieces to their end.
    pub(super) fn read(
        &mut self,
        pieces: &mut Pieces,
        sink: &Sink,
        summary: &Summary,
        stop: &Stop,
        tail: Tail,
    ) -> Result<(), Failure> {
        self.read_from(Ends::default(), pieces, sink, summary, stop, tail)
    }

    fn read_from(
        &mut self,
        mut ends: Ends,
        pieces: &mut Pieces,
        sink: &Sink,
        summary: &Summary,
        stop: &Stop,
        tail: Tail,
    ) -> Result<(), Failure> {
        let (mut piece, mut before): (_, Option<(Sent, Told)>) = (Vec::new(), None);
        let mut place = self.place.clone();
        let (mut at, mut is_whole) = (self.at, true);
        while !stop.is_asked() {
            let read = pieces.next(&mut piece).map_err(|error| Failure::File(error.to_string()))?;
            let limit = LINE_BYTES_MAX >> 20;
            for line in &pieces.too_long {
                let why = format!("the line is longer than {limit} MiB");
                summary.refused(self, place.lines + line, &why);
            }
            if read == Piece::Last {
                piece.truncate(finished(&piece, tail));
            }
            self.is_document |= read == Piece::Document;
            at += piece.len() as u64 + pieces.passed_over;
            ends.push(&piece);
            is_whole &= pieces.passed_over == 0;
            let sent = match piece.is_empty() {
                true => None,
                false => Some(sink.send(&piece, self.format, &self.name, &place).map_err(Failure::Sink)?),
            };
            self.take(before.take(), summary)?;
            if let Some((sent, next)) = sent {
                place = next.clone();
                before = Some((sent, Told { at, place: next, ends: is_whole.then(|| ends.digest()) }));
            }
            summary.has_read(self, piece.len() as u64);
            if read != Piece::Lines {
                break;
            }
        }
        self.take(before, summary)
    }

    /// Takes the answer for a piece.
    fn take(&mut self, sent: Option<(Sent, Told)>, summary: &Summary) -> Result<(), Failure> {
        let Some((sent, told)) = sent else { return Ok(()) };
        let answer = sent.answer().map_err(Failure::Sink)?;
        summary.add(self, answer);
        (self.at, self.place, self.ends) = (told.at, told.place, told.ends);
        Ok(())
    }
}

/// What a last line without its end is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tail {
    /// A line: nobody writes to the file any more.
    Any,
    /// A line if it is a whole object: nothing was written since the last look.
    Complete,
    /// Half a line.
    Nothing,
}

/// How much of the end of a file is finished.
fn finished(piece: &[u8], tail: Tail) -> usize {
    let lines = piece.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let rest = &piece[lines..];
    let is_object =
        || rest.starts_with(b"{") && serde_json::from_slice::<serde::de::IgnoredAny>(rest).is_ok();
    match tail {
        Tail::Any => piece.len(),
        Tail::Complete if is_object() => piece.len(),
        Tail::Complete | Tail::Nothing => lines,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_written_line_is_left_for_later() {
        for tail in [Tail::Nothing, Tail::Complete] {
            assert_eq!(finished(b"{}\n{\"half\":", tail), 3);
            assert_eq!(finished(b"{\"half\":", tail), 0);
            assert_eq!(finished(b"{}\n", tail), 3);
        }
        assert_eq!(finished(b"{}\n{\"a\":1}", Tail::Nothing), 3);
        assert_eq!(finished(b"{}\n{\"a\":1}", Tail::Complete), 10);
        assert_eq!(finished(b"{}\nhalf", Tail::Any), 7);
    }
}
