//! What can go wrong while recording, told so that the caller knows whether anything was lost.

use std::io;
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// Nothing of the call was recorded; the same call may succeed later (a full disk has space again).
    #[error("{doing} {path}: {source}", path = path.display())]
    Io { doing: &'static str, path: PathBuf, source: io::Error },
    /// A sync failed: what the disk holds is unknown until the folder is opened again.
    #[error(
        "the recorder refuses: {why}; stop the process and start it again to read back what the disk holds"
    )]
    Poisoned { why: String },
    /// Bytes on disk are not what was written there. Never skipped.
    #[error("{path} is corrupt at byte {at}: {what}", path = path.display())]
    Corrupt { path: PathBuf, at: u64, what: String },
    /// Another process has the folder open.
    #[error("{path} is in use by another process: one folder has one recorder", path = path.display())]
    InUse { path: PathBuf },
    /// A record larger than the journal takes.
    #[error("a batch of {bytes} bytes was refused: expected at most {max}")]
    TooLarge { bytes: usize, max: usize },
}

impl RecordError {
    pub(crate) fn io<'a>(doing: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> RecordError + 'a {
        move |source| RecordError::Io { doing, path: path.to_path_buf(), source }
    }

    /// A sync failed: never an [`RecordError::Io`], because trying again would prove nothing.
    pub(crate) fn unsynced<E: std::fmt::Display>(path: &Path) -> impl FnOnce(E) -> RecordError + '_ {
        move |error| RecordError::Poisoned { why: format!("{} could not be synced: {error}", path.display()) }
    }

    pub(crate) fn corrupt(path: &Path, at: u64, what: impl Into<String>) -> RecordError {
        RecordError::Corrupt { path: path.to_path_buf(), at, what: what.into() }
    }
}
