//! What the sender did last, for people: a small file beside the spool, and the page that `status` prints.

use crate::deliver::http::Client;
use crate::deliver::run::{is_running, now_us};
use crate::settings::Settings;
use crate::spool::{Spool, loss, read};
use serde::{Deserialize, Serialize};
use std::fmt::Write;
use std::time::Duration;
use tacho_event::time;

/// So long the page waits for the server: the sender has more patience than a person.
const HEALTH_TIME: Duration = Duration::from_secs(3);

#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Status {
    delivered: u64,
    delivered_us: i64,
    /// Empty after a delivery.
    error: String,
    error_us: i64,
}

/// Notes a delivery.
pub(crate) fn delivered(spool: &Spool, events: usize) {
    change(spool, |status| {
        *status = Status {
            delivered: status.delivered + events as u64,
            delivered_us: now_us(),
            ..Status::default()
        };
    });
}

/// Notes why nothing could be delivered.
pub(crate) fn failed(spool: &Spool, error: &str) {
    change(spool, |status| {
        error.clone_into(&mut status.error);
        status.error_us = now_us();
    });
}

fn load(spool: &Spool) -> Status {
    let text = std::fs::read(spool.path("status")).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

/// Only for people: a status that can't be written stops nothing.
fn change(spool: &Spool, change: impl FnOnce(&mut Status)) {
    let mut status = load(spool);
    change(&mut status);
    let beside = spool.path("status.new");
    let written = serde_json::to_vec(&status)
        .map_err(std::io::Error::from)
        .and_then(|text| std::fs::write(&beside, text))
        .and_then(|()| std::fs::rename(&beside, spool.path("status")));
    if let Err(error) = written {
        crate::debug::say(format_args!("the status could not be written: {error}"));
    }
}

/// The page: server, spool, and other spools that still hold something. `false` when something wants attention.
///
/// # Errors
/// What the system says about the spool.
pub fn page(settings: &Settings, out: &mut String) -> std::io::Result<bool> {
    let mut good = settings.file_error.is_none() && settings.key_error.is_none();
    let mut line = |name: &str, text: String| {
        let _ = writeln!(out, "{name:<14} {text}");
    };
    if let Some(error) = &settings.file_error {
        line("settings", format!("not used: {error}"));
    }
    let health = Client::within(settings, HEALTH_TIME).and_then(|client| client.health());
    good &= health.as_ref().is_ok_and(|answer| answer.status == 200);
    let health = match health {
        Ok(answer) if answer.status == 200 => "reachable".to_owned(),
        Ok(answer) => format!("answers {} to /health", answer.status),
        Err(error) => error,
    };
    line("server", format!("{}  {health}", settings.url));
    let key = || if settings.key.is_some() { "set" } else { "none" }.to_owned();
    line("key", settings.key_error.as_ref().map_or_else(key, |error| format!("none: {error}")));
    let spool = Spool::open(&settings.spool(), settings.spool_bytes_max)?;
    let (events, bytes) = read::depth(&spool)?.map_or((0, 0), |depth| (depth.events, depth.bytes));
    line("spool", format!("{}", spool.folder().display()));
    line("waiting", format!("{events} events, {bytes} bytes of at most {}", settings.spool_bytes_max));
    line(
        "sender",
        if is_running(&spool)? { "running" } else { "not running: the next hook starts it" }.to_owned(),
    );
    let status = load(&spool);
    let at = |us: i64| if us == 0 { "never".to_owned() } else { time::format(us) };
    line("delivered", format!("{} events, last {}", status.delivered, at(status.delivered_us)));
    if !status.error.is_empty() {
        good = false;
        line("last error", format!("{}  {}", at(status.error_us), status.error));
    }
    let lost = loss::read(&spool).count;
    if lost > 0 {
        good = false;
        line("lost", format!("{lost} events found no room; told to the server when there is some"));
    }
    if let Ok(found) = std::fs::metadata(spool.path("rejected")) {
        good = false;
        line("rejected", format!("{} bytes: {}", found.len(), spool.path("rejected").display()));
    }
    for other in others(settings) {
        good = false;
        line("other spool", format!("{other}: `agent-audit-log flush` with its AUDIT_LOG_URL delivers it"));
    }
    Ok(good)
}

/// Spools of other addresses in which something waits.
fn others(settings: &Settings) -> Vec<String> {
    let own = settings.spool();
    let Ok(folders) = std::fs::read_dir(&settings.spools) else { return Vec::new() };
    let waiting = folders.filter_map(|entry| {
        let path = entry.ok()?.path();
        let waits = path != own && path.join("aside").exists();
        let spool = waits.then(|| Spool::open(&path, settings.spool_bytes_max).ok())??;
        let depth = read::depth(&spool).ok()??;
        Some(format!("{} events wait in {}", depth.events, path.display()))
    });
    waiting.take(20).collect()
}
