//! Checks inclusion and consistency proofs, by the algorithms of RFC 9162 sections 2.1.3.2 and 2.1.4.2.
//!
//! A proof is public data from someone not trusted: a wrong one is an error, never a panic. Both checks are
//! exact: a proof with one hash too many or too few is refused even if a prefix of it would do.

use crate::hash::{Hash, empty_root, node_hash};

/// Why a proof does not show what it claims.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    #[error("leaf index {index} is not in a tree of size {size}")]
    Index { index: u64, size: u64 },
    #[error("old tree size {old} is above new tree size {new}")]
    Shrunk { old: u64, new: u64 },
    #[error("proof has {found} hashes, expected {expected}")]
    Length { found: usize, expected: usize },
    #[error("{which} root computed from the proof is {found}, expected {expected}")]
    Root { which: Which, found: Hash, expected: Hash },
}

/// The root a proof failed to reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// The one tree of an inclusion proof.
    Tree,
    /// The older tree of a consistency proof.
    Old,
    /// The newer tree of a consistency proof.
    New,
}

impl std::fmt::Display for Which {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Tree => "tree",
            Self::Old => "old",
            Self::New => "new",
        })
    }
}

/// Checks that `leaf` stands at `index` in the tree of `size` leaves with that `root`.
///
/// # Errors
///
/// The index is outside the tree, the proof has the wrong number of hashes, or it leads to another root.
pub fn verify_inclusion(
    leaf: Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    root: Hash,
) -> Result<(), ProofError> {
    if index >= size {
        return Err(ProofError::Index { index, size });
    }
    expect_length(proof, inclusion_length(index, size))?;
    let (mut place, mut last) = (index, size - 1);
    let mut node = leaf;
    for sibling in proof {
        if place & 1 == 1 || place == last {
            node = node_hash(sibling, &node);
            // A node that is last and on the left has no sibling at this height: it rises as it is.
            skip_left_heights(&mut place, &mut last);
        } else {
            node = node_hash(&node, sibling);
        }
        place >>= 1;
        last >>= 1;
    }
    expect_root(Which::Tree, node, root)
}

/// Checks that the tree of `new_size` leaves with `new_root` begins with the tree of `old_size` leaves with
/// `old_root`.
///
/// The empty tree begins every tree: for `old_size` 0 the proof is empty and `old_root` that of nothing.
///
/// # Errors
///
/// The tree shrank, the proof has the wrong number of hashes, or it leads to another root.
pub fn verify_consistency(
    old_size: u64,
    old_root: Hash,
    new_size: u64,
    new_root: Hash,
    proof: &[Hash],
) -> Result<(), ProofError> {
    if old_size > new_size {
        return Err(ProofError::Shrunk { old: old_size, new: new_size });
    }
    expect_length(proof, consistency_length(old_size, new_size))?;
    if new_size == 0 {
        expect_root(Which::New, new_root, empty_root())?;
    }
    if old_size == 0 {
        return expect_root(Which::Old, old_root, empty_root());
    }
    if old_size == new_size {
        return expect_root(Which::New, new_root, old_root);
    }
    // Of an old tree that is one perfect subtree the prover leaves out the first hash: it is the old root.
    let (first, rest) = match proof.split_first() {
        Some((first, rest)) if !old_size.is_power_of_two() => (*first, rest),
        _ => (old_root, proof),
    };
    let (mut place, mut last) = (old_size - 1, new_size - 1);
    while place & 1 == 1 {
        place >>= 1;
        last >>= 1;
    }
    let (mut old, mut new) = (first, first);
    for node in rest {
        if place & 1 == 1 || place == last {
            old = node_hash(node, &old);
            new = node_hash(node, &new);
            skip_left_heights(&mut place, &mut last);
        } else {
            new = node_hash(&new, node);
        }
        place >>= 1;
        last >>= 1;
    }
    expect_root(Which::Old, old, old_root)?;
    expect_root(Which::New, new, new_root)
}

/// Number of hashes in the inclusion proof for `index` in a tree of `size`; 0 if it is not in the tree.
#[must_use]
pub fn inclusion_length(index: u64, size: u64) -> usize {
    if index >= size {
        return 0;
    }
    // Below the height where the path of the leaf and the right edge part, every height has a sibling;
    // above it, only those where the path is a right child.
    let inner = u64::BITS - (index ^ (size - 1)).leading_zeros();
    let border = index.checked_shr(inner).unwrap_or(0).count_ones();
    (inner + border) as usize
}

/// Number of hashes in the consistency proof between two sizes; 0 if none is needed or possible.
#[must_use]
pub fn consistency_length(old_size: u64, new_size: u64) -> usize {
    if old_size == 0 || old_size >= new_size {
        return 0;
    }
    // The proof starts at the smallest perfect subtree of the old tree's right edge.
    let shift = old_size.trailing_zeros();
    let (place, last) = ((old_size - 1) >> shift, (new_size - 1) >> shift);
    let inner = u64::BITS - (place ^ last).leading_zeros();
    let border = place.checked_shr(inner).unwrap_or(0).count_ones();
    (inner + border) as usize + usize::from(!old_size.is_power_of_two())
}

fn skip_left_heights(place: &mut u64, last: &mut u64) {
    while *place & 1 == 0 && *place != 0 {
        *place >>= 1;
        *last >>= 1;
    }
}

fn expect_length(proof: &[Hash], expected: usize) -> Result<(), ProofError> {
    if proof.len() == expected {
        return Ok(());
    }
    Err(ProofError::Length { found: proof.len(), expected })
}

fn expect_root(which: Which, found: Hash, expected: Hash) -> Result<(), ProofError> {
    if found == expected {
        return Ok(());
    }
    Err(ProofError::Root { which, found, expected })
}
