//! The files below `log/tile` that the published checkpoint does not need: partial tiles of earlier trees, and what a
//! crash left of a later one. Whoever holds an earlier checkpoint proves with them, so they must say the same.

use super::Findings;
use super::leaves::Leaves;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use tacho_merkle::Hash;
use tacho_merkle::tile::{Tile, TilePath, TileWriter};

const HEIGHT: u32 = 8;

/// Compares every such file with the entries, and names what is no tile. Those of the checkpoint's own tree are
/// compared by [`Leaves::check`]. Nothing is said when entries are missing: there is no tree to compare with then.
pub(crate) fn check(log: &Path, size: u64, leaves: &Leaves, findings: &mut Findings) {
    let Some(hashes) = leaves.all() else { return };
    let mut found = HashMap::<(u8, u64), Vec<TilePath>>::new();
    for name in files(log) {
        match TilePath::parse(&name) {
            Ok(path) if is_current(&path, size) => {}
            Ok(path) => found.entry((path.level, path.index)).or_default().push(path),
            Err(error) => findings.integrity(format!("log/{name}"), error.to_string()),
        }
    }
    let mut compare = |tile: &Tile| {
        for path in found.remove(&(tile.path.level, tile.path.index)).into_iter().flatten() {
            let place = format!("log/{}", path.path());
            let wanted = tile.bytes.get(..usize::from(path.width) * Hash::LEN);
            match (wanted, std::fs::read(log.join(path.path()))) {
                (_, Err(error)) => findings.completeness(place, error.to_string()),
                (Some(wanted), Ok(found)) if found == wanted => {}
                (None, Ok(_)) => findings.integrity(place, "covers more entries than there are"),
                (Some(wanted), Ok(found)) if found.len() != wanted.len() => {
                    let what = format!("has {} bytes, expected {}", found.len(), wanted.len());
                    findings.integrity(place, what);
                }
                _ => findings.integrity(place, "is not what the entries give"),
            }
        }
    };
    let (mut writer, mut full) = (TileWriter::new(), Vec::new());
    for leaf in hashes {
        writer.push(leaf, &mut full);
        full.drain(..).for_each(|tile| compare(&tile));
    }
    writer.partials().iter().for_each(compare);
    for path in found.into_values().flatten() {
        findings.integrity(format!("log/{}", path.path()), "covers more entries than there are");
    }
}

/// Whether the tree of the checkpoint needs the tile.
fn is_current(path: &TilePath, size: u64) -> bool {
    let hashes = size.checked_shr(HEIGHT * u32::from(path.level)).unwrap_or(0);
    let (full, rest) = (hashes >> HEIGHT, hashes & ((1 << HEIGHT) - 1));
    if path.is_full() { path.index < full } else { path.index == full && u64::from(path.width) == rest }
}

/// Names of the files below `tile`, as tile paths are written; what a crash left unnamed is passed over.
fn files(log: &Path) -> Vec<String> {
    let (mut names, mut folders) = (Vec::new(), vec![PathBuf::from("tile")]);
    while let Some(folder) = folders.pop() {
        let Ok(listed) = std::fs::read_dir(log.join(&folder)) else { continue };
        for entry in listed.flatten() {
            let path = folder.join(entry.file_name());
            if entry.path().is_dir() {
                folders.push(path);
            } else if !entry.file_name().to_string_lossy().starts_with('.') {
                names.push(path.to_string_lossy().into_owned());
            }
        }
    }
    names.sort();
    names
}
