//! kill -9 after every step of the write path: nothing acknowledged is lost, nothing doubled, the root stands.

use crate::fleet;
use std::path::{Path, PathBuf};
use std::process::Command;
use tacho_merkle::{Checkpoint, Frontier, VerifierKey, leaf_hash};
use tacho_record::{Step, log};

const EVENTS: u64 = 12;

fn recorder() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    test.parent().unwrap().parent().unwrap().join("examples/recorder")
}

/// Runs the recorder until it kills itself; returns the events that it acknowledged.
fn run_killed(folder: &Path, step: Step, count: u32) -> Vec<u64> {
    let output = Command::new(recorder())
        .args([folder.to_str().unwrap(), "0", &EVENTS.to_string(), &format!("{step:?}"), &count.to_string()])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), None, "it must die by the signal: {output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| line.strip_prefix("acked ")).map(|n| n.parse().unwrap()).collect()
}

fn signed(folder: &Path) -> Option<Checkpoint> {
    let note = std::fs::read_to_string(folder.join("log/checkpoint")).ok()?;
    let keys: Vec<VerifierKey> = fleet::signers().iter().map(|key| key.verifier().clone()).collect();
    Some(Checkpoint::open_all(&note, &keys).unwrap().0)
}

#[test]
fn nothing_acknowledged_is_lost_whatever_step_the_process_dies_at() {
    for step in Step::ALL {
        for count in [1, 5] {
            let dir = tempfile::tempdir().unwrap();
            let acked = run_killed(dir.path(), step, count);
            let before = signed(dir.path());

            // Every client retries everything: what was recorded is a duplicate, the rest is new.
            let mut log = fleet::open(dir.path()).unwrap();
            let recovered = log.sizes().0;
            assert!(recovered >= acked.len() as u64, "{step:?}: {recovered} of {acked:?}");
            for n in 0..EVENTS {
                let receipt = log.append(fleet::START_US, vec![fleet::batch(n, n)]).unwrap()[0];
                assert_eq!(receipt.duplicates == 1, n < recovered, "{step:?}: event {n} of {recovered}");
            }
            log.seal().unwrap();
            assert_eq!(log.sizes(), (EVENTS, EVENTS));
            drop(log);
            check_root(dir.path(), before);
        }
    }
}

/// Recomputes the tree from the entries, apart from tiles and sealer; what was signed before must be a prefix.
fn check_root(folder: &Path, before: Option<Checkpoint>) {
    let mut tree = Frontier::new();
    let mut ids = std::collections::HashSet::new();
    log::replay(folder, |index, bytes| {
        assert_eq!(index, tree.size());
        tree.push(leaf_hash(bytes));
        assert!(ids.insert(bytes.to_vec()), "entry {index} is doubled");
        if let Some(before) = before.as_ref().filter(|before| before.size == tree.size()) {
            assert_eq!(before.root, tree.root(), "history before the crash changed");
        }
    })
    .unwrap();
    assert_eq!(signed(folder).unwrap().root, tree.root());
}

#[test]
fn a_proof_made_after_a_crash_verifies() {
    let dir = tempfile::tempdir().unwrap();
    run_killed(dir.path(), Step::TilesWritten, 3);
    let mut log = fleet::open(dir.path()).unwrap();
    log.seal().unwrap();
    let proof = log.prove(1).unwrap();
    drop(log);
    let mut leaf = None;
    log::replay(dir.path(), |index, bytes| leaf = leaf.or((index == 1).then(|| leaf_hash(bytes)))).unwrap();
    let keys: Vec<VerifierKey> = fleet::signers().iter().map(|key| key.verifier().clone()).collect();
    proof.verify(leaf.unwrap(), &keys).unwrap();
    assert!(proof.verify(leaf_hash(b"another entry"), &keys).is_err());
}
