//! Reports that were made by themselves and are kept, as files.
//!
//! On disk: `DATA/reports/KIND-FROM.FORMAT`, whole or not at all; FROM is the first day. That a file was made, and its
//! SHA-256, is on the log.
//!
//! Invariants
//! - A file that may hold what a person's events say goes with every erasure, and never stays longer than personal data
//!   does. Health checks hold figures and the names of agents, tools and rules.
//!
//! Limits: [`FILES_MAX`], the oldest go first, and the days of the configuration.

use super::{Kind, Paper};
use std::io::Write;
use std::path::{Path, PathBuf};
use tacho_event::time::Day;

const FOLDER: &str = "reports";
/// Files that are kept at most.
pub(super) const FILES_MAX: usize = 1000;

/// A report that is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Kept {
    pub kind: &'static Kind,
    pub from: Day,
    pub paper: Paper,
}

impl Kept {
    pub(crate) fn name(self) -> String {
        format!("{}-{}.{}", self.kind.id, self.from.text(), self.paper.as_str())
    }

    /// What a file's name says; nothing for what tachograph has not put there.
    pub(crate) fn parse(name: &str) -> Option<Kept> {
        let (stem, ending) = name.rsplit_once('.')?;
        let paper = Paper::ALL.into_iter().find(|paper| paper.as_str() == ending)?;
        let (kind, day) = stem.split_at_checked(stem.len().checked_sub("-2026-11-20".len())?)?;
        let from = Day::parse(day.strip_prefix('-')?)?;
        let kept = Kept { kind: Kind::find(kind)?, from, paper };
        (kept.name() == name).then_some(kept)
    }

    pub(crate) fn path(self, data: &Path) -> PathBuf {
        data.join(FOLDER).join(self.name())
    }

    /// Whole or not at all, and durable.
    pub(super) fn save(self, data: &Path, bytes: &[u8]) -> std::io::Result<()> {
        let folder = data.join(FOLDER);
        std::fs::create_dir_all(&folder)?;
        let mut file = tempfile::NamedTempFile::new_in(&folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(self.path(data)).map_err(|error| error.error)?;
        std::fs::File::open(folder)?.sync_all()
    }
}

/// All that are kept, the newest first.
pub(crate) fn list(data: &Path) -> std::io::Result<Vec<Kept>> {
    let mut found = Vec::new();
    let entries = match std::fs::read_dir(data.join(FOLDER)) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(found),
        entries => entries?,
    };
    for entry in entries {
        found.extend(entry?.file_name().to_str().and_then(Kept::parse));
    }
    found.sort_by_key(|kept| (std::cmp::Reverse(kept.from), kept.name()));
    Ok(found)
}

/// Which of them have to go, today being `today`.
pub(super) fn leaving(all: &[Kept], today: Day, keep_days: u32, personal_days: u32) -> Vec<Kept> {
    let is_old = |kept: &Kept| {
        let days = if kept.kind.is_health() { keep_days } else { keep_days.min(personal_days) };
        i64::from(today.0) - i64::from(kept.from.0) > i64::from(days)
    };
    all.iter()
        .enumerate()
        .filter(|(place, kept)| *place >= FILES_MAX || is_old(kept))
        .map(|(_, kept)| *kept)
        .collect()
}

/// Takes out every file that may hold what a person's events say.
///
/// # Errors
/// What could not be removed; the rest is gone.
pub(crate) fn forget_people(data: &Path) -> std::io::Result<()> {
    let personal: Vec<Kept> = list(data)?.into_iter().filter(|kept| !kept.kind.is_health()).collect();
    remove(data, &personal)
}

pub(super) fn remove(data: &Path, those: &[Kept]) -> std::io::Result<()> {
    let mut failed = None;
    for kept in those {
        match std::fs::remove_file(kept.path(data)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => failed = Some(error),
            _ => {}
        }
    }
    failed.map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept(name: &str) -> Kept {
        Kept::parse(name).unwrap_or_else(|| panic!("{name}"))
    }

    #[test]
    fn a_name_has_one_spelling_and_nothing_else_is_a_report() {
        for name in ["health-daily-2026-11-20.html", "data-access-2026-01-01.csv"] {
            assert_eq!(kept(name).name(), name);
        }
        for name in [
            "",
            "notes.html",
            "health-daily-2026-11-20",
            "health-daily-2026-11-20.docx",
            "health-hourly-2026-11-20.html",
            "health-daily-2026-11-20.html.tmp",
            "../health-daily-2026-11-20.html",
            "-2026-11-20.html",
            "é-2026-11-20.html",
        ] {
            assert_eq!(Kept::parse(name), None, "{name}");
        }
    }

    #[test]
    fn an_erasure_takes_what_may_name_people_and_leaves_the_rest() {
        let data = tempfile::tempdir().unwrap();
        assert_eq!(list(data.path()).unwrap(), []);
        forget_people(data.path()).unwrap();
        for name in ["health-daily-2026-11-20.html", "data-access-2026-11-20.pdf"] {
            kept(name).save(data.path(), b"x").unwrap();
        }
        std::fs::write(data.path().join("reports/mine.txt"), "x").unwrap();
        forget_people(data.path()).unwrap();
        assert_eq!(list(data.path()).unwrap(), [kept("health-daily-2026-11-20.html")]);
        assert!(data.path().join("reports/mine.txt").exists());
    }

    #[test]
    fn what_is_old_goes_and_what_names_people_goes_with_personal_data() {
        let today = Day::parse("2026-03-01").unwrap();
        let all =
            ["health-daily-2026-02-28.html", "health-daily-2025-11-01.html", "data-access-2026-01-15.csv"]
                .map(kept);
        let gone = |keep, personal| leaving(&all, today, keep, personal).len();
        assert_eq!((gone(400, 30), gone(90, 30), gone(400, 400), gone(10, 30)), (1, 2, 0, 2));
        let many = vec![all[0]; FILES_MAX + 2];
        assert_eq!(leaving(&many, today, 400, 30).len(), 2);
    }
}
