//! Whether a file can be written, found out without leaving anything behind.

use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::path::Path;

/// Opens the file as a writer does. Where there is none, a file by the name of `trial` is made, and removed again, in the
/// nearest folder above it that is there.
///
/// # Errors
/// What could not be done, and why.
pub(crate) fn check(path: &Path, trial: &str) -> Result<(), String> {
    let opened = OpenOptions::new().append(true).open(path);
    if !opened.as_ref().is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        return opened.map(drop).map_err(|error| format!("cannot write to {}: {error}", path.display()));
    }
    let whole = std::path::absolute(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let folder = whole.ancestors().skip(1).find(|folder| folder.exists()).unwrap_or(Path::new("/"));
    let trial = folder.join(trial);
    let made = OpenOptions::new().write(true).create_new(true).open(&trial);
    made.and_then(|_| std::fs::remove_file(&trial)).map_err(|error| {
        format!("cannot make {}: nothing can be made in {}: {error}", path.display(), folder.display())
    })
}
