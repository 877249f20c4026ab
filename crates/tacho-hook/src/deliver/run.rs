//! The sender as a process: started by a hook, detached from it, one for each spool, and gone when nothing is left to
//! send for a while.
//!
//! The hook takes the sender's lock and hands the open file on as the sender's standard input: the lock is held without
//! a break from one process to the other, so there is never a second sender, and none that starts in vain.
//!
//! Invariant: who lets go of the sender's lock looks at the spool again afterwards ([`let_go`]). A hook that wrote before
//! that look is seen by it, one that wrote after it finds the lock free; so no event waits without a sender, whether its
//! hook held the spool's lock or not.

use super::http::Client;
use super::{Courier, LOCK_WAIT, Step};
use crate::debug;
use crate::settings::{KEPT, Settings};
use crate::spool::read;
use crate::spool::{Spool, loss};
use crate::status;
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Between two looks at the spool: an event waits no longer than that while the server answers.
const LOOK_PAUSE: Duration = Duration::from_millis(200);
/// A sender without work ends after this, unless `AUDIT_LOG_LINGER_S` says otherwise.
const LINGER: Duration = Duration::from_secs(30);
/// One that never reaches the server ends after this; the next hook starts another.
const AWAY_MAX: Duration = Duration::from_secs(7 * 24 * 3600);
/// So often a key is tried that the server refuses.
const KEY_TRIES: u32 = 8;

pub fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// Starts a sender for the spool unless one runs. Returns before it has done anything.
///
/// # Errors
/// What the system says; the spool then waits for the next hook.
pub fn start(spool: &Spool) -> io::Result<()> {
    spool.try_sender_lock()?.map_or(Ok(()), |lock| start_with(spool, lock))
}

