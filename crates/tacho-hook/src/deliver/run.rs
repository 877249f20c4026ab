//! The sender as a process: started by a hook, detached from it, one for each spool, and gone when nothing is left to
//! send for a while.
//!
//! The hook takes the sender's lock and hands the open file on as the sender's standard input: the lock is held without
//! a break from one process to the other, so there is never a second sender, and none that starts in vain.

use super::http::Client;
use super::{Courier, LOCK_WAIT, Step};
use crate::debug;
use crate::settings::{KEPT, Settings};
use crate::spool::Spool;
use crate::spool::read;
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
    let Some(lock) = spool.try_sender_lock()? else { return Ok(()) };
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
    while read::depth(spool)?.is_some() {
        let Some(sender) = spool.try_sender_lock()? else {
            if start.elapsed() > limit {
                return Ok(false);
            }
            std::thread::sleep(LOOK_PAUSE);
            continue;
        };
        let mut courier = Courier::new(spool, &mut post, &now_us);
        take_in(spool)?;
        loop {
            match courier.step()? {
                Step::Idle => break,
                Step::Advanced { events } => status::delivered(spool, events),
                Step::Wait { error, .. } if start.elapsed() > limit => return Err(io::Error::other(error)),
                Step::Wait { ms, .. } => std::thread::sleep(Duration::from_millis(ms).min(LOOK_PAUSE * 5)),
                _ => {}
            }
        }
        leave(spool, sender)?;
    }
    Ok(true)
}

/// Lets go of a sender's lock. Nobody can add meanwhile; who adds afterwards finds no sender and starts one.
fn leave(spool: &Spool, sender: impl AsFd) -> io::Result<()> {
    let _lock = spool.lock(LOCK_WAIT)?;
    Ok(rustix::fs::flock(sender, rustix::fs::FlockOperation::Unlock)?)
}

fn deliver(settings: &Settings, spool: &Spool, linger: Duration) -> io::Result<()> {
    let client = Client::new(settings).map_err(|error| {
        status::failed(spool, &error);
        io::Error::other(error)
    })?;
    let mut post = |body: &[u8]| client.post(body);
    let mut courier = Courier::new(spool, &mut post, &now_us);
    let (mut worked, mut answered, mut key_tries) = (Instant::now(), Instant::now(), 0);
    tidy(spool)?;
    loop {
        match courier.step()? {
            Step::Advanced { events } => {
                status::delivered(spool, events);
                (worked, answered, key_tries) = (Instant::now(), Instant::now(), 0);
            }
            Step::Wait { ms, error, is_key } => {
                debug::say(&error);
                status::failed(spool, &error);
                key_tries += u32::from(is_key);
                if key_tries > KEY_TRIES || answered.elapsed() > AWAY_MAX {
                    return Ok(());
                }
                worked = Instant::now();
                std::thread::sleep(jittered(ms));
            }
            Step::Idle if worked.elapsed() >= linger => {
                take_in(spool)?;
                courier.clean()?;
                while courier.step()? == Step::Deleted {}
                // Under the lock nobody can add; who adds afterwards finds no sender and starts one.
                let lock = spool.lock(LOCK_WAIT)?;
                if read::depth(spool)?.is_none() {
                    rustix::fs::flock(io::stdin(), rustix::fs::FlockOperation::Unlock)?;
                    return Ok(());
                }
                drop(lock);
                worked = Instant::now();
            }
            Step::Idle => {
                std::thread::sleep(LOOK_PAUSE);
                take_in(spool)?;
            }
            Step::Posted | Step::PutAside | Step::Deleted => {}
        }
    }
}

/// Takes in what hooks left aside. Seldom anything: looked at without the lock first.
fn take_in(spool: &Spool) -> io::Result<()> {
    if std::fs::read_dir(spool.path("aside"))?.next().is_none() {
        return Ok(());
    }
    spool.take_in(&spool.lock(LOCK_WAIT)?).map(drop)
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

/// Whether a sender runs for this spool. Asked under the spool's lock, or a hook that comes in this moment would take
/// the question for a sender and start none.
pub fn is_running(spool: &Spool) -> io::Result<bool> {
    let _lock = spool.lock(LOCK_WAIT)?;
    Ok(spool.try_sender_lock()?.is_none())
}
