//! Proofs of a small log that is held in memory, whole and damaged in every way that must be found.

use super::*;
use crate::evidence::Export;
use crate::handler::Defaults;
use crate::log::{Answer, Recorded};
use serde_json::{Map, json};
use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use tacho_merkle::tile::{TileWriter, encode_bundle};
use tacho_merkle::{Algorithm, SignerKey, TlogProof};

const SIZE: u64 = 600;

/// The files of a log, as a server publishes them.
struct Memory {
    files: HashMap<String, Vec<u8>>,
    entries: Vec<Vec<u8>>,
    /// Proofs that are told under the first checkpoint; a later one has one more signature.
    first_proofs: AtomicUsize,
}

fn key(seed: u8) -> SignerKey {
    SignerKey::from_seed("example.org/log", Algorithm::Ed25519, &[seed; 32]).unwrap()
}

impl Memory {
    fn new() -> Memory {
        let entries: Vec<Vec<u8>> = (0..SIZE).map(|n| format!("{{\"n\":{n}}}").into_bytes()).collect();
        let mut writer = TileWriter::new();
        let mut tiles = writer.extend(entries.iter().map(|entry| leaf_hash(entry)));
        tiles.extend(writer.partials());
        let mut files: HashMap<_, _> = tiles.into_iter().map(|tile| (tile.path.path(), tile.bytes)).collect();
        let checkpoint = Checkpoint::new("example.org/log", SIZE, writer.root());
        files.insert("checkpoint".into(), checkpoint.sign(&[key(1)]).unwrap().into_bytes());
        files.insert("later".into(), checkpoint.sign(&[key(1), key(2)]).unwrap().into_bytes());
        let mut memory = Memory { files, entries, first_proofs: AtomicUsize::new(usize::MAX) };
        memory.bundles();
        memory
    }

    fn bundles(&mut self) {
        for (index, entries) in self.entries.chunks(usize::from(TILE_WIDTH)).enumerate() {
            let path = BundlePath { index: index as u64, width: entries.len() as u16 };
            self.files.insert(path.path(), encode_bundle(entries).unwrap());
        }
    }

    fn server(self, pins: Vec<VerifierKey>) -> AuditServer {
        let pins = Pins { keys: pins, own: false };
        AuditServer::new(Arc::new(self), pins, Defaults::default(), Arc::new(String::new))
    }
}

impl Log for Memory {
    fn name(&self) -> &str {
        "memory"
    }

    fn record<'a>(&'a self, _: &'a Caller, _: Map<String, Value>) -> Answer<'a, Recorded> {
        Box::pin(async { Err(Fault::refused("it is only read")) })
    }

    fn entry<'a>(&'a self, _: &'a Caller, id: &'a str) -> Answer<'a, Value> {
        Box::pin(async move { Ok(json!({"header": {"index": id.parse::<u64>().unwrap()}})) })
    }

    fn proof<'a>(&'a self, caller: &'a Caller, id: &'a str) -> Answer<'a, String> {
        Box::pin(async move {
            let index = id.parse::<u64>().unwrap();
            let left = self
                .first_proofs
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
            let name = if left.is_ok() { "checkpoint" } else { "later" };
            let note = String::from_utf8(self.published(caller, name).await?).unwrap();
            let hashes = TileReader::new(self, SIZE).unwrap().inclusion(index).unwrap();
            let extra = Some(self.entries[index as usize].clone());
            Ok(TlogProof { index, extra, hashes, checkpoint: Note::parse(&note).unwrap() }.to_string())
        })
    }

    fn published<'a>(&'a self, _: &'a Caller, path: &'a str) -> Answer<'a, Vec<u8>> {
        let found = self.files.get(path).cloned().ok_or_else(|| Fault::absent(path));
        Box::pin(async { found })
    }
}

impl TileSource for Memory {
    fn tile(&self, path: &TilePath) -> Result<Vec<u8>, TileError> {
        self.files.get(&path.path()).cloned().ok_or(TileError::Missing(*path))
    }
}

fn pinned() -> Vec<VerifierKey> {
    vec![key(1).verifier().clone()]
}

async fn range(server: &AuditServer, from: u64, to: u64) -> Result<RangeVerdict, Fault> {
    server.verify_range(&Caller::default(), Range { from, to }).await
}

async fn entry(server: &AuditServer, id: &str) -> EntryVerdict {
    server.verify_entry(&Caller::default(), OfEntry { id: id.into() }).await.unwrap()
}

#[tokio::test]
async fn what_was_recorded_is_proved_and_says_by_whose_keys() {
    let server = Memory::new().server(pinned());
    for id in ["0", "255", "256", "599"] {
        let verdict = entry(&server, id).await;
        assert!(verdict.verified && verdict.signed == Signed::ByPinnedKeys, "{verdict:?}");
    }
    for (from, to) in [(0, 0), (0, SIZE - 1), (200, 300), (512, 599), (255, 256)] {
        let verdict = range(&server, from, to).await.unwrap();
        assert!(verdict.verified, "{verdict:?}");
        assert_eq!(verdict.checked, to - from + 1);
    }
    let unpinned = Memory::new().server(Vec::new());
    assert_eq!(entry(&unpinned, "7").await.signed, Signed::Unchecked);
    assert_eq!(range(&unpinned, 0, 9).await.unwrap().signed, Signed::Unchecked);
}

