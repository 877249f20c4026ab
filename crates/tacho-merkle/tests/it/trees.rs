//! Trees, tiles and proofs against the definitions of RFC 6962, at every size that fits a short test.

use tacho_merkle::proof::{consistency_length, inclusion_length};
use tacho_merkle::tile::{TileError, TilePath, TileReader, TileWriter, consistency, inclusion, leaf, root};
use tacho_merkle::{Frontier, Hash, ProofError, empty_root, verify_consistency, verify_inclusion};

use crate::support::{MemoryTiles, leaves, mth, path, proof, tiles};

/// Past one full tile, so that both levels and both kinds of tiles take part.
const SIZE_MAX: usize = 300;

#[test]
fn every_root_and_inclusion_proof_is_that_of_the_rfc() {
    let all = leaves(SIZE_MAX as u64);
    let mut frontier = Frontier::new();
    let mut writer = TileWriter::new();
    for size in 0..=SIZE_MAX {
        let (tree, expected) = (&all[..size], mth(&all[..size]));
        assert_eq!((frontier.root(), writer.root()), (expected, expected), "size {size}");
        let mut reader = TileReader::new(tiles(tree), size as u64).unwrap();
        assert_eq!(reader.root().unwrap(), expected, "size {size}");
        // Every index at small sizes and around the tile's edge; else every seventh: squares get slow.
        let step = if size < 70 || (250..262).contains(&size) { 1 } else { 7 };
        for index in (0..size).step_by(step).chain(size.checked_sub(1)) {
            let way = reader.inclusion(index as u64).unwrap();
            assert_eq!(way, path(index, tree), "index {index} of {size}");
            assert_eq!(way.len(), inclusion_length(index as u64, size as u64));
            verify_inclusion(tree[index], index as u64, size as u64, &way, expected).unwrap();
        }
        if let Some(leaf) = all.get(size) {
            frontier.push(*leaf);
            writer.extend([*leaf]);
        }
    }
}

#[test]
fn every_consistency_proof_is_that_of_the_rfc() {
    let all = leaves(SIZE_MAX as u64);
    let roots: Vec<Hash> = (0..=SIZE_MAX).map(|size| mth(&all[..size])).collect();
    for new in 0..=SIZE_MAX {
        let mut reader = TileReader::new(tiles(&all[..new]), new as u64).unwrap();
        let step = if new < 70 || (250..262).contains(&new) { 1 } else { 5 };
        for old in (0..=new).step_by(step) {
            let way = reader.consistency(old as u64).unwrap();
            let expected = if old == 0 { Vec::new() } else { proof(old, &all[..new]) };
            assert_eq!(way, expected, "{old} to {new}");
            assert_eq!(way.len(), consistency_length(old as u64, new as u64));
            verify_consistency(old as u64, roots[old], new as u64, roots[new], &way).unwrap();
        }
    }
}

#[test]
fn every_mutated_inclusion_proof_is_refused() {
    for size in 1..40u64 {
        let tree = leaves(size);
        let root = mth(&tree);
        for index in 0..size {
            let (leaf, way) = (tree[index as usize], path(index as usize, &tree));
            let refused = |leaf, index, size, way: &[Hash], root| {
                assert!(verify_inclusion(leaf, index, size, way, root).is_err(), "{index} of {size}");
            };
            for mutated in mutations(&way) {
                refused(leaf, index, size, &mutated, root);
            }
            refused(flipped(leaf), index, size, &way, root);
            refused(leaf, index, size, &way, flipped(root));
            for other in (0..=size).filter(|other| *other != index) {
                refused(leaf, other, size, &way, root);
            }
        }
    }
}

#[test]
fn every_mutated_consistency_proof_is_refused() {
    let all = leaves(40);
    for new in 1..40usize {
        for old in 1..=new {
            let (old_root, new_root, way) = (mth(&all[..old]), mth(&all[..new]), proof(old, &all[..new]));
            let refused = |old: usize, old_root, new: usize, new_root, way: &[Hash]| {
                let verdict = verify_consistency(old as u64, old_root, new as u64, new_root, way);
                assert!(verdict.is_err(), "{old} to {new}");
            };
            for mutated in mutations(&way) {
                refused(old, old_root, new, new_root, &mutated);
            }
            refused(old, flipped(old_root), new, new_root, &way);
            refused(old, old_root, new, flipped(new_root), &way);
            if old < new {
                refused(old, old_root, new, old_root, &way);
                refused(old, new_root, new, new_root, &way);
                refused(new, new_root, old, old_root, &way);
            }
        }
    }
}

