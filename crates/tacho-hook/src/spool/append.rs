//! The hook's side of the spool: an event at the end of the last segment, on disk before the hook ends.

use super::frame::{HEADER, is_other_version};
use super::{Frame, LOCK_WAIT, Lock, SEGMENT_BYTES, Spool, file_name, is_full, loss, private, read, recover};
use super::{sessions, sync_folder};
use crate::stamp::State;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::time::Duration;

/// Makes the event's JSON for the state of its session. For an event that stands aside there is none: who does not
/// hold the lock does not know the session's number. Nothing where another hook told of the event: then none is written.
pub type Make<'m> = &'m mut dyn FnMut(Option<&mut State>) -> Option<Vec<u8>>;

/// What became of an append.
#[derive(Debug, PartialEq, Eq)]
pub enum Appended {
    /// On disk, to be delivered.
    Spooled,
    /// On disk, without a number, because another process held the lock for too long.
    Aside,
    /// There was no room: counted.
    Lost,
    /// Another hook told of it.
    Told,
}

/// Where the next frame goes, and how much is there.
struct End {
    segment: u64,
    exists: bool,
    bytes: u64,
}

impl Spool {
    /// Appends the event that `make` gives. `before_sync` runs when the event can be read by a sender and is not on
    /// disk yet.
    ///
    /// # Errors
    /// What the system says; an event that found no room is no error but [`Appended::Lost`].
    pub fn append(
        &self,
        session: Option<&str>,
        now_us: i64,
        make: Make<'_>,
        before_sync: &mut dyn FnMut(),
    ) -> io::Result<Appended> {
        self.append_within(LOCK_WAIT, session, now_us, make, before_sync)
    }

    /// The same with another patience for the lock.
    ///
    /// # Errors
    /// As [`Spool::append`].
    pub fn append_within(
        &self,
        wait: Duration,
        session: Option<&str>,
        now_us: i64,
        make: Make<'_>,
        before_sync: &mut dyn FnMut(),
    ) -> io::Result<Appended> {
        let lock = match self.lock(wait) {
            Ok(lock) => lock,
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                return self.put_aside(now_us, make, before_sync);
            }
            Err(error) => return Err(error),
        };
        let written = self.append_numbered(&lock, session, now_us, make);
        drop(lock);
        match written {
            Ok(None) => Ok(Appended::Told),
            Ok(Some(written)) => {
                before_sync();
                written.sync()?;
                Ok(Appended::Spooled)
            }
            Err(error) if is_full(&error) => {
                loss::count(self, now_us)?;
                before_sync();
                Ok(Appended::Lost)
            }
            Err(error) => Err(error),
        }
    }

    fn append_numbered(
        &self,
        lock: &Lock,
        session: Option<&str>,
        now_us: i64,
        make: Make<'_>,
    ) -> io::Result<Option<Written>> {
        recover::prepare(self, lock)?;
        let name = file_name(session);
        let (mut state, slot) = sessions::load(self, &name)?;
        let json = make(Some(&mut state));
        // The number is used up before the event is written: a hook that dies in between leaves a gap, not a number
        // that two events share.
        let stored = sessions::store(&slot, &state);
        let Some(json) = json else { return stored.map(|()| None) };
        let frame = Frame { seq: state.seq, session: &name, json: &json }.render();
        if self.end()?.bytes + frame.len() as u64 > self.bytes_max {
            return Err(io::Error::new(io::ErrorKind::StorageFull, "the spool is full"));
        }
        loss::tell(self, lock, now_us);
        stored?;
        self.write(&frame).map(Some)
    }

    /// Writes a frame at the end, in a new segment behind its header; a torn line before it is closed first, and one
    /// that only half fits is taken back.
    pub(super) fn write(&self, frame: &[u8]) -> io::Result<Written> {
        let End { segment, exists, .. } = self.end()?;
        let mut file = private(OpenOptions::new().read(true).append(true)).open(self.segment(segment))?;
        if !exists {
            // Under the lock: whoever writes to it next takes its name to be on disk.
            sync_folder(&self.path("segments"))?;
        }
        let before = file.metadata()?.len();
        let mut last = [b'\n'];
        if before > 0 {
            file.read_exact_at(&mut last, before - 1)?;
        }
        let head: &[u8] = match last {
            _ if before == 0 => HEADER,
            [b'\n'] => b"",
            _ => b"\n",
        };
        let written = file.write_all(&[head, frame].concat());
        if let Err(error) = written {
            // What can't be taken back is a torn line: the next frame closes it, and readers put it aside.
            drop(file.set_len(before));
            return Err(error);
        }
        Ok(Written { file, segment })
    }

    /// The last segment while it takes more, else the next. Never before the position: what is written there would
    /// count as answered. A crash of the machine may leave a segment shorter than what was answered of it.
    fn end(&self) -> io::Result<End> {
        let segments = self.segments()?;
        let bytes = segments.iter().map(|(_, bytes)| bytes).sum();
        let position = read::position(self);
        let size =
            segments.iter().find(|(number, _)| *number == position.segment).map_or(0, |(_, size)| *size);
        let first = if size < position.byte { position.segment + 1 } else { position.segment.max(1) };
        Ok(match segments.last() {
            Some((last, size))
                if *last >= first && *size < SEGMENT_BYTES && self.is_of_this_version(*last)? =>
            {
                End { segment: *last, exists: true, bytes }
            }
            Some((last, _)) if *last >= first => End { segment: last + 1, exists: false, bytes },
            _ => End { segment: first, exists: false, bytes },
        })
    }

    fn is_of_this_version(&self, number: u64) -> io::Result<bool> {
        let mut head = [0; HEADER.len()];
        let read = File::open(self.segment(number))?.read_at(&mut head, 0)?;
        Ok(!is_other_version(&head[..read]))
    }
}

/// A frame that is written and not on disk yet.
pub(super) struct Written {
    file: File,
    pub(super) segment: u64,
}

impl Written {
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}
