//! Reports that are made by themselves when their time is over.
//!
//! Invariants
//! - What is missing of the last time that is over is made: after a restart, too, and once. Times before it are not made up for.
//! - While one is computed and written, nobody is erased: a file never holds what an erasure took out.
//! - The log is told of each file with its SHA-256 before anybody is sent a word.

use super::kept::{self, Kept};
use super::{Config, Kind, Report, Span, make};
use crate::http::{App, registry};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tacho_event::time::{self, Micros};
use tokio::task::JoinHandle;

/// How often is looked whether one is due, and how long is waited after one failed.
const EVERY: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_secs(900);
/// Who made it, as the log tells it.
const BY: &str = "schedule";

/// Makes what is due until the server stops.
pub(crate) fn begin(app: &Arc<App>, retention: crate::retention::Schedule) -> JoinHandle<()> {
    tokio::spawn(watch(Arc::clone(app), retention.personal_days.get()))
}

async fn watch(app: Arc<App>, personal_days: u32) {
    if app.reports().schedule.is_empty() {
        return;
    }
    let mut stopping = app.stopping();
    let mut wait = Duration::ZERO;
    loop {
        tokio::select! {
            _ = stopping.changed() => return,
            () = tokio::time::sleep(wait) => {}
        }
        let (passing, runtime) = (Arc::clone(&app), tokio::runtime::Handle::current());
        let pass = move || pass(&passing, personal_days, &runtime);
        wait = match tokio::task::spawn_blocking(pass).await {
            Ok(Ok(())) => EVERY,
            Ok(Err(error)) => {
                tracing::error!("a report could not be made or kept; it is tried again: {error}");
                PAUSE
            }
            Err(error) => {
                tracing::error!(%error, "making reports ended early; it is tried again");
                PAUSE
            }
        };
    }
}

/// Makes what is due now, and takes out what is too old.
pub(super) fn pass(
    app: &Arc<App>,
    personal_days: u32,
    runtime: &tokio::runtime::Handle,
) -> Result<(), String> {
    let (node, config) = (&app.node, app.reports());
    let data = node.data();
    let told = |error: std::io::Error| format!("{}: {error}", data.join("reports").display());
    // Nothing is on the log yet: there is nothing to say.
    if node.checkpoint().is_err() {
        return Ok(());
    }
    let kept = kept::list(data).map_err(told)?;
    let names: BTreeSet<String> = kept.iter().map(|kept| kept.name()).collect();
    for (kind, span) in due(config, node.now_us(), &names) {
        let _one = node.removals().pause();
        let agents = registry(app).map_err(|problem| problem.detail)?;
        let report = runtime.block_on(make(app, &agents, kind, span)).map_err(|error| error.to_string())?;
        for paper in &config.formats {
            let file = Kept { kind, from: span.from, paper: *paper };
            let bytes = report.written(*paper).map_err(|error| error.to_string())?;
            let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
            let event = report.event(*paper, BY, Some((&file.name(), &digest)));
            super::record(node, &event).map_err(|error| error.to_string())?;
            file.save(data, &bytes).map_err(told)?;
        }
        announce(app, &report);
    }
    let kept = kept::list(data).map_err(told)?;
    let today = time::day(node.now_us());
    kept::remove(data, &kept::leaving(&kept, today, config.keep_days, personal_days)).map_err(told)
}

/// What is missing of the last times that are over, and old enough to be whole.
fn due(config: &Config, now_us: Micros, kept: &BTreeSet<String>) -> Vec<(&'static Kind, Span)> {
    let ripe_us = now_us - Micros::from(config.after_minutes) * 60_000_000;
    let missing = |kind: &'static Kind| {
        let span = Span::last(kind.period, ripe_us);
        let file = |paper| Kept { kind, from: span.from, paper }.name();
        config.formats.iter().any(|paper| !kept.contains(&file(*paper))).then_some((kind, span))
    };
    config.schedule.iter().filter_map(|scheduled| missing(scheduled.0)).collect()
}

/// Tells receivers that it was made: its counts and where to read it, none of its rows.
fn announce(app: &App, report: &Report) {
    let Some(alerting) = app.alerting().filter(|_| !app.reports().receivers.is_empty()) else { return };
    let mut text = report.health.map_or(String::new(), |health| format!("{}\n", health.words()));
    text += &format!("{} SHA-256 of its sections: {}.", report.checkpoint.words(), report.sha256);
    let title = format!("{}: {}", report.title, report.from);
    let place = format!("reports?kind={}&day={}", report.kind, report.from);
    let wants = report.health.is_some_and(|health| health.attention > 0);
    if let Err(error) =
        alerting.announce(&app.reports().receivers, &title, &text, &place, wants, app.node.now_us())
    {
        tracing::error!(%error, "nobody could be told of a report that was made");
    }
}

#[cfg(test)]
mod tests {
    use super::super::Paper;
    use super::*;

    #[test]
    fn what_is_missing_of_the_last_time_is_due_a_while_after_its_end_and_once() {
        let text = "schedule = [\"health-daily\", \"health-weekly\"]\nformats = [\"html\", \"json\"]\nafter_minutes = 10";
        let config: Config = toml::from_str(text).unwrap();
        assert_eq!(config.formats, [Paper::Html, Paper::Json]);
        let due_at = |text: &str, kept: &[&str]| -> Vec<String> {
            let kept = kept.iter().map(|name| name.to_string()).collect();
            let due = due(&config, time::parse(text).unwrap(), &kept);
            due.into_iter().map(|(kind, span)| format!("{} {}", kind.id, span.from.text())).collect()
        };
        // A Sunday, then Monday.
        let both = ["health-daily 2026-11-21", "health-weekly 2026-11-09"];
        assert_eq!(due_at("2026-11-22T12:00:00Z", &[]), both);
        let made =
            ["health-daily-2026-11-21.html", "health-daily-2026-11-21.json", "health-weekly-2026-11-09.html"];
        assert_eq!(
            due_at("2026-11-22T12:00:00Z", &made),
            ["health-weekly 2026-11-09"],
            "one of two files is missing"
        );
        let all = [&made[..], &["health-weekly-2026-11-09.json"]].concat();
        assert_eq!(due_at("2026-11-23T00:09:59Z", &all), [""; 0], "its end is too fresh");
        assert_eq!(
            due_at("2026-11-23T00:10:00Z", &all),
            ["health-daily 2026-11-22", "health-weekly 2026-11-16"]
        );
    }
}
