//! `verify`: is the record what was recorded? On a data folder, on a running server, or on a downloaded proof.
//!
//! Invariants
//! - Never stops at the first fault; every damaged entry is named by its index (at most [`SHOWN`] are kept, with
//!   `--all` [`SHOWN_ALL`]; all are counted).
//! - What is lost keeps nothing else from being checked: without key ring, origin or signatures the rest is.
//! - Integrity (something was changed) and completeness (something is missing) are told apart.
//! - Exit codes: 0 good, 1 something was found, 2 usage, 3 could not run.

mod archive;
mod checkpoint;
pub(crate) mod folder;
mod leaves;
pub(crate) mod live;
mod means;
pub(crate) mod proof;
mod registry;
pub(crate) mod remote;
mod sections;
mod segments;
mod sessions;
pub(crate) mod tiles;
mod walk;

use indicatif::{ProgressBar, ProgressStyle};
use std::fmt;
use std::io::Write;
use tacho_event::time::Micros;
use tacho_merkle::VerifierKey;

/// Findings that are kept with their text.
pub(crate) const SHOWN: usize = 1000;
/// The same when all are asked for: some 200 MB of text.
pub(crate) const SHOWN_ALL: usize = 1_000_000;

/// What kind of promise is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Bytes are not what was recorded.
    Integrity,
    /// Something that was recorded is not there.
    Completeness,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub kind: Kind,
    /// File, entry, session: where.
    pub place: String,
    pub what: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Integrity => "INTEGRITY",
            Kind::Completeness => "COMPLETENESS",
        };
        write!(f, "{kind} {}: {}", self.place, self.what)
    }
}

/// Gathers findings.
#[derive(Debug)]
pub(crate) struct Findings {
    kept: Vec<Finding>,
    count: u64,
    shown: usize,
}

impl Default for Findings {
    fn default() -> Findings {
        Findings::keeping(SHOWN)
    }
}

impl Findings {
    /// Keeps the text of so many.
    pub(crate) fn keeping(shown: usize) -> Findings {
        Findings { kept: Vec::new(), count: 0, shown }
    }

    pub(crate) fn integrity(&mut self, place: impl Into<String>, what: impl Into<String>) {
        self.add(Kind::Integrity, place.into(), what.into());
    }

    pub(crate) fn completeness(&mut self, place: impl Into<String>, what: impl Into<String>) {
        self.add(Kind::Completeness, place.into(), what.into());
    }

    fn add(&mut self, kind: Kind, place: String, what: String) {
        self.count += 1;
        if self.kept.len() < self.shown {
            self.kept.push(Finding { kind, place, what });
        }
    }
}

/// The outcome of a verification.
#[derive(Debug, Clone)]
pub(crate) struct Check {
    pub good: bool,
    pub findings: Vec<Finding>,
    /// All findings, also those beyond the ones that are kept.
    pub found: u64,
    pub entries: u64,
    pub summary: String,
}

impl Check {
    fn new(findings: Findings, entries: u64, what: String) -> Check {
        let good = findings.count == 0;
        let summary =
            if good { format!("good: {what}") } else { format!("{} findings: {what}", findings.count) };
        Check { good, findings: findings.kept, found: findings.count, entries, summary }
    }

    /// Prints the findings and the summary; says whether all is well, also when nobody reads what is printed.
    pub(crate) fn print(&self) -> bool {
        for finding in &self.findings {
            drop(writeln!(std::io::stdout(), "{finding}"));
        }
        if self.found > self.findings.len() as u64 {
            drop(writeln!(
                std::io::stdout(),
                "… and {} more: --all prints them",
                self.found - self.findings.len() as u64
            ));
        }
        drop(writeln!(std::io::stdout(), "{}", self.summary));
        self.good
    }
}

/// A progress bar over entries; silent when standard error is no terminal.
fn progress(entries: u64, doing: &'static str) -> ProgressBar {
    let style = ProgressStyle::with_template("{msg} {wide_bar} {human_pos}/{human_len} {per_sec} {eta}");
    let bar = ProgressBar::new(entries).with_message(doing);
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// Reads verifier keys: each argument is a key, or a file with one key a line.
pub(crate) fn pinned(keys: &[String]) -> Result<Vec<VerifierKey>, Box<dyn std::error::Error>> {
    let mut pinned = Vec::new();
    for key in keys {
        let text = match std::fs::read_to_string(key) {
            Ok(text) => text,
            Err(_) => key.clone(),
        };
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let parsed = VerifierKey::parse(line)
                .map_err(|error| format!("\"{line}\" is neither a file nor a verifier key: {error}"))?;
            pinned.push(parsed);
        }
    }
    Ok(pinned)
}

/// Times in findings and summaries.
fn moment(time_us: Micros) -> String {
    tacho_event::time::format(time_us)
}
