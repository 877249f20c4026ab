//! The leaves as the entries give them, against the tiles and the signed root.

use super::{Findings, SHOWN_ALL};
use std::collections::{HashMap, HashSet};
use tacho_merkle::tile::{TILE_WIDTH, Tile, TileError, TilePath, TileSource, TileWriter};
use tacho_merkle::{Checkpoint, Frontier, Hash};

const MISSING: &str = "is signed, but not there";

/// The leaf hash of each index, as far as an entry was found for it.
#[derive(Debug, Default)]
pub(crate) struct Leaves {
    hashes: Vec<Option<Hash>>,
}

impl Leaves {
    /// Takes an entry's leaf hash. The same index twice is a finding.
    pub(crate) fn put(&mut self, index: u64, leaf: Hash, findings: &mut Findings) {
        let at = index as usize;
        if self.hashes.len() <= at {
            self.hashes.resize(at + 1, None);
        }
        if self.hashes[at].replace(leaf).is_some() {
            findings.integrity(format!("entry {index}"), "is stored twice");
        }
    }

    pub(crate) fn size(&self) -> u64 {
        self.hashes.len() as u64
    }

    /// All leaf hashes in order; `None` when one is missing.
    pub(crate) fn all(&self) -> Option<impl Iterator<Item = Hash>> {
        self.hashes.iter().all(Option::is_some).then(|| self.hashes.iter().flatten().copied())
    }

    /// The roots of the trees of these sizes, as far as there are so many entries; `None` when an entry is missing.
    pub(crate) fn roots(&self, sizes: &[u64]) -> Option<HashMap<u64, Hash>> {
        let (mut tree, mut roots) = (Frontier::new(), HashMap::new());
        let wanted: HashSet<u64> = sizes.iter().copied().collect();
        for leaf in self.all()? {
            tree.push(leaf);
            if wanted.contains(&tree.size()) {
                roots.insert(tree.size(), tree.root());
            }
        }
        Some(roots)
    }

    /// Compares everything below the checkpoint's size with the tiles and the signed root.
    pub(crate) fn check(&self, checkpoint: &Checkpoint, tiles: &dyn TileSource, findings: &mut Findings) {
        let before = findings.count;
        // A size that was made up must not make as many findings.
        let (size, there) = (checkpoint.size, checkpoint.size.min(self.size()));
        let missing = (0..there).filter(|index| self.hashes[*index as usize].is_none());
        missing.for_each(|index| findings.completeness(format!("entry {index}"), MISSING));
        let named = size.min(there + SHOWN_ALL as u64);
        (there..named).for_each(|index| findings.completeness(format!("entry {index}"), MISSING));
        if named < size {
            let what = format!("and all up to {} are signed, but not there", size - 1);
            findings.completeness(format!("entry {named}"), what);
        }
        if findings.count > before {
            // Without every leaf there is no tree to compare: the tiles still name what else was changed.
            self.compare_leaves(there, size, tiles, findings);
            return;
        }
        let (mut writer, mut full) = (TileWriter::new(), Vec::new());
        let leaves = self.hashes.iter().take(size as usize).flatten();
        leaves.for_each(|leaf| writer.push(*leaf, &mut full));
        if writer.root() == checkpoint.root {
            full.extend(writer.partials());
            full.iter().for_each(|tile| check_tile(tile, tiles, findings));
        } else {
            let what = format!("signs root {}, the entries give {}", checkpoint.root, writer.root());
            findings.integrity("log/checkpoint", what);
            self.compare_leaves(there, size, tiles, findings);
        }
    }

    /// Names the entries whose leaves are not those of the tiles.
    fn compare_leaves(&self, there: u64, size: u64, tiles: &dyn TileSource, findings: &mut Findings) {
        let width = u64::from(TILE_WIDTH);
        for first in (0..there).step_by(usize::from(TILE_WIDTH)) {
            let in_tile = width.min(size - first);
            let path = TilePath { level: 0, index: first / width, width: in_tile as u16 };
            let bytes = match tiles.tile(&path) {
                Ok(bytes) => bytes,
                Err(error) => {
                    unreadable(&path, &error, findings);
                    continue;
                }
            };
            for (at, want) in bytes.chunks(Hash::LEN).enumerate() {
                let index = first + at as u64;
                let found = self.hashes.get(index as usize).copied().flatten();
                if found.is_some_and(|leaf| leaf.as_bytes() != want) {
                    findings.integrity(format!("entry {index}"), "is not the one in the tree");
                }
            }
        }
    }
}

