//! Signed notes (C2SP signed-note): a text and the lines of those who signed it.
//!
//! ```text
//! text, ending in a newline
//!
//! — key name base64(4-byte key id || signature)
//! ```
//!
//! Parsing says nothing about truth: [`Note::verify`] does, against keys the caller brought.
//!
//! # Limits
//!
//! A note has at most 1 MiB and 100 signatures; an ML-DSA-44 line has 3.3 kB, so 100 of them fit.

use std::fmt;

use crate::key::{KeyError, SignerKey, VerifierKey};
use crate::text::{base64, excerpt, from_base64};

/// Bytes of the largest note.
pub const NOTE_BYTES_MAX: usize = 1 << 20;

/// Signature lines of the largest note.
pub const SIGNATURES_MAX: usize = 100;

const MARK: &str = "— ";

/// A text with signatures, not necessarily good ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

/// One signature line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    name: String,
    id: [u8; 4],
    bytes: Vec<u8>,
}

/// Which key signed a note, found by [`Note::verify`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// Place of the key in the list given to [`Note::verify`].
    pub key: usize,
    /// When a cosigner says it signed, in POSIX seconds; `None` for a plain note signature.
    pub time: Option<u64>,
}

/// Why a note is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    #[error("note has {0} bytes, expected at most {NOTE_BYTES_MAX}")]
    Size(usize),
    #[error("note has a control character at byte {0}, expected none but newlines")]
    Control(usize),
    #[error("note text does not end in a newline")]
    TextEnd,
    #[error("note has no empty line between text and signatures")]
    NoSeparator,
    #[error("note does not end in a signature line with a newline")]
    NoSignature,
    #[error("note has more than {SIGNATURES_MAX} signatures")]
    TooMany,
    #[error("note signature line {line} is \"{found}\", expected \"— name base64\"")]
    Line { line: usize, found: String },
    #[error("note is not signed by any key it was checked with")]
    NoKnownKey,
    #[error("note signature of key \"{name}\" is wrong")]
    Signature { name: String, source: KeyError },
    #[error("two keys to check a note with share name \"{0}\" and key id")]
    AmbiguousKeys(String),
}

impl Note {
    /// A text without signatures yet.
    ///
    /// # Errors
    ///
    /// The text does not end in a newline, has another control character, or is too long.
    pub fn new(text: &str) -> Result<Self, NoteError> {
        check_characters(text)?;
        if !text.ends_with('\n') {
            return Err(NoteError::TextEnd);
        }
        Ok(Self { text: text.to_owned(), signatures: Vec::new() })
    }

