//! A data folder's own secrets, made at first use: origin, signing seeds, id key, master key.
//!
//! On disk: `keyring/log.keys`, readable by the owner only: origin, then three lines of 64 hexadecimal digits
//! (seed of the Ed25519 key, seed of the ML-DSA-44 key, id key), then the master key of the key ring.

use crate::clock::random;
use std::error::Error;
use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use tacho_event::id::IdKey;
use tacho_merkle::{Algorithm, Hash, SignerKey, VerifierKey};
use tacho_record::keyring::{KeyRing, Secrets};

/// Where the secrets are, below the data folder.
const FILE: &str = "keyring/log.keys";

/// The secrets of one folder.
pub(crate) struct Keys {
    origin: String,
    secrets: [[u8; 32]; 4],
}

impl Keys {
    /// Reads the folder's secrets, or makes them when the folder is new; `origin` names a new log.
    pub(crate) fn open(data: &Path, origin: Option<&str>) -> Result<Keys, Box<dyn Error>> {
        let path = data.join(FILE);
        if !path.exists() {
            if data.join("wal").exists() {
                let what = format!("{} is missing, but the folder holds a log: restore it", path.display());
                return Err(what.into());
            }
            make(&path, origin)?;
        }
        Keys::read(data)
    }

    /// Reads the secrets of a folder that has them.
    pub(crate) fn read(data: &Path) -> Result<Keys, Box<dyn Error>> {
        let path = data.join(FILE);
        let text = fs::read_to_string(&path).map_err(|e| format!("cannot read {}: {e}", path.display()))?;
        let lines: Vec<&str> = text.lines().collect();
        let [origin, secrets @ ..] = lines.as_slice() else { return Err(damaged(&path)) };
        let mut parsed = [[0; 32]; 4];
        if secrets.len() != parsed.len() {
            return Err(damaged(&path));
        }
        for (secret, hex) in parsed.iter_mut().zip(secrets) {
            *secret = *Hash::from_hex(hex).map_err(|_| damaged(&path))?.as_bytes();
        }
        Ok(Keys { origin: origin.to_string(), secrets: parsed })
    }

    pub(crate) fn signers(&self) -> Result<Vec<SignerKey>, Box<dyn Error>> {
        let ed25519 = SignerKey::from_seed(&self.origin, Algorithm::Ed25519, &self.secrets[0])?;
        let ml_dsa = SignerKey::from_seed(&self.origin, Algorithm::MlDsa44, &self.secrets[1])?;
        Ok(vec![ed25519, ml_dsa])
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
        Ok(Secrets::read(&data.join("keyring"), &self.secrets[3])?)
    }

    pub(crate) fn ring(&self, data: &Path) -> Result<KeyRing, Box<dyn Error>> {
        Ok(KeyRing::open(&data.join("keyring"), &self.secrets[3], random)?)
    }
}

fn damaged(path: &Path) -> Box<dyn Error> {
    format!("{} is damaged: expected the origin and four lines of 64 hexadecimal digits", path.display())
        .into()
}

/// Writes new secrets durably before anything is signed or salted with them.
fn make(path: &Path, origin: Option<&str>) -> Result<(), Box<dyn Error>> {
    let folder = path.parent().ok_or("the keys need a folder")?;
    fs::create_dir_all(folder)?;
    let mut name = [0; 8];
    random(&mut name);
    let name = u64::from_be_bytes(name);
    // The random id stays part of the origin: it must never be used again, not even after a restore.
    let mut text = format!("{}/{name:016x}\n", origin.unwrap_or("tachograph.local"));
    for _ in 0..4 {
        let mut secret = [0; 32];
        random(&mut secret);
        text.push_str(&format!("{}\n", Hash::new(secret)));
    }
    let temporary = path.with_extension("tmp");
    let mut file =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&temporary, path)?;
    fs::File::open(folder)?.sync_all()?;
    Ok(())
}
