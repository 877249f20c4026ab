//! Commitments: what stands in an entry in place of a section's bytes, so that the bytes can be destroyed
//! while every proof still verifies.
//!
//! ```text
//! salt key    = HMAC-SHA256(subject secret || period secret, "tacho/salt/v1")
//! salt        = HMAC-SHA256(salt key, event id || section name)
//! commitment  = SHA-256("tacho/commit/v1" 0x00 || salt || u64be(length) || bytes)
//! body        = SHA-256("tacho/body/v1" 0x00 || for each section: u8(name length) || name || u64be(length)
//!               || commitment)
//! tag key     = HMAC-SHA256(subject secret, "tacho/tag/v1")
//! subject tag = first 16 bytes of HMAC-SHA256(tag key, event id)
//! ```
//!
//! Without the salt a commitment says nothing about even a guessable section; the salt is gone for ever once
//! either of its two secrets is. The tag depends on the subject alone: who holds its key finds every event
//! of that person, in every period, and nobody else can link two of them.
//!
//! Event ids have a fixed length, so `event id || section name` has one reading.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::hash::Hash;

const COMMIT_LABEL: &[u8] = b"tacho/commit/v1\0";
const BODY_LABEL: &[u8] = b"tacho/body/v1\0";
const SALT_LABEL: &[u8] = b"tacho/salt/v1";
const TAG_LABEL: &[u8] = b"tacho/tag/v1";

/// Why sections have no body hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    #[error("section name has {0} bytes, expected 1 to 255")]
    SectionName(usize),
}

/// Derives the salts of one subject in one period. Keeps the keyed hash state, because a salt is needed
/// for each section of each event and setting up the key costs as much as using it.
#[derive(Clone)]
pub struct SaltKey(Hmac<Sha256>);

impl SaltKey {
    /// The key of a subject in a period.
    #[must_use]
    pub fn new(subject_secret: &[u8; 32], period_secret: &[u8; 32]) -> Self {
        Self::from_bytes(&salt_key(subject_secret, period_secret))
    }

    /// The key as [`salt_key`] derived it.
    #[must_use]
    pub fn from_bytes(key: &[u8; 32]) -> Self {
        Self(keyed(key))
    }

    /// The salt of one section of one event.
    #[must_use]
    pub fn salt(&self, event_id: &[u8; 16], section: &str) -> [u8; 32] {
        let mut mac = self.0.clone();
        mac.update(event_id);
        mac.update(section.as_bytes());
        mac.finalize().into_bytes().into()
    }

    /// The commitment to one section of one event.
    #[must_use]
    pub fn commitment(&self, event_id: &[u8; 16], section: &str, bytes: &[u8]) -> [u8; 32] {
        commitment(&self.salt(event_id, section), bytes)
    }
}

/// Derives the tags of one subject's events.
#[derive(Clone)]
pub struct TagKey(Hmac<Sha256>);

impl TagKey {
    /// The tag key of a subject.
    #[must_use]
    pub fn new(subject_secret: &[u8; 32]) -> Self {
        Self::from_bytes(&tag_key(subject_secret))
    }

    /// The key as [`tag_key`] derived it; can be given to an auditor without giving the subject's secret.
    #[must_use]
    pub fn from_bytes(key: &[u8; 32]) -> Self {
        Self(keyed(key))
    }

    /// The tag of one event.
    #[must_use]
    pub fn tag(&self, event_id: &[u8; 16]) -> [u8; 16] {
        let mut mac = self.0.clone();
        mac.update(event_id);
        let full: [u8; 32] = mac.finalize().into_bytes().into();
        let mut tag = [0; 16];
        tag.copy_from_slice(&full[..16]);
        tag
    }
}

// The state of the keyed hash is as good as the key: it must not get into a log.
impl std::fmt::Debug for SaltKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SaltKey(..)")
    }
}

impl std::fmt::Debug for TagKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TagKey(..)")
    }
}

/// The key from which the salts of a subject in a period derive.
#[must_use]
pub fn salt_key(subject_secret: &[u8; 32], period_secret: &[u8; 32]) -> [u8; 32] {
    let mut secrets = [0u8; 64];
    secrets[..32].copy_from_slice(subject_secret);
    secrets[32..].copy_from_slice(period_secret);
    hmac(&secrets, SALT_LABEL)
}

/// The salt of one section of one event. For many, keep a [`SaltKey`].
#[must_use]
pub fn salt(salt_key: &[u8; 32], event_id: &[u8; 16], section: &str) -> [u8; 32] {
    SaltKey::from_bytes(salt_key).salt(event_id, section)
}

/// The key from which the tags of a subject's events derive.
#[must_use]
pub fn tag_key(subject_secret: &[u8; 32]) -> [u8; 32] {
    hmac(subject_secret, TAG_LABEL)
}

/// The tag that marks an event as a subject's. For many, keep a [`TagKey`].
#[must_use]
pub fn subject_tag(subject_secret: &[u8; 32], event_id: &[u8; 16]) -> [u8; 16] {
    TagKey::new(subject_secret).tag(event_id)
}

/// The commitment to a section's bytes under a salt.
#[must_use]
pub fn commitment(salt: &[u8; 32], bytes: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update(COMMIT_LABEL)
        .chain_update(salt)
        .chain_update((bytes.len() as u64).to_be_bytes())
        .chain_update(bytes)
        .finalize()
        .into()
}

/// The one hash in an entry's header that stands for all its sections: name, length and commitment of
/// each, in the given order.
///
/// # Errors
///
/// A section name is empty or longer than the 255 bytes that its length byte can say.
pub fn body(sections: &[(&str, u64, [u8; 32])]) -> Result<Hash, CommitError> {
    let mut hash = Sha256::new().chain_update(BODY_LABEL);
    for (name, length, commitment) in sections {
        let name_length = match u8::try_from(name.len()) {
            Ok(length) if length > 0 => length,
            _ => return Err(CommitError::SectionName(name.len())),
        };
        hash.update([name_length]);
        hash.update(name.as_bytes());
        hash.update(length.to_be_bytes());
        hash.update(commitment);
    }
    Ok(Hash::new(hash.finalize().into()))
}

fn hmac<const LEN: usize>(key: &[u8; LEN], message: &[u8]) -> [u8; 32] {
    let mut mac = keyed(key);
    mac.update(message);
    mac.finalize().into_bytes().into()
}

/// Keys here have 32 or 64 bytes: at most one block, which HMAC fills up with zeros (RFC 2104). Doing that
/// here takes the constructor that cannot fail.
fn keyed<const LEN: usize>(key: &[u8; LEN]) -> Hmac<Sha256> {
    const { assert!(LEN <= 64, "a longer key would have to be hashed first") };
    let mut block = [0u8; 64];
    block[..LEN].copy_from_slice(key);
    Hmac::new(&block.into())
}
