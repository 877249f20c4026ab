//! A folder that is being written: one moment of it, held while it is checked.
//!
//! What may go meanwhile (segments that a merge replaced, journal files that were released) is kept open and named in a
//! private folder of its own; the catalog, the newest journal file and the checkpoint are copied. Nothing is written where
//! the data lies.
//!
//! Invariants
//! - Each thing is taken before what covers it: archive, catalog, segments, checkpoint, tiles, journal, registry.
//! - When the catalog lists something else at the end, none of it counts, and all is taken again.

use super::folder::judge;
use super::{Check, tiles};
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::process::{Resource, getrlimit, setrlimit};
use std::error::Error;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use tacho_merkle::VerifierKey;
use tacho_record::archive::names;
use tacho_store::catalog::Registered;
use tacho_store::inspect::{copy_catalog, registered, same_books};
use tempfile::TempDir;

/// How often a moment is taken: cuts and merges are seconds apart, and taking one takes less.
const TRIES: usize = 20;
/// Where an open file is found by its number.
const OPEN: &str = "/proc/self/fd";

/// One moment of a folder.
#[derive(Debug)]
pub(super) struct Moment {
    folder: TempDir,
    open: Vec<File>,
    /// Names of the tiles that were there before the journal was taken: it holds every entry below them.
    pub tiles: Vec<String>,
    /// What was registered after the journal was taken.
    pub again: Option<Registered>,
}

/// Checks everything that a folder at rest is checked for, as it is now, except that an erasure may be under way.
pub(crate) fn run(
    data: &Path,
    pins: &[VerifierKey],
    since: Option<&Path>,
    shown: usize,
) -> Result<Check, Box<dyn Error>> {
    let data = std::path::absolute(data)?;
    let moment = Moment::of(&data)?;
    let held = moment.folder.path();
    let mut check = judge(&data, held, Some(&moment), pins, since, shown)?;
    let (held, real) = (held.display().to_string(), data.display().to_string());
    check.findings.iter_mut().for_each(|finding| finding.what = finding.what.replace(&held, &real));
    check.summary += "; the folder is in use, its files were checked as they were at one moment";
    Ok(check)
}

impl Moment {
    fn of(data: &Path) -> Result<Moment, Box<dyn Error>> {
        if !Path::new(OPEN).exists() {
            let what = format!("{OPEN} is not there: stop the server, or check a copy of the folder");
            return Err(what.into());
        }
        allow_files();
        for _ in 0..TRIES {
            let moment = Moment::take(data)?;
            if same_books(data, moment.folder.path()) {
                return Ok(moment);
            }
        }
        Err(format!("{} changes too fast to be held: try again, or stop the server", data.display()).into())
    }

    fn take(data: &Path) -> Result<Moment, Box<dyn Error>> {
        let folder = tempfile::Builder::new().prefix("tachograph-verify-").tempdir()?;
        let mut moment = Moment { folder, open: Vec::new(), tiles: Vec::new(), again: None };
        let (log, held) = (data.join("log"), moment.folder.path().to_path_buf());
        ["log/archive", "segments", "wal"]
            .iter()
            .try_for_each(|name| std::fs::create_dir_all(held.join(name)))?;
        // An archived checkpoint never changes and never goes.
        for name in names(&log)? {
            symlink(log.join("archive").join(&name), held.join("log/archive").join(&name))?;
        }
        copy_catalog(data, &held)?;
        for name in listed(&data.join("segments"))? {
            moment.keep(data, &Path::new("segments").join(name))?;
        }
        match std::fs::copy(log.join("checkpoint"), held.join("log/checkpoint")) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        if log.join("tile").exists() {
            symlink(log.join("tile"), held.join("log/tile"))?;
        }
        moment.tiles = tiles::files(&log);
        let journal = listed(&data.join("wal"))?;
        for (at, name) in journal.iter().enumerate() {
            let name = Path::new("wal").join(name);
            if at + 1 == journal.len() { moment.copy(data, &name)? } else { moment.keep(data, &name)? }
        }
        // A catalog that cannot be read is found by the check.
        moment.again = registered(data).ok().flatten();
        Ok(moment)
    }

    /// Keeps a file that may be removed but never changes.
    fn keep(&mut self, data: &Path, name: &Path) -> std::io::Result<()> {
        match File::open(data.join(name)) {
            Ok(file) => self.name(file, name),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
            // Whatever keeps it from being read is found by the check.
            Err(_) => symlink(data.join(name), self.folder.path().join(name)),
        }
    }

    /// Keeps what stands in a file that grows. In memory: it holds text that is to be on no other disk.
    fn copy(&mut self, data: &Path, name: &Path) -> std::io::Result<()> {
        let bytes = match std::fs::read(data.join(name)) {
            Ok(bytes) => bytes,
            Err(_) => return self.keep(data, name),
        };
        let mut copy = File::from(memfd_create("journal", MemfdFlags::CLOEXEC)?);
        copy.write_all(&bytes)?;
        self.name(copy, name)
    }

    fn name(&mut self, file: File, name: &Path) -> std::io::Result<()> {
        let number = file.as_raw_fd().to_string();
        symlink(PathBuf::from(OPEN).join(number), self.folder.path().join(name))?;
        self.open.push(file);
        Ok(())
    }
}

/// As many files as this process may have open: there is one for each segment.
fn allow_files() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // What cannot be kept open is read where it lies.
    let _ = setrlimit(Resource::Nofile, limit);
}

/// Names of the files in a folder, in order; none when it is not there.
fn listed(folder: &Path) -> std::io::Result<Vec<std::ffi::OsString>> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut names = entries.map(|entry| Ok(entry?.file_name())).collect::<std::io::Result<Vec<_>>>()?;
    // A file without its name yet is no part of anything.
    names.retain(|name| Path::new(name).extension().is_none_or(|extension| extension != "tmp"));
    names.sort();
    Ok(names)
}
