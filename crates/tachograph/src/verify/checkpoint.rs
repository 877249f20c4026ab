//! The checkpoint of a folder: signed by the right keys, and history before an older one only appended to.

use super::Findings;
use std::error::Error;
use std::path::Path;
use tacho_merkle::{Checkpoint, VerifierKey};
use tacho_record::sealer::TileFolder;

/// The published checkpoint, when it is there and signed by every key.
pub(super) fn read(data: &Path, keys: &[VerifierKey], findings: &mut Findings) -> Option<Checkpoint> {
    let path = data.join("log/checkpoint");
    let note = match std::fs::read_to_string(&path) {
        Ok(note) => note,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !data.join("log/tile").exists() => {
            return None;
        }
        Err(error) => {
            findings.completeness("log/checkpoint", error.to_string());
            return None;
        }
    };
    let error = match Checkpoint::open_all(&note, keys) {
        Ok((checkpoint, _)) => return Some(checkpoint),
        Err(error) => error,
    };
    let found = note.lines().next().unwrap_or_default();
    let mut what = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        what = format!("{what}: {error}");
        source = error.source();
    }
    if let Some(key) = keys.iter().find(|key| key.name() != found) {
        what = format!(
            "is of the log {found:?}, the file origin or the pinned key says {:?}: {what}",
            key.name()
        );
    }
    findings.integrity("log/checkpoint", what);
    None
}

/// History before an older checkpoint must only have been appended to.
pub(super) fn since(
    path: &Path,
    keys: &[VerifierKey],
    data: &Path,
    now: Option<&Checkpoint>,
    findings: &mut Findings,
) -> Result<(), Box<dyn Error>> {
    let note = std::fs::read_to_string(path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
    let opened = Checkpoint::open(&note, keys);
    let old =
        opened.map_err(|error| format!("{} is no checkpoint of these keys: {error}", path.display()))?.0;
    let size = now.map_or(0, |now| now.size);
    if old.size > size {
        let what = format!("covers {size} entries, an older checkpoint covers {}", old.size);
        findings.completeness("log/checkpoint", what);
        return Ok(());
    }
    match tacho_merkle::tile::root(&TileFolder(data.join("log")), old.size) {
        Ok(root) if root == old.root => {}
        Ok(root) => {
            let what =
                format!("history was rewritten: at size {} the root was {}, now {root}", old.size, old.root);
            findings.integrity("log", what);
        }
        Err(error) => findings.completeness("log/tile", error.to_string()),
    }
    Ok(())
}
