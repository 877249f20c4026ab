//! Keys that sign notes and check them: Ed25519 (type 0x01) and ML-DSA-44 (type 0x06) for a log's own two
//! lines, Ed25519 cosignatures (type 0x04) for witnesses.
//!
//! A log's ML-DSA-44 line is a *cosignature*: type 0x06 is assigned to nothing else (signed-note, list of
//! types) and tlog-checkpoint says that logs "SHOULD use ML-DSA-44 cosignatures to sign the checkpoint". So
//! it is `u64be(time) || signature` over the structure described in `cosign.rs`, not over the note text; the
//! cosigner's name is the key's name; the context string of FIPS 204 is empty.
//!
//! ML-DSA-44 signs deterministically (FIPS 204's `rnd` all zero; Ed25519 is deterministic anyway): no
//! randomness can fail or repeat, replicas and replays make the same bytes, and vectors can be pinned. The
//! hedged variant guards a signer whose attacker measures it or disturbs it while it signs the same message
//! again; a checkpoint is signed once, by a process that is not the attacker's.

use std::fmt;

use ed25519_dalek::Signer as _;
use fips204::ml_dsa_44;
use fips204::traits::{KeyGen as _, SerDes as _, Signer as _, Verifier as _};
use sha2::{Digest, Sha256};

use crate::cosign;
use crate::note::name_is_valid;
use crate::text::{base64, excerpt, from_base64};

/// Bytes of the longest key name: what a cosigned message can hold.
pub const NAME_BYTES_MAX: usize = 255;

const SIGNER_PREFIX: &str = "PRIVATE+KEY+";

/// Bytes of the longest verifier key: a name and an ML-DSA-44 key are below 2.1 kB.
const KEY_TEXT_BYTES_MAX: usize = 4096;

const TIME_LEN: usize = 8;

/// How a key signs; its number is the C2SP signature type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// Type 0x01: Ed25519 over the note text.
    Ed25519,
    /// Type 0x04: Ed25519 cosignature of a checkpoint, with a time.
    Ed25519Cosignature,
    /// Type 0x06: ML-DSA-44 cosignature of a checkpoint, with a time.
    MlDsa44,
}

/// Why a key, or what it signed, is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("key \"{0}\" is not of the form name+id+base64")]
    Form(String),
    #[error("key name \"{0}\" is empty, too long, or has a space, a plus sign or a control character")]
    Name(String),
    #[error("key id is {found}, expected {expected}, computed from name, type and key")]
    Id { found: String, expected: String },
    #[error("key type is 0x{0:02x}, expected 0x01, 0x04 or 0x06")]
    Type(u8),
    #[error("{algorithm} key has {found} bytes, expected {expected}")]
    Length { algorithm: Algorithm, found: usize, expected: usize },
    #[error("{0} key is not a valid public key")]
    NotAKey(Algorithm),
    #[error("signature has {found} bytes, expected {expected}")]
    SignatureLength { found: usize, expected: usize },
    #[error("signature does not match")]
    Mismatch,
    #[error("text is not a checkpoint, and this key cosigns nothing else")]
    NotCheckpoint,
    #[error("name of {0} bytes does not fit a cosigned message, expected at most 255")]
    TooLongToCosign(usize),
    #[error("cosignature time {0} is above 2^63 - 1")]
    Time(u64),
    #[error("ml-dsa-44 signing failed: {0}")]
    Signing(&'static str),
}

impl Algorithm {
    const fn byte(self) -> u8 {
        match self {
            Self::Ed25519 => 0x01,
            Self::Ed25519Cosignature => 0x04,
            Self::MlDsa44 => 0x06,
        }
    }

    const fn from_byte(byte: u8) -> Result<Self, KeyError> {
        match byte {
            0x01 => Ok(Self::Ed25519),
            0x04 => Ok(Self::Ed25519Cosignature),
            0x06 => Ok(Self::MlDsa44),
            other => Err(KeyError::Type(other)),
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ed25519 => "ed25519",
            Self::Ed25519Cosignature => "ed25519-cosignature",
            Self::MlDsa44 => "ml-dsa-44",
        })
    }
}

