//! `install`, `uninstall`: the hook in the settings of an agent. What else stands there stays as it is, comments too;
//! the change is shown, the file before it is kept, and doing it twice changes nothing.

pub mod edit;
mod line;
mod misnamed;
mod ours;
pub mod program;
pub mod targets;
mod worktree;

pub use edit::{Edited, add};
pub use ours::program_of;
pub use targets::{Scope, Target};

use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Settings are read up to this size, bytes.
const FILE_BYTES_MAX: u64 = 16 << 20;
/// What the file before the first change is called.
const BACKUP: &str = "before-agent-audit-log";

/// A change to one file, before it is made.
#[derive(Debug)]
pub struct Change {
    pub path: PathBuf,
    before: Option<String>,
    after: String,
    is_first: bool,
    /// Goes with the file, when nothing else is in it.
    folder: Option<PathBuf>,
    /// What was done and what to know, for people.
    pub notes: Vec<String>,
}

impl Change {
    /// Reads a file and edits it.
    ///
    /// # Errors
    /// When the file can't be read, is no text, or what `edit` says about it.
    pub fn plan(path: &Path, edit: impl FnOnce(&str) -> Result<Edited, String>) -> Result<Change, String> {
        let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
        let before = read(path)?;
        let (mark, text) = split_mark(before.as_deref().unwrap_or_default());
        let Edited { text, notes, is_first } = edit(text).map_err(|error| told(&error))?;
        let after = format!("{mark}{text}");
        Ok(Change { path: path.to_owned(), before, after, is_first, folder: None, notes })
    }

    /// Takes the command out of an agent's settings, back to the file that was kept where nothing else was changed.
    ///
    /// # Errors
    /// As [`Change::plan`].
    pub fn plan_removal(path: &Path, target: &Target, command: &str) -> Result<Change, String> {
        let kept = read(&beside(&real(path), BACKUP)).ok().flatten();
        let change = Change::plan(path, |text| match &kept {
            Some(kept) => edit::remove_to(text, split_mark(kept).1, target, command),
            None => edit::remove(text, target, command),
        })?;
        // A folder of another name was chosen by somebody, who may need it empty.
        let folder = path.parent().filter(|folder| folder.ends_with(target.folder()));
        Ok(Change { folder: folder.map(Path::to_owned), ..change })
    }

    /// Whether anything changes.
    pub fn is_some(&self) -> bool {
        self.before.as_deref().unwrap_or_default() != self.after
    }

    /// The change as people read it.
    pub fn diff(&self) -> String {
        let before = self.before.as_deref().unwrap_or_default();
        let name = self.path.display().to_string();
        let diff = similar::TextDiff::from_lines(before, &self.after);
        diff.unified_diff().context_radius(2).header(&name, &name).to_string()
    }

    /// Makes the change; the file as it was before the first of ours is kept beside it.
    ///
    /// # Errors
    /// What the system says; the file is then as it was.
    pub fn make(&self) -> io::Result<()> {
        if let Some(folder) = self.path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        // A link stays one: what it leads to is changed.
        let path = real(&self.path);
        let mode = std::fs::metadata(&path).map_or(0o600, |found| found.permissions().mode() & 0o777);
        let backup = beside(&path, BACKUP);
        // One that is left of an earlier time leads nowhere any more.
        if self.is_first && backup.exists() {
            std::fs::remove_file(&backup)?;
        }
        if let Some(before) = self.before.as_ref().filter(|_| !backup.exists()) {
            // A file that was not there before goes when nothing is left in it.
            if self.is_empty() {
                std::fs::remove_file(&path)?;
                self.folder.iter().for_each(|folder| drop(std::fs::remove_dir(folder)));
                return Ok(());
            }
            write(&backup, before, mode)?;
        }
        let new = beside(&path, "agent-audit-log-new");
        write(&new, &self.after, mode)?;
        std::fs::rename(&new, &path)?;
        // The file is as it was before the first change: nothing is to be kept.
        if std::fs::read(&backup).is_ok_and(|kept| kept == self.after.as_bytes()) {
            std::fs::remove_file(&backup)?;
        }
        Ok(())
    }

