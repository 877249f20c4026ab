//! Named streams as rotating files: `logs/critical.log`, `security.log`, `audit.log`, `performance.log`, `application.log`.
//!
//! A follower with a position of its own that reads what the store shows, so that recording never waits for it: after an
//! outage, also a full disk under `logs/`, it goes on where it was.
//!
//! On disk: `NAME.log`, `NAME-FIRST.log.gz` for each file before it (FIRST is when it was rotated), and `position`: the first
//! entry that is in no file yet.
//!
//! Invariants
//! - `position` is durable only behind the lines that it counts as written.
//! - Each line ends in `index=N`, rising within a file. After a crash a torn last line is cut off, and what a file has
//!   beyond `position` is not written again.
//! - A file is rotated only when `position` covers it.

mod file;

use crate::node::Node;
use crate::streams::Stream;
use file::StreamFile;
use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tacho_event::time::{DAY_US, Micros};
use tacho_store::read::Wanted;

/// How often new events are looked for.
const EVERY: Duration = Duration::from_secs(1);
/// Entries that are read before the files are synced.
const STEP: u64 = 50_000;

/// Why a step could not be done.
type Failed = Box<dyn Error + Send + Sync>;

/// Which streams are files, and how they rotate.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// Streams that are written; none by default.
    pub files: Vec<Stream>,
    /// The folder. Default: `logs` in the data folder.
    pub path: Option<PathBuf>,
    /// A file is rotated above this size.
    pub max_size_mb: u64,
    /// A file is rotated at this age, and a rotated one deleted.
    pub max_age_days: u32,
}

impl Default for Config {
    fn default() -> Self {
        Config { files: Vec::new(), path: None, max_size_mb: 100, max_age_days: 30 }
    }
}

/// How far the files are, for those who look.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// The first entry that is in no file yet; `u64::MAX` while nothing is written to files.
    pub position: AtomicU64,
    pub lines: AtomicU64,
    pub failures: AtomicU64,
}

/// The files of one folder.
pub(crate) struct Logs {
    folder: PathBuf,
    files: Vec<StreamFile>,
    position: u64,
    max_bytes: u64,
    max_age_us: Micros,
}

impl Logs {
    /// Opens the files; a crash's torn lines go. A folder without a position begins with the entry `next`.
    ///
    /// # Errors
    /// When the folder or a file in it cannot be written.
    pub(crate) fn open(config: &Config, data: &Path, next: u64) -> io::Result<Logs> {
        let folder = config.path.clone().unwrap_or_else(|| data.join("logs"));
        std::fs::create_dir_all(&folder)?;
        let position = file::read_position(&folder)?.unwrap_or(next);
        let streams = Stream::ALL.into_iter().filter(|stream| config.files.contains(stream));
        let files = streams.map(|stream| StreamFile::open(&folder, stream)).collect::<Result<_, _>>()?;
        let (max_bytes, max_age_us) = (config.max_size_mb << 20, i64::from(config.max_age_days) * DAY_US);
        file::write_position(&folder, position)?;
        Ok(Logs { folder, files, position, max_bytes, max_age_us })
    }

    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// Writes the next events, at most [`STEP`]. Says how many lines, or `None` when there is nothing new.
    ///
    /// # Errors
    /// Nothing is lost then: it is tried again from the same position.
    pub(crate) fn step(&mut self, node: &Node, now_us: Micros) -> Result<Option<u64>, Failed> {
        let snapshot = node.store().snapshot();
        let end = snapshot.size.min(self.position + STEP);
        if self.position >= end {
            return Ok(None);
        }
        let mut lines = 0;
        snapshot.rows(self.position..end, Wanted::Facts, &mut |row| {
            let (header, place, facts) = (row.header()?, row.place()?, row.facts());
            for file in &mut self.files {
                if file.stream().has(&header, &facts) {
                    file.take(row.index(), &header, &place, &facts);
                    lines += 1;
                }
            }
            Ok(())
        })?;
        self.keep(end, now_us)?;
        Ok(Some(lines))
    }

    /// Writes and syncs the lines, then the position; rotates what is full or old.
    fn keep(&mut self, end: u64, now_us: Micros) -> io::Result<()> {
        let written = self.files.iter_mut().try_for_each(StreamFile::flush);
        if written.is_err() {
            self.files.iter_mut().for_each(StreamFile::forget);
            return written;
        }
        file::write_position(&self.folder, end)?;
        self.position = end;
        let (bytes, age) = (self.max_bytes, self.max_age_us);
        self.files.iter_mut().try_for_each(|file| file.rotate_when_due(bytes, age, now_us))
    }
}

/// Writes the files until the server stops.
pub(crate) async fn watch(app: Arc<crate::http::App>, config: Config) {
    let progress = app.logs();
    progress.position.store(u64::MAX, Ordering::Relaxed);
    if config.files.is_empty() {
        return;
    }
    let mut logs: Option<Logs> = None;
    let mut is_failing = false;
    let mut every = tokio::time::interval(EVERY);
    loop {
        every.tick().await;
        let (app, config) = (Arc::clone(&app), config.clone());
        let step = move || {
            let done = forward(&app.node, &config, &mut logs, app.logs());
            (logs, done)
        };
        let Ok((kept, done)) = tokio::task::spawn_blocking(step).await else { return };
        logs = kept;
        match done {
            Err(error) => {
                progress.failures.fetch_add(1, Ordering::Relaxed);
                if !std::mem::replace(&mut is_failing, true) {
                    tracing::error!(%error, "files of streams cannot be written; it is tried again every second");
                }
            }
            Ok(()) if std::mem::take(&mut is_failing) => tracing::info!("files of streams are written again"),
            Ok(()) => {}
        }
    }
}

/// All steps that can be done now.
fn forward(node: &Node, config: &Config, logs: &mut Option<Logs>, progress: &Progress) -> Result<(), Failed> {
    let open = match logs {
        Some(open) => open,
        None => logs.insert(Logs::open(config, node.data(), node.visible())?),
    };
    progress.position.store(open.position(), Ordering::Relaxed);
    while let Some(lines) = open.step(node, node.now_us())? {
        progress.lines.fetch_add(lines, Ordering::Relaxed);
        progress.position.store(open.position(), Ordering::Relaxed);
        if node.removals().is_stopped() {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