/// The public half of a key: name, id and what to check signatures with.
#[derive(Clone)]
pub struct VerifierKey {
    name: String,
    id: [u8; 4],
    algorithm: Algorithm,
    material: Vec<u8>,
    public: Public,
}

#[derive(Clone)]
enum Public {
    Ed25519(ed25519_dalek::VerifyingKey),
    // Kept expanded: several kilobytes, and slow to get from the encoded key.
    MlDsa44(Box<ml_dsa_44::PublicKey>),
}

impl VerifierKey {
    /// A key from its name, algorithm and encoded public key (32 bytes, or 1312 for ML-DSA-44).
    ///
    /// # Errors
    ///
    /// The name is not one, or the bytes are not such a key.
    pub fn new(name: &str, algorithm: Algorithm, material: &[u8]) -> Result<Self, KeyError> {
        check_name(name)?;
        let length = |expected| KeyError::Length { algorithm, found: material.len(), expected };
        let public = match algorithm {
            Algorithm::Ed25519 | Algorithm::Ed25519Cosignature => {
                let bytes = material.try_into().map_err(|_| length(32))?;
                let key = ed25519_dalek::VerifyingKey::from_bytes(bytes);
                Public::Ed25519(key.map_err(|_| KeyError::NotAKey(algorithm))?)
            }
            Algorithm::MlDsa44 => {
                let bytes = material.try_into().map_err(|_| length(ml_dsa_44::PK_LEN))?;
                let key = ml_dsa_44::PublicKey::try_from_bytes(bytes);
                Public::MlDsa44(Box::new(key.map_err(|_| KeyError::NotAKey(algorithm))?))
            }
        };
        let id = key_id(name, algorithm, material);
        Ok(Self { name: name.to_owned(), id, algorithm, material: material.to_vec(), public })
    }

    /// Parses `name+id+base64(type || key)`.
    ///
    /// # Errors
    ///
    /// The text has another form, an unknown type, an id that is not the key's, or no valid key.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let (name, id, algorithm, material) = split_key(text)?;
        let key = Self::new(name, algorithm, &material)?;
        check_id(id, key.id)?;
        Ok(key)
    }

    /// Name of the key, as in its signature lines.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Id of the key, as in its signature lines.
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        self.id
    }

    /// How the key signs.
    #[must_use]
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Checks the signature of a note text and returns the time that a cosigner states.
    ///
    /// # Errors
    ///
    /// The signature has the wrong length or does not match, or a cosigner's key is asked about a text that
    /// is not a checkpoint.
    pub fn verify(&self, text: &str, signature: &[u8]) -> Result<Option<u64>, KeyError> {
        let (time, message, signature) = match self.algorithm {
            Algorithm::Ed25519 => (None, text.as_bytes().to_vec(), signature),
            Algorithm::Ed25519Cosignature => {
                let (time, signature) = split_time(signature, ed25519_dalek::SIGNATURE_LENGTH)?;
                (Some(time), cosign::ed25519_message(text, time)?, signature)
            }
            Algorithm::MlDsa44 => {
                let (time, signature) = split_time(signature, ml_dsa_44::SIG_LEN)?;
                (Some(time), cosign::subtree_message(&self.name, text, time)?, signature)
            }
        };
        self.verify_message(&message, signature)?;
        Ok(time)
    }

    fn verify_message(&self, message: &[u8], signature: &[u8]) -> Result<(), KeyError> {
        let length = |expected| KeyError::SignatureLength { found: signature.len(), expected };
        match &self.public {
            Public::Ed25519(key) => {
                let bytes: &[u8; 64] = signature.try_into().map_err(|_| length(64))?;
                // Strict: also refuses keys of small order, whose signatures fit more than one text.
                key.verify_strict(message, &ed25519_dalek::Signature::from_bytes(bytes))
                    .map_err(|_| KeyError::Mismatch)
            }
            Public::MlDsa44(key) => {
                let bytes: &[u8; ml_dsa_44::SIG_LEN] =
                    signature.try_into().map_err(|_| length(ml_dsa_44::SIG_LEN))?;
                if key.verify(message, bytes, &[]) { Ok(()) } else { Err(KeyError::Mismatch) }
            }
        }
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&joined(&self.name, self.id, self.algorithm, &self.material))
    }
}

