//! The bytes that cosigners sign (C2SP tlog-cosignature): a checkpoint, wrapped so that a signature made
//! for one purpose cannot pass for another.
//!
//! A cosignature is `u64be(time) || signature`. Type 0x04 (Ed25519) signs two lines and the whole note
//! text; type 0x06 (ML-DSA-44) signs this structure, which does not cover extension lines:
//!
//! ```text
//! "subtree/v1\n\0" || u8(length) || cosigner name || u64be(time) || u8(length) || log origin
//!                  || u64be(start = 0) || u64be(end = tree size) || root hash
//! ```

use crate::checkpoint::Checkpoint;
use crate::key::KeyError;

/// The latest time a cosignature may state: 2^63 - 1.
pub(crate) const TIME_MAX: u64 = i64::MAX as u64;

const SUBTREE_LABEL: &[u8; 12] = b"subtree/v1\n\0";

/// What a cosigner of type 0x04 signs. Anything but a checkpoint is refused.
pub(crate) fn ed25519_message(text: &str, time: u64) -> Result<Vec<u8>, KeyError> {
    Checkpoint::parse_text(text).map_err(|_| KeyError::NotCheckpoint)?;
    Ok(format!("cosignature/v1\ntime {}\n{text}", checked_time(time)?).into_bytes())
}

/// What a cosigner of type 0x06 signs. Anything but a checkpoint is refused.
pub(crate) fn subtree_message(name: &str, text: &str, time: u64) -> Result<Vec<u8>, KeyError> {
    let checkpoint = Checkpoint::parse_text(text).map_err(|_| KeyError::NotCheckpoint)?;
    let mut message = Vec::with_capacity(12 + 2 + name.len() + checkpoint.origin.len() + 24 + 32);
    message.extend_from_slice(SUBTREE_LABEL);
    push_short(&mut message, name)?;
    message.extend_from_slice(&checked_time(time)?.to_be_bytes());
    push_short(&mut message, &checkpoint.origin)?;
    message.extend_from_slice(&0u64.to_be_bytes());
    message.extend_from_slice(&checkpoint.size.to_be_bytes());
    message.extend_from_slice(checkpoint.root.as_bytes());
    Ok(message)
}

fn push_short(message: &mut Vec<u8>, text: &str) -> Result<(), KeyError> {
    let length = u8::try_from(text.len()).map_err(|_| KeyError::TooLongToCosign(text.len()))?;
    message.push(length);
    message.extend_from_slice(text.as_bytes());
    Ok(())
}

fn checked_time(time: u64) -> Result<u64, KeyError> {
    if time <= TIME_MAX { Ok(time) } else { Err(KeyError::Time(time)) }
}