#[tokio::test]
async fn a_checkpoint_of_other_keys_proves_nothing() {
    let server = Memory::new().server(vec![key(2).verifier().clone()]);
    let verdict = entry(&server, "7").await;
    assert!(!verdict.verified && verdict.problem.is_some(), "{verdict:?}");
    assert!(range(&server, 0, 9).await.unwrap_err().why.contains("refused"));
}

#[tokio::test]
async fn a_changed_entry_is_named() {
    let mut memory = Memory::new();
    memory.entries[300] = b"{\"n\":301}".to_vec();
    memory.bundles();
    let server = memory.server(pinned());
    let verdict = range(&server, 256, 400).await.unwrap();
    assert!(!verdict.verified);
    assert!(verdict.problems.len() == 1 && verdict.problems[0].contains("entry 300 "), "{verdict:?}");
    assert!(!entry(&server, "300").await.verified);
    assert!(range(&server, 301, 400).await.unwrap().verified);
}

#[tokio::test]
async fn an_entry_and_its_tile_changed_together_are_found() {
    let mut memory = Memory::new();
    memory.entries[300] = b"{\"n\":301}".to_vec();
    memory.bundles();
    let forged = leaf_hash(&memory.entries[300]);
    let tile = memory.files.get_mut("tile/0/001").unwrap();
    tile[44 * 32..45 * 32].copy_from_slice(forged.as_bytes());
    let server = memory.server(pinned());
    let verdict = range(&server, 300, 300).await.unwrap();
    assert!(
        !verdict.verified && verdict.problems[0].contains("the tile of entries 256 to 511"),
        "{verdict:?}"
    );
}

#[tokio::test]
async fn a_removed_or_inserted_entry_is_found() {
    for inserted in [false, true] {
        let mut memory = Memory::new();
        if inserted {
            memory.entries.insert(10, b"{}".to_vec());
        } else {
            memory.entries.remove(10);
        }
        memory.bundles();
        let verdict = range(&memory.server(pinned()), 0, 20).await.unwrap();
        assert!(!verdict.verified && verdict.problems[0].contains("entry 10 "), "{verdict:?}");
    }
}

#[tokio::test]
async fn a_bundle_that_is_cut_short_is_a_finding() {
    let mut memory = Memory::new();
    memory.files.get_mut("tile/entries/000").unwrap().truncate(1000);
    let verdict = range(&memory.server(pinned()), 0, 20).await.unwrap();
    assert!(!verdict.verified && verdict.checked == 0, "{verdict:?}");
}

#[tokio::test]
async fn a_range_is_bounded_and_within_the_log() {
    let server = Memory::new().server(pinned());
    assert!(range(&server, 5, 4).await.is_err());
    assert!(range(&server, 0, RANGE_MAX).await.is_err());
    assert!(range(&server, u64::MAX, u64::MAX).await.is_err());
    assert!(range(&server, 0, SIZE).await.unwrap_err().why.contains("not among them"));
}

#[tokio::test]
async fn evidence_is_proofs_that_others_read() {
    // The log seals before the first proof, after one or two of them, or not at all meanwhile.
    for first_proofs in [0, 1, 2, 3] {
        let mut memory = Memory::new();
        memory.first_proofs = AtomicUsize::new(first_proofs);
        let newest = if first_proofs == 3 { "checkpoint" } else { "later" };
        let newest = String::from_utf8(memory.files[newest].clone()).unwrap();
        let asked: Export = serde_json::from_value(json!({"ids": ["0", "599", "300"]})).unwrap();
        let evidence = memory.server(pinned()).export_evidence(&Caller::default(), asked).await.unwrap();
        let evidence = serde_json::to_value(evidence).unwrap();
        assert_eq!(evidence["checkpoint"], newest);
        let mut indexes = Vec::new();
        for exhibit in evidence["entries"].as_array().unwrap() {
            let head = exhibit["proof_head"].as_str().unwrap();
            let text = format!("{head}\n\n{}", evidence["checkpoint"].as_str().unwrap());
            let proof = TlogProof::parse(&text).unwrap();
            proof.verify(leaf_hash(proof.extra.as_ref().unwrap()), &pinned()).unwrap();
            assert_eq!(proof.index, exhibit["index"].as_u64().unwrap());
            indexes.push(proof.index);
        }
        assert_eq!(indexes, [0, 599, 300]);
    }
    let server = Memory::new().server(pinned());
    let none: Export = serde_json::from_value(json!({"ids": []})).unwrap();
    assert!(server.export_evidence(&Caller::default(), none).await.is_err());
}
