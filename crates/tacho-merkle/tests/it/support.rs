//! Logs in memory and the definitions of RFC 6962, written down as they stand there.

use std::collections::HashMap;

use tacho_merkle::tile::{TileError, TilePath, TileSource, TileWriter};
use tacho_merkle::{Algorithm, Hash, SignerKey, VerifierKey, empty_root, leaf_hash, node_hash};

/// Tiles by path, as a static web server would hold them.
#[derive(Default)]
pub(crate) struct MemoryTiles(pub(crate) HashMap<String, Vec<u8>>);

impl TileSource for MemoryTiles {
    fn tile(&self, path: &TilePath) -> Result<Vec<u8>, TileError> {
        self.0.get(&path.path()).cloned().ok_or(TileError::Missing(*path))
    }
}

pub(crate) fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|n| leaf_hash(&entry(n))).collect()
}

pub(crate) fn entry(n: u64) -> Vec<u8> {
    format!("entry {n}").into_bytes()
}

/// All tiles of a tree with these leaves.
pub(crate) fn tiles(leaves: &[Hash]) -> MemoryTiles {
    let mut writer = TileWriter::new();
    let full = writer.extend(leaves.iter().copied());
    let all = full.into_iter().chain(writer.partials());
    MemoryTiles(all.map(|tile| (tile.path.path(), tile.bytes)).collect())
}

/// MTH(D[n]) of RFC 6962, section 2.1.
pub(crate) fn mth(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node_hash(&mth(left), &mth(right))
        }
    }
}

/// PATH(m, D[n]) of RFC 6962, section 2.1.1.
pub(crate) fn path(m: usize, leaves: &[Hash]) -> Vec<Hash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let k = split(leaves.len());
    let (left, right) = leaves.split_at(k);
    let (mut way, sibling) = if m < k { (path(m, left), right) } else { (path(m - k, right), left) };
    way.push(mth(sibling));
    way
}

/// PROOF(m, D[n]) of RFC 6962, section 2.1.2.
pub(crate) fn proof(m: usize, leaves: &[Hash]) -> Vec<Hash> {
    subproof(m, leaves, true)
}

fn subproof(m: usize, leaves: &[Hash], known: bool) -> Vec<Hash> {
    if m == leaves.len() {
        return if known { Vec::new() } else { vec![mth(leaves)] };
    }
    let k = split(leaves.len());
    let (left, right) = leaves.split_at(k);
    if m <= k {
        let mut way = subproof(m, left, known);
        way.push(mth(right));
        return way;
    }
    let mut way = subproof(m - k, right, false);
    way.push(mth(left));
    way
}

fn split(n: usize) -> usize {
    1 << (n - 1).ilog2()
}

pub(crate) const ORIGIN: &str = "log.example/tachograph";

/// The two keys of a log.
pub(crate) fn log_keys() -> Vec<SignerKey> {
    [(Algorithm::Ed25519, 1), (Algorithm::MlDsa44, 2)]
        .map(|(algorithm, seed)| SignerKey::from_seed(ORIGIN, algorithm, &[seed; 32]).unwrap())
        .into()
}

pub(crate) fn verifiers(keys: &[SignerKey]) -> Vec<VerifierKey> {
    keys.iter().map(|key| key.verifier().clone()).collect()
}
