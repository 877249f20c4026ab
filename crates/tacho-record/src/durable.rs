//! Whole files written so that a crash leaves the old bytes or the new ones, never half.

use crate::error::RecordError;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Writes a whole file durably: temporary name, sync, rename, sync of the folder.
///
/// # Errors
/// On [`RecordError::Io`] the old file stands as it was. On [`RecordError::Poisoned`] a sync failed: nobody
/// knows which of the two the disk holds.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), RecordError> {
    let temporary = write_synced(path, bytes)?;
    publish(&temporary, path)
}

/// The first half of [`replace`]: durable under a temporary name.
pub(crate) fn write_synced(path: &Path, bytes: &[u8]) -> Result<PathBuf, RecordError> {
    let temporary = path.with_extension("tmp");
    let mut file = File::create(&temporary).map_err(RecordError::io("cannot create", &temporary))?;
    if let Err(error) = file.write_all(bytes) {
        // On a full disk the half that was written would keep others from writing.
        drop(std::fs::remove_file(&temporary));
        return Err(RecordError::io("cannot write", &temporary)(error));
    }
    file.sync_all().map_err(RecordError::unsynced(&temporary))?;
    Ok(temporary)
}

/// The second half of [`replace`]: durable under its own name.
pub(crate) fn publish(temporary: &Path, path: &Path) -> Result<(), RecordError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    // Opened before the rename: behind it nothing may fail but the sync.
    let handle = File::open(folder).map_err(RecordError::io("cannot open", folder))?;
    std::fs::rename(temporary, path).map_err(RecordError::io("cannot rename", path))?;
    handle.sync_all().map_err(RecordError::unsynced(folder))
}