impl fmt::Debug for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifierKey({} {} {})", self.name, hex(self.id), self.algorithm)
    }
}

impl PartialEq for VerifierKey {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.algorithm == other.algorithm && self.material == other.material
    }
}

impl Eq for VerifierKey {}

/// The private half of a key, made from a 32-byte seed that the caller keeps secret.
pub struct SignerKey {
    verifier: VerifierKey,
    private: Private,
}

enum Private {
    Ed25519(Box<ed25519_dalek::SigningKey>),
    MlDsa44(Box<ml_dsa_44::PrivateKey>),
}

impl SignerKey {
    /// The key of a seed: RFC 8032's private key for Ed25519, FIPS 204's xi for ML-DSA-44.
    ///
    /// One seed makes one kind of key only: two kinds from one seed would tie their secrecy together.
    ///
    /// # Errors
    ///
    /// The name is not a key name.
    pub fn from_seed(name: &str, algorithm: Algorithm, seed: &[u8; 32]) -> Result<Self, KeyError> {
        match algorithm {
            Algorithm::Ed25519 | Algorithm::Ed25519Cosignature => {
                let private = Box::new(ed25519_dalek::SigningKey::from_bytes(seed));
                let verifier = VerifierKey::new(name, algorithm, private.verifying_key().as_bytes())?;
                Ok(Self { verifier, private: Private::Ed25519(private) })
            }
            Algorithm::MlDsa44 => {
                let (public, private) = ml_dsa_44::KG::keygen_from_seed(seed);
                let verifier = VerifierKey::new(name, algorithm, &public.into_bytes())?;
                Ok(Self { verifier, private: Private::MlDsa44(Box::new(private)) })
            }
        }
    }

    /// Parses `PRIVATE+KEY+name+id+base64(type || seed)`, the form of Go's `note` package.
    ///
    /// # Errors
    ///
    /// The text has another form or an id that is not the key's. Errors never quote the seed.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let hidden = || KeyError::Form("PRIVATE+KEY+…".to_owned());
        let rest = text.strip_prefix(SIGNER_PREFIX).ok_or_else(hidden)?;
        let (name, id, algorithm, seed) = split_key(rest).map_err(|error| match error {
            KeyError::Form(_) => hidden(),
            other => other,
        })?;
        let length = KeyError::Length { algorithm, found: seed.len(), expected: 32 };
        let seed: &[u8; 32] = seed.as_slice().try_into().map_err(|_| length)?;
        let key = Self::from_seed(name, algorithm, seed)?;
        check_id(id, key.id())?;
        Ok(key)
    }

    /// Writes what [`SignerKey::parse`] reads, for a seed. The key itself does not keep its seed.
    ///
    /// # Errors
    ///
    /// The name is not a key name.
    pub fn secret_text(name: &str, algorithm: Algorithm, seed: &[u8; 32]) -> Result<String, KeyError> {
        let id = Self::from_seed(name, algorithm, seed)?.id();
        Ok(format!("{SIGNER_PREFIX}{}", joined(name, id, algorithm, seed)))
    }

    /// The public half.
    #[must_use]
    pub fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// Name of the key.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.verifier.name
    }

    /// Id of the key.
    #[must_use]
    pub fn id(&self) -> [u8; 4] {
        self.verifier.id
    }

    /// Signs a note text; what comes back stands in the line after the key id. `time` is what a cosignature
    /// states in POSIX seconds (0: no statement); a plain signature ignores it.
    ///
    /// # Errors
    ///
    /// A cosigner's key is asked to sign what is not a checkpoint, or cannot hold its names or time.
    pub fn sign(&self, text: &str, time: u64) -> Result<Vec<u8>, KeyError> {
        match self.verifier.algorithm {
            Algorithm::Ed25519 => self.sign_message(text.as_bytes()),
            Algorithm::Ed25519Cosignature => {
                self.sign_message(&cosign::ed25519_message(text, time)?).map(|made| timed(time, &made))
            }
            Algorithm::MlDsa44 => self
                .sign_message(&cosign::subtree_message(self.name(), text, time)?)
                .map(|made| timed(time, &made)),
        }
    }

    fn sign_message(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        match &self.private {
            Private::Ed25519(key) => Ok(key.sign(message).to_bytes().to_vec()),
            // A seed of zeros is FIPS 204's deterministic variant.
            Private::MlDsa44(key) => {
                key.try_sign_with_seed(&[0; 32], message, &[]).map(Vec::from).map_err(KeyError::Signing)
            }
        }
    }
}

