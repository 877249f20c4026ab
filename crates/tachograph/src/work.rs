//! What writing segments costs, counted since the start: for `/metrics`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use tacho_store::StoreError;

/// One kind of work.
#[derive(Debug, Default)]
pub(crate) struct Effort {
    pub done: AtomicU64,
    pub failed: AtomicU64,
    pub bytes: AtomicU64,
    pub took_us: AtomicU64,
}

/// What the store writer does.
#[derive(Debug, Default)]
pub(crate) struct Work {
    /// Newest events cut into segments.
    pub cuts: Effort,
    /// Small segments merged.
    pub merges: Effort,
}

impl Effort {
    /// Does it, and counts. It says how many bytes it wrote; `None` when there was nothing to do.
    pub(crate) fn count(
        &self,
        act: impl FnOnce() -> Result<Option<u64>, StoreError>,
    ) -> Result<Option<u64>, StoreError> {
        let since = Instant::now();
        let done = act();
        match &done {
            Ok(Some(bytes)) => {
                self.done.fetch_add(1, Ordering::Relaxed);
                self.bytes.fetch_add(*bytes, Ordering::Relaxed);
            }
            Ok(None) => return done,
            Err(_) => drop(self.failed.fetch_add(1, Ordering::Relaxed)),
        }
        self.took_us.fetch_add(since.elapsed().as_micros() as u64, Ordering::Relaxed);
        done
    }
}
