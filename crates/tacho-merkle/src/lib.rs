//! RFC 6962 hashes, C2SP tiles, signed notes, checkpoints, proofs and commitments; pure.
//!
//! Nothing here reads a clock, a file or a random number: seeds, salts and times are arguments, and tiles
//! come through [`tile::TileSource`]. So the same code judges a log on a server, in a test and offline.
//!
//! # Formats
//!
//! Followed as they stood in the C2SP repository at commit `5ba5ee83` (22 July 2026): signed-note v1.0.0 and
//! its draft that assigns type 0x06, tlog-checkpoint v1.0.0 and its draft that recommends ML-DSA-44,
//! tlog-cosignature v1.1.0-rc.1 and later drafts, tlog-tiles v0.1.0 and later drafts, tlog-proof (draft).
//!
//! # Limits
//!
//! Every parser is bounded, returns an error instead of panicking on any input, and accepts one spelling
//! only: what it accepts, serialised again, is the same bytes.

pub mod checkpoint;
pub mod commit;
mod cosign;
pub mod hash;
pub mod key;
pub mod note;
pub mod proof;
mod text;
pub mod tile;
pub mod tlogproof;
pub mod tree;

pub use checkpoint::{Checkpoint, CheckpointError, Verified};
pub use hash::{Hash, HashError, empty_root, leaf_hash, node_hash};
pub use key::{Algorithm, KeyError, SignerKey, VerifierKey};
pub use note::{Note, NoteError};
pub use proof::{ProofError, verify_consistency, verify_inclusion};
pub use tlogproof::{TlogProof, TlogProofError};
pub use tree::Frontier;

/// The largest tree size any parser here accepts: 2^63 - 1.
///
/// Go's `tlog` keeps sizes in a signed 64-bit number; a larger tree would be one that the verifiers we
/// rely on cannot read.
pub const TREE_SIZE_MAX: u64 = i64::MAX as u64;