/// A tile that gives no hashes: it is gone, or what is there was changed.
fn unreadable(path: &TilePath, error: &TileError, findings: &mut Findings) {
    match error {
        TileError::Missing(_) => findings.completeness(path.path(), error.to_string()),
        _ => findings.integrity(path.path(), error.to_string()),
    }
}

/// A tile that is not what the entries give, while the entries give the signed root.
fn check_tile(want: &Tile, tiles: &dyn TileSource, findings: &mut Findings) {
    let place = want.path.path();
    match tiles.tile(&want.path) {
        Err(error) => unreadable(&want.path, &error, findings),
        Ok(found) if found == want.bytes => {}
        Ok(found) if found.len() != want.bytes.len() => {
            let what = format!("has {} bytes, expected {}", found.len(), want.bytes.len());
            findings.integrity(place, what);
        }
        Ok(found) => {
            let pairs = found.chunks(Hash::LEN).zip(want.bytes.chunks(Hash::LEN)).enumerate();
            for (at, _) in pairs.filter(|(_, (found, want))| found != want) {
                let number = want.path.index * u64::from(TILE_WIDTH) + at as u64;
                let name = if want.path.level == 0 { "the hash of entry" } else { "hash" };
                findings.integrity(
                    &place,
                    format!("{name} {number} was changed; the entries themselves are good"),
                );
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tacho_merkle::leaf_hash;

    struct Kept(HashMap<TilePath, Vec<u8>>);

    impl TileSource for Kept {
        fn tile(&self, path: &TilePath) -> Result<Vec<u8>, TileError> {
            self.0.get(path).cloned().ok_or(TileError::Missing(*path))
        }
    }

    fn log(size: u64) -> (Leaves, Checkpoint, Kept) {
        let (mut leaves, mut writer, mut full) = (Leaves::default(), TileWriter::new(), Vec::new());
        for index in 0..size {
            let leaf = leaf_hash(&index.to_be_bytes());
            leaves.put(index, leaf, &mut Findings::default());
            writer.push(leaf, &mut full);
        }
        full.extend(writer.partials());
        let tiles = full.into_iter().map(|tile| (tile.path, tile.bytes)).collect();
        (leaves, Checkpoint::new("log.example", size, writer.root()), Kept(tiles))
    }

    fn found(leaves: &Leaves, checkpoint: &Checkpoint, tiles: &Kept) -> Vec<String> {
        let mut findings = Findings::default();
        leaves.check(checkpoint, tiles, &mut findings);
        findings.kept.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_good_log_has_no_findings() {
        let (leaves, checkpoint, tiles) = log(600);
        assert_eq!(found(&leaves, &checkpoint, &tiles), Vec::<String>::new());
    }

    #[test]
    fn a_changed_entry_is_named() {
        let (mut leaves, checkpoint, tiles) = log(600);
        leaves.hashes[301] = Some(leaf_hash(b"another"));
        let found = found(&leaves, &checkpoint, &tiles);
        assert!(found.iter().any(|f| f.starts_with("INTEGRITY entry 301")), "{found:?}");
        assert_eq!(found.len(), 2, "the root and the entry: {found:?}");
    }

    #[test]
    fn a_missing_entry_is_told_apart() {
        let (mut leaves, checkpoint, tiles) = log(600);
        leaves.hashes[7] = None;
        assert_eq!(found(&leaves, &checkpoint, &tiles), ["COMPLETENESS entry 7: is signed, but not there"]);
    }

    #[test]
    fn a_changed_tile_does_not_blame_the_entries() {
        let (leaves, checkpoint, mut tiles) = log(600);
        let path = TilePath { level: 0, index: 1, width: 256 };
        tiles.0.get_mut(&path).unwrap()[40] ^= 1;
        let found = found(&leaves, &checkpoint, &tiles);
        assert_eq!(found.len(), 1);
        assert!(
            found[0].contains("hash of entry 257 was changed; the entries themselves are good"),
            "{found:?}"
        );
    }
}
