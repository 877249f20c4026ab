//! Tiles (C2SP tlog-tiles): a log's tree and entries as static files of at most 256 items.
//!
//! The hash tile (level `l`, index `n`) holds the hashes of heights `8 l` that stand at places `256 n` to
//! `256 n + 255`: level 0 holds leaf hashes, each higher level the roots of the *full* tiles below. Only the
//! rightmost tile of a level can be partial (fewer than 256 hashes), and no partial tile is hashed into the
//! level above. [`path`] names tiles, [`bundle`] holds entries, [`mod@write`] builds tiles, [`read`] proves
//! from them.

pub mod bundle;
pub mod path;
pub mod read;
pub mod write;

pub use bundle::{BundleError, decode_bundle, encode_bundle};
pub use path::{BundlePath, PathError, TilePath};
pub use read::{TileReader, consistency, inclusion, leaf, root};
pub use write::{Tile, TileWriter};

use crate::hash::Hash;

/// Hashes in a full tile, entries in a full bundle.
pub const TILE_WIDTH: u16 = 256;

/// Heights of the tree that one level of tiles spans.
pub(crate) const TILE_HEIGHT: u32 = 8;

/// Where tiles come from: files, memory, a server.
pub trait TileSource {
    /// The bytes of a hash tile, exactly as wide as the path says.
    ///
    /// # Errors
    ///
    /// [`TileError::Missing`] if there is no such tile: a reader then tries the full tile in place of a
    /// partial one. [`TileError::Source`] if it could not be read.
    fn tile(&self, path: &TilePath) -> Result<Vec<u8>, TileError>;
}

/// Why tiles give no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    #[error("tile {0} is missing")]
    Missing(TilePath),
    #[error("tile {path} could not be read: {reason}")]
    Source { path: TilePath, reason: String },
    #[error("tile {path} has {found} bytes, expected {expected}")]
    Length { path: TilePath, found: usize, expected: usize },
    #[error("leaf index {index} is not in a tree of size {size}")]
    Index { index: u64, size: u64 },
    #[error("old tree size {old} is above new tree size {new}")]
    Shrunk { old: u64, new: u64 },
    #[error("tree size {0} is above 2^63 - 1")]
    Size(u64),
}

impl<S: TileSource + ?Sized> TileSource for &S {
    fn tile(&self, path: &TilePath) -> Result<Vec<u8>, TileError> {
        (**self).tile(path)
    }
}

/// Width of the tile at `index` of `level` in a tree of `size` leaves, 0 if the tree does not reach it.
pub(crate) fn width_at(size: u64, level: u8, index: u64) -> u16 {
    let hashes = size.checked_shr(TILE_HEIGHT * u32::from(level)).unwrap_or(0);
    let before = index.saturating_mul(u64::from(TILE_WIDTH));
    let width = hashes.saturating_sub(before).min(u64::from(TILE_WIDTH));
    // At most 256, by the line above.
    u16::try_from(width).unwrap_or(TILE_WIDTH)
}

/// Reads a tile's bytes as hashes, exactly as many as its path says.
pub(crate) fn hashes_of(path: &TilePath, bytes: &[u8]) -> Result<Vec<Hash>, TileError> {
    let expected = usize::from(path.width) * Hash::LEN;
    if bytes.len() != expected {
        return Err(TileError::Length { path: *path, found: bytes.len(), expected });
    }
    Ok(bytes.chunks_exact(Hash::LEN).filter_map(Hash::from_slice).collect())
}

/// Writes hashes as a tile's bytes.
pub(crate) fn bytes_of(hashes: &[Hash]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.as_bytes()).copied().collect()
}