#[test]
fn edges_of_sizes_are_errors() {
    let (hash, none): (Hash, &[Hash]) = (leaves(1)[0], &[]);
    assert_eq!(
        verify_inclusion(hash, 0, 0, none, empty_root()),
        Err(ProofError::Index { index: 0, size: 0 })
    );
    assert_eq!(verify_inclusion(hash, 5, 5, none, hash), Err(ProofError::Index { index: 5, size: 5 }));
    verify_inclusion(hash, 0, 1, none, hash).unwrap();
    assert_eq!(
        verify_inclusion(hash, u64::MAX - 1, u64::MAX, none, hash),
        Err(ProofError::Length { found: 0, expected: 63 })
    );
    verify_consistency(0, empty_root(), 0, empty_root(), none).unwrap();
    verify_consistency(0, empty_root(), 7, hash, none).unwrap();
    assert!(verify_consistency(0, hash, 7, hash, none).is_err());
    assert!(verify_consistency(0, empty_root(), 0, hash, none).is_err());
    assert!(verify_consistency(0, empty_root(), 7, hash, &[hash]).is_err());
    assert!(verify_consistency(7, hash, 7, hash, &[hash]).is_err());
    assert_eq!(verify_consistency(8, hash, 7, hash, none), Err(ProofError::Shrunk { old: 8, new: 7 }));
    assert!(verify_consistency(1, hash, u64::MAX, hash, none).is_err());

    let empty = MemoryTiles::default();
    assert_eq!(root(&empty, 0), Ok(empty_root()));
    assert_eq!(inclusion(&empty, 0, 0), Err(TileError::Index { index: 0, size: 0 }));
    assert_eq!(consistency(&empty, 1, 0), Err(TileError::Shrunk { old: 1, new: 0 }));
    assert_eq!(root(&empty, u64::MAX), Err(TileError::Size(u64::MAX)));
    // A tree far beyond memory: one missing tile is named, nothing is computed or allocated.
    let top = TilePath { level: 7, index: 0, width: 64 };
    assert_eq!(root(&empty, 1 << 62), Err(TileError::Missing(top)));
}

#[test]
fn tiles_are_those_of_the_specification() {
    let all = leaves(70_000);
    let mut writer = TileWriter::new();
    let full = writer.extend(all.iter().copied());
    let count = |level| full.iter().filter(|tile| tile.path.level == level).count();
    assert_eq!((count(0), count(1), full.len()), (273, 1, 274));
    let partial: Vec<String> = writer.partials().iter().map(|tile| tile.path.path()).collect();
    assert_eq!(partial, ["tile/0/273.p/112", "tile/1/001.p/17", "tile/2/000.p/1"]);
    assert!(full.iter().all(|tile| tile.bytes.len() == 8192));
    let store = tiles(&all);
    let expected = mth(&all);
    assert_eq!((writer.root(), root(&store, 70_000).unwrap()), (expected, expected));
    for index in [0, 255, 256, 65_535, 65_536, 69_887, 69_888, 69_999] {
        let leaf = leaf(&store, index, 70_000).unwrap();
        assert_eq!(leaf, all[index as usize]);
        verify_inclusion(leaf, index, 70_000, &inclusion(&store, index, 70_000).unwrap(), expected).unwrap();
    }
    // The partial tiles of an older size are gone; the full ones that replaced them answer for it.
    for old in [1, 255, 256, 257, 12_345, 65_535, 65_536, 65_537, 69_999] {
        let old_root = mth(&all[..old]);
        assert_eq!(root(&store, old as u64).is_ok(), old <= 69_888, "root at {old}");
        let way = consistency(&store, old as u64, 70_000).unwrap();
        verify_consistency(old as u64, old_root, 70_000, expected, &way).unwrap();
    }
}

#[test]
fn a_writer_restored_from_the_right_edge_goes_on_the_same() {
    let all = leaves(1400);
    for size in [0, 1, 255, 256, 257, 511, 512, 1000, 1280] {
        let (before, after) = all.split_at(size);
        let mut writer = TileWriter::new();
        writer.extend(before.iter().copied());
        let edge =
            MemoryTiles(writer.partials().into_iter().map(|tile| (tile.path.path(), tile.bytes)).collect());
        let mut restored = TileWriter::restore(size as u64, &edge).unwrap();
        assert_eq!(restored, writer);
        assert_eq!(restored.extend(after.iter().copied()), writer.extend(after.iter().copied()));
        assert_eq!(restored.partials(), writer.partials());
        assert_eq!(restored.root(), mth(&all));
    }
    // Once a full tile has replaced the partial one, the edge is cut from it.
    let store = tiles(&all[..256]);
    let mut late = TileWriter::restore(100, &store).unwrap();
    late.extend(all[100..].iter().copied());
    assert_eq!(late.root(), mth(&all));
}

#[test]
fn wrong_tiles_are_errors_and_not_proofs() {
    let mut store = tiles(&leaves(300));
    store.0.insert("tile/0/001.p/44".to_owned(), vec![0; 44 * 32 - 1]);
    let path = TilePath { level: 0, index: 1, width: 44 };
    assert_eq!(root(&store, 300), Err(TileError::Length { path, found: 1407, expected: 1408 }));
    store.0.remove("tile/0/001.p/44");
    assert_eq!(leaf(&store, 299, 300), Err(TileError::Missing(path)));
    assert_eq!(leaf(&store, 300, 300), Err(TileError::Index { index: 300, size: 300 }));
    assert!(TileWriter::restore(300, &store).is_err());
}

/// Every list of hashes one step away: one flipped, left out, doubled, swapped with its neighbour, added.
fn mutations(way: &[Hash]) -> Vec<Vec<Hash>> {
    let mut all = Vec::new();
    for at in 0..way.len() {
        let mut edit = |change: &dyn Fn(&mut Vec<Hash>)| {
            let mut copy = way.to_vec();
            change(&mut copy);
            all.push(copy);
        };
        edit(&|way| way[at] = flipped(way[at]));
        edit(&|way| {
            way.remove(at);
        });
        edit(&|way| way.insert(at, way[at]));
        if at > 0 {
            edit(&|way| way.swap(at, at - 1));
        }
    }
    all.push([way, &[empty_root()]].concat());
    all.push([&[empty_root()], way].concat());
    all
}

fn flipped(hash: Hash) -> Hash {
    let mut bytes = *hash.as_bytes();
    bytes[31] ^= 1;
    Hash::new(bytes)
}