    /// Whether an empty object is left.
    fn is_empty(&self) -> bool {
        self.after.split_whitespace().collect::<String>() == "{}"
    }
}

/// The text of a file; nothing where there is none.
///
/// # Errors
/// When it can't be read, is too long, or is no text.
pub fn read(path: &Path) -> Result<Option<String>, String> {
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    match std::fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(told(&error)),
        Ok(found) if found.len() > FILE_BYTES_MAX => {
            Err(told(&format!("{} bytes, expected at most {FILE_BYTES_MAX}", found.len())))
        }
        Ok(_) => Ok(Some(std::fs::read_to_string(path).map_err(|error| told(&error))?)),
    }
}

/// The mark of byte order that some editors put before a text, and the text.
pub fn split_mark(text: &str) -> (&str, &str) {
    text.split_at(if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 })
}

fn real(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(ending);
    path.with_file_name(name)
}

fn write(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let mut file =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_before_the_first_change_is_kept_and_links_stay_links() {
        let folder = tempfile::tempdir().unwrap();
        let (real, link) = (folder.path().join("real.json"), folder.path().join("link.json"));
        std::fs::write(&real, "{}\n").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        for text in ["one", "two"] {
            let change =
                Change::plan(&link, |_| Ok(Edited { text: text.into(), ..Edited::default() })).unwrap();
            assert!(change.is_some() && change.diff().contains(&format!("+{text}")));
            change.make().unwrap();
        }
        assert!(link.is_symlink());
        assert_eq!(std::fs::read_to_string(&real).unwrap(), "two");
        let backup = folder.path().join("real.json.before-agent-audit-log");
        assert_eq!(std::fs::read_to_string(backup).unwrap(), "{}\n");
    }
    #[test]
    fn what_was_changed_back_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        let to = |text: &str| {
            let edit = |_: &str| Ok(Edited { text: text.to_owned(), ..Edited::default() });
            Change::plan(&path, edit).unwrap().make().unwrap();
        };
        let names = || std::fs::read_dir(folder.path()).unwrap().count();
        to("{\"hooks\":1}");
        to("{\n}\n");
        assert_eq!(names(), 0, "it was not there before");
        std::fs::write(&path, "{}").unwrap();
        to("{\"hooks\":1}");
        assert_eq!(names(), 2);
        to("{}");
        assert_eq!((names(), std::fs::read_to_string(&path).unwrap()), (1, "{}".to_owned()));
    }

    #[test]
    fn what_is_left_of_an_earlier_time_is_kept_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.json");
        let backup = folder.path().join("settings.json.before-agent-audit-log");
        let (target, command) = (Target::of(crate::stamp::Source::Claude), "agent-audit-log hook claude");
        let install = || Change::plan(&path, |text| add(text, &target, command)).unwrap().make().unwrap();
        let uninstall = || Change::plan_removal(&path, &target, command).unwrap().make().unwrap();
        let text = |path: &Path| std::fs::read_to_string(path).unwrap();
        std::fs::write(&path, "\u{feff}{\"v\":1}").unwrap();
        install();
        assert!(text(&path).starts_with('\u{feff}'));
        std::fs::write(&path, text(&path).replace("\"v\":1", "\"v\":2")).unwrap();
        uninstall();
        assert_eq!((text(&path), text(&backup)), ("\u{feff}{\"v\":2}".into(), "\u{feff}{\"v\":1}".into()));
        install();
        assert_eq!(text(&backup), "\u{feff}{\"v\":2}");
        uninstall();
        assert_eq!(text(&path), "\u{feff}{\"v\":2}");
        assert!(!backup.exists());
        std::fs::write(&backup, "{\"v\":0}").unwrap();
        std::fs::remove_file(&path).unwrap();
        install();
        uninstall();
        assert!(!backup.exists() && !path.exists(), "there was none");
    }
}
