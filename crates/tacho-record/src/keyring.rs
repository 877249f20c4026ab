//! The key ring: the secrets that sections are salted with, one for each data subject and one for each
//! (retention class, period). Destroying a secret is what erases and expires; proofs do not need it.
//!
//! On disk, `docs/formats/keyring.md`: `ring` = [`MAGIC`], the ring's own key wrapped by the master key, then
//! one frame for each secret, sealed by the ring's key with AES-256-GCM and its number as associated data.
//!
//! Invariants
//! - A secret is durable before [`KeyRing::sync`] returns, and the journal is synced only after that.
//! - Destroying rewrites the ring under a fresh ring key: the old file's frames can't be opened with the new one.
//! - A torn end is cut off: no synced batch can have used a secret in it. Damage elsewhere is corruption.

use crate::Random;
use crate::durable::{create_folder, publish, replace, write_synced};
use crate::error::RecordError;
use crate::poison::Poison;
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

pub const MAGIC: &[u8; 16] = b"tachograph ring1";
const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
const SECRET_BYTES: usize = 32;
const WRAPPED_BYTES: usize = NONCE_BYTES + SECRET_BYTES + TAG_BYTES;
const NAME_BYTES_MAX: usize = 1024;
const FRAME_BYTES_MAX: usize = 2 + NONCE_BYTES + TAG_BYTES + SECRET_BYTES + NAME_BYTES_MAX;

/// A secret, wiped when it is dropped. In a box, so that moving it leaves no copy behind.
type Secret = Box<Zeroizing<[u8; SECRET_BYTES]>>;

/// The secrets of one data folder.
pub struct KeyRing {
    path: PathBuf,
    master: Aes256Gcm,
    ring: Aes256Gcm,
    file: File,
    size: u64,
    next: u64,
    secrets: HashMap<String, Secret>,
    pending: Vec<u8>,
    random: Random,
    poison: Poison,
}

/// The secrets of a ring as they were read, for those who only check.
pub struct Secrets(HashMap<String, Secret>);

impl Secrets {
    /// Reads a folder's ring. Changes nothing, and may run beside the process that writes it.
    ///
    /// # Errors
    /// As [`KeyRing::open`].
    pub fn read(folder: &Path, master: &[u8; 32]) -> Result<Secrets, RecordError> {
        let path = folder.join("ring");
        let bytes = std::fs::read(&path).map_err(RecordError::io("cannot read", &path))?;
        let ring = unwrap_ring(&path, &bytes, &Aes256Gcm::new(&(*master).into()))?;
        Ok(Secrets(read_frames(&path, &bytes, &ring)?.0))
    }

    /// The secret of that name; `None` after it was destroyed.
    pub fn find(&self, name: &str) -> Option<[u8; 32]> {
        self.0.get(name).map(|secret| ***secret)
    }

    /// The names of all secrets, in no order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

impl KeyRing {
    /// Opens the ring of a folder, or starts a new one.
    ///
    /// # Errors
    /// [`RecordError::Corrupt`] when the master key is another one or bytes were changed.
    pub fn open(folder: &Path, master: &[u8; 32], random: Random) -> Result<KeyRing, RecordError> {
        create_folder(folder)?;
        let path = folder.join("ring");
        let master = Aes256Gcm::new(&(*master).into());
        // A ring that can't be looked at is there all the same: an empty one in its place would destroy it.
        if !path.try_exists().map_err(RecordError::io("cannot look at", &path))? {
            let (bytes, _) = whole(&master, std::iter::empty(), random);
            replace(&path, &bytes)?;
        }
        let bytes = std::fs::read(&path).map_err(RecordError::io("cannot read", &path))?;
        let ring = unwrap_ring(&path, &bytes, &master)?;
        let (secrets, next, end) = read_frames(&path, &bytes, &ring)?;
        replace(&path, &bytes[..end])?;
        let file =
            OpenOptions::new().append(true).open(&path).map_err(RecordError::io("cannot open", &path))?;
        let size = end as u64;
        Ok(KeyRing {
            path,
            master,
            ring,
            file,
            size,
            next,
            secrets,
            pending: Vec::new(),
            random,
            poison: Poison::default(),
        })
    }

