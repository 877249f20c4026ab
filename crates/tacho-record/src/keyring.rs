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

mod frames;

pub use frames::MAGIC;

use crate::Random;
use crate::durable::{create_folder, publish, replace, write_synced};
use crate::error::RecordError;
use crate::poison::Poison;
use aes_gcm::Aes256Gcm;
use aes_gcm::aead::KeyInit;
use frames::{NAME_BYTES_MAX, SECRET_BYTES, frame, read_frames, unwrap_ring, whole};
use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

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

    /// The names of all secrets, in no order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.secrets.keys().map(String::as_str)
    }

    /// The secrets as they are now, for those who compute commitments while others record.
    pub fn secrets(&self) -> Secrets {
        let copy = |(name, secret): (&String, &Secret)| (name.clone(), secret.clone());
        Secrets(self.secrets.iter().map(copy).collect())
    }

    /// Destroys secrets by rewriting the ring without them under a fresh ring key. Says how many there were.
    ///
    /// # Errors
    /// [`RecordError::Io`]: the old ring stays in place and nothing was destroyed. [`RecordError::Poisoned`]:
    /// which of the two rings the disk holds is unknown.
    pub fn destroy(&mut self, names: &[&str]) -> Result<usize, RecordError> {
        let before = self.secrets.len();
        self.rewrite(&|name| (!names.contains(&name)).then(|| name.to_string()))?;
        Ok(before - self.secrets.len())
    }

    /// Gives a secret another name, durably: who asks for the old one gets a new secret from then on. Says whether it
    /// was there.
    ///
    /// # Errors
    /// As [`KeyRing::destroy`].
    ///
    /// # Panics
    /// When the new name is longer than a frame takes, or a secret has it already: the other one would be lost.
    pub fn rename(&mut self, from: &str, to: &str) -> Result<bool, RecordError> {
        assert!(
            to.len() <= NAME_BYTES_MAX && !self.secrets.contains_key(to),
            "the new name is free and short"
        );
        if !self.secrets.contains_key(from) {
            return Ok(false);
        }
        self.rewrite(&|name| Some((if name == from { to } else { name }).to_string()))?;
        Ok(true)
    }

    /// Writes the whole ring anew under a fresh ring key, each secret under the name that it is to have.
    fn rewrite(&mut self, named: &dyn Fn(&str) -> Option<String>) -> Result<(), RecordError> {
        self.sync()?;
        self.unless_poisoned(|all| {
            let kept = all.secrets.iter().filter_map(|(name, secret)| Some((named(name)?, secret)));
            let kept: Vec<(String, &Secret)> = kept.collect();
            let (bytes, ring) =
                whole(&all.master, kept.iter().map(|(name, s)| (name.as_str(), *s)), all.random);
            let temporary = write_synced(&all.path, &bytes)?;
            // The handle follows the file to its name: behind the rename nothing may fail but the sync, or new
            // secrets would be written to the old file.
            let open = OpenOptions::new().append(true).open(&temporary);
            let file = open.map_err(RecordError::io("cannot open", &temporary))?;
            publish(&temporary, &all.path)?;
            all.secrets = kept.into_iter().map(|(name, secret)| (name, secret.clone())).collect();
            (all.file, all.ring, all.size) = (file, ring, bytes.len() as u64);
            all.next = all.secrets.len() as u64;
            Ok(())
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
