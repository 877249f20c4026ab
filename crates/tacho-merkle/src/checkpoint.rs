//! Checkpoints (C2SP tlog-checkpoint): a log's statement of its size and root, signed as a note.
//!
//! ```text
//! origin
//! tree size
//! base64 of the root
//! extension lines, if any
//! ```

use crate::TREE_SIZE_MAX;
use crate::hash::Hash;
use crate::key::{Algorithm, SignerKey, VerifierKey};
use crate::note::{Note, NoteError};
use crate::text::{base64, excerpt, from_decimal, hash_from_base64};

/// The head of a log's tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Identity of the log, such as `example.com/log42`; one line, not empty.
    pub origin: String,
    /// Number of leaves, at most [`TREE_SIZE_MAX`].
    pub size: u64,
    /// Root of the tree of that many leaves.
    pub root: Hash,
    /// Further lines, without newlines; C2SP recommends none, and ML-DSA-44 lines do not sign them.
    pub extensions: Vec<String>,
}

/// A key that signed an opened checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// Name of the key.
    pub name: String,
    /// Id of the key.
    pub id: [u8; 4],
    /// How it signs.
    pub algorithm: Algorithm,
    /// When it says it signed, in POSIX seconds: `None` for a plain signature, 0 for "no statement".
    pub time: Option<u64>,
}

/// Why a checkpoint is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    #[error("checkpoint has {0} lines, expected origin, tree size and root")]
    Lines(usize),
    #[error("checkpoint origin is \"{0}\", expected one line that is not empty")]
    Origin(String),
    #[error("checkpoint tree size is \"{0}\", expected a decimal number up to 2^63 - 1")]
    Size(String),
    #[error("checkpoint root is \"{0}\", expected base64 of 32 bytes")]
    Root(String),
    #[error("checkpoint extension line {0} is empty or more than one line")]
    Extension(usize),
    #[error("checkpoint extension lines are not covered by any signature it was checked with")]
    ExtensionsUnsigned,
    #[error("checkpoint is not signed by key \"{name}\" ({algorithm}), which has to sign it")]
    MissingKey { name: String, algorithm: Algorithm },
    #[error("checkpoint is not a good note")]
    Note(#[from] NoteError),
}

impl Checkpoint {
    /// A checkpoint without extension lines.
    #[must_use]
    pub fn new(origin: &str, size: u64, root: Hash) -> Self {
        Self { origin: origin.to_owned(), size, root, extensions: Vec::new() }
    }

    /// The note text. Parsing it gives the same checkpoint back.
    ///
    /// # Errors
    ///
    /// A field cannot be written as a line of a note.
    pub fn text(&self) -> Result<String, CheckpointError> {
        if !is_line(&self.origin) {
            return Err(CheckpointError::Origin(excerpt(&self.origin)));
        }
        if self.size > TREE_SIZE_MAX {
            return Err(CheckpointError::Size(self.size.to_string()));
        }
        let mut text = format!("{}\n{}\n{}\n", self.origin, self.size, base64(self.root.as_bytes()));
        for (at, line) in self.extensions.iter().enumerate() {
            if !is_line(line) {
                return Err(CheckpointError::Extension(at + 1));
            }
            text.push_str(line);
            text.push('\n');
        }
        Ok(text)
    }

    /// Parses a note text.
    ///
    /// # Errors
    ///
    /// A line is missing, or not in its one spelling.
    pub fn parse_text(text: &str) -> Result<Self, CheckpointError> {
        let body = text.strip_suffix('\n').ok_or(NoteError::TextEnd)?;
        let mut lines = body.split('\n');
        let (Some(origin), Some(size), Some(root)) = (lines.next(), lines.next(), lines.next()) else {
            return Err(CheckpointError::Lines(body.split('\n').count()));
        };
        if !is_line(origin) {
            return Err(CheckpointError::Origin(excerpt(origin)));
        }
        let size = from_decimal(size, TREE_SIZE_MAX).ok_or_else(|| CheckpointError::Size(excerpt(size)))?;
        let root = hash_from_base64(root).ok_or_else(|| CheckpointError::Root(excerpt(root)))?;
        let extensions: Vec<String> = lines.map(str::to_owned).collect();
        if let Some(at) = extensions.iter().position(|line| !is_line(line)) {
            return Err(CheckpointError::Extension(at + 1));
        }
        Ok(Self { origin: origin.to_owned(), size, root, extensions })
    }

