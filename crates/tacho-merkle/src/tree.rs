//! The right edge of an RFC 6962 tree: all that is needed to append to it and to know its root.
//!
//! Invariant: `peaks` holds the root of one perfect subtree for each set bit of `size`, largest (leftmost)
//! first. A tree of a billion leaves is at most 30 hashes.

use crate::TREE_SIZE_MAX;
use crate::hash::{Hash, empty_root, node_hash};

/// A tree that can be appended to, kept as its right edge ("compact range").
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

/// Why a size and hashes are not the right edge of a tree.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrontierError {
    #[error("right edge of a tree of size {size} has {found} hashes, expected {expected}")]
    Count { size: u64, found: usize, expected: usize },
    #[error("tree size {0} is above 2^63 - 1")]
    Size(u64),
}

impl Frontier {
    /// The empty tree.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Rebuilds the right edge that [`Frontier::size`] and [`Frontier::peaks`] described.
    ///
    /// The hashes cannot be checked here: compare [`Frontier::root`] with a signed root.
    ///
    /// # Errors
    ///
    /// The number of hashes is not the number of perfect subtrees of that size, or the size is above
    /// [`TREE_SIZE_MAX`].
    pub fn from_parts(size: u64, peaks: Vec<Hash>) -> Result<Self, FrontierError> {
        if size > TREE_SIZE_MAX {
            return Err(FrontierError::Size(size));
        }
        let expected = size.count_ones() as usize;
        if peaks.len() != expected {
            return Err(FrontierError::Count { size, found: peaks.len(), expected });
        }
        Ok(Self { size, peaks })
    }

    /// Appends a leaf hash; its index is the size before the call. Amortised one node hash.
    ///
    /// # Panics
    ///
    /// The tree has 2^63 - 1 leaves. Nobody gets there by appending, so it is not an error to handle.
    pub fn push(&mut self, leaf: Hash) {
        assert!(self.size < TREE_SIZE_MAX, "a tree holds at most 2^63 - 1 leaves");
        let mut node = leaf;
        // Each trailing one bit of the old size is a perfect subtree that the new leaf completes.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                node = node_hash(&left, &node);
            }
        }
        self.peaks.push(node);
        self.size += 1;
    }

    /// Number of leaves.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Roots of the perfect subtrees, largest first: with the size, the whole state.
    #[must_use]
    pub fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// The Merkle tree hash of all leaves so far.
    #[must_use]
    pub fn root(&self) -> Hash {
        fold_right(&self.peaks).unwrap_or_else(empty_root)
    }
}

/// Joins subtrees of falling size into the hash of all of them; `None` for none.
pub(crate) fn fold_right(peaks: &[Hash]) -> Option<Hash> {
    let (last, rest) = peaks.split_last()?;
    Some(rest.iter().rev().fold(*last, |right, left| node_hash(left, &right)))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;
    use crate::hash::leaf_hash;

    /// The eight entries of the certificate-transparency test suite and the root at each size.
    #[test]
    fn rfc_6962_roots() {
        let entries: [&[u8]; 8] = [
            &[],
            &[0x00],
            &[0x10],
            &[0x20, 0x21],
            &[0x30, 0x31],
            &[0x40, 0x41, 0x42, 0x43],
            &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
            &[0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f],
        ];
        let roots = [
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let mut tree = Frontier::new();
        for (size, root) in roots.iter().enumerate() {
            assert_eq!(tree.root().to_string(), *root, "root of the first {size} entries");
            if let Some(entry) = entries.get(size) {
                tree.push(leaf_hash(entry));
            }
        }
    }

    #[test]
    fn right_edge_is_the_whole_state() {
        let mut tree = Frontier::new();
        for n in 0..77u64 {
            let mut copy = Frontier::from_parts(tree.size(), tree.peaks().to_vec()).unwrap();
            assert_eq!(copy, tree);
            tree.push(leaf_hash(&n.to_be_bytes()));
            copy.push(leaf_hash(&n.to_be_bytes()));
            assert_eq!(copy.root(), tree.root());
        }
        assert_eq!(
            Frontier::from_parts(7, vec![empty_root()]),
            Err(FrontierError::Count { size: 7, found: 1, expected: 3 })
        );
        assert_eq!(Frontier::from_parts(u64::MAX, vec![]), Err(FrontierError::Size(u64::MAX)));
    }
}