    /// The secret of that name, made now when there is none. Durable only after [`KeyRing::sync`].
    ///
    /// # Panics
    /// When the name is longer than a frame takes; names are bounded where events are accepted.
    pub fn secret(&mut self, name: &str) -> [u8; 32] {
        if let Some(secret) = self.secrets.get(name) {
            return ***secret;
        }
        assert!(name.len() <= NAME_BYTES_MAX, "names of secrets are bounded at accept");
        let mut secret = Secret::default();
        (self.random)(&mut secret[..]);
        let frame = frame(&self.ring, self.next, name, &secret, self.random);
        self.pending.extend_from_slice(&frame);
        self.next += 1;
        let copy = **secret;
        self.secrets.insert(name.to_string(), secret);
        copy
    }

    /// The secret of that name, if it exists: `None` after it was destroyed.
    pub fn find(&self, name: &str) -> Option<[u8; 32]> {
        self.secrets.get(name).map(|secret| ***secret)
    }

    /// Makes every new secret durable. Must return before a batch that uses one is synced.
    ///
    /// # Errors
    /// After [`RecordError::Io`] (a full disk) it can be called again. After [`RecordError::Poisoned`] the ring
    /// refuses until it is opened again, because what the disk holds is unknown.
    pub fn sync(&mut self) -> Result<(), RecordError> {
        self.unless_poisoned(|ring| {
            if ring.pending.is_empty() {
                return Ok(());
            }
            if let Err(error) = ring.file.write_all(&ring.pending) {
                // Part of it may be there: cut it off, so that it can be written again when there is space.
                ring.file.set_len(ring.size).map_err(|cut| RecordError::Poisoned {
                    why: format!("a torn write to {} could not be cut off: {cut}", ring.path.display()),
                })?;
                return Err(RecordError::io("cannot write", &ring.path)(error));
            }
            ring.file.sync_data().map_err(RecordError::unsynced(&ring.path))?;
            ring.size += ring.pending.len() as u64;
            ring.pending.clear();
            Ok(())
        })
    }

    /// Destroys secrets by rewriting the ring without them under a fresh ring key. Says how many there were.
    ///
    /// # Errors
    /// [`RecordError::Io`]: the old ring stays in place and nothing was destroyed. [`RecordError::Poisoned`]:
    /// which of the two rings the disk holds is unknown.
    pub fn destroy(&mut self, names: &[&str]) -> Result<usize, RecordError> {
        self.sync()?;
        self.unless_poisoned(|all| {
            let kept = all.secrets.iter().filter(|(name, _)| !names.contains(&name.as_str()));
            let (bytes, ring) = whole(&all.master, kept, all.random);
            let temporary = write_synced(&all.path, &bytes)?;
            // The handle follows the file to its name: behind the rename nothing may fail but the sync, or new
            // secrets would be written to the old file.
            let open = OpenOptions::new().append(true).open(&temporary);
            let file = open.map_err(RecordError::io("cannot open", &temporary))?;
            publish(&temporary, &all.path)?;
            let before = all.secrets.len();
            names.iter().for_each(|name| drop(all.secrets.remove(*name)));
            (all.file, all.ring, all.size) = (file, ring, bytes.len() as u64);
            all.next = all.secrets.len() as u64;
            Ok(before - all.secrets.len())
        })
    }

    fn unless_poisoned<T>(
        &mut self,
        act: impl FnOnce(&mut KeyRing) -> Result<T, RecordError>,
    ) -> Result<T, RecordError> {
        self.poison.check()?;
        let done = act(self);
        self.poison.note(done)
    }
}

/// A whole ring's bytes under a fresh ring key.
fn whole<'a>(
    master: &Aes256Gcm,
    secrets: impl Iterator<Item = (&'a String, &'a Secret)>,
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
fn frame(ring: &Aes256Gcm, number: u64, name: &str, secret: &[u8; 32], random: Random) -> Vec<u8> {
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

fn unwrap_ring(path: &Path, bytes: &[u8], master: &Aes256Gcm) -> Result<Aes256Gcm, RecordError> {
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

fn read_frames(path: &Path, bytes: &[u8], ring: &Aes256Gcm) -> Result<Frames, RecordError> {
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
