//! The disk under a folder: whether anything can still be written, and whether that will be so for long.
//!
//! Little space is a warning and no fault: nothing is lost yet, and how much is little differs from machine to machine.
//! What the disk can no longer take is a fault.

use std::io;
use std::path::Path;

/// A large request (16 MB) and what is written beside it fit: below this, events are refused or soon will be.
const NEEDED_BYTES: u64 = 64 << 20;
/// Segments, tiles, the catalog and the journal have a file each.
const NEEDED_FILES: u64 = 64;
/// Merging small segments into a large one needs room for both.
const LOW_BYTES: u64 = 2 << 30;
const LOW_FILES: u64 = 4096;
/// At the growth of the last days.
const LOW_DAYS: f64 = 7.0;

/// What is to be said of the disk.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Room {
    Enough(String),
    /// What that means, and what to do.
    Low(String, &'static str),
    None(String, &'static str),
}

const FREE: &str = "make room or move the folder: once the disk is full, events are refused (507) and senders have to keep \
                    them; everything recorded stays";
const FULL: &str = "make room or move the folder: events are refused (507) until there is space again; everything recorded \
                    stays, and senders that keep a spool lose nothing";

/// Looks at the disk that a folder lies on.
///
/// # Errors
/// When the system does not tell.
pub(super) fn room(data: &Path) -> io::Result<Room> {
    let disk = rustix::fs::statvfs(data)?;
    // Some file systems have no fixed number of files and say zero for both.
    let files = (disk.f_files > 0).then_some(disk.f_favail);
    Ok(judge(disk.f_bavail * disk.f_frsize, files))
}

fn judge(bytes: u64, files: Option<u64>) -> Room {
    let said = format!("{} are free", crate::capacity::size(bytes as f64));
    match files {
        _ if bytes < NEEDED_BYTES => Room::None(format!("{said}, too little for a large request"), FULL),
        Some(files) if files < NEEDED_FILES => {
            Room::None(format!("{said}, but the disk takes only {files} more files"), FULL)
        }
        _ if bytes < LOW_BYTES => {
            Room::Low(format!("only {said}: recording goes on, merging segments may have to wait"), FREE)
        }
        Some(files) if files < LOW_FILES => {
            Room::Low(format!("{said}, but the disk takes only {files} more files"), FREE)
        }
        _ => Room::Enough(said),
    }
}

/// What is to be said of how the log grows; nothing where there is room for longer than a week.
pub(super) fn growth(days_until_full: Option<f64>) -> Option<Room> {
    let days = days_until_full.filter(|days| *days < LOW_DAYS)?;
    let left = if days < 1.0 { format!("{:.0} hours", days * 24.0) } else { format!("{days:.1} days") };
    let said =
        format!("the disk is full in {left} if the log grows as in the last days, what expires not counted");
    Some(Room::Low(said, FREE))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(room: &Room) -> &'static str {
        match room {
            Room::Enough(_) => "enough",
            Room::Low(..) => "low",
            Room::None(..) => "none",
        }
    }

    #[test]
    fn little_space_is_a_warning_and_none_is_a_fault() {
        for (bytes, files, want) in [
            (100 << 30, None, "enough"),
            (LOW_BYTES, Some(1 << 20), "enough"),
            (LOW_BYTES - 1, None, "low"),
            (NEEDED_BYTES, Some(1 << 20), "low"),
            (NEEDED_BYTES - 1, None, "none"),
            (0, Some(0), "none"),
            (100 << 30, Some(LOW_FILES - 1), "low"),
            (100 << 30, Some(0), "none"),
        ] {
            assert_eq!(word(&judge(bytes, files)), want, "{bytes} bytes, {files:?} files");
        }
        let Room::Low(said, _) = judge(1_500_000_000, None) else { panic!() };
        assert_eq!(said, "only 1.5 GB are free: recording goes on, merging segments may have to wait");
    }

    #[test]
    fn growth_is_told_when_it_fills_the_disk_within_a_week() {
        assert_eq!(growth(None), None);
        assert_eq!(growth(Some(7.0)), None);
        let said = |days| match growth(Some(days)) {
            Some(Room::Low(said, _)) => said,
            other => panic!("{other:?}"),
        };
        assert!(said(6.04).starts_with("the disk is full in 6.0 days "), "{}", said(6.04));
        assert!(said(0.5).starts_with("the disk is full in 12 hours "), "{}", said(0.5));
    }
}
