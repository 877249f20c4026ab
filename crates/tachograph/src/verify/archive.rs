//! The archived checkpoints: each signed by the right keys, and a moment of the same history.

use super::Findings;
use super::checkpoint::reasons;
use super::leaves::Leaves;
use std::path::Path;
use tacho_merkle::tile::TileSource;
use tacho_merkle::{Checkpoint, VerifierKey};
use tacho_record::archive::{is_name, names};

/// Reads the archive of a folder. What is no checkpoint of these keys is a finding; without a key the signatures are
/// not checked, which the published checkpoint's finding says already.
pub(super) fn read(data: &Path, keys: &[VerifierKey], findings: &mut Findings) -> Vec<(String, Checkpoint)> {
    let log = data.join("log");
    let listed = names(&log).unwrap_or_else(|error| {
        findings.completeness("log/archive", error.to_string());
        Vec::new()
    });
    let mut found = Vec::new();
    for name in listed {
        let place = format!("log/archive/{name}");
        let note = match std::fs::read_to_string(log.join("archive").join(&name)) {
            Ok(note) => note,
            Err(error) => {
                findings.integrity(place, error.to_string());
                continue;
            }
        };
        if !is_name(&name) {
            findings.integrity(&place, "is not the name of an archived checkpoint");
        }
        let text = note.split("\n\n").next().unwrap_or_default();
        let opened = match keys.is_empty() {
            true => Checkpoint::parse_text(&format!("{text}\n")),
            false => Checkpoint::open_all(&note, keys).map(|(checkpoint, _)| checkpoint),
        };
        match opened {
            Ok(checkpoint) => found.push((place, checkpoint)),
            Err(error) => findings.integrity(place, reasons(&error)),
        }
    }
    found
}

/// Compares each with the tree at its size: as the entries give it, or the tiles when entries are missing.
pub(super) fn check(
    archived: &[(String, Checkpoint)],
    published: &Checkpoint,
    leaves: &Leaves,
    tiles: &dyn TileSource,
    findings: &mut Findings,
) {
    let mut newest: Option<&(String, Checkpoint)> = None;
    for each @ (place, checkpoint) in archived {
        if let Some((before, larger)) = newest.filter(|(_, newest)| checkpoint.size <= newest.size) {
            let (found, other) = (checkpoint.size, larger.size);
            findings.integrity(place, format!("covers {found} entries, {before} before it {other}"));
        } else {
            newest = Some(each);
        }
        if published.size < checkpoint.size || published.origin != checkpoint.origin {
            let Checkpoint { origin, size, .. } = published;
            let what = format!(
                "covers {} entries of {:?}, the published checkpoint {size} of {origin:?}",
                checkpoint.size, checkpoint.origin
            );
            findings.integrity(place, what);
        }
    }
    let sizes: Vec<u64> = archived.iter().map(|(_, checkpoint)| checkpoint.size).collect();
    let roots = leaves.roots(&sizes);
    for (place, checkpoint) in archived {
        let root = match &roots {
            Some(roots) => roots.get(&checkpoint.size).copied(),
            None => tacho_merkle::tile::root(tiles, checkpoint.size).ok(),
        };
        match root {
            Some(root) if root == checkpoint.root => {}
            Some(root) => {
                let Checkpoint { size, root: signed, .. } = checkpoint;
                let what = format!("signs root {signed} at size {size}, the log gives {root}");
                findings.integrity(place, what);
            }
            None => {
                let what = format!("covers {} entries, and not all of them are there", checkpoint.size);
                findings.completeness(place, what);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tacho_merkle::tile::{TileError, TilePath};
    use tacho_merkle::{Frontier, Hash, leaf_hash};

    struct NoTiles;

    impl TileSource for NoTiles {
        fn tile(&self, path: &TilePath) -> Result<Vec<u8>, TileError> {
            Err(TileError::Missing(*path))
        }
    }

    fn found(archived: &[(u64, Option<Hash>)], published: u64) -> Vec<String> {
        let (mut leaves, mut tree, mut roots) =
            (Leaves::default(), Frontier::new(), vec![Frontier::new().root()]);
        for index in 0..50u64 {
            leaves.put(index, leaf_hash(&index.to_be_bytes()), &mut Findings::default());
            tree.push(leaf_hash(&index.to_be_bytes()));
            roots.push(tree.root());
        }
        let root = |size: u64| roots.get(size as usize).copied().unwrap_or(Hash::new([1; 32]));
        let archived: Vec<_> = archived
            .iter()
            .enumerate()
            .map(|(at, (size, other))| {
                let root = other.unwrap_or_else(|| root(*size));
                (format!("log/archive/{at}"), Checkpoint::new("log.example", *size, root))
            })
            .collect();
        let mut findings = Findings::default();
        let published = Checkpoint::new("log.example", published, root(published));
        check(&archived, &published, &leaves, &NoTiles, &mut findings);
        findings.kept.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_moment_of_another_history_is_named() {
        assert_eq!(found(&[(3, None), (20, None), (50, None)], 50), Vec::<String>::new());
        let other = found(&[(3, None), (20, Some(Hash::new([7; 32]))), (50, None)], 50);
        assert_eq!(other.len(), 1);
        assert!(other[0].starts_with("INTEGRITY log/archive/1: signs root 0707"), "{other:?}");
    }

    #[test]
    fn moments_are_in_order_and_none_is_behind_the_published_one() {
        let swapped = found(&[(20, None), (3, None), (50, None)], 50);
        assert_eq!(swapped, ["INTEGRITY log/archive/1: covers 3 entries, log/archive/0 before it 20"]);
        let later = found(&[(3, None), (50, None)], 20);
        assert_eq!(later.len(), 1, "the published one is an older one: {later:?}");
        assert!(later[0].contains("log/archive/1"), "{later:?}");
        let missing = found(&[(60, None)], 60);
        assert_eq!(missing, ["COMPLETENESS log/archive/0: covers 60 entries, and not all of them are there"]);
    }
}
