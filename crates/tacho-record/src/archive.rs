//! The archive of checkpoints: the first that is signed in each ten minutes of server time, kept beside the published
//! one, so that whoever has an older copy can compare.
//!
//! On disk, `docs/formats/archive.md`: `log/archive/2026-11-21T1020Z`, the note as it was published, named by the
//! beginning of its ten minutes.
//!
//! Invariants
//! - Names in order are checkpoints in order: each covers more entries than the one before.
//! - A checkpoint is archived only after it was published, durably.
//!
//! Limits: of the ten minutes the newest [`DAYS`] days are kept, of what is older the first of each day: some 4,300
//! files, and one more a day.

use crate::durable::{create_folder, replace};
use crate::error::RecordError;
use std::path::{Path, PathBuf};
use tacho_event::time::{Micros, SECOND_US, day};

/// Seconds between two archived checkpoints.
const EVERY: i64 = 600;
/// Days for which all are kept.
pub const DAYS: i32 = 30;
/// Bytes of a name that tell the day: `2026-11-21`.
const DAY_BYTES: usize = 10;

/// The archive of a log folder, open for writing.
#[derive(Debug)]
pub(crate) struct Archive {
    folder: PathBuf,
    /// The newest name.
    last: Option<String>,
    /// Published, and to be written: tried again until it is.
    due: Option<(Micros, String, String)>,
}

impl Archive {
    /// Opens the archive of a log folder, or starts an empty one.
    ///
    /// # Errors
    /// [`RecordError::Io`].
    pub(crate) fn open(log: &Path) -> Result<Archive, RecordError> {
        let folder = log.join("archive");
        create_folder(&folder)?;
        let last = names(log)?.into_iter().rfind(|name| is_name(name));
        Ok(Archive { folder, last, due: None })
    }

    /// Takes a checkpoint that was published when the newest entry had that server time, when it is the first of its
    /// ten minutes. It is written by [`Archive::write`].
    pub(crate) fn offer(&mut self, time_us: Micros, note: &str) {
        let name = name(time_us);
        if self.due.is_none() && self.last.as_ref().is_none_or(|last| *last < name) {
            self.due = Some((time_us, name, note.to_string()));
        }
    }

    /// Writes what is due, and thins out what has become old.
    ///
    /// # Errors
    /// [`RecordError::Io`]: it stays due. [`RecordError::Poisoned`] when a sync failed.
    pub(crate) fn write(&mut self) -> Result<(), RecordError> {
        let Some((time_us, name, note)) = &self.due else { return Ok(()) };
        replace(&self.folder.join(name), note.as_bytes())?;
        let is_new_day = self.last.as_ref().is_none_or(|last| !same_day(last, name));
        if is_new_day {
            self.thin_out(*time_us);
        }
        self.last = self.due.take().map(|(_, name, _)| name);
        Ok(())
    }

    /// What can't be listed or removed today is tomorrow.
    fn thin_out(&self, now_us: Micros) {
        let mut oldest = day(now_us);
        oldest.0 -= DAYS;
        let (oldest, mut before) = (oldest.text(), None::<String>);
        let Ok(listed) = list(&self.folder) else { return };
        let old = listed.into_iter().filter(|name| is_name(name) && name[..DAY_BYTES] < *oldest);
        for name in old {
            if before.as_ref().is_some_and(|before| same_day(before, &name)) {
                drop(std::fs::remove_file(self.folder.join(&name)));
            }
            before = Some(name);
        }
    }
}

fn same_day(a: &str, b: &str) -> bool {
    a.get(..DAY_BYTES) == b.get(..DAY_BYTES)
}

/// The name of the ten minutes that a moment lies in.
fn name(time_us: Micros) -> String {
    let second = time_us.div_euclid(SECOND_US).rem_euclid(86_400);
    let minute = second / EVERY * EVERY / 60;
    format!("{}T{:02}{:02}Z", day(time_us).text(), minute / 60, minute % 60)
}

