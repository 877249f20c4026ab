//! Events of hooks that could not get the lock in time: a file each, which the sender takes in.
//!
//! Invariants
//! - A file has its name only when it is whole: `ID.part` is written and synced, then renamed. The sender never reads
//!   one that is being written, and a hook never writes to one that was deleted.
//! - Appended and synced before it is removed: twice is once for the server, none is none.
//! - Without the lock there is no state of the session: such an event has no number.
//!
//! Limits: [`ASIDE_MAX`], the spool's `bytes_max`, [`TAKEN_AT_ONCE`].

use super::read::{self, Aside};
use super::{ASIDE_MAX, Appended, Frame, Make, Spool, loss, private, recover, sync_folder};
use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tacho_event::time;

/// So many are taken in under one hold of the lock.
const TAKEN_AT_ONCE: usize = 16;
/// What a hook that died has left unfinished goes after this.
const PART_KEPT: Duration = Duration::from_secs(24 * 3600);

impl Spool {
    /// An event in a file of its own. `before_sync` runs when a sender can take it in.
    pub(super) fn put_aside(
        &self,
        now_us: i64,
        make: Make<'_>,
        before_sync: &mut dyn FnMut(),
    ) -> io::Result<Appended> {
        let Some(json) = make(None) else { return Ok(Appended::Told) };
        let frame = Frame { seq: 0, session: "-", json: &json }.render();
        match self
            .has_room_aside(frame.len() as u64)
            .and_then(|()| self.name_whole(now_us, &frame, &mut |_| {}))
        {
            Ok(()) => {
                before_sync();
                sync_folder(&self.path("aside"))?;
                Ok(Appended::Aside)
            }
            Err(error) if super::is_full(&error) => {
                loss::count(self, now_us)?;
                before_sync();
                Ok(Appended::Lost)
            }
            Err(error) => Err(error),
        }
    }

    fn has_room_aside(&self, more: u64) -> io::Result<()> {
        let (mut count, mut bytes) = (0, more);
        for entry in std::fs::read_dir(self.path("aside"))? {
            count += 1;
            bytes += entry?.metadata().map_or(0, |found| found.len());
        }
        if count < ASIDE_MAX && bytes <= self.bytes_max {
            return Ok(());
        }
        Err(io::Error::new(io::ErrorKind::StorageFull, "too many events stand aside"))
    }

    /// Writes it, then names it; `between` is what may happen in the meantime. A hook that was stopped for so long
    /// that its unfinished file was cleared away finds no file to name, and writes it again.
    pub(super) fn name_whole(
        &self,
        now_us: i64,
        frame: &[u8],
        between: &mut dyn FnMut(&Path),
    ) -> io::Result<()> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        // In the order of their time.
        let whole = self.path("aside").join(format!("{now_us:016x}{:016x}", u64::from_be_bytes(random)));
        let part = whole.with_extension("part");
        let mut tries = 0..2;
        loop {
            let mut file = private(OpenOptions::new().write(true).create_new(true)).open(&part)?;
            file.write_all(frame)
                .and_then(|()| file.sync_data())
                .inspect_err(|_| drop(std::fs::remove_file(&part)))?;
            between(&part);
            match std::fs::rename(&part, &whole) {
                Err(error) if error.kind() == io::ErrorKind::NotFound && tries.next().is_some() => {}
                done => return done,
            }
        }
    }

    /// Takes in what stands aside, for the holder of the sender's lock.
    ///
    /// # Errors
    /// What the system says; what is left stands aside still.
    pub fn take_in(&self, wait: Duration, now_us: i64) -> io::Result<u64> {
        let mut taken = 0;
        for some in self.whole_asides()?.chunks(TAKEN_AT_ONCE) {
            taken += self.take_some(some, wait, now_us)?;
        }
        Ok(taken)
    }

    /// The files that are whole, oldest first. What is unfinished and old goes; what is no file is nobody's event.
    fn whole_asides(&self) -> io::Result<Vec<PathBuf>> {
        let mut whole = Vec::new();
        for entry in std::fs::read_dir(self.path("aside"))? {
            let entry = entry?;
            let path = entry.path();
            if !entry.file_type()?.is_file() {
                continue;
            }
            if path.extension().is_none() {
                whole.push(path);
            } else if is_old(&path) {
                std::fs::remove_file(&path)?;
            }
        }
        whole.sort();
        Ok(whole)
    }

    /// Written under the lock, synced outside of it.
    fn take_some(&self, paths: &[PathBuf], wait: Duration, now_us: i64) -> io::Result<u64> {
        let texts: Vec<Vec<u8>> = paths.iter().map(std::fs::read).collect::<io::Result<_>>()?;
        let (mut segments, mut broken, mut taken) = (BTreeMap::new(), Vec::new(), 0);
        let lock = self.lock(wait)?;
        recover::prepare(self, &lock)?;
        for text in &texts {
            match Frame::parse(text) {
                Ok(frame) => {
                    let written = self.write(&frame.render())?;
                    segments.entry(written.segment).or_insert(written);
                    taken += 1;
                }
                Err(reason) => broken.push(Aside { reason: reason.to_owned(), line: text.clone() }),
            }
        }
        drop(lock);
        for written in segments.values() {
            written.sync()?;
        }
        read::reject(self, &time::format(now_us), &broken)?;
        paths.iter().try_for_each(std::fs::remove_file)?;
        Ok(taken)
    }

    /// How many stand aside, whole.
    pub(super) fn count_asides(&self) -> io::Result<u64> {
        let mut count = 0;
        for entry in std::fs::read_dir(self.path("aside"))? {
            let entry = entry?;
            count += u64::from(entry.path().extension().is_none() && entry.file_type()?.is_file());
        }
        Ok(count)
    }
}

fn is_old(path: &Path) -> bool {
    let age = std::fs::metadata(path).and_then(|found| found.modified()).map(|at| at.elapsed());
    age.is_ok_and(|age| age.is_ok_and(|age| age > PART_KEPT))
}
