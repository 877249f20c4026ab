//! Before the first event, and after the machine went down: numbers of sessions may be older than the events that
//! carry them.

use super::{Frame, Lock, Spool, loss, replace, sessions, sync_folder};
use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read};

/// A line is read up to this size, bytes: the largest event and its head.
pub(super) const LINE_BYTES_MAX: u64 = 2 << 20;

/// Once for each boot: makes what is missing, and raises the numbers to those in the segments. A process that dies
/// leaves nothing to mend, since what it wrote is seen by all others; only a crash of the machine loses what was not
/// synced. Done by who writes first, under the lock that it writes under: nobody finds a spool that is half ready.
pub(super) fn prepare(spool: &Spool, _: &Lock) -> io::Result<()> {
    let boot = std::fs::read("/proc/sys/kernel/random/boot_id").unwrap_or_else(|_| b"?".to_vec());
    let path = spool.path("boot");
    if std::fs::read(&path).is_ok_and(|last| last == boot) {
        return Ok(());
    }
    loss::create(spool)?;
    let mut last: BTreeMap<String, u64> = BTreeMap::new();
    for_frames(spool, &mut |frame| {
        let number = last.entry(frame.session.to_owned()).or_default();
        *number = frame.seq.max(*number);
    })?;
    for (name, seq) in last {
        sessions::raise(spool, &name, seq)?;
    }
    sync_folder(&spool.path("sessions"))?;
    sync_folder(&spool.folder)?;
    if let Some(above) = spool.folder.parent() {
        sync_folder(above)?;
    }
    replace(&path, &boot)
}

/// The highest number of a session in the segments.
pub(super) fn last_number(spool: &Spool, name: &str) -> io::Result<u64> {
    let mut last = 0;
    for_frames(spool, &mut |frame| {
        if frame.session == name {
            last = frame.seq.max(last);
        }
    })?;
    Ok(last)
}

fn for_frames(spool: &Spool, visit: &mut dyn FnMut(&Frame<'_>)) -> io::Result<()> {
    spool.segments()?.into_iter().try_for_each(|(number, _)| for_frames_of(spool, number, visit))
}

pub(super) fn for_frames_of(spool: &Spool, number: u64, visit: &mut dyn FnMut(&Frame<'_>)) -> io::Result<()> {
    let mut lines = BufReader::new(std::fs::File::open(spool.segment(number))?);
    let mut line = Vec::new();
    loop {
        line.clear();
        if lines.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        if let Ok(frame) = Frame::parse(&line) {
            visit(&frame);
        }
    }
}
