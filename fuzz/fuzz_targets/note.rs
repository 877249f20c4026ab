//! Signed notes, checkpoints, tlog-proofs and keys as text: refused, or one spelling; nothing unsigned passes.
#![no_main]

use std::sync::LazyLock;
use tacho_merkle::note::Signature;
use tacho_merkle::{Algorithm, Checkpoint, Hash, Note, SignerKey, TlogProof, VerifierKey, leaf_hash};

static KEYS: LazyLock<Vec<VerifierKey>> = LazyLock::new(|| {
    // Seeds that the seeds of this target are not signed with: nothing here can be genuine.
    [(Algorithm::Ed25519, 201), (Algorithm::Ed25519Cosignature, 202), (Algorithm::MlDsa44, 203)]
        .map(|(algorithm, seed)| SignerKey::from_seed("log.example/fuzz", algorithm, &[seed; 32]))
        .map(|key| key.expect("the name is a key name").verifier().clone())
        .to_vec()
});

libfuzzer_sys::fuzz_target!(|text: &str| {
    if let Ok(note) = Note::parse(text) {
        assert_eq!(note.to_string(), text);
        assert!(note.verify(&KEYS).is_err(), "a signature nobody made was accepted");
        for line in note.signatures() {
            assert_eq!(Signature::parse(&line.to_string()).as_ref(), Some(line));
        }
    }
    if let Ok(checkpoint) = Checkpoint::parse_text(text) {
        assert_eq!(checkpoint.text().as_deref(), Ok(text));
    }
    assert!(Checkpoint::open(text, &KEYS).is_err());
    if let Ok(proof) = TlogProof::parse(text) {
        assert_eq!(proof.to_string(), text);
        assert!(proof.verify(leaf_hash(b"leaf"), &KEYS).is_err());
    }
    if let Ok(key) = VerifierKey::parse(text) {
        assert_eq!(key.to_string(), text);
    }
    if let Ok(key) = SignerKey::parse(text) {
        assert!(text.contains(key.name()));
    }
    if let Ok(hash) = Hash::from_hex(text) {
        assert_eq!(hash.to_string(), text);
    }
});
