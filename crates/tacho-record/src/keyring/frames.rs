//! The bytes of a key ring: the wrapped ring key, and one sealed frame for each secret.

use super::Secret;
use crate::Random;
use crate::error::RecordError;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use std::collections::HashMap;
use std::path::Path;
use zeroize::Zeroizing;

pub const MAGIC: &[u8; 16] = b"tachograph ring1";
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
pub(super) const SECRET_BYTES: usize = 32;
const WRAPPED_BYTES: usize = NONCE_BYTES + SECRET_BYTES + TAG_BYTES;
pub(super) const NAME_BYTES_MAX: usize = 1024;
const FRAME_BYTES_MAX: usize = 2 + NONCE_BYTES + TAG_BYTES + SECRET_BYTES + NAME_BYTES_MAX;

/// A whole ring's bytes under a fresh ring key.
pub(super) fn whole<'a>(
    master: &Aes256Gcm,
    secrets: impl Iterator<Item = (&'a str, &'a Secret)>,
    random: Random,
) -> (Vec<u8>, Aes256Gcm) {
    let mut key = Zeroizing::new([0; SECRET_BYTES]);
    random(&mut key[..]);
    let ring = Aes256Gcm::new(&(*key).into());
    let mut out = MAGIC.to_vec();
    out.extend_from_slice(&seal(master, MAGIC, &key[..], random));
    for (number, (name, secret)) in (0u64..).zip(secrets) {
        out.extend_from_slice(&frame(&ring, number, name, secret, random));
    }
    (out, ring)
}

/// `u16 length of what follows, nonce, sealed (secret, name)`.
pub(super) fn frame(ring: &Aes256Gcm, number: u64, name: &str, secret: &[u8; 32], random: Random) -> Vec<u8> {
    let plain = Zeroizing::new([secret.as_slice(), name.as_bytes()].concat());
    let sealed = seal(ring, &number.to_le_bytes(), &plain, random);
    let mut out = (sealed.len() as u16).to_le_bytes().to_vec();
    out.extend_from_slice(&sealed);
    out
}

fn seal(cipher: &Aes256Gcm, aad: &[u8], plain: &[u8], random: Random) -> Vec<u8> {
    let mut nonce = [0; NONCE_BYTES];
    random(&mut nonce);
    let sealed = cipher.encrypt(&Nonce::from(nonce), Payload { msg: plain, aad });
    let sealed = sealed.expect("AES-GCM seals every message below 64 GiB");
    [nonce.as_slice(), &sealed].concat()
}

fn unseal(cipher: &Aes256Gcm, aad: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, sealed) = sealed.split_at_checked(NONCE_BYTES)?;
    let nonce: [u8; NONCE_BYTES] = nonce.try_into().ok()?;
    cipher.decrypt(&Nonce::from(nonce), Payload { msg: sealed, aad }).ok().map(Zeroizing::new)
}

pub(super) fn unwrap_ring(path: &Path, bytes: &[u8], master: &Aes256Gcm) -> Result<Aes256Gcm, RecordError> {
    let body = bytes.strip_prefix(MAGIC.as_slice());
    let body =
        body.ok_or_else(|| RecordError::corrupt(path, 0, "expected the key ring's magic of version 1"))?;
    let wrapped = body.get(..WRAPPED_BYTES);
    let key = wrapped.and_then(|wrapped| unseal(master, MAGIC, wrapped));
    let key = key.and_then(|key| key.as_slice().try_into().ok().map(Zeroizing::<[u8; SECRET_BYTES]>::new));
    let key = key.ok_or_else(|| {
        RecordError::corrupt(path, 16, "the ring's key does not open: another master key, or changed bytes")
    })?;
    Ok(Aes256Gcm::new(&(*key).into()))
}

/// Whether a later frame opens behind `at`: then what is at `at` is damage and not a torn end.
///
/// Bounded: a torn frame is the last one, so at most one frame's length of places is tried.
fn whole_frame_behind(bytes: &[u8], at: usize, number: u64, ring: &Aes256Gcm) -> bool {
    let last = bytes.len().min(at + FRAME_BYTES_MAX);
    (at + 1..last).any(|start| {
        let len = bytes.get(start..start + 2).map(|b| usize::from(u16::from_le_bytes([b[0], b[1]])));
        let sealed = len.and_then(|len| bytes.get(start + 2..start + 2 + len));
        let opens = |sealed: &&[u8]| unseal(ring, &(number + 1).to_le_bytes(), sealed).is_some();
        sealed.filter(opens).is_some()
    })
}

type Frames = (HashMap<String, Secret>, u64, usize);

pub(super) fn read_frames(path: &Path, bytes: &[u8], ring: &Aes256Gcm) -> Result<Frames, RecordError> {
    let (mut secrets, mut number, mut at) = (HashMap::new(), 0u64, MAGIC.len() + WRAPPED_BYTES);
    while at < bytes.len() {
        let len = bytes.get(at..at + 2).map(|b| usize::from(u16::from_le_bytes([b[0], b[1]])));
        let Some(sealed) = len.and_then(|len| bytes.get(at + 2..at + 2 + len)) else {
            if whole_frame_behind(bytes, at, number, ring) || len.is_some_and(|len| len > FRAME_BYTES_MAX) {
                return Err(RecordError::corrupt(
                    path,
                    at as u64,
                    format!("the length of secret {number} is damaged"),
                ));
            }
            break; // torn: the frame goes past the end, and nothing good stands behind it
        };
        let damaged = || RecordError::corrupt(path, at as u64, format!("secret {number} does not open"));
        let plain = unseal(ring, &number.to_le_bytes(), sealed).ok_or_else(damaged)?;
        let (secret, name) = plain.split_first_chunk::<SECRET_BYTES>().ok_or_else(damaged)?;
        let name = std::str::from_utf8(name).map_err(|_| damaged())?;
        secrets.insert(name.to_string(), Box::new(Zeroizing::new(*secret)));
        (number, at) = (number + 1, at + 2 + sealed.len());
    }
    Ok((secrets, number, at))
}