/// Starts a sender that has the lock from its first moment.
fn start_with(spool: &Spool, lock: File) -> io::Result<()> {
    // The id of the sender before may be somebody else's by now.
    lock.set_len(0)?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("send").arg("--detached").env_clear();
    command.envs(KEPT.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    // A group of its own: what ends the agent's group leaves the sender alone.
    command.stdin(Stdio::from(lock)).stdout(Stdio::null()).stderr(Stdio::null()).process_group(0);
    command.current_dir(spool.folder()).spawn().map(drop)
}

/// Runs a sender whose standard input is the locked file.
///
/// # Errors
/// What the system says about the spool.
pub fn detached(settings: &Settings, linger: Option<Duration>) -> io::Result<()> {
    let spool = Spool::open(&settings.spool(), settings.spool_bytes_max)?;
    name_sender(&io::stdin())?;
    deliver(settings, &spool, linger.unwrap_or(LINGER))
}

/// Writes the sender's process id into the locked file, for people who want to end it.
fn name_sender(lock: &io::Stdin) -> io::Result<()> {
    let mut file = File::from(lock.as_fd().try_clone_to_owned()?);
    file.set_len(0)?;
    writeln!(file, "{}", std::process::id())
}

/// Delivers in the foreground until the spool is empty; `false` when that took longer than `limit`.
///
/// # Errors
/// What the system says about the spool, and what the server said last.
pub fn flush(settings: &Settings, spool: &Spool, limit: Duration) -> io::Result<bool> {
    let start = Instant::now();
    let client = Client::new(settings).map_err(io::Error::other)?;
    let mut post = |body: &[u8]| client.post(body);
    while waits(spool)? {
        let Some(sender) = spool.try_sender_lock()? else {
            if start.elapsed() > limit {
                return Ok(false);
            }
            std::thread::sleep(LOOK_PAUSE);
            continue;
        };
        let mut courier = Courier::new(spool, &mut post, &now_us);
        spool.take_in(LOCK_WAIT, now_us())?;
        loop {
            match courier.step()? {
                Step::Idle => break,
                Step::Advanced { events } => status::delivered(spool, events),
                Step::Wait { error, .. } if start.elapsed() > limit => return Err(io::Error::other(error)),
                Step::Wait { ms, .. } => std::thread::sleep(Duration::from_millis(ms).min(LOOK_PAUSE * 5)),
                _ => {}
            }
        }
        // The loop looks again.
        drop(sender);
        if start.elapsed() > limit {
            return waits(spool).map(|waits| !waits);
        }
        if loss::read(spool).count > 0 {
            // It could not be told: the disk may have room soon.
            std::thread::sleep(LOOK_PAUSE);
        }
    }
    Ok(true)
}

/// Whether there is something to deliver, be it that events were lost.
fn waits(spool: &Spool) -> io::Result<bool> {
    Ok(read::depth(spool)?.is_some() || loss::read(spool).count > 0)
}

/// Lets go of a sender's lock and looks again. `false` when something waits and the lock is held once more: a hook may
/// have asked for a sender before it was let go of.
///
/// # Errors
/// What the system says.
pub fn let_go(spool: &Spool, sender: impl AsFd) -> io::Result<bool> {
    use rustix::fs::{FlockOperation, flock};
    flock(&sender, FlockOperation::Unlock)?;
    if read::depth(spool)?.is_none() {
        return Ok(true);
    }
    match flock(&sender, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(false),
        // Somebody else sends.
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(true),
        Err(error) => Err(error.into()),
    }
}

fn deliver(settings: &Settings, spool: &Spool, linger: Duration) -> io::Result<()> {
    let client = Client::new(settings).map_err(|error| {
        status::failed(spool, &error);
        io::Error::other(error)
    })?;
    let mut post = |body: &[u8]| client.post(body);
    let mut courier = Courier::new(spool, &mut post, &now_us);
    let (mut worked, mut answered, mut key_tries) = (Instant::now(), Instant::now(), 0);
    if let Err(error) = tidy(spool) {
        debug::say(format_args!("old sessions are kept for now: {error}"));
    }
    // A spool that was deleted and made anew has a sender of its own, and numbers that this one knows nothing of.
    while spool.is_sender_lock(io::stdin()) {
        match courier.step() {
            Ok(Step::Advanced { events }) => {
                status::delivered(spool, events);
                (worked, answered, key_tries) = (Instant::now(), Instant::now(), 0);
            }
            Ok(Step::Wait { ms, error, is_key }) => {
                debug::say(&error);
                status::failed(spool, &error);
                key_tries += u32::from(is_key);
                if key_tries > KEY_TRIES || answered.elapsed() > AWAY_MAX {
                    return Ok(());
                }
                worked = Instant::now();
                std::thread::sleep(jittered(ms));
            }
            Ok(Step::Idle) if worked.elapsed() >= linger => {
                take_in(spool);
                courier.clean()?;
                // What can't be deleted now is deleted by a later sender.
                while matches!(courier.step(), Ok(Step::Deleted)) {}
                if let_go(spool, io::stdin())? {
                    return Ok(());
                }
                worked = Instant::now();
                std::thread::sleep(LOOK_PAUSE);
            }
            Ok(Step::Idle) => {
                std::thread::sleep(LOOK_PAUSE);
                take_in(spool);
            }
            Ok(Step::Posted | Step::PutAside | Step::Deleted) => {}
            // In a crowd: it has waited long, and does the step again.
            Err(error) if error.kind() == io::ErrorKind::TimedOut => debug::say(error),
            Err(error) => {
                status::failed(spool, &error.to_string());
                return Err(error);
            }
        }
    }
    Ok(())
}

/// Takes in what hooks left aside. What can't be taken in, as on a full disk, stands aside still; what is in the
/// segments goes on, and makes room.
fn take_in(spool: &Spool) {
    if let Err(error) = spool.take_in(LOCK_WAIT, now_us()) {
        debug::say(format_args!("events stand aside still: {error}"));
    }
}

/// What is due once in a sender's life.
fn tidy(spool: &Spool) -> io::Result<()> {
    let lock = spool.lock(LOCK_WAIT)?;
    read::forget_sessions(spool, &lock)
}

/// Up to a quarter longer, so that the senders of a fleet do not come all at once.
fn jittered(ms: u64) -> Duration {
    let mut random = [0; 2];
    let share = getrandom::fill(&mut random).map_or(0, |()| u64::from(u16::from_le_bytes(random)));
    Duration::from_millis(ms + ms * share / (4 * u64::from(u16::MAX)))
}

/// Whether a sender runs for this spool. Who asks may have been taken for one by a hook that came in this moment: if
/// something waits and nobody sends it, a sender is started now.
///
/// # Errors
/// What the system says.
pub fn is_running(spool: &Spool) -> io::Result<bool> {
    let Some(lock) = spool.try_sender_lock()? else { return Ok(true) };
    if let_go(spool, &lock)? {
        return Ok(false);
    }
    start_with(spool, lock).map(|()| true)
}

#[cfg(test)]
#[path = "handover_tests.rs"]
mod tests;