    /// Parses a note with at least one signature. What is accepted serialises to the same bytes.
    ///
    /// # Errors
    ///
    /// The note breaks the format or a limit; the error says where.
    pub fn parse(note: &str) -> Result<Self, NoteError> {
        check_characters(note)?;
        // The text may hold empty lines itself: the last one ends it.
        let end = note.rfind("\n\n").ok_or(NoteError::NoSeparator)?;
        let (text, lines) = (&note[..=end], &note[end + 2..]);
        let lines = lines.strip_suffix('\n').ok_or(NoteError::NoSignature)?;
        let mut signatures = Vec::new();
        for (at, line) in lines.split('\n').enumerate() {
            if at == SIGNATURES_MAX {
                return Err(NoteError::TooMany);
            }
            let signature = Signature::parse(line)
                .ok_or_else(|| NoteError::Line { line: at + 1, found: excerpt(line) })?;
            signatures.push(signature);
        }
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// The signed text, with its final newline.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signature lines, unverified, in order.
    #[must_use]
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// Signs the text with one more key. `time` is what a cosignature states, see [`SignerKey`].
    ///
    /// # Errors
    ///
    /// The key cannot sign this text (a cosigner's key signs checkpoints only), or a limit is reached.
    pub fn sign(&mut self, key: &SignerKey, time: u64) -> Result<(), NoteError> {
        let bytes = key
            .sign(&self.text, time)
            .map_err(|source| NoteError::Signature { name: key.name().to_owned(), source })?;
        self.add(Signature { name: key.name().to_owned(), id: key.id(), bytes })
    }

    /// Adds a line that someone else made, such as a witness's answer, if the note does not have it yet.
    ///
    /// # Errors
    ///
    /// A limit of the note is reached.
    pub fn add(&mut self, signature: Signature) -> Result<(), NoteError> {
        if self.signatures.contains(&signature) {
            return Ok(());
        }
        if self.signatures.len() == SIGNATURES_MAX {
            return Err(NoteError::TooMany);
        }
        self.signatures.push(signature);
        let size = self.to_string().len();
        if size > NOTE_BYTES_MAX {
            self.signatures.pop();
            return Err(NoteError::Size(size));
        }
        Ok(())
    }

    /// Checks the lines of all `keys` and says which of them signed; lines of other keys are ignored.
    ///
    /// # Errors
    ///
    /// None of the keys signed; or a line of one of them is wrong, which refuses the whole note even if
    /// other lines are good; or two keys are told apart by neither name nor id.
    pub fn verify(&self, keys: &[VerifierKey]) -> Result<Vec<Signed>, NoteError> {
        for (at, key) in keys.iter().enumerate() {
            let twin = |other: &VerifierKey| other.name() == key.name() && other.id() == key.id();
            if keys[..at].iter().any(twin) {
                return Err(NoteError::AmbiguousKeys(key.name().to_owned()));
            }
        }
        let mut signed: Vec<Signed> = Vec::new();
        for line in &self.signatures {
            let known = keys.iter().position(|key| key.name() == line.name && key.id() == line.id);
            let Some(at) = known else { continue };
            let time = keys[at]
                .verify(&self.text, &line.bytes)
                .map_err(|source| NoteError::Signature { name: line.name.clone(), source })?;
            if signed.iter().all(|earlier| earlier.key != at) {
                signed.push(Signed { key: at, time });
            }
        }
        if signed.is_empty() {
            return Err(NoteError::NoKnownKey);
        }
        Ok(signed)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

impl std::str::FromStr for Note {
    type Err = NoteError;

    fn from_str(note: &str) -> Result<Self, NoteError> {
        Self::parse(note)
    }
}

impl Signature {
    /// Parses one line, without its newline.
    #[must_use]
    pub fn parse(line: &str) -> Option<Self> {
        let (name, encoded) = line.strip_prefix(MARK)?.split_once(' ')?;
        if !name_is_valid(name) || encoded.len() > NOTE_BYTES_MAX {
            return None;
        }
        let decoded = from_base64(encoded)?;
        let (id, bytes) = decoded.split_first_chunk::<4>()?;
        if bytes.is_empty() {
            return None;
        }
        Some(Self { name: name.to_owned(), id: *id, bytes: bytes.to_vec() })
    }

    /// Name of the key that claims to have signed.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Id of the key that claims to have signed.
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        self.id
    }

    /// The signature without the key id; for a cosignature the time stands before it.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.id.to_vec();
        bytes.extend_from_slice(&self.bytes);
        write!(f, "{MARK}{} {}", self.name, base64(&bytes))
    }
}

/// Key names are not empty and hold neither spaces nor plus signs (which separate the parts of a verifier
/// key) nor control characters (which no note may hold).
pub(crate) fn name_is_valid(name: &str) -> bool {
    !name.is_empty() && !name.chars().any(|c| c.is_whitespace() || c < ' ' || c == '+')
}

fn check_characters(note: &str) -> Result<(), NoteError> {
    if note.len() > NOTE_BYTES_MAX {
        return Err(NoteError::Size(note.len()));
    }
    match note.bytes().position(|byte| byte < b' ' && byte != b'\n') {
        Some(at) => Err(NoteError::Control(at)),
        None => Ok(()),
    }
}