/// Whether a file of the archive can have this name.
pub fn is_name(name: &str) -> bool {
    let shape = b"dddd-dd-ddTddd0Z";
    name.len() == shape.len()
        && name.bytes().zip(shape).all(|(byte, like)| match like {
            b'd' => byte.is_ascii_digit(),
            like => byte == *like,
        })
}

/// The names in the archive of a log folder, in order; none when there is no archive. What a crash left unfinished is
/// passed over.
///
/// # Errors
/// [`RecordError::Io`].
pub fn names(log: &Path) -> Result<Vec<String>, RecordError> {
    let folder = log.join("archive");
    match list(&folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        listed => listed.map_err(RecordError::io("cannot list", &folder)),
    }
}

fn list(folder: &Path) -> std::io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !name.ends_with(".tmp") {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE_US: Micros = 60 * SECOND_US;
    /// 2026-11-21T00:00:00Z.
    const START_US: Micros = 1_795_219_200 * SECOND_US;

    #[test]
    fn a_name_is_the_beginning_of_its_ten_minutes() {
        assert_eq!(name(START_US), "2026-11-21T0000Z");
        assert_eq!(name(START_US - 1), "2026-11-20T2350Z");
        assert_eq!(name(START_US + 629 * MINUTE_US + 59 * SECOND_US), "2026-11-21T1020Z");
        assert!(is_name(&name(START_US)) && is_name(&name(0)));
        for other in ["", "2026-11-21T1023Z", "2026-11-21T1020Z ", "checkpoint", "2026-11-21T10é0Z"] {
            assert!(!is_name(other), "{other:?}");
        }
    }

    #[test]
    fn the_first_of_each_ten_minutes_is_kept_also_over_a_restart() {
        let dir = tempfile::tempdir().unwrap();
        let mut archive = Archive::open(dir.path()).unwrap();
        for (minute, note) in [(0, "a"), (9, "b"), (10, "c"), (10, "d"), (35, "e"), (2, "clock set back")] {
            if minute == 35 {
                archive = Archive::open(dir.path()).unwrap();
                archive.offer(START_US + 12 * MINUTE_US, "the same ten minutes");
            }
            archive.offer(START_US + minute * MINUTE_US, note);
            archive.write().unwrap();
        }
        let kept = names(dir.path()).unwrap();
        assert_eq!(kept, ["2026-11-21T0000Z", "2026-11-21T0010Z", "2026-11-21T0030Z"]);
        let notes = kept.iter().map(|name| std::fs::read_to_string(dir.path().join("archive").join(name)));
        assert_eq!(notes.map(Result::unwrap).collect::<String>(), "ace");
    }

    #[test]
    fn what_could_not_be_written_is_written_later() {
        let dir = tempfile::tempdir().unwrap();
        let mut archive = Archive::open(dir.path()).unwrap();
        // A folder in the place of the temporary file: no file can be made there.
        let place = dir.path().join("archive/2026-11-21T0000Z.tmp");
        std::fs::create_dir(&place).unwrap();
        archive.offer(START_US, "first");
        assert!(matches!(archive.write(), Err(RecordError::Io { .. })));
        archive.offer(START_US + MINUTE_US, "second");
        std::fs::remove_dir(&place).unwrap();
        archive.write().unwrap();
        let kept = std::fs::read_to_string(dir.path().join("archive/2026-11-21T0000Z")).unwrap();
        assert_eq!(kept, "first");
    }

    #[test]
    fn what_is_older_than_a_month_is_one_a_day() {
        let dir = tempfile::tempdir().unwrap();
        let mut archive = Archive::open(dir.path()).unwrap();
        for hour in (0..45 * 24).step_by(6) {
            archive.offer(START_US + hour * 60 * MINUTE_US, "");
            archive.write().unwrap();
        }
        let kept = names(dir.path()).unwrap();
        // 45 days with four each: 30 whole ones and today, and the first of each of the 14 before.
        assert_eq!(kept.len(), 31 * 4 + 14, "{kept:?}");
        assert_eq!(kept[..2], ["2026-11-21T0000Z", "2026-11-22T0000Z"]);
    }
}
