//! Offline proofs (C2SP tlog-proof): a checkpoint and the way from one entry up to its root, in one text.
//!
//! ```text
//! c2sp.org/tlog-proof@v1
//! extra base64            (may be absent; nobody signs it)
//! index 73894
//! base64 of a hash        (one line each, from the leaf's sibling upwards)
//!
//! the signed checkpoint
//! ```

use std::fmt;

use crate::TREE_SIZE_MAX;
use crate::checkpoint::{Checkpoint, CheckpointError, Verified};
use crate::hash::Hash;
use crate::key::VerifierKey;
use crate::note::{NOTE_BYTES_MAX, Note, NoteError};
use crate::proof::{ProofError, verify_inclusion};
use crate::text::{base64, excerpt, from_base64, from_decimal, hash_from_base64};

/// First line of every proof.
pub const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// Bytes of the largest proof: the largest note and as much again.
pub const PROOF_BYTES_MAX: usize = 2 * NOTE_BYTES_MAX;

/// Hashes in the longest proof: the height of the largest tree.
const HASHES_MAX: usize = 63;

/// That an entry is in a log, to be checked without the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlogProof {
    /// Place of the entry.
    pub index: u64,
    /// Data for the application; NOT authenticated by anything in the proof.
    pub extra: Option<Vec<u8>>,
    /// The inclusion proof.
    pub hashes: Vec<Hash>,
    /// The signed checkpoint, with all lines of witnesses it came with.
    pub checkpoint: Note,
}

/// Why a proof is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlogProofError {
    #[error("proof has {0} bytes, expected at most {PROOF_BYTES_MAX}")]
    Size(usize),
    #[error("proof does not begin with the line \"{HEADER}\"")]
    Header,
    #[error("proof line {line} is \"{found}\", expected {expected}")]
    Line { line: usize, found: String, expected: &'static str },
    #[error("proof ends before its checkpoint")]
    Truncated,
    #[error("proof has more than {HASHES_MAX} hashes")]
    TooManyHashes,
    #[error("checkpoint in the proof is not a good note")]
    Note(#[from] NoteError),
    #[error("checkpoint in the proof is refused")]
    Checkpoint(#[from] CheckpointError),
    #[error("entry is not proved")]
    Inclusion(#[from] ProofError),
}

impl TlogProof {
    /// Parses a proof; verifies nothing. What is accepted serialises to the same bytes.
    ///
    /// # Errors
    ///
    /// The text breaks the format or a limit; the error says where.
    pub fn parse(text: &str) -> Result<Self, TlogProofError> {
        if text.len() > PROOF_BYTES_MAX {
            return Err(TlogProofError::Size(text.len()));
        }
        let (head, note) = text.split_once("\n\n").ok_or(TlogProofError::Truncated)?;
        let mut lines = head.split('\n').enumerate().map(|(at, line)| (at + 1, line)).peekable();
        lines.next_if(|(_, line)| *line == HEADER).ok_or(TlogProofError::Header)?;
        let mut extra = None;
        if let Some((line, found)) = lines.next_if(|(_, line)| line.starts_with("extra ")) {
            let data = found.strip_prefix("extra ").and_then(from_base64).filter(|data| !data.is_empty());
            extra = Some(data.ok_or_else(|| refuse(line, found, "\"extra \" and base64"))?);
        }
        let (line, found) = lines.next().ok_or(TlogProofError::Truncated)?;
        let index = found.strip_prefix("index ").and_then(|index| from_decimal(index, TREE_SIZE_MAX - 1));
        let index = index.ok_or_else(|| refuse(line, found, "\"index \" and a decimal number"))?;
        let mut hashes = Vec::new();
        for (line, found) in lines {
            if hashes.len() == HASHES_MAX {
                return Err(TlogProofError::TooManyHashes);
            }
            let hash = hash_from_base64(found);
            hashes.push(hash.ok_or_else(|| refuse(line, found, "base64 of 32 bytes"))?);
        }
        Ok(Self { index, extra, hashes, checkpoint: Note::parse(note)? })
    }

    /// Checks everything: the checkpoint is signed by at least one of `keys`, and `leaf` stands at
    /// [`TlogProof::index`] of its tree. Returns the checkpoint and who signed it; whether that origin and
    /// those keys suffice is for the caller to decide.
    ///
    /// # Errors
    ///
    /// The checkpoint is refused, see [`Checkpoint::open`], or the inclusion proof is.
    pub fn verify(
        &self,
        leaf: Hash,
        keys: &[VerifierKey],
    ) -> Result<(Checkpoint, Vec<Verified>), TlogProofError> {
        let (checkpoint, verified) = Checkpoint::open_note(&self.checkpoint, keys)?;
        verify_inclusion(leaf, self.index, checkpoint.size, &self.hashes, checkpoint.root)?;
        Ok((checkpoint, verified))
    }
}

impl fmt::Display for TlogProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = self.extra.as_ref().filter(|extra| !extra.is_empty()) {
            writeln!(f, "extra {}", base64(extra))?;
        }
        writeln!(f, "index {}", self.index)?;
        self.hashes.iter().try_for_each(|hash| writeln!(f, "{}", base64(hash.as_bytes())))?;
        write!(f, "\n{}", self.checkpoint)
    }
}

impl std::str::FromStr for TlogProof {
    type Err = TlogProofError;

    fn from_str(text: &str) -> Result<Self, TlogProofError> {
        Self::parse(text)
    }
}

fn refuse(line: usize, found: &str, expected: &'static str) -> TlogProofError {
    TlogProofError::Line { line, found: excerpt(found), expected }
}
