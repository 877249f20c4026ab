//! What found no room: counted in a file that has its bytes from the start, so that a full disk does not stop the
//! counting, and told as an event when there is room.
//!
//! The count keeps the id of the event that will tell it. Told, and not yet set to zero when the process dies, it is
//! told again under the same id. A hook tells it before its own event, the sender when all else is answered for. Who
//! changes the file holds a lock on it, and not the spool's: an event may find no
//! room because the spool's lock can't be had.

use super::lock::hold;
use super::{Frame, LOCK_WAIT, Lock, Spool, private, recover};
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::time::Duration;
use tacho_event::id::Id;
use tacho_event::time;

/// The size of the file, bytes.
const SIZE: usize = 256;

/// Events that found no room.
#[derive(Debug, Default, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Loss {
    pub count: u64,
    /// The id of the event that will tell it.
    pub id: String,
    pub first_us: i64,
    pub last_us: i64,
}

/// The file, locked.
fn held(spool: &Spool) -> io::Result<File> {
    hold(private(OpenOptions::new().read(true).write(true)).open(spool.path("lost"))?, LOCK_WAIT)
}

pub(super) fn create(spool: &Spool) -> io::Result<()> {
    let file = held(spool)?;
    if file.metadata()?.len() < SIZE as u64 {
        store(&file, &Loss::default())?;
        file.sync_all()?;
    }
    Ok(())
}

/// What is counted now.
pub fn read(spool: &Spool) -> Loss {
    let text = std::fs::read(spool.path("lost")).unwrap_or_default();
    serde_json::from_slice(text.trim_ascii_end()).unwrap_or_default()
}

fn store(file: &File, loss: &Loss) -> io::Result<()> {
    let mut text = serde_json::to_vec(loss)?;
    text.resize(SIZE, b' ');
    file.write_all_at(&text, 0)
}

/// Counts one.
pub(super) fn count(spool: &Spool, now_us: i64) -> io::Result<()> {
    let file = held(spool)?;
    let mut loss = read(spool);
    if loss.count == 0 {
        let mut random = [0; 10];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        loss = Loss { id: Id::v7(now_us as u64 / 1000, random).text(), first_us: now_us, ..Loss::default() };
    }
    loss.count += 1;
    loss.last_us = now_us;
    store(&file, &loss)?;
    file.sync_data()
}

impl Spool {
    /// Writes the event that tells what was lost, where something was: for the sender, which has made room. `true` when
    /// there is one to send now.
    ///
    /// # Errors
    /// What the system says; the count stays.
    pub fn tell_loss(&self, wait: Duration, now_us: i64) -> io::Result<bool> {
        if read(self).count == 0 {
            return Ok(false);
        }
        let lock = self.lock(wait)?;
        recover::prepare(self, &lock)?;
        write(self, &lock, now_us).map(|()| true)
    }
}

/// Does so for a hook, whose own event comes behind it.
pub(super) fn tell(spool: &Spool, lock: &Lock, now_us: i64) {
    if read(spool).count > 0
        && let Err(error) = write(spool, lock, now_us)
    {
        crate::debug::say(format_args!("the loss of events could not be told yet: {error}"));
    }
}

fn write(spool: &Spool, _: &Lock, now_us: i64) -> io::Result<()> {
    let file = held(spool)?;
    let loss = read(spool);
    let json = serde_json::json!({
        "event_id": loss.id,
        "timestamp": time::format(now_us),
        "agent_id": "agent-audit-log",
        "host": crate::settings::host(&|name| std::env::var(name).ok()),
        "action_type": "error",
        "action_name": "events_lost",
        "outcome_status": "failure",
        "level": "WARNING",
        "message": format!("{} events found no room on this machine's disk and are lost", loss.count),
        "lost_events": loss.count,
        "lost_from": time::format(loss.first_us),
        "lost_to": time::format(loss.last_us),
    });
    let json = serde_json::to_vec(&json)?;
    spool.write(&Frame { seq: 0, session: "-", json: &json }.render())?.sync()?;
    store(&file, &Loss::default())?;
    // Or a crash would bring the told one back, and new losses would be told under its id.
    file.sync_data()
}
