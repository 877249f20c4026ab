//! The key ring's file after damage: refused and left as it is, or opened with the first of its secrets.
//! Never another secret, never one out of the middle missing.
#![no_main]

use arbitrary::Arbitrary;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};
use tacho_record::RecordError;
use tacho_record::keyring::KeyRing;

#[derive(Debug, Arbitrary)]
struct Input {
    names: Vec<u16>,
    destroyed: Option<u16>,
    edits: Vec<(u16, u8)>,
    cut: Option<u16>,
    appended: Vec<u8>,
}

static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
    tempfile::Builder::new().prefix("tacho-fuzz-ring").tempdir().expect("a folder can be made").keep()
});

/// Different bytes at each call; nothing is protected by them.
fn counted(out: &mut [u8]) {
    static CALLS: AtomicU64 = AtomicU64::new(1);
    let call = CALLS.fetch_add(1, Ordering::Relaxed).to_le_bytes();
    out.iter_mut().enumerate().for_each(|(i, byte)| *byte = call[i % 8] ^ i as u8);
}

fn open() -> Result<KeyRing, RecordError> {
    KeyRing::open(&FOLDER, &[1; 32], counted)
}

libfuzzer_sys::fuzz_target!(|input: Input| {
    let path = FOLDER.join("ring");
    let _ = std::fs::remove_file(&path);
    let mut ring = open().expect("a new ring opens");
    let mut made = Vec::new();
    for name in input.names.iter().take(20) {
        let name = format!("subject {name}");
        let secret = ring.secret(&name);
        if !made.contains(&(name.clone(), secret)) {
            made.push((name, secret));
        }
    }
    ring.sync().expect("the ring can be written");
    if let Some(name) = input.destroyed {
        let name = format!("subject {name}");
        ring.destroy(&[&name]).expect("the ring can be written");
        assert_eq!(ring.find(&name), None);
        made.retain(|(kept, _)| *kept != name);
    }
    drop(ring);
    let good = std::fs::read(&path).expect("the ring is there");
    let bad = damaged(&good, &input);
    std::fs::write(&path, &bad).expect("the ring can be written");
    match open() {
        Ok(ring) => {
            let missing = made.iter().filter(|(name, _)| ring.find(name).is_none()).count();
            for (name, secret) in &made {
                assert!(ring.find(name).is_none_or(|found| found == *secret), "{name} has another secret");
            }
            // In the order of the file only while nothing was destroyed: rewriting does not keep it.
            if input.destroyed.is_none() {
                let there = |(name, _): &(String, [u8; 32])| ring.find(name).is_some();
                assert!(made.iter().take(made.len() - missing).all(there), "one out of the middle is gone");
            }
            assert!(bad != good || missing == 0);
        }
        Err(RecordError::Corrupt { .. }) => {
            assert_ne!(bad, good);
            assert_eq!(std::fs::read(&path).expect("the ring is there"), bad, "a refused ring must stay");
        }
        Err(other) => panic!("{other}"),
    }
});

fn damaged(good: &[u8], input: &Input) -> Vec<u8> {
    let mut bad = good.to_vec();
    for (at, xor) in input.edits.iter().take(3) {
        let at = usize::from(*at) % bad.len();
        bad[at] ^= xor;
    }
    if let Some(cut) = input.cut {
        bad.truncate(usize::from(cut) % (bad.len() + 1));
    }
    bad.extend_from_slice(&input.appended);
    bad
}