    /// Signs with all keys and returns the note. Cosignatures (ML-DSA-44 lines) state time 0, "no
    /// statement": the log does not vouch for its own time, and equal trees get equal checkpoints on every
    /// replica. C2SP allows a log 0, but no witness, and there are verifiers that do not tell the two apart:
    /// [`Checkpoint::sign_at`] satisfies those too.
    ///
    /// # Errors
    ///
    /// A field cannot be written, or a key cannot sign it.
    pub fn sign(&self, keys: &[SignerKey]) -> Result<String, CheckpointError> {
        self.sign_at(keys, 0)
    }

    /// Signs like [`Checkpoint::sign`]; cosignatures state `time`, in POSIX seconds, and by that also that
    /// no larger tree was seen before.
    ///
    /// # Errors
    ///
    /// A field cannot be written, or a key cannot sign it.
    pub fn sign_at(&self, keys: &[SignerKey], time: u64) -> Result<String, CheckpointError> {
        let mut note = Note::new(&self.text()?)?;
        for key in keys {
            note.sign(key, time)?;
        }
        Ok(note.to_string())
    }

    /// Opens a signed checkpoint and says which of `keys` signed it: at least one. What the origin is and
    /// which keys suffice is for the caller to decide.
    ///
    /// # Errors
    ///
    /// The note or the checkpoint breaks its format; none of the keys signed; a line of one of them is
    /// wrong; or there are extension lines and only keys that do not sign those.
    pub fn open(note: &str, keys: &[VerifierKey]) -> Result<(Self, Vec<Verified>), CheckpointError> {
        Self::open_note(&Note::parse(note)?, keys)
    }

    /// Opens a parsed note like [`Checkpoint::open`].
    ///
    /// # Errors
    ///
    /// As [`Checkpoint::open`].
    pub fn open_note(note: &Note, keys: &[VerifierKey]) -> Result<(Self, Vec<Verified>), CheckpointError> {
        let signed = note.verify(keys)?;
        let checkpoint = Self::parse_text(note.text())?;
        let verified: Vec<Verified> = signed
            .into_iter()
            .filter_map(|by| {
                let key = keys.get(by.key)?;
                let (name, id, algorithm) = (key.name().to_owned(), key.id(), key.algorithm());
                Some(Verified { name, id, algorithm, time: by.time })
            })
            .collect();
        let signs_all = |by: &Verified| by.algorithm != Algorithm::MlDsa44;
        if !checkpoint.extensions.is_empty() && !verified.iter().any(signs_all) {
            return Err(CheckpointError::ExtensionsUnsigned);
        }
        Ok((checkpoint, verified))
    }

    /// Opens a checkpoint that every one of `keys` has to have signed. With both keys of a log this is what
    /// keeps a forger who broke one algorithm from simply leaving the other's line out.
    ///
    /// # Errors
    ///
    /// As [`Checkpoint::open`], or a key did not sign.
    pub fn open_all(note: &str, keys: &[VerifierKey]) -> Result<(Self, Vec<Verified>), CheckpointError> {
        let (checkpoint, verified) = Self::open(note, keys)?;
        for key in keys {
            if !verified.iter().any(|by| by.name == key.name() && by.id == key.id()) {
                return Err(CheckpointError::MissingKey {
                    name: key.name().to_owned(),
                    algorithm: key.algorithm(),
                });
            }
        }
        Ok((checkpoint, verified))
    }
}

fn is_line(line: &str) -> bool {
    !line.is_empty() && !line.chars().any(|c| c < ' ')
}
