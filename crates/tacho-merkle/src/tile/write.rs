//! Builds tiles from leaf hashes, each full tile once, the partial ones of the right edge when asked.
//!
//! Invariant: `levels[l]` holds `floor(size / 256^l) mod 256` hashes, the partial tile of that level. So the
//! whole state is what [`TileWriter::partials`] returns, and [`TileWriter::restore`] needs nothing else.

use crate::TREE_SIZE_MAX;
use crate::hash::{Hash, empty_root, node_hash};
use crate::tile::{TILE_HEIGHT, TILE_WIDTH, TileError, TilePath, TileSource, bytes_of, hashes_of, width_at};

/// A tile and its bytes, ready to be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tile {
    pub path: TilePath,
    pub bytes: Vec<u8>,
}

/// The right edge of a tiled tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TileWriter {
    size: u64,
    levels: Vec<Vec<Hash>>,
}

impl TileWriter {
    /// The empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Rebuilds the writer of a tree of `size` leaves from the partial tiles of its right edge (or, where
    /// those are gone, from the full tiles that replaced them).
    ///
    /// The tiles are not checked: compare [`TileWriter::root`] with a signed root.
    ///
    /// # Errors
    ///
    /// A tile of the right edge cannot be had, or has the wrong length.
    pub fn restore<S: TileSource + ?Sized>(size: u64, source: &S) -> Result<Self, TileError> {
        if size > TREE_SIZE_MAX {
            return Err(TileError::Size(size));
        }
        let mut levels = Vec::new();
        for path in right_edge(size) {
            let hashes = match path.width {
                0 => Vec::new(),
                _ => load(source, &path)?,
            };
            levels.push(hashes);
        }
        Ok(Self { size, levels })
    }

    /// Number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Appends a leaf hash. Full tiles that it completes are added to `full`, lower levels first.
    ///
    /// # Panics
    ///
    /// The tree has 2^63 - 1 leaves. Nobody gets there by appending, so it is not an error to handle.
    pub fn push(&mut self, leaf: Hash, full: &mut Vec<Tile>) {
        assert!(self.size < TREE_SIZE_MAX, "a tree holds at most 2^63 - 1 leaves");
        self.size += 1;
        let mut node = leaf;
        for level in 0u8.. {
            let place = usize::from(level);
            if self.levels.len() == place {
                self.levels.push(Vec::with_capacity(usize::from(TILE_WIDTH)));
            }
            let hashes = &mut self.levels[place];
            hashes.push(node);
            if hashes.len() < usize::from(TILE_WIDTH) {
                return;
            }
            let index = (self.size >> (TILE_HEIGHT * u32::from(level + 1))) - 1;
            let path = TilePath { level, index, width: TILE_WIDTH };
            full.push(Tile { path, bytes: bytes_of(hashes) });
            node = perfect_root(hashes);
            hashes.clear();
        }
    }

    /// Appends leaf hashes and returns the full tiles that they complete.
    pub fn extend(&mut self, leaves: impl IntoIterator<Item = Hash>) -> Vec<Tile> {
        let mut full = Vec::new();
        leaves.into_iter().for_each(|leaf| self.push(leaf, &mut full));
        full
    }

    /// The partial tiles that a checkpoint of the current size needs, lower levels first. Together with the
    /// full tiles returned so far they are the whole tree.
    #[must_use]
    pub fn partials(&self) -> Vec<Tile> {
        let edge = right_edge(self.size).into_iter().zip(&self.levels);
        let partial = edge.filter(|(path, _)| path.width > 0);
        partial.map(|(path, hashes)| Tile { path, bytes: bytes_of(hashes) }).collect()
    }

    /// The Merkle tree hash of all leaves so far. Hashes the right edge, at most 255 nodes a level.
    #[must_use]
    pub fn root(&self) -> Hash {
        // From the left: the highest level holds the oldest leaves. Within a level the hashes split into
        // perfect subtrees by the bits of their number.
        let mut right: Option<Hash> = None;
        for hashes in &self.levels {
            let mut end = hashes.len();
            while end > 0 {
                let width = 1usize << end.trailing_zeros();
                let left = perfect_root(&hashes[end - width..end]);
                right = Some(right.map_or(left, |right| node_hash(&left, &right)));
                end -= width;
            }
        }
        right.unwrap_or_else(empty_root)
    }
}

/// The last tile of each level of a tree of `size` leaves; width 0 where that level ends in a full tile.
fn right_edge(size: u64) -> Vec<TilePath> {
    let mut edge = Vec::new();
    let mut hashes = size;
    for level in 0u8.. {
        if hashes == 0 {
            break;
        }
        let index = hashes >> TILE_HEIGHT;
        edge.push(TilePath { level, index, width: width_at(size, level, index) });
        hashes >>= TILE_HEIGHT;
    }
    edge
}

/// Loads the hashes of a tile; a partial tile that was deleted is cut from the full one that replaced it.
pub(crate) fn load<S: TileSource + ?Sized>(source: &S, path: &TilePath) -> Result<Vec<Hash>, TileError> {
    let missing = match source.tile(path) {
        Err(TileError::Missing(missing)) if !path.is_full() => missing,
        read => return hashes_of(path, &read?),
    };
    let full = TilePath { width: TILE_WIDTH, ..*path };
    let bytes = source.tile(&full).map_err(|error| match error {
        // Name the tile that was asked for.
        TileError::Missing(_) => TileError::Missing(missing),
        other => other,
    })?;
    let mut hashes = hashes_of(&full, &bytes)?;
    hashes.truncate(usize::from(path.width));
    Ok(hashes)
}

/// Root of a perfect subtree, given the hashes of one height; their number is a power of two.
pub(crate) fn perfect_root(hashes: &[Hash]) -> Hash {
    let mut row = hashes.to_vec();
    while row.len() > 1 {
        for at in 0..row.len() / 2 {
            row[at] = node_hash(&row[2 * at], &row[2 * at + 1]);
        }
        row.truncate(row.len() / 2);
    }
    row.first().copied().unwrap_or_else(empty_root)
}
