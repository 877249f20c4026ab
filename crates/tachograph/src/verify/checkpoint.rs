//! The checkpoint of a folder: signed by the right keys, and history before an older one only appended to.

use super::Findings;
use std::error::Error;
use std::path::Path;
use tacho_merkle::tile::{TILE_WIDTH, TilePath, TileSource};
use tacho_merkle::{Checkpoint, VerifierKey};
use tacho_record::sealer::TileFolder;

/// The name of the log as the checkpoint has it, signed or not.
pub(super) fn origin(data: &Path) -> Option<String> {
    let note = std::fs::read_to_string(data.join("log/checkpoint")).ok()?;
    note.lines().next().map(str::to_string)
}

/// The published checkpoint, when it is there and signed by every key. Without a key what it says is taken as it is,
/// and that is a finding.
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
    if keys.is_empty() {
        return unsigned(&note, &TileFolder(data.join("log")), findings);
    }
    let error = match Checkpoint::open_all(&note, keys) {
        Ok((checkpoint, _)) => return Some(checkpoint),
        Err(error) => error,
    };
    let found = note.lines().next().unwrap_or_default();
    let mut what = reasons(&error);
    if let Some(key) = keys.iter().find(|key| key.name() != found) {
        what = format!(
            "is of the log {found:?}, the file origin or the pinned key says {:?}: {what}",
            key.name()
        );
    }
    findings.integrity("log/checkpoint", what);
    None
}

/// An error with what is behind it.
pub(super) fn reasons(error: &dyn Error) -> String {
    let mut what = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        what = format!("{what}: {error}");
        source = error.source();
    }
    what
}

/// What a checkpoint says that nobody can check the signatures of. Its size counts when there are tiles for it: one
/// that was made up would have every entry called missing.
fn unsigned(note: &str, tiles: &TileFolder, findings: &mut Findings) -> Option<Checkpoint> {
    let what = "its signatures were not checked: no key is pinned (--pin), and the key ring gives none";
    findings.completeness("log/checkpoint", what);
    let text = note.split("\n\n").next().unwrap_or_default();
    let checkpoint = match Checkpoint::parse_text(&format!("{text}\n")) {
        Ok(checkpoint) => checkpoint,
        Err(error) => {
            findings.integrity("log/checkpoint", error.to_string());
            return None;
        }
    };
    let width = u64::from(TILE_WIDTH);
    let last = checkpoint.size.checked_sub(1).map(|last| TilePath {
        level: 0,
        index: last / width,
        width: (last % width + 1) as u16,
    });
    if last.is_some_and(|path| tiles.tile(&path).is_err()) {
        let what = format!("covers {} entries, and there is no tile for the last of them", checkpoint.size);
        findings.integrity("log/checkpoint", what);
        return None;
    }
    Some(checkpoint)
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
    if keys.is_empty() {
        findings
            .completeness(path.display().to_string(), "was not compared: there is no key to check it with");
        return Ok(());
    }
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
