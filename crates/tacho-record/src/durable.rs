//! Folders and whole files made so that a crash leaves what was there or what is new, never half.

use crate::error::RecordError;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

/// Makes a folder durably: a synced file in a folder that is lost is lost with it.
///
/// The folder above is synced also when nothing had to be made: the process that made it may have died before.
pub(crate) fn create_folder(folder: &Path) -> Result<(), RecordError> {
    std::fs::create_dir_all(folder).map_err(RecordError::io("cannot create", folder))?;
    sync_above(folder)
}

/// The same for a folder among the user's own, which are only synced when something was made in them.
pub(crate) fn create_folders(folder: &Path) -> Result<(), RecordError> {
    let missing: Vec<&Path> =
        folder.ancestors().take_while(|path| !path.as_os_str().is_empty() && !path.exists()).collect();
    std::fs::create_dir_all(folder).map_err(RecordError::io("cannot create", folder))?;
    missing.into_iter().try_for_each(sync_above)
}

fn sync_above(folder: &Path) -> Result<(), RecordError> {
    let above = folder.parent().filter(|path| !path.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let handle = File::open(above).map_err(RecordError::io("cannot open", above))?;
    handle.sync_all().map_err(RecordError::unsynced(above))
}

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
    let folder = path.parent().filter(|path| !path.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Opened before the rename: behind it nothing may fail but the sync.
    let handle = File::open(folder).map_err(RecordError::io("cannot open", folder))?;
    std::fs::rename(temporary, path).map_err(RecordError::io("cannot rename", path))?;
    handle.sync_all().map_err(RecordError::unsynced(folder))
}
