//! The hook's side of the spool: an event at the end of the last segment, on disk before the hook ends.

use super::{
    ASIDE_MAX, Frame, LOCK_WAIT, Lock, SEGMENT_BYTES, Spool, file_name, loss, private, read, recover,
    sessions, sync_folder,
};
use crate::stamp::State;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Duration;

/// What became of an append.
#[derive(Debug, PartialEq, Eq)]
pub enum Appended {
    /// On disk, to be delivered.
    Spooled,
    /// On disk, without a number, because another process held the lock for too long.
    Aside,
    /// There was no room: counted.
    Lost,
}

/// Where the next frame goes, and how much is there.
pub(super) struct End {
    pub(super) segment: u64,
    exists: bool,
    bytes: u64,
}

impl Spool {
    /// Appends the event that `make` gives for the state of its session. `before_sync` runs when the event can be
    /// read by a sender and is not on disk yet.
    ///
    /// # Errors
    /// What the system says; an event that found no room is no error but [`Appended::Lost`].
    pub fn append(
        &self,
        session: Option<&str>,
        now_us: i64,
        make: &mut dyn FnMut(&mut State) -> Vec<u8>,
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
        make: &mut dyn FnMut(&mut State) -> Vec<u8>,
        before_sync: &mut dyn FnMut(),
    ) -> io::Result<Appended> {
        let lock = match self.lock(wait) {
            Ok(lock) => lock,
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                return self.put_aside(make, before_sync);
            }
            Err(error) => return Err(error),
        };
        recover::after_boot(self, &lock)?;
        let name = file_name(session);
        let (mut state, slot) = sessions::load(self, &name)?;
        let json = make(&mut state);
        // The number is used up before the event is written: a hook that dies in between leaves a gap, not a number
        // that two events share.
        let stored = sessions::store(&slot, &state);
        let frame = Frame { seq: state.seq, session: &name, json: &json }.render();
        let room = self.end()?.bytes + frame.len() as u64 <= self.bytes_max;
        let written = if room {
            loss::tell(self, &lock, now_us);
            stored.and_then(|()| self.write(&frame))
        } else {
            Err(io::Error::new(io::ErrorKind::StorageFull, "the spool is full"))
        };
        match written {
            Ok(written) => {
                drop(lock);
                before_sync();
                written.sync(self)?;
                Ok(Appended::Spooled)
            }
            Err(error) if is_full(&error) => {
                loss::count(self, &lock, now_us)?;
                drop(lock);
                before_sync();
                Ok(Appended::Lost)
            }
            Err(error) => Err(error),
        }
    }

    /// Writes a frame at the end; a torn line before it is closed first, and one that only half fits is taken back.
    pub(super) fn write(&self, frame: &[u8]) -> io::Result<Written> {
        let End { segment, exists, .. } = self.end()?;
        let mut file = private(OpenOptions::new().read(true).append(true)).open(self.segment(segment))?;
        let before = file.metadata()?.len();
        let mut last = [b'\n'];
        if before > 0 {
            file.read_exact_at(&mut last, before - 1)?;
        }
        let torn = last != [b'\n'];
        let written = if torn { file.write_all(&[b"\n", frame].concat()) } else { file.write_all(frame) };
        if let Err(error) = written {
            // What can't be taken back is a torn line: the next frame closes it, and readers put it aside.
            drop(file.set_len(before));
            return Err(error);
        }
        Ok(Written { file, is_new: !exists })
    }

    /// An event in a file of its own: the sender takes it in.
    fn put_aside(
        &self,
        make: &mut dyn FnMut(&mut State) -> Vec<u8>,
        before_sync: &mut dyn FnMut(),
    ) -> io::Result<Appended> {
        let folder = self.path("aside");
        if std::fs::read_dir(&folder)?.count() >= ASIDE_MAX {
            return Ok(Appended::Lost);
        }
        let mut state = State::default();
        let json = make(&mut state);
        let frame = Frame { seq: 0, session: "-", json: &json }.render();
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let name = format!("{:016x}", u64::from_be_bytes(random));
        let mut file = private(OpenOptions::new().write(true).create_new(true)).open(folder.join(name))?;
        file.write_all(&frame)?;
        before_sync();
        file.sync_data()?;
        sync_folder(&folder)?;
        Ok(Appended::Aside)
    }

    /// Takes in what stands aside. Appended before it is removed: twice is once for the server, none is none.
    ///
    /// # Errors
    /// What the system says; what is left stands aside still.
    pub fn take_in(&self, _: &Lock) -> io::Result<u64> {
        let mut taken = 0;
        let mut names: Vec<_> = std::fs::read_dir(self.path("aside"))?
            .map(|entry| Ok(entry?.path()))
            .collect::<io::Result<_>>()?;
        names.sort();
        for name in names {
            let frame = std::fs::read(&name)?;
            if Frame::parse(&frame).is_ok() {
                self.write(&frame)?.sync(self)?;
                taken += 1;
            } else if !self.is_old(&name) {
                continue; // its hook may still be writing
            }
            std::fs::remove_file(&name)?;
        }
        Ok(taken)
    }

    fn is_old(&self, name: &Path) -> bool {
        let age = std::fs::metadata(name).and_then(|found| found.modified()).map(|at| at.elapsed());
        age.is_ok_and(|age| age.is_ok_and(|age| age > LOCK_WAIT * 15))
    }

    pub(super) fn end(&self) -> io::Result<End> {
        let segments = self.segments()?;
        let bytes = segments.iter().map(|(_, bytes)| bytes).sum();
        // Never behind the position: what is written there would count as answered.
        let first = read::position(self).segment.max(1);
        Ok(match segments.last() {
            Some((last, size)) if *last >= first && *size < SEGMENT_BYTES => {
                End { segment: *last, exists: true, bytes }
            }
            Some((last, _)) if *last >= first => End { segment: last + 1, exists: false, bytes },
            _ => End { segment: first, exists: false, bytes },
        })
    }
}

/// A frame that is written and not on disk yet.
pub(super) struct Written {
    file: File,
    is_new: bool,
}

impl Written {
    pub(super) fn sync(&self, spool: &Spool) -> io::Result<()> {
        self.file.sync_data()?;
        if self.is_new { sync_folder(&spool.path("segments")) } else { Ok(()) }
    }
}

fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}
