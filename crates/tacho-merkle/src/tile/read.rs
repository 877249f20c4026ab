//! Roots and proofs from tiles.
//!
//! Tiles are taken as they are: a proof made from wrong tiles is a wrong proof, and `verify_inclusion` or
//! `verify_consistency` against a signed root finds it. Nothing here has to be trusted.

use std::collections::HashMap;

use crate::TREE_SIZE_MAX;
use crate::hash::{Hash, empty_root};
use crate::tile::write::{load, perfect_root};
use crate::tile::{TILE_HEIGHT, TILE_WIDTH, TileError, TilePath, TileSource, width_at};
use crate::tree::fold_right;

/// Tiles a reader keeps: 8 MiB of hashes. All of them go when one more is needed, which costs little, as
/// the tiles of one proof are few.
const CACHED_TILES_MAX: usize = 1024;

/// Reads one tree, keeping the tiles it has seen.
pub struct TileReader<S> {
    source: S,
    size: u64,
    tiles: HashMap<(u8, u64), Vec<Hash>>,
}

impl<S: TileSource> TileReader<S> {
    /// A reader of the tree of `size` leaves.
    ///
    /// # Errors
    ///
    /// The size is above [`TREE_SIZE_MAX`].
    pub fn new(source: S, size: u64) -> Result<Self, TileError> {
        if size > TREE_SIZE_MAX {
            return Err(TileError::Size(size));
        }
        Ok(Self { source, size, tiles: HashMap::new() })
    }

    /// The tree's root.
    ///
    /// # Errors
    ///
    /// A tile cannot be had.
    pub fn root(&mut self) -> Result<Hash, TileError> {
        self.range(0, self.size)
    }

    /// The leaf hash at `index`.
    ///
    /// # Errors
    ///
    /// The index is outside the tree, or a tile cannot be had.
    pub fn leaf(&mut self, index: u64) -> Result<Hash, TileError> {
        self.check_index(index)?;
        self.subtree(0, index)
    }

    /// The inclusion proof of the leaf at `index`, from its sibling upwards (RFC 6962, 2.1.1).
    ///
    /// # Errors
    ///
    /// The index is outside the tree, or a tile cannot be had.
    pub fn inclusion(&mut self, index: u64) -> Result<Vec<Hash>, TileError> {
        self.check_index(index)?;
        self.path(index, 0, self.size)
    }

    /// The consistency proof from the tree of `old` leaves to this one (RFC 6962, 2.1.2); empty where none
    /// is needed, for sizes that are equal and for the empty tree.
    ///
    /// # Errors
    ///
    /// `old` is above the tree's size, or a tile cannot be had.
    pub fn consistency(&mut self, old: u64) -> Result<Vec<Hash>, TileError> {
        if old > self.size {
            return Err(TileError::Shrunk { old, new: self.size });
        }
        if old == 0 || old == self.size {
            return Ok(Vec::new());
        }
        // The last leaf of the old tree and the smallest perfect subtree that ends with it: the proof shows
        // that subtree and the way from it up.
        let height = old.trailing_zeros();
        let mut proof = Vec::new();
        if !old.is_power_of_two() {
            proof.push(self.subtree(height, (old >> height) - 1)?);
        }
        proof.extend(self.path(old - 1, height, self.size)?);
        Ok(proof)
    }

    fn check_index(&self, index: u64) -> Result<(), TileError> {
        if index < self.size {
            return Ok(());
        }
        Err(TileError::Index { index, size: self.size })
    }

    /// Siblings on the way from the subtree of `height` that holds leaf `index` up to the root.
    fn path(&mut self, index: u64, height: u32, size: u64) -> Result<Vec<Hash>, TileError> {
        let mut proof = Vec::new();
        // From the root down, as RFC 6962 defines it: split at the largest power of two below the number
        // of leaves, note the half that does not hold the leaf.
        let (mut start, mut end) = (0, size);
        while end - start > 1 << height {
            let half = largest_power_below(end - start);
            let middle = start + half;
            if index < middle {
                proof.push(self.range(middle, end)?);
                end = middle;
            } else {
                proof.push(self.range(start, middle)?);
                start = middle;
            }
        }
        proof.reverse();
        Ok(proof)
    }

    /// Hash of leaves `start..end`, where `start` is a multiple of a power of two not below their number.
    fn range(&mut self, start: u64, end: u64) -> Result<Hash, TileError> {
        let mut peaks = Vec::new();
        let mut at = start;
        while at < end {
            let height = (end - at).ilog2();
            peaks.push(self.subtree(height, at >> height)?);
            at += 1 << height;
        }
        Ok(fold_right(&peaks).unwrap_or_else(empty_root))
    }

    /// Root of the perfect subtree at `place` of `height`.
    fn subtree(&mut self, height: u32, place: u64) -> Result<Hash, TileError> {
        // Heights are below 64, so levels are below 8.
        let level = u8::try_from(height / TILE_HEIGHT).unwrap_or(u8::MAX);
        let within = height % TILE_HEIGHT;
        let first = place << within;
        let index = first / u64::from(TILE_WIDTH);
        let hashes = self.tile(level, index)?;
        let offset = usize::try_from(first % u64::from(TILE_WIDTH)).unwrap_or(usize::MAX);
        // A perfect subtree of the tree lies within one tile, and `load` returned the tile's whole width.
        Ok(perfect_root(&hashes[offset..offset + (1 << within)]))
    }

    fn tile(&mut self, level: u8, index: u64) -> Result<&[Hash], TileError> {
        let path = TilePath { level, index, width: width_at(self.size, level, index) };
        if !self.tiles.contains_key(&(level, index)) {
            if self.tiles.len() >= CACHED_TILES_MAX {
                self.tiles.clear();
            }
            let hashes = load(&self.source, &path)?;
            self.tiles.insert((level, index), hashes);
        }
        Ok(self.tiles.get(&(level, index)).map_or(&[], Vec::as_slice))
    }
}

/// The root of the tree of `size` leaves.
///
/// # Errors
///
/// A tile cannot be had.
pub fn root<S: TileSource + ?Sized>(source: &S, size: u64) -> Result<Hash, TileError> {
    TileReader::new(source, size)?.root()
}

/// The leaf hash at `index` of the tree of `size` leaves.
///
/// # Errors
///
/// The index is outside the tree, or a tile cannot be had.
pub fn leaf<S: TileSource + ?Sized>(source: &S, index: u64, size: u64) -> Result<Hash, TileError> {
    TileReader::new(source, size)?.leaf(index)
}

/// The inclusion proof of the leaf at `index` in the tree of `size` leaves.
///
/// # Errors
///
/// The index is outside the tree, or a tile cannot be had.
pub fn inclusion<S: TileSource + ?Sized>(source: &S, index: u64, size: u64) -> Result<Vec<Hash>, TileError> {
    TileReader::new(source, size)?.inclusion(index)
}

/// The consistency proof from the tree of `old` leaves to that of `new` leaves.
///
/// # Errors
///
/// `old` is above `new`, or a tile cannot be had.
pub fn consistency<S: TileSource + ?Sized>(source: &S, old: u64, new: u64) -> Result<Vec<Hash>, TileError> {
    TileReader::new(source, new)?.consistency(old)
}

/// The largest power of two below `leaves`, which is at least 2.
fn largest_power_below(leaves: u64) -> u64 {
    1 << (leaves - 1).ilog2()
}
