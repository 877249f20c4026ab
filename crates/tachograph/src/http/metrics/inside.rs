//! What goes on inside: times, lags, queries, segments, removals, files of streams.

use super::{App, Page};
use crate::commitments::parse_leaving;
use crate::retention::status::tiers;
use std::fmt::Display;
use std::sync::atomic::{AtomicU64, Ordering};
use tacho_event::time::Micros;
use tacho_record::recorder::{QUEUE_BYTES, QUEUE_JOBS, TIMES_US};
use tacho_record::sequence::WINDOW;
use tacho_store::read::Wanted;

pub(super) fn all(app: &App, page: &mut Page) {
    limits(app, page);
    syncs(app, page);
    lags(app, page);
    queries(app, page);
    segments(app, page);
    removals(app, page);
    logs(app, page);
}

/// Seconds of a count of microseconds.
struct Seconds(u64);

impl Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:06}", self.0 / 1_000_000, self.0 % 1_000_000)
    }
}

fn load(counter: &AtomicU64) -> u64 {
    counter.load(Ordering::Relaxed)
}

fn limits(app: &App, page: &mut Page) {
    page.gauge("queue_limit_jobs", "Requests that may wait for the recorder.", QUEUE_JOBS as u64);
    page.gauge("queue_limit_bytes", "Bytes that may wait for the recorder.", QUEUE_BYTES as u64);
    let (states, sessions) = app.node.status().remembers();
    page.gauge("known_states", "Newest states of ids that duplicates are known by.", states as u64);
    page.gauge("known_states_limit", "The same at most; 25 bytes each.", u64::from(WINDOW));
    page.gauge("known_sessions", "Sessions whose events are numbered; 33 bytes each.", sessions as u64);
    let hot = app.node.hot_limit_bytes() as u64;
    page.gauge("store_hot_limit_bytes", "Newest events in memory above which a segment is cut.", hot);
}

fn syncs(app: &App, page: &mut Page) {
    let times = app.node.status().groups();
    let name = "journal_sync_seconds";
    page.head(name, "histogram", "Time until a group of batches was written and synced.");
    let counts = times.counts();
    for (bound, count) in TIMES_US.iter().zip(counts) {
        let bound = (*bound as f64 / 1e6).to_string();
        page.line("journal_sync_seconds_bucket", &[("le", &bound)], count);
    }
    let count = counts[TIMES_US.len()];
    page.line("journal_sync_seconds_bucket", &[("le", "+Inf")], count);
    page.line("journal_sync_seconds_sum", &[], Seconds(times.sum_us()));
    page.line("journal_sync_seconds_count", &[], count);
}

/// How far each follower of the log is behind it: events, and the age of the first that it does not have.
fn lags(app: &App, page: &mut Page) {
    let (node, status) = (&app.node, app.node.status());
    let mut positions = vec![
        ("sealer", status.sealed()),
        ("tiles", status.synced()),
        ("store", node.visible()),
        ("segments", node.store().position().next_index),
    ];
    let files = load(&app.logs().position);
    if files < u64::MAX {
        positions.push(("files", files));
    }
    let size = status.size();
    page.head(
        "follower_lag_events",
        "gauge",
        "Events that are on the log and that a follower does not have.",
    );
    for (name, position) in &positions {
        page.line("follower_lag_events", &[("follower", name)], size.saturating_sub(*position));
    }
    page.head("follower_lag_seconds", "gauge", "Age of the first event that a follower does not have.");
    for (name, position) in &positions {
        let age = if *position < size { age_us(app, *position) } else { 0 };
        page.line("follower_lag_seconds", &[("follower", name)], Seconds(age.max(0).unsigned_abs()));
    }
}

/// 0 while no query sees the event either.
fn age_us(app: &App, index: u64) -> Micros {
    let mut recorded = None;
    let looked = app.node.store().snapshot().rows(index..index + 1, Wanted::Header, &mut |row| {
        recorded = Some(row.place()?.time_us);
        Ok(())
    });
    let recorded = recorded.filter(|_| looked.is_ok());
    recorded.map_or(0, |recorded| app.node.now_us().saturating_sub(recorded))
}

