//! A data folder's own secrets, made at first use.
//!
//! On disk: `origin` (the log's name, public), `keyring/master.key` (64 hexadecimal digits, readable by the owner
//! only) and the key ring, which the master key wraps: it holds the seeds of the signing keys and the key of ids
//! beside the secrets of sections. `TACHOGRAPH_MASTER_KEY` names a master key file that lies elsewhere, so that a
//! stolen folder opens nothing.
//!
//! Invariant: `origin` is written last, so a folder that has it is complete.

use crate::clock::random;
use std::error::Error;
use std::fmt;
use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use tacho_event::id::IdKey;
use tacho_merkle::{Algorithm, Hash, SignerKey, VerifierKey};
use tacho_record::RecordError;
use tacho_record::keyring::{KeyRing, Secrets};

/// Names of the log's own secrets in the key ring.
const NAMES: [&str; 3] = ["log ed25519", "log ml-dsa-44", "log id"];
const MASTER_VARIABLE: &str = "TACHOGRAPH_MASTER_KEY";

/// The secrets of one folder.
pub(crate) struct Keys {
    origin: String,
    master: [u8; 32],
    secrets: [[u8; 32]; NAMES.len()],
}

impl Keys {
    /// Reads the folder's secrets, or makes them when the folder is new; `origin` names a new log.
    pub(crate) fn open(data: &Path, origin: Option<&str>) -> Result<Keys, Box<dyn Error>> {
        let path = data.join("origin");
        if !path.try_exists()? {
            if data.join("wal").try_exists()? {
                let what = format!("{} is missing, but the folder holds a log: restore it", path.display());
                return Err(what.into());
            }
            make(data, origin)?;
        }
        Keys::read(data)
    }

    /// Reads the secrets of a folder that has them.
    pub(crate) fn read(data: &Path) -> Result<Keys, Box<dyn Error>> {
        let origin = read_origin(data)?;
        let master = read_master(data)?;
        let secrets = own(&read_ring(data, &master)?)?;
        Ok(Keys { origin, master, secrets })
    }

    pub(crate) fn signers(&self) -> Result<Vec<SignerKey>, Box<dyn Error>> {
        signers(&self.origin, &self.secrets)
    }

    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// The keys that others check with.
    pub(crate) fn verifiers(&self) -> Result<Vec<VerifierKey>, Box<dyn Error>> {
        Ok(self.signers()?.iter().map(|key| key.verifier().clone()).collect())
    }

    pub(crate) fn id_key(&self) -> IdKey {
        IdKey::new(&self.secrets[2])
    }

    /// The key ring as it is, changed in nothing: for verifying.
    pub(crate) fn read_ring(&self, data: &Path) -> Result<Secrets, Box<dyn Error>> {
        Ok(Secrets::read(&data.join("keyring"), &self.master)?)
    }

    pub(crate) fn ring(&self, data: &Path) -> Result<KeyRing, Box<dyn Error>> {
        Ok(KeyRing::open(&data.join("keyring"), &self.master, random)?)
    }
}

/// Where the master key lies.
pub(crate) fn master_path(data: &Path) -> PathBuf {
    std::env::var_os(MASTER_VARIABLE).map_or_else(|| data.join("keyring/master.key"), PathBuf::from)
}

/// Why something of a folder is not to be had.
#[derive(Debug)]
pub(crate) enum Lost {
    /// Not there, or not to be read by this user.
    Missing(String),
    /// There, and not what was written.
    Damaged(String),
}

impl fmt::Display for Lost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Lost::Missing(what) | Lost::Damaged(what)) = self;
        f.write_str(what)
    }
}

impl Error for Lost {}

/// The log's name as the folder's own file says it.
pub(crate) fn read_origin(data: &Path) -> Result<String, Lost> {
    Ok(read_text(&data.join("origin"))?.trim().to_string())
}

/// The key ring alone: for verifying what is left of a folder.
pub(crate) fn read_secrets(data: &Path) -> Result<Secrets, Lost> {
    read_ring(data, &read_master(data)?)
}

/// The keys that others check with, for a log of that name.
pub(crate) fn verifiers(origin: &str, ring: &Secrets) -> Result<Vec<VerifierKey>, Lost> {
    let signers = signers(origin, &own(ring)?);
    let signers =
        signers.map_err(|error| Lost::Damaged(format!("no log has the name {origin:?}: {error}")))?;
    Ok(signers.iter().map(|key| key.verifier().clone()).collect())
}

fn signers(origin: &str, secrets: &[[u8; 32]; NAMES.len()]) -> Result<Vec<SignerKey>, Box<dyn Error>> {
    let ed25519 = SignerKey::from_seed(origin, Algorithm::Ed25519, &secrets[0])?;
    let ml_dsa = SignerKey::from_seed(origin, Algorithm::MlDsa44, &secrets[1])?;
    Ok(vec![ed25519, ml_dsa])
}

/// The log's own secrets.
fn own(ring: &Secrets) -> Result<[[u8; 32]; NAMES.len()], Lost> {
    let mut secrets = [[0; 32]; NAMES.len()];
    for (secret, name) in secrets.iter_mut().zip(NAMES) {
        let found = ring.find(name);
        *secret = found
            .ok_or_else(|| Lost::Missing(format!("the key ring has no secret \"{name}\": restore it")))?;
    }
    Ok(secrets)
}

fn read_ring(data: &Path, master: &[u8; 32]) -> Result<Secrets, Lost> {
    Secrets::read(&data.join("keyring"), master).map_err(|error| match error {
        RecordError::Corrupt { .. } => Lost::Damaged(error.to_string()),
        _ => Lost::Missing(error.to_string()),
    })
}

fn read_master(data: &Path) -> Result<[u8; 32], Lost> {
    let path = master_path(data);
    let key = Hash::from_hex(read_text(&path)?.trim()).map_err(|_| {
        Lost::Damaged(format!("{} is damaged: expected 64 hexadecimal digits", path.display()))
    })?;
    Ok(*key.as_bytes())
}

fn read_text(path: &Path) -> Result<String, Lost> {
    fs::read_to_string(path).map_err(|error| {
        let what = format!("cannot read {}: {error}", path.display());
        if error.kind() == std::io::ErrorKind::InvalidData {
            Lost::Damaged(what)
        } else {
            Lost::Missing(what)
        }
    })
}

/// Writes new secrets durably before anything is signed or salted with them.
fn make(data: &Path, origin: Option<&str>) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(data.join("keyring"))?;
    let path = master_path(data);
    // One that lies elsewhere, or that an interrupted start left, is used as it is.
    if !path.try_exists()? {
        let mut secret = [0; 32];
        random(&mut secret);
        write(&path, &format!("{}\n", Hash::new(secret)), 0o600)?;
    }
    let mut ring = KeyRing::open(&data.join("keyring"), &read_master(data)?, random)?;
    for name in NAMES {
        ring.secret(name);
    }
    ring.sync()?;
    let mut name = [0; 8];
    random(&mut name);
    // The random id stays part of the origin: it must never be used again, not even after a restore.
    let origin = format!("{}/{:016x}\n", origin.unwrap_or("tachograph.local"), u64::from_be_bytes(name));
    write(&data.join("origin"), &origin, 0o644)
}

/// Writes a whole file durably: temporary name, sync, rename, sync of the folder.
fn write(path: &Path, text: &str, mode: u32) -> Result<(), Box<dyn Error>> {
    let temporary = path.with_extension("tmp");
    let mut file =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(mode).open(&temporary)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    fs::File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()?;
    Ok(())
}
