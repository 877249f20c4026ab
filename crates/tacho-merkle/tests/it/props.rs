//! Properties of the parsers: what is written comes back, what is read writes the same, nothing panics.

use proptest::collection::vec;
use proptest::prelude::*;
use tacho_merkle::note::Signature;
use tacho_merkle::tile::{BundlePath, TilePath, decode_bundle, encode_bundle};
use tacho_merkle::{Checkpoint, Frontier, Hash, Note, SignerKey, TlogProof, VerifierKey};

use crate::support::{leaves, mth};

fn hash() -> impl Strategy<Value = Hash> {
    any::<[u8; 32]>().prop_map(Hash::new)
}

fn line() -> impl Strategy<Value = String> {
    "[^\\x00-\\x1f]{1,30}"
}

fn checkpoint() -> impl Strategy<Value = Checkpoint> {
    (line(), 0..=i64::MAX as u64, hash(), vec(line(), 0..3))
        .prop_map(|(origin, size, root, extensions)| Checkpoint { origin, size, root, extensions })
}

fn note() -> impl Strategy<Value = Note> {
    let text = vec("[^\\x00-\\x1f]{0,20}", 1..5).prop_map(|lines| lines.join("\n") + "\n");
    let signature = ("[!-*,-~]{1,20}", "[A-Za-z0-9+/]{8}([A-Za-z0-9+/]{4}){0,20}");
    (text, vec(signature, 1..5)).prop_map(|(text, lines)| {
        let mut note = Note::new(&text).unwrap();
        for (name, encoded) in lines {
            note.add(Signature::parse(&format!("— {name} {encoded}")).unwrap()).unwrap();
        }
        note
    })
}

/// Texts near the formats: pieces of them in any order, so that parsers get past their first line.
fn nearly() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\n".to_owned()),
        Just("\n\n".to_owned()),
        Just("— ".to_owned()),
        Just("c2sp.org/tlog-proof@v1\n".to_owned()),
        Just("index ".to_owned()),
        Just("extra ".to_owned()),
        Just("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=".to_owned()),
        Just("tile/".to_owned()),
        Just("entries/".to_owned()),
        Just(".p/".to_owned()),
        Just("x001/".to_owned()),
        Just("+".to_owned()),
        Just("PRIVATE+KEY+".to_owned()),
        "[0-9]{1,20}",
        "\\PC{0,8}",
        any::<char>().prop_map(String::from),
    ];
    vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn written_checkpoints_come_back(checkpoint in checkpoint()) {
        let text = checkpoint.text().unwrap();
        prop_assert_eq!(Checkpoint::parse_text(&text).unwrap(), checkpoint);
    }

    #[test]
    fn written_notes_come_back(note in note()) {
        prop_assert_eq!(Note::parse(&note.to_string()).unwrap(), note);
    }

    #[test]
    fn written_proofs_come_back(
        index in 0..i64::MAX as u64,
        extra in proptest::option::of(vec(any::<u8>(), 1..50)),
        hashes in vec(hash(), 0..=63),
        checkpoint in note(),
    ) {
        let proof = TlogProof { index, extra, hashes, checkpoint };
        prop_assert_eq!(TlogProof::parse(&proof.to_string()).unwrap(), proof);
    }

    #[test]
    fn written_paths_come_back(level in 0u8..=6, index in 0u64..=126, scale in 0u32..=40, width in 1u16..=256) {
        let index = index << scale.min((6 - u32::from(level)) * 8);
        let path = TilePath { level, index, width };
        prop_assert_eq!(TilePath::parse(&path.path()).unwrap(), path);
        let bundle = BundlePath { index, width };
        prop_assert_eq!(BundlePath::parse(&bundle.path()).unwrap(), bundle);
    }

    #[test]
    fn written_bundles_come_back(entries in vec(vec(any::<u8>(), 0..300), 1..=256)) {
        let bundle = encode_bundle(&entries).unwrap();
        let width = u16::try_from(entries.len()).unwrap();
        prop_assert_eq!(decode_bundle(&bundle, width).unwrap(), entries);
    }

    #[test]
    fn any_text_is_refused_or_has_one_spelling(text in prop_oneof![nearly(), any::<String>()]) {
        if let Ok(note) = Note::parse(&text) {
            prop_assert_eq!(note.to_string(), text.clone());
        }
        if let Ok(checkpoint) = Checkpoint::parse_text(&text) {
            prop_assert_eq!(checkpoint.text().unwrap(), text.clone());
        }
        if let Ok(proof) = TlogProof::parse(&text) {
            prop_assert_eq!(proof.to_string(), text.clone());
        }
        if let Ok(path) = TilePath::parse(&text) {
            prop_assert_eq!(path.path(), text.clone());
        }
        if let Ok(path) = BundlePath::parse(&text) {
            prop_assert_eq!(path.path(), text.clone());
        }
        if let Ok(key) = VerifierKey::parse(&text) {
            prop_assert_eq!(key.to_string(), text.clone());
        }
        let _ = SignerKey::parse(&text);
        let _ = Hash::from_hex(&text);
    }

    #[test]
    fn any_bytes_are_refused_or_one_bundle(bytes in vec(any::<u8>(), 0..600), width in 0u16..=300) {
        let read = decode_bundle(&bytes, width).ok();
        if let Some(entries) = read.filter(|entries| (1..=256).contains(&entries.len())) {
            prop_assert_eq!(encode_bundle(&entries).unwrap(), bytes);
        }
    }

    #[test]
    fn a_tree_can_be_cut_and_resumed_anywhere(size in 0u64..600, cut in 0u64..600) {
        let all = leaves(size);
        let (before, after) = all.split_at(all.len().min(usize::try_from(cut).unwrap()));
        let mut tree = Frontier::new();
        before.iter().for_each(|leaf| tree.push(*leaf));
        let mut tree = Frontier::from_parts(tree.size(), tree.peaks().to_vec()).unwrap();
        after.iter().for_each(|leaf| tree.push(*leaf));
        prop_assert_eq!(tree.root(), mth(&all));
    }
}
