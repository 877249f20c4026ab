//! The files below `log/tile` that the published checkpoint does not need: partial tiles of earlier trees, and what a
//! crash left of a later one. Whoever holds an earlier checkpoint proves with them, so they must say the same.

use super::Findings;
use super::leaves::Leaves;
use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use tacho_merkle::Hash;
use tacho_merkle::tile::{TILE_WIDTH, Tile, TilePath, TileWriter};

const HEIGHT: u32 = 8;
/// Length of a full tile.
const TILE_BYTES: u64 = TILE_WIDTH as u64 * Hash::LEN as u64;
/// So many are enough to say that tiles are missing.
const ABSENT: usize = 5;

/// Compares every such file of those that were listed with the entries, and names what is no tile. Those of the checkpoint's own tree are
/// compared by [`Leaves::check`]. Nothing is said when entries are missing: there is no tree to compare with then.
pub(super) fn check(log: &Path, names: &[String], size: u64, leaves: &Leaves, findings: &mut Findings) {
    let Some(hashes) = leaves.all() else { return };
    let mut found = HashMap::<(u8, u64), Vec<TilePath>>::new();
    for name in names {
        match TilePath::parse(name) {
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
                // A partial tile goes when the full one is durable; who needs it takes it from that.
                (_, Err(error)) if error.kind() == ErrorKind::NotFound && !path.is_full() => {}
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

/// The full tiles of a tree of that size that are not there or of another length. Their bytes are not read.
pub(crate) fn absent(log: &Path, size: u64) -> Vec<String> {
    let mut found = Vec::new();
    let levels = (0u8..).zip(std::iter::successors(Some(size >> HEIGHT), |full| Some(full >> HEIGHT)));
    for (level, full) in levels.take_while(|(_, full)| *full > 0) {
        for index in 0..full {
            let path = TilePath { level, index, width: TILE_WIDTH }.path();
            match std::fs::metadata(log.join(&path)) {
                Ok(tile) if tile.len() == TILE_BYTES => {}
                Ok(tile) => found.push(format!("log/{path} has {} bytes, expected {TILE_BYTES}", tile.len())),
                Err(error) => found.push(format!("log/{path} cannot be read: {error}")),
            }
            if found.len() == ABSENT {
                return found;
            }
        }
    }
    found
}

/// Names of the files below `tile`, as tile paths are written. A file without its name yet is no part of anything: it is being written, or a
/// crash left it. Nor is a hidden one.
pub(super) fn files(log: &Path) -> Vec<String> {
    let (mut names, mut folders) = (Vec::new(), vec![PathBuf::from("tile")]);
    while let Some(folder) = folders.pop() {
        let Ok(listed) = std::fs::read_dir(log.join(&folder)) else { continue };
        for entry in listed.flatten() {
            let path = folder.join(entry.file_name());
            if entry.path().is_dir() {
                folders.push(path);
            } else if !is_passed_over(&path) {
                names.push(path.to_string_lossy().into_owned());
            }
        }
    }
    names.sort();
    names
}

fn is_passed_over(path: &Path) -> bool {
    let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
    hidden || path.extension().is_some_and(|extension| extension == "tmp")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_name_yet_is_no_tile() {
        let dir = tempfile::tempdir().unwrap();
        let named = ["tile/0/000", "tile/0/001.p/37", "tile/1/x000/000", "tile/entries"];
        let unnamed = ["tile/0/001.tmp", "tile/0/001.p/.38.tmp", "tile/1/x000/001.tmp", "tile/.hidden"];
        for name in named.iter().chain(&unnamed) {
            std::fs::create_dir_all(dir.path().join(name).parent().unwrap()).unwrap();
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        let mut expected = named.map(String::from);
        expected.sort();
        assert_eq!(files(dir.path()), expected);
    }

    #[test]
    fn a_full_tile_that_is_missing_or_cut_is_named_without_reading_any() {
        let dir = tempfile::tempdir().unwrap();
        let size = 256 * 256 + 256 + 3;
        let put = |level, index, bytes: u64| {
            let path = dir.path().join(TilePath { level, index, width: TILE_WIDTH }.path());
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, vec![1; bytes as usize]).unwrap();
            path
        };
        (0..257).for_each(|index| drop(put(0, index, TILE_BYTES)));
        put(1, 0, TILE_BYTES);
        assert!(absent(dir.path(), size).is_empty());
        assert_eq!(absent(dir.path(), size + 253).len(), 1, "one more tile is full then");
        put(0, 3, TILE_BYTES / 2);
        std::fs::remove_file(put(1, 0, 0)).unwrap();
        let found = absent(dir.path(), size);
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(found[0], "log/tile/0/003 has 4096 bytes, expected 8192");
        assert!(found[1].starts_with("log/tile/1/000 cannot be read: "), "{found:?}");
        assert_eq!(absent(dir.path(), u64::MAX).len(), ABSENT, "a size that was made up ends soon");
    }
}
