//! Capacity: how the log grows, what the disk still takes, how much waits, and when the disk is full if nothing changes.
//!
//! Every figure is measured. Days until full are the free space divided by the growth of the last days; what expires
//! meanwhile is not counted.

use crate::http::App;
use std::path::Path;
use tacho_event::time::{DAY_US, Micros, format};
use tacho_record::recorder::{QUEUE_BYTES, QUEUE_JOBS};
use tacho_store::alert_file::Sending;

/// Days that growth is shown for, and those that it is judged by.
const DAYS: i64 = 14;
const JUDGED: i64 = 7;
const HOURS: i64 = 24;
const HOUR_US: i64 = 3_600_000_000;
/// Files and folders that are looked at for the size of the folder.
const FILES_MAX: usize = 1_000_000;

/// What a server can still take.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub(crate) struct Capacity {
    pub at: String,
    pub events: u64,
    /// Events of each of the last 14 days (24 hours that end now), the oldest first.
    pub days: Vec<u64>,
    /// Of the last seven of them that have any history, a day.
    pub events_per_day: f64,
    /// The busiest of the last 24 hours, events a second.
    pub busiest_hour_per_second: f64,
    pub folder_bytes: u64,
    pub bytes_per_event: f64,
    pub bytes_per_day: f64,
    pub free_bytes: u64,
    pub disk_bytes: u64,
    /// Missing while nothing grows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub days_until_full: Option<f64>,
    /// Share of the time since the start that the journal was written; the rest is headroom of recording.
    pub journal_busy: f64,
    /// Requests and bytes that wait for the recorder, and how many may.
    pub waiting_requests: u64,
    pub waiting_requests_limit: u64,
    pub waiting_bytes: u64,
    pub waiting_bytes_limit: u64,
    /// Events that are not signed, or that no query sees yet.
    pub behind_events: u64,
    /// Messages of alerts that wait to be sent.
    pub waiting_messages: u64,
}

/// Measures. It reads the disk: not for where others wait.
///
/// # Errors
/// What could not be read, in words.
pub(crate) fn measure(app: &App, data: &Path) -> Result<Capacity, String> {
    let node = &app.node;
    let snapshot = node.store().snapshot();
    let (now, size) = (node.now_us(), snapshot.size);
    let at = |us: Micros| crate::alerting::index_at(&snapshot, us).map_err(|error| error.to_string());
    let counts = |steps: i64, step_us: i64| -> Result<Vec<u64>, String> {
        let mut edges =
            (1..=steps).rev().map(|back| at(now - back * step_us)).collect::<Result<Vec<u64>, _>>()?;
        edges.push(size);
        Ok(edges.windows(2).map(|pair| pair[1].saturating_sub(pair[0])).collect())
    };
    let (days, hours) = (counts(DAYS, DAY_US)?, counts(HOURS, HOUR_US)?);
    let disk = rustix::fs::statvfs(data).map_err(|error| format!("{}: {error}", data.display()))?;
    let (free_bytes, disk_bytes) = (disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize);
    let folder_bytes = folder_bytes(data);
    let bytes_per_event = if size == 0 { 0.0 } else { folder_bytes as f64 / size as f64 };
    let events_per_day = per_day(&days);
    let bytes_per_day = events_per_day * bytes_per_event;
    let status = node.status();
    let (jobs, bytes) = status.queued();
    let uptime_us = app.started.elapsed().as_micros().max(1) as f64;
    let positions = [status.sealed(), node.visible()];
    let messages = app.alerting().map_or(Ok(Vec::new()), |alerting| alerting.messages());
    let messages = messages.map_err(|error| error.to_string())?;
    let waiting = messages.iter().filter(|(_, state, _)| *state == Sending::Waiting);
    Ok(Capacity {
        at: format(now),
        events: size,
        events_per_day,
        busiest_hour_per_second: hours.iter().max().map_or(0.0, |most| *most as f64 / 3600.0),
        days,
        folder_bytes,
        bytes_per_event,
        bytes_per_day,
        free_bytes,
        disk_bytes,
        days_until_full: (bytes_per_day > 0.0).then(|| free_bytes as f64 / bytes_per_day),
        journal_busy: (status.groups().sum_us() as f64 / uptime_us).min(1.0),
        waiting_requests: jobs as u64,
        waiting_requests_limit: QUEUE_JOBS as u64,
        waiting_bytes: bytes as u64,
        waiting_bytes_limit: QUEUE_BYTES as u64,
        behind_events: positions
            .iter()
            .map(|position| status.size().saturating_sub(*position))
            .max()
            .unwrap_or(0),
        waiting_messages: waiting.map(|(.., count)| count).sum(),
    })
}

