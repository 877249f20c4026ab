//! Signs of life: what a server that starts again says about the time in which nothing was recorded.
//!
//! On disk: `alive` in the data folder, one line: `running` or `stopped`, and a moment. It is written anew every
//! [`EVERY`] and at the end; without it, or when it is damaged, the newest entry of the log is the last sign.
//!
//! Invariant: a restart is on the log before anything that is sent to the server that started.

use crate::http::App;
use crate::serve::record;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tacho_event::time::{self, Micros};
use tacho_store::read::Wanted;
use tokio::task::JoinHandle;

const FILE: &str = "alive";
const EVERY: Duration = Duration::from_secs(10);
const BYTES_MAX: usize = 64;

/// How the last server that had the folder open ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Stopped,
    /// It was running when it last gave a sign.
    Killed,
    Unknown,
}

impl End {
    fn as_str(self) -> &'static str {
        match self {
            End::Stopped => "stopped",
            End::Killed => "killed",
            End::Unknown => "unknown",
        }
    }
}

/// The first start of a folder is not told: nothing came before it.
async fn tell(app: &App) {
    let snapshot = app.node.snapshot().await;
    let Some(last) = snapshot.size.checked_sub(1) else { return };
    let mut newest_us = None;
    let read = snapshot.rows(last..last + 1, Wanted::Header, &mut |row| {
        newest_us = Some(row.place()?.time_us);
        Ok(())
    });
    if let Err(error) = read {
        tracing::warn!(%error, "the newest entry's time can't be read");
    }
    let text = std::fs::read_to_string(app.node.data().join(FILE)).unwrap_or_default();
    let now_us = app.node.now_us();
    record(app, event(last_sign(&text, newest_us.unwrap_or(now_us)), now_us));
}

/// Gives signs of life while it lives.
pub(crate) struct Alive(JoinHandle<()>);

/// Tells the log that the server runs again, and begins to give signs.
pub(crate) async fn begin(app: &Arc<App>) -> Alive {
    tell(app).await;
    Alive(tokio::spawn(watch(Arc::clone(app))))
}

impl Alive {
    /// The last sign, of a server that was asked to stop.
    pub(crate) fn end(self, app: &App) {
        self.0.abort();
        write(app, "stopped");
    }
}

async fn watch(app: Arc<App>) {
    let mut every = tokio::time::interval(EVERY);
    loop {
        every.tick().await;
        write(&app, "running");
    }
}

fn write(app: &App, word: &str) {
    let path = app.node.data().join(FILE);
    if let Err(error) = replace(&path, &format!("{word} {}\n", time::format(app.node.now_us()))) {
        tracing::warn!(%error, "no sign of life can be written: the next start will know less of the time between");
    }
}

/// A reader never sees half a line.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let new = path.with_extension("new");
    std::fs::write(&new, text)?;
    std::fs::rename(&new, path)
}

/// How it ended, and until when it surely ran.
fn last_sign(text: &str, newest_us: Micros) -> (End, Micros) {
    let sign = text.get(..text.len().min(BYTES_MAX)).and_then(|line| line.trim_end().split_once(' '));
    let end = sign.and_then(|(word, at)| {
        let end = match word {
            "stopped" => End::Stopped,
            "running" => End::Killed,
            _ => return None,
        };
        Some((end, time::parse(at).ok()?))
    });
    match end {
        // What is on the log was recorded: the later of the two counts.
        Some((end, at_us)) => (end, at_us.max(newest_us)),
        None => (End::Unknown, newest_us),
    }
}

fn event((end, alive_us): (End, Micros), now_us: Micros) -> serde_json::Value {
    let alive_us = alive_us.min(now_us);
    let level = if end == End::Stopped { "INFO" } else { "WARNING" };
    serde_json::json!({
        "agent": {"id": "tachograph"},
        "action": {"type": "audit", "name": "server_started"},
        "level": level,
        "outcome": {"status": "success", "result": {
            "ended": end.as_str(), "alive_until": time::format(alive_us), "alive_until_us": alive_us,
            "away_seconds": (now_us - alive_us) / 1_000_000, "version": env!("CARGO_PKG_VERSION"),
        }},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_sign_is_the_later_of_file_and_log() {
        let at = |text: &str| time::parse(text).unwrap();
        let newest = at("2026-11-20T10:00:00Z");
        let sign = |text: &str| last_sign(text, newest);
        assert_eq!(sign("stopped 2026-11-20T11:00:00Z\n"), (End::Stopped, at("2026-11-20T11:00:00Z")));
        assert_eq!(sign("running 2026-11-20T09:59:55Z\n"), (End::Killed, newest));
        for damaged in ["", "running", "running soon", "dancing 2026-11-20T11:00:00Z", "\u{fffd}\u{0}"] {
            assert_eq!(sign(damaged), (End::Unknown, newest), "{damaged:?}");
        }
    }

    #[test]
    fn a_clock_that_went_back_gives_no_time_below_zero() {
        let told = event((End::Killed, 5_000_000), 2_000_000);
        let result = &told["outcome"]["result"];
        assert_eq!((&result["away_seconds"], &result["alive_until_us"]), (&0.into(), &2_000_000.into()));
        assert_eq!(event((End::Killed, 0), 61_000_000)["outcome"]["result"]["away_seconds"], 61);
    }
}
