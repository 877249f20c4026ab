//! What a query reads: segments and the newest events, one consistent moment of the log.

use crate::error::StoreError;
use crate::read::Open;
use crate::take_out::Days;
use arrow::array::RecordBatch;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tacho_event::time::Micros;

/// A closed Parquet segment. The file stays on disk while anyone holds this.
#[derive(Debug)]
pub struct SegmentFile {
    pub path: PathBuf,
    /// Index range, both inclusive. Segments of one class may interleave with those of another.
    pub first: u64,
    pub last: u64,
    pub rows: u64,
    pub bytes: u64,
    /// Earliest and latest `timestamp`, microseconds.
    pub time_min: Micros,
    pub time_max: Micros,
    /// Class name.
    pub class: String,
    /// SHA-256 of the file.
    pub digest: [u8; 32],
    /// The file goes when the last holder does: it was replaced, or never came into the catalog.
    pub(crate) doomed: AtomicBool,
}

impl SegmentFile {
    pub(crate) fn doom(&self, doomed: bool) {
        self.doomed.store(doomed, Ordering::Release);
    }
}

impl Drop for SegmentFile {
    fn drop(&mut self) {
        if self.doomed.load(Ordering::Acquire) {
            // A file that cannot be removed now is removed at the next open, as the catalog does not list it.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Segments and newest events: together every entry of the log below `size`, each once.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// By first index.
    pub segments: Vec<Arc<SegmentFile>>,
    /// In index order, schema of [`crate::schema::schema`].
    pub hot: Vec<RecordBatch>,
    /// Size of the log that the snapshot shows.
    pub size: u64,
}

impl Snapshot {
    /// The newest events, and those segments in which something may have been recorded on some of these days.
    ///
    /// # Errors
    /// [`StoreError`] when a segment has no readable footer.
    pub fn of_days(&self, days: Days<'_>) -> Result<Snapshot, StoreError> {
        let mut found = Snapshot { segments: Vec::new(), ..self.clone() };
        for segment in &self.segments {
            let open = Open::new(&segment.path)?;
            if (0..open.row_groups()).any(|group| open.days(group).is_none_or(days)) {
                found.segments.push(Arc::clone(segment));
            }
        }
        Ok(found)
    }
}