/// The mean of the last days, from the first on that has events: a log that is new has no quiet past.
fn per_day(days: &[u64]) -> f64 {
    let last = &days[days.len().saturating_sub(JUDGED as usize)..];
    let known = last.iter().skip_while(|count| **count == 0);
    let (sum, count) = known.fold((0, 0), |(sum, count), events| (sum + events, count + 1));
    if count == 0 { 0.0 } else { sum as f64 / f64::from(count) }
}

/// Bytes of all files of a folder. What goes away meanwhile is not there.
fn folder_bytes(folder: &Path) -> u64 {
    let (mut bytes, mut seen) = (0, 0);
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = std::fs::read_dir(folder) else { continue };
        for entry in entries.flatten() {
            seen += 1;
            if seen > FILES_MAX {
                return bytes;
            }
            match entry.metadata() {
                Ok(found) if found.is_dir() => folders.push(entry.path()),
                Ok(found) if found.is_file() => bytes += found.len(),
                _ => {}
            }
        }
    }
    bytes
}

impl Capacity {
    /// In a few lines, for a message and for the terminal.
    pub(crate) fn words(&self) -> String {
        let full = self.days_until_full.map_or_else(
            || "nothing grows".to_string(),
            |days| match days {
                days if days > 3650.0 => "full in more than ten years".to_string(),
                days => format!("full in {days:.0} days"),
            },
        );
        let events = format!(
            "Capacity: {} events, {:.0} a day; the busiest hour of the last day had {:.1} a second.",
            self.events, self.events_per_day, self.busiest_hour_per_second
        );
        let disk = format!(
            "Disk: {} used by the log ({:.0} bytes an event), {} of {} free, {} a day; at that rate {full}, what expires not \
             counted.",
            size(self.folder_bytes as f64),
            self.bytes_per_event,
            size(self.free_bytes as f64),
            size(self.disk_bytes as f64),
            size(self.bytes_per_day),
        );
        let recording = format!(
            "Recording: the journal was written {:.1} % of the time; {} of {} requests wait, {} events are behind, {} messages \
             wait.",
            self.journal_busy * 100.0,
            self.waiting_requests,
            self.waiting_requests_limit,
            self.behind_events,
            self.waiting_messages,
        );
        [events, disk, recording].join("\n")
    }
}

/// Bytes in the unit in which people read them.
pub(crate) fn size(bytes: f64) -> String {
    let (mut value, mut unit) = (bytes, "bytes");
    for next in ["kB", "MB", "GB", "TB"] {
        if value < 1000.0 {
            break;
        }
        (value, unit) = (value / 1000.0, next);
    }
    if unit == "bytes" { format!("{value:.0} {unit}") } else { format!("{value:.1} {unit}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn growth_is_judged_by_the_days_that_have_a_history() {
        assert_eq!(per_day(&[0; 14]), 0.0);
        assert_eq!(per_day(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 30, 10]), 20.0);
        assert_eq!(per_day(&[900, 900, 900, 900, 900, 900, 900, 1, 1, 1, 1, 1, 1, 8]), 2.0);
        assert_eq!(
            per_day(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0]),
            1.0,
            "a quiet day counts once there was one before"
        );
    }

    #[test]
    fn sizes_are_written_as_people_read_them() {
        assert_eq!(
            [0.0, 999.0, 1500.0, 2.5e9, 8e12].map(size),
            ["0 bytes", "999 bytes", "1.5 kB", "2.5 GB", "8.0 TB"]
        );
    }

    #[test]
    fn the_size_of_a_folder_is_that_of_all_its_files() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("in")).unwrap();
        std::fs::write(folder.path().join("a"), [0; 10]).unwrap();
        std::fs::write(folder.path().join("in/b"), [0; 5]).unwrap();
        assert_eq!(folder_bytes(folder.path()), 15);
    }
}
