//! Inclusion and consistency: the true proof of any tree verifies, and nothing else verifies in its place.
#![no_main]

use arbitrary::Arbitrary;
use tacho_merkle::tile::{TileError, TilePath, TileReader, TileSource, TileWriter};
use tacho_merkle::{Frontier, Hash, leaf_hash, verify_consistency, verify_inclusion};

#[derive(Debug, Arbitrary)]
struct Input {
    size: u16,
    index: u16,
    edit: Edit,
}

#[derive(Debug, Arbitrary)]
enum Edit {
    None,
    Flip { at: u8, byte: u8, xor: u8 },
    Drop { at: u8 },
    Insert { at: u8, hash: [u8; 32] },
    Repeat { at: u8 },
    Index { to: u64 },
    Size { to: u64 },
    Leaf { hash: [u8; 32] },
    Root { hash: [u8; 32] },
}

libfuzzer_sys::fuzz_target!(|input: Input| {
    let size = u64::from(input.size % 1000) + 1;
    let index = u64::from(input.index) % size;
    let (tiles, roots) = tree(size);
    let root = roots[usize::from(input.size % 1000) + 1];
    let mut reader = TileReader::new(&tiles, size).expect("the tiles are whole");
    let way = reader.inclusion(index).expect("the index is in the tree");
    assert_eq!(verify_inclusion(leaf(index), index, size, &way, root), Ok(()));
    inclusion(&input.edit, index, size, &way, root);

    let way = reader.consistency(index).expect("the old size is smaller");
    let old = roots[usize::from(input.index) % size as usize];
    assert_eq!(verify_consistency(index, old, size, root, &way), Ok(()));
    if let Some(changed) = edited(&input.edit, &way)
        && changed != way
    {
        assert!(verify_consistency(index, old, size, root, &changed).is_err());
    }
});

fn inclusion(edit: &Edit, index: u64, size: u64, way: &[Hash], root: Hash) {
    let refused = |leaf, index, size, way: &[Hash], root| {
        assert!(verify_inclusion(leaf, index, size, way, root).is_err(), "a false proof verified");
    };
    match edit {
        Edit::Index { to } if *to != index => refused(leaf(index), *to, size, way, root),
        // Another size can have the same way up; it must not panic, and a checkpoint binds size to root.
        Edit::Size { to } => drop(verify_inclusion(leaf(index), index, *to, way, root)),
        Edit::Leaf { hash } => refused(Hash::new(*hash), index, size, way, root),
        Edit::Root { hash } => refused(leaf(index), index, size, way, Hash::new(*hash)),
        _ => {
            if let Some(changed) = edited(edit, way)
                && changed != way
            {
                refused(leaf(index), index, size, &changed, root);
            }
        }
    }
}

fn edited(edit: &Edit, way: &[Hash]) -> Option<Vec<Hash>> {
    let mut out = way.to_vec();
    let place = |at: u8| usize::from(at) % way.len().max(1);
    match edit {
        Edit::Flip { at, byte, xor } if !way.is_empty() => {
            let mut bytes = *out[place(*at)].as_bytes();
            bytes[usize::from(*byte) % 32] ^= xor;
            out[place(*at)] = Hash::new(bytes);
        }
        Edit::Drop { at } if !way.is_empty() => drop(out.remove(place(*at))),
        Edit::Insert { at, hash } => out.insert(place(*at), Hash::new(*hash)),
        Edit::Repeat { at } if !way.is_empty() => out.insert(place(*at), out[place(*at)]),
        _ => return None,
    }
    Some(out)
}

fn leaf(index: u64) -> Hash {
    leaf_hash(&index.to_be_bytes())
}

struct Tiles(Vec<tacho_merkle::tile::Tile>);

impl TileSource for Tiles {
    fn tile(&self, path: &TilePath) -> Result<Vec<u8>, TileError> {
        let found = self.0.iter().find(|tile| tile.path == *path);
        found.map(|tile| tile.bytes.clone()).ok_or(TileError::Missing(*path))
    }
}

/// The tiles of a tree, and its root at each size on the way, by the other implementation.
fn tree(size: u64) -> (Tiles, Vec<Hash>) {
    let (mut writer, mut frontier, mut tiles) = (TileWriter::new(), Frontier::new(), Vec::new());
    let mut roots = vec![frontier.root()];
    for index in 0..size {
        writer.push(leaf(index), &mut tiles);
        frontier.push(leaf(index));
        roots.push(frontier.root());
    }
    assert_eq!(writer.root(), frontier.root());
    tiles.extend(writer.partials());
    (Tiles(tiles), roots)
}
