//! The key ring: durable, wrapped, and forgetting for good; erasure leaves every proof standing.

use crate::fleet;
use std::path::Path;
use tacho_merkle::commit::SaltKey;
use tacho_merkle::{VerifierKey, leaf_hash};
use tacho_record::keyring::KeyRing;
use tacho_record::{RecordError, log::replay};

fn open(folder: &Path) -> KeyRing {
    KeyRing::open(folder, &[1; 32], fleet::counted).unwrap()
}

#[test]
fn a_synced_secret_is_there_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut ring = open(dir.path());
    let (alice, day) = (ring.secret("subject alice"), ring.secret("period personal 2026-11-21"));
    assert_ne!(alice, day);
    assert_eq!(ring.secret("subject alice"), alice);
    ring.sync().unwrap();
    ring.secret("never synced");
    drop(ring);
    let ring = open(dir.path());
    assert_eq!(ring.find("subject alice"), Some(alice));
    assert_eq!(ring.find("never synced"), None);
}

#[test]
fn a_destroyed_secret_is_gone_from_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let mut ring = open(dir.path());
    let bob = ring.secret("subject bob");
    ring.secret("subject alice");
    ring.sync().unwrap();
    let before = std::fs::read(dir.path().join("ring")).unwrap();
    assert_eq!(ring.destroy(&["subject alice", "subject nobody"]).unwrap(), 1);
    ring.secret("subject carol");
    ring.sync().unwrap();
    drop(ring);
    let after = std::fs::read(dir.path().join("ring")).unwrap();
    assert_ne!(before[16..76], after[16..76], "the ring must have a fresh key");
    let ring = open(dir.path());
    assert_eq!(ring.find("subject alice"), None);
    assert_eq!(ring.find("subject bob"), Some(bob));
    assert!(ring.find("subject carol").is_some());
}

#[test]
fn another_master_key_opens_nothing() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()));
    let opened = KeyRing::open(dir.path(), &[2; 32], fleet::counted);
    assert!(matches!(opened.err(), Some(RecordError::Corrupt { .. })));
}

#[test]
fn no_changed_byte_goes_unseen() {
    let dir = tempfile::tempdir().unwrap();
    let mut ring = open(dir.path());
    let secret = ring.secret("subject alice");
    ring.sync().unwrap();
    drop(ring);
    let path = dir.path().join("ring");
    let good = std::fs::read(&path).unwrap();
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 1;
        std::fs::write(&path, &bad).unwrap();
        // A longer length looks torn, and then the secret is missing: never another secret.
        if let Ok(ring) = KeyRing::open(dir.path(), &[1; 32], fleet::counted) {
            assert_eq!(ring.find("subject alice"), None, "byte {at}");
        }
    }
    std::fs::write(&path, &good).unwrap();
    assert_eq!(open(dir.path()).find("subject alice"), Some(secret));
}

#[test]
fn damage_before_the_last_secret_is_never_taken_for_a_torn_end() {
    let dir = tempfile::tempdir().unwrap();
    let mut ring = open(dir.path());
    for name in ["subject alice", "subject bob", "subject carol"] {
        ring.secret(name);
    }
    ring.sync().unwrap();
    drop(ring);
    let path = dir.path().join("ring");
    let good = std::fs::read(&path).unwrap();
    let last = 2 + 12 + 16 + 32 + "subject carol".len();
    for at in 0..good.len() - last {
        let mut bad = good.clone();
        bad[at] ^= 0x80;
        std::fs::write(&path, &bad).unwrap();
        let opened = KeyRing::open(dir.path(), &[1; 32], fleet::counted);
        assert!(matches!(opened.err(), Some(RecordError::Corrupt { .. })), "byte {at}");
        assert_eq!(std::fs::read(&path).unwrap(), bad, "a refused ring must stay as it is");
    }
}

#[test]
fn erasing_leaves_every_proof_standing_and_the_content_unguessable() {
    let dir = tempfile::tempdir().unwrap();
    let mut ring = open(dir.path());
    let (subject, period) = (ring.secret("subject alice"), ring.secret("period standard 2026-11"));
    ring.sync().unwrap();
    let section = br#"{"user":"alice"}"#;
    let commitment = SaltKey::new(&subject, &period).commitment(&[9; 16], "who", section);

    let mut log = fleet::open(&dir.path().join("data")).unwrap();
    log.append(fleet::START_US, vec![fleet::batch(0, 0), fleet::batch(1, 1)]).unwrap();
    log.seal().unwrap();
    let proof = log.prove(0).unwrap();
    drop(log);

    ring.destroy(&["subject alice"]).unwrap();
    assert_eq!(ring.find("subject alice"), None);
    // A new secret of the same name is another one: the right guess no longer matches the commitment.
    let again = SaltKey::new(&ring.secret("subject alice"), &period).commitment(&[9; 16], "who", section);
    assert_ne!(again, commitment);

    let mut leaf = None;
    replay(&dir.path().join("data"), |index, bytes| leaf = leaf.or((index == 0).then(|| leaf_hash(bytes))))
        .unwrap();
    let keys: Vec<VerifierKey> = fleet::signers().iter().map(|key| key.verifier().clone()).collect();
    proof.verify(leaf.unwrap(), &keys).unwrap();
}

#[test]
fn a_renamed_secret_is_the_same_and_its_old_name_is_free() {
    let dir = tempfile::tempdir().unwrap();
    let mut ring = open(dir.path());
    let alice = ring.secret("subject alice");
    assert!(ring.rename("subject alice", "erasing 1 alice").unwrap(), "also when it was not synced yet");
    assert!(!ring.rename("subject alice", "erasing 2 alice").unwrap());
    let again = ring.secret("subject alice");
    assert_ne!(alice, again);
    ring.sync().unwrap();
    drop(ring);
    let mut ring = open(dir.path());
    assert_eq!(ring.secrets().find("erasing 1 alice"), Some(alice));
    assert_eq!(ring.find("subject alice"), Some(again));
    assert_eq!(ring.destroy(&["erasing 1 alice"]).unwrap(), 1);
    assert_eq!(ring.names().collect::<Vec<_>>(), ["subject alice"]);
}