impl fmt::Debug for SignerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignerKey({} {} {})", self.name(), hex(self.id()), self.verifier.algorithm)
    }
}

fn key_id(name: &str, algorithm: Algorithm, material: &[u8]) -> [u8; 4] {
    let digest: [u8; 32] = Sha256::new()
        .chain_update(name)
        .chain_update([b'\n', algorithm.byte()])
        .chain_update(material)
        .finalize()
        .into();
    [digest[0], digest[1], digest[2], digest[3]]
}

fn check_name(name: &str) -> Result<(), KeyError> {
    if name_is_valid(name) && name.len() <= NAME_BYTES_MAX {
        return Ok(());
    }
    Err(KeyError::Name(excerpt(name)))
}

fn check_id(found: &str, expected: [u8; 4]) -> Result<(), KeyError> {
    if found == hex(expected) {
        return Ok(());
    }
    Err(KeyError::Id { found: excerpt(found), expected: hex(expected) })
}

fn hex(id: [u8; 4]) -> String {
    format!("{:08x}", u32::from_be_bytes(id))
}

fn joined(name: &str, id: [u8; 4], algorithm: Algorithm, material: &[u8]) -> String {
    let mut typed = vec![algorithm.byte()];
    typed.extend_from_slice(material);
    format!("{name}+{}+{}", hex(id), base64(&typed))
}

/// Name, id as written, type and key of a key text. The base64 part may hold plus signs itself.
fn split_key(text: &str) -> Result<(&str, &str, Algorithm, Vec<u8>), KeyError> {
    let form = || KeyError::Form(excerpt(text));
    if text.len() > KEY_TEXT_BYTES_MAX {
        return Err(form());
    }
    let (name, rest) = text.split_once('+').ok_or_else(form)?;
    let (id, encoded) = rest.split_once('+').ok_or_else(form)?;
    let typed = from_base64(encoded).ok_or_else(form)?;
    let (kind, material) = typed.split_first().ok_or_else(form)?;
    Ok((name, id, Algorithm::from_byte(*kind)?, material.to_vec()))
}

fn split_time(timed: &[u8], signature_length: usize) -> Result<(u64, &[u8]), KeyError> {
    let expected = TIME_LEN + signature_length;
    match timed.split_first_chunk::<TIME_LEN>() {
        Some((time, signature)) if timed.len() == expected => Ok((u64::from_be_bytes(*time), signature)),
        _ => Err(KeyError::SignatureLength { found: timed.len(), expected }),
    }
}

fn timed(time: u64, signature: &[u8]) -> Vec<u8> {
    let mut bytes = time.to_be_bytes().to_vec();
    bytes.extend_from_slice(signature);
    bytes
}