fn queries(app: &App, page: &mut Page) {
    let load = app.node.engine().load();
    page.gauge("query_memory_bytes", "Memory that running queries reserved.", load.memory_bytes as u64);
    page.gauge("query_memory_limit_bytes", "The same at most.", load.memory_bytes_max as u64);
    page.gauge("query_running", "Queries that run.", load.running as u64);
    page.gauge("query_running_limit", "The same at most; more wait.", load.running_max as u64);
    page.gauge("cache_footers", "Footers of segments in memory.", load.footers as u64);
    page.gauge("cache_footers_hits", "Uses of the footers that are in memory.", load.footers_hits as u64);
    page.head("cache_bytes", "gauge", "What is kept of segments, because it is asked again and again.");
    for cache in &load.caches {
        page.line("cache_bytes", &[("cache", cache.name)], cache.bytes);
    }
    page.head("cache_limit_bytes", "gauge", "The same at most.");
    for cache in &load.caches {
        page.line("cache_limit_bytes", &[("cache", cache.name)], cache.bytes_max);
    }
}

fn segments(app: &App, page: &mut Page) {
    let work = app.node.work();
    let kinds = [("cut", &work.cuts), ("merge", &work.merges)];
    page.head("segment_writes_total", "counter", "Times that segments were written.");
    for (kind, effort) in kinds {
        page.line("segment_writes_total", &[("kind", kind)], load(&effort.done));
    }
    page.head("segment_write_failures_total", "counter", "Times that it failed; it is tried again.");
    for (kind, effort) in kinds {
        page.line("segment_write_failures_total", &[("kind", kind)], load(&effort.failed));
    }
    page.head("segment_written_bytes_total", "counter", "Bytes of the files.");
    for (kind, effort) in kinds {
        page.line("segment_written_bytes_total", &[("kind", kind)], load(&effort.bytes));
    }
    page.head("segment_write_seconds_total", "counter", "Time that it took.");
    for (kind, effort) in kinds {
        page.line("segment_write_seconds_total", &[("kind", kind)], Seconds(load(&effort.took_us)));
    }
}

fn removals(app: &App, page: &mut Page) {
    let counts = &app.node.removals().counts;
    page.counter("retention_runs", "Runs of retention.", load(&counts.runs));
    page.counter("retention_failed_runs", "Runs that failed; tried again.", load(&counts.failed_runs));
    page.counter("expired_periods", "Periods whose secrets were destroyed.", load(&counts.periods));
    page.counter("expired_entries", "Entries of which sections expired.", load(&counts.expired_entries));
    page.counter("erased_subjects", "People who were erased or made anonymous.", load(&counts.subjects));
    page.counter("erased_entries", "Entries of theirs.", load(&counts.erased_entries));
    let (secrets, waiting) = {
        let ring = app.node.ring();
        (ring.names().count(), ring.names().filter(|name| parse_leaving(name).is_some()).count())
    };
    page.gauge("erasures_waiting", "Erasures that have not ended.", waiting as u64);
    page.gauge("keyring_secrets", "Secrets in the key ring.", secrets as u64);
    let tiers = tiers(&app.node);
    page.head("tier_entries", "gauge", "Entries in segments by age.");
    for tier in &tiers {
        page.line("tier_entries", &[("tier", tier.tier)], tier.entries);
    }
    page.head("tier_bytes", "gauge", "Segments by age.");
    for tier in &tiers {
        page.line("tier_bytes", &[("tier", tier.tier)], tier.bytes);
    }
}

fn logs(app: &App, page: &mut Page) {
    let progress = app.logs();
    page.counter("logs_lines", "Lines written to the files of named streams.", load(&progress.lines));
    page.counter("logs_failures", "Times that these could not be written.", load(&progress.failures));
}
