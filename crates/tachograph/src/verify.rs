//! `verify`: recomputes the log from the journal and compares it with tiles and checkpoint.
//!
//! Never stops at the first fault within a part; every damaged entry is named by its index.

use crate::folder;
use std::error::Error;
use std::path::{Path, PathBuf};
use tacho_merkle::tile::{Tile, TileWriter};
use tacho_merkle::{Checkpoint, VerifierKey, leaf_hash};

/// Checks a folder at rest. Returns whether nothing was found.
pub(crate) fn run(data: &Path) -> Result<bool, Box<dyn Error>> {
    let keys: Vec<VerifierKey> = folder::signers(data)?.iter().map(|key| key.verifier().clone()).collect();
    let path = data.join("log/checkpoint");
    let note = std::fs::read_to_string(&path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
    let checkpoint = match Checkpoint::open_all(&note, &keys) {
        Ok((checkpoint, _)) => checkpoint,
        Err(error) => return Ok(finding(&format!("{}: {error}", path.display()))),
    };
    let (mut tree, mut tiles, mut root) = (TileWriter::new(), Vec::new(), None);
    let replayed = tacho_record::log::replay(data, |_, bytes| {
        if tree.size() < checkpoint.size {
            tree.push(leaf_hash(bytes), &mut tiles);
            root = Some(tree.root()).filter(|_| tree.size() == checkpoint.size).or(root);
        }
    });
    if let Err(error) = replayed {
        return Ok(finding(&error.to_string()));
    }
    let mut good = true;
    if tree.size() < checkpoint.size {
        good = finding(&format!("{} entries are signed, {} are there", checkpoint.size, tree.size()));
    } else if root != Some(checkpoint.root) {
        good = finding(&format!("the signed root is {}, the entries give another", checkpoint.root));
    }
    tiles.extend(tree.partials());
    for tile in &tiles {
        good &= check_tile(&data.join("log"), tile);
    }
    if good {
        println!("good: {} entries, {} tiles, root {}", checkpoint.size, tiles.len(), checkpoint.root);
    }
    Ok(good)
}

fn finding(what: &str) -> bool {
    println!("FOUND {what}");
    false
}

/// Compares one tile with what the entries give; names the entries whose hashes differ.
fn check_tile(log: &Path, want: &Tile) -> bool {
    let path: PathBuf = log.join(want.path.path());
    let found = match std::fs::read(&path) {
        Ok(found) => found,
        Err(error) => return finding(&format!("{}: {error}", path.display())),
    };
    if found == want.bytes {
        return true;
    }
    if found.len() != want.bytes.len() {
        return finding(&format!("{}: {} bytes, expected {}", path.display(), found.len(), want.bytes.len()));
    }
    for (at, (a, b)) in found.chunks(32).zip(want.bytes.chunks(32)).enumerate().filter(|(_, (a, b))| a != b) {
        let first = want.path.index * 256 + at as u64;
        let what = if want.path.level == 0 {
            format!("entry {first}")
        } else {
            format!("hash {first} of level {}", want.path.level)
        };
        debug_assert_ne!(a, b);
        finding(&format!("{}: {what} is not what the journal holds", path.display()));
    }
    false
}
