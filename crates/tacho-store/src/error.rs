//! What can go wrong in the store: every message says what, in which file, and what was expected.

use arrow::error::ArrowError;
use parquet::errors::ParquetError;
use std::io;
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("{doing} {path}: {source}", path = path.display())]
    Io { doing: &'static str, path: PathBuf, source: io::Error },
    /// A segment could not be written or read as Parquet.
    #[error("{path} is not a readable segment: {what}", path = path.display())]
    Parquet { path: PathBuf, what: String },
    /// A file's bytes are not the ones that the catalog lists.
    #[error("{path} was changed: {what}", path = path.display())]
    Changed { path: PathBuf, what: String },
    /// A row does not give an entry again.
    #[error("row of entry {index} is damaged: {what}")]
    Row { index: u64, what: String },
    /// A row read back from a new segment does not give the leaf that is in the tree.
    #[error("{path}: entry {index} does not give its leaf hash again: {what}", path = path.display())]
    Leaf { path: PathBuf, index: u64, what: String },
    #[error("the catalog {path} refuses: {source}", path = path.display())]
    Catalog { path: PathBuf, source: rusqlite::Error },
    #[error("the catalog {path} is damaged: {what}", path = path.display())]
    CatalogDamaged { path: PathBuf, what: String },
    #[error(
        "the catalog {path} has version {found}, this program knows up to {known}: use a newer program",
        path = path.display()
    )]
    Newer { path: PathBuf, found: i64, known: i64 },
    /// A batch came that does not follow on the one before.
    #[error("{what} {found} came out of order: expected {expected}")]
    Order { what: &'static str, found: u64, expected: u64 },
    /// The newest events fill the memory that they may take; nothing of the batch was taken. Cut, then try again.
    #[error("the newest events take {bytes} bytes of memory: expected at most {max}; a cut must come first")]
    Full { bytes: usize, max: usize },
    /// What is to be erased would stay in journal files that cannot be released yet. Let the store take what the
    /// journal has, then try again.
    #[error(
        "segments hold the journal up to record {held}: expected all below record {turned}, where it turned over"
    )]
    Behind { held: u64, turned: u64 },
    #[error("merging segments was given up, because the program ends")]
    Stopped,
    /// The log must tell of a merged file before the file counts.
    #[error("merged segments could not be put on the log: {0}")]
    Untold(String),
    #[error("a journal batch is malformed: {0}")]
    Batch(#[from] tacho_event::record::Malformed),
    #[error("columns could not be built: {0}")]
    Arrow(#[from] ArrowError),
}

impl StoreError {
    pub(crate) fn io<'a>(doing: &'static str, path: &'a Path) -> impl FnOnce(io::Error) -> StoreError + 'a {
        move |source| StoreError::Io { doing, path: path.to_path_buf(), source }
    }

    pub(crate) fn parquet(path: &Path) -> impl FnOnce(ParquetError) -> StoreError + '_ {
        move |error| StoreError::Parquet { path: path.to_path_buf(), what: error.to_string() }
    }

    pub(crate) fn arrow(path: &Path) -> impl FnOnce(ArrowError) -> StoreError + '_ {
        move |error| StoreError::Parquet { path: path.to_path_buf(), what: error.to_string() }
    }
}
