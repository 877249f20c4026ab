//! Notes, keys, checkpoints and offline proofs: examples of the specifications, and what is refused.

use tacho_merkle::note::{SIGNATURES_MAX, Signature};
use tacho_merkle::{
    Algorithm, Checkpoint, CheckpointError, Hash, KeyError, Note, NoteError, SignerKey, TlogProof,
    TlogProofError, VerifierKey, leaf_hash,
};

use crate::support::{ORIGIN, leaves, log_keys, mth, path, verifiers};

const SPEC_KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const SPEC_NOTE: &str = "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq\
                         6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

#[test]
fn example_of_the_note_specification_verifies() {
    let key = VerifierKey::parse(SPEC_KEY).unwrap();
    assert_eq!((key.to_string().as_str(), key.algorithm()), (SPEC_KEY, Algorithm::Ed25519));
    let note = Note::parse(SPEC_NOTE).unwrap();
    assert_eq!(note.to_string(), SPEC_NOTE);
    assert_eq!(note.verify(std::slice::from_ref(&key)).unwrap().len(), 1);
    let altered = Note::parse(&SPEC_NOTE.replace("example m", "exemple m")).unwrap();
    assert!(matches!(altered.verify(&[key]), Err(NoteError::Signature { source: KeyError::Mismatch, .. })));
}

#[test]
fn broken_notes_are_refused() {
    let check = |note: &str, error: NoteError| assert_eq!(Note::parse(note), Err(error), "{note:?}");
    let line = |found: &str| NoteError::Line { line: 1, found: found.to_owned() };
    check("", NoteError::NoSeparator);
    check("text\n", NoteError::NoSeparator);
    check("text\n\n", NoteError::NoSignature);
    check("text\n\n\n", NoteError::NoSignature);
    check("text\n\n— a AAAAAAA=", NoteError::NoSignature);
    check("text\n\n- a AAAAAAA=\n", line("- a AAAAAAA="));
    check("text\n\n— a  AAAAAAA=\n", line("— a  AAAAAAA="));
    check("text\n\n—  AAAAAAA=\n", line("—  AAAAAAA="));
    check("text\n\n— a+b AAAAAAA=\n", line("— a+b AAAAAAA="));
    check("text\n\n— a\u{a0}b AAAAAAA=\n", line("— a\u{a0}b AAAAAAA="));
    check("text\n\n— a AAAAAA==\n", line("— a AAAAAA=="));
    check("text\n\n— a AAAAAAB=\n", line("— a AAAAAAB="));
    check("te\rxt\n\n— a AAAAAAA=\n", NoteError::Control(2));
    check("te\0xt\n\n— a AAAAAAA=\n", NoteError::Control(2));
    assert!(Note::parse("\n\n— a AAAAAAA=\n").is_ok(), "one empty line is a text");
    assert!(Note::parse("a\n\nb\n\n— a AAAAAAA=\n").is_ok(), "empty lines inside the text");
    assert_eq!(Note::new("no newline"), Err(NoteError::TextEnd));
    let many = |count| format!("text\n\n{}", "— a AAAAAAA=\n".repeat(count));
    assert_eq!(Note::parse(&many(SIGNATURES_MAX)).unwrap().signatures().len(), SIGNATURES_MAX);
    assert_eq!(Note::parse(&many(SIGNATURES_MAX + 1)), Err(NoteError::TooMany));
    let huge = "x".repeat(1 << 20) + "\n";
    assert_eq!(Note::new(&huge), Err(NoteError::Size((1 << 20) + 1)));
}

#[test]
fn a_line_of_a_known_key_must_be_good_and_others_do_not_count() {
    let keys = log_keys();
    let (ours, both) = (&keys[..1], verifiers(&keys));
    let stranger = SignerKey::from_seed("other.example", Algorithm::Ed25519, &[9; 32]).unwrap();
    let mut note = Note::new("hello\n").unwrap();
    note.sign(&stranger, 0).unwrap();
    assert_eq!(note.verify(&both), Err(NoteError::NoKnownKey));
    note.sign(&ours[0], 0).unwrap();
    let signed = note.verify(&both).unwrap();
    assert_eq!((signed.len(), signed[0].key, signed[0].time), (1, 0, None));
    // The same line twice is one signer; a second, wrong line of a known key spoils the note.
    let text = note.to_string();
    let last = text.lines().last().unwrap().to_owned();
    assert_eq!(Note::parse(&format!("{text}{last}\n")).unwrap().verify(&both).unwrap().len(), 1);
    let line = Signature::parse(&last).unwrap();
    let wrong = Note::parse(&text.replace("hello", "hullo")).unwrap();
    assert!(matches!(wrong.verify(&both), Err(NoteError::Signature { .. })));
    note.add(line).unwrap();
    assert_eq!(note.to_string(), text, "a line that is there is not added again");
    assert!(matches!(
        note.verify(&[both[0].clone(), both[0].clone()]),
        Err(NoteError::AmbiguousKeys(name)) if name == ORIGIN
    ));
}

#[test]
fn keys_have_one_spelling() {
    for key in log_keys() {
        let text = key.verifier().to_string();
        assert_eq!(VerifierKey::parse(&text).unwrap(), *key.verifier());
        let algorithm = key.verifier().algorithm();
        let seed = if algorithm == Algorithm::Ed25519 { [1; 32] } else { [2; 32] };
        let secret = SignerKey::secret_text(ORIGIN, algorithm, &seed).unwrap();
        assert_eq!(SignerKey::parse(&secret).unwrap().verifier(), key.verifier());
        assert!(!format!("{key:?}").contains("AQEB"), "the seed does not print");
    }
    let id = |text: &str| matches!(VerifierKey::parse(text), Err(KeyError::Id { .. }));
    assert!(id(&SPEC_KEY.replace("530d903a", "530D903A")));
    assert!(id(&SPEC_KEY.replace("foo", "fop")));
    assert!(matches!(VerifierKey::parse("a+b"), Err(KeyError::Form(_))));
    assert!(matches!(VerifierKey::parse("a b+00000000+AQ=="), Err(KeyError::Name(_))));
    assert_eq!(VerifierKey::parse("a+00000000+Ag=="), Err(KeyError::Type(2)));
    assert!(matches!(VerifierKey::parse("a+00000000+AQ=="), Err(KeyError::Length { .. })));
    assert!(
        matches!(SignerKey::parse("PRIVATE+KEY+a+00000000+c2Vj!"), Err(KeyError::Form(form)) if !form.contains("c2Vj"))
    );
    // An Ed25519 key of small order verifies signatures that nobody made: such a key signs nothing here.
    let mut small = [0u8; 32];
    small[0] = 1;
    let weak = VerifierKey::new("weak", Algorithm::Ed25519, &small).unwrap();
    let mut forged = [0u8; 64];
    forged[0] = 1;
    assert_eq!(weak.verify("any\n", &forged), Err(KeyError::Mismatch));
}

#[test]
fn checkpoint_of_the_specification_parses() {
    let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    let checkpoint = Checkpoint::parse_text(text).unwrap();
    assert_eq!((checkpoint.origin.as_str(), checkpoint.size), ("example.com/behind-the-sofa", 20_852_163));
    assert_eq!(
        checkpoint.root.to_string(),
        "0ac5186a91863e8e1d90c808014aa89bf5da8e3ee1d9f07630f0378f68f1ab62"
    );
    assert_eq!(checkpoint.text().unwrap(), text);
    for (wrong, by) in [
        ("20852163", "020852163"),
        ("20852163", "+20852163"),
        ("20852163", "9223372036854775808"),
        ("20852163", ""),
        ("example.com/behind-the-sofa", ""),
        ("2I=", "2J="),
        ("2I=", "2I"),
        ("=\n", "=\n\n"),
        ("=\n", "="),
        ("=\n", "=\next\n\n"),
        ("163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n", "163\n"),
        ("163\n", "163\r\n"),
    ] {
        assert!(Checkpoint::parse_text(&text.replace(wrong, by)).is_err(), "{wrong:?} by {by:?}");
    }
    let bad = |edit: &dyn Fn(&mut Checkpoint)| {
        let mut copy = checkpoint.clone();
        edit(&mut copy);
        assert!(copy.text().is_err(), "{copy:?}");
    };
    bad(&|c| c.origin.clear());
    bad(&|c| c.origin.push('\n'));
    bad(&|c| c.size = u64::MAX);
    bad(&|c| c.extensions.push(String::new()));
    bad(&|c| c.extensions.push("a\nb".to_owned()));
}

#[test]
fn both_lines_of_a_log_verify_and_one_may_not_be_left_out() {
    let keys = log_keys();
    let verifiers = verifiers(&keys);
    let checkpoint = Checkpoint::new(ORIGIN, 3, leaf_hash(b"root"));
    let note = checkpoint.sign(&keys).unwrap();
    assert_eq!(note, checkpoint.sign(&keys).unwrap(), "the same tree has the same checkpoint");
    let (opened, verified) = Checkpoint::open(&note, &verifiers).unwrap();
    assert_eq!(opened, checkpoint);
    let by: Vec<_> = verified.iter().map(|by| (by.name.as_str(), by.algorithm, by.time)).collect();
    assert_eq!(by, [(ORIGIN, Algorithm::Ed25519, None), (ORIGIN, Algorithm::MlDsa44, Some(0))]);
    let timed = checkpoint.sign_at(&keys, 1_679_315_147).unwrap();
    assert_eq!(Checkpoint::open(&timed, &verifiers).unwrap().1[1].time, Some(1_679_315_147));

    let stripped: String = note.lines().take(5).map(|line| format!("{line}\n")).collect();
    assert!(Checkpoint::open(&stripped, &verifiers).is_ok());
    assert!(matches!(
        Checkpoint::open_all(&stripped, &verifiers),
        Err(CheckpointError::MissingKey { algorithm: Algorithm::MlDsa44, .. })
    ));
    assert!(Checkpoint::open_all(&note, &verifiers).is_ok());
}

/// Made with Node's Ed25519 and `@noble/post-quantum` from the specifications alone; pinned for ever.
#[test]
fn golden_checkpoint() {
    let note = Checkpoint::new(ORIGIN, 3, leaf_hash(b"root")).sign_at(&log_keys(), 1_679_315_147).unwrap();
    assert_eq!(
        note.lines().nth(4).unwrap(),
        "— log.example/tachograph aHreMUFM6WfG+WX5ML3FLZcp3WJBVruxqdWjZEaXjylzGQgT3cqSPp/BwA5taMYeaS6aspZD+LmBp\
         QX9vLi19PHdBAU="
    );
    assert_eq!(log_keys()[1].id(), [0x17, 0x4e, 0xbd, 0xa6]);
    assert_eq!(
        leaf_hash(note.as_bytes()).to_string(),
        "6eb851de92e91b844f781f26ee7df8526a8ec5f5275f6aa6e1f902f3b592ed15",
        "the whole note, with the ml-dsa-44 line, by its leaf hash"
    );
}

#[test]
fn a_cosignature_holds_for_its_own_log_size_root_time_and_name_only() {
    for algorithm in [Algorithm::MlDsa44, Algorithm::Ed25519Cosignature] {
        let key = SignerKey::from_seed("witness.example/w1", algorithm, &[3; 32]).unwrap();
        let text = Checkpoint::new(ORIGIN, 3, leaf_hash(b"root")).text().unwrap();
        let signature = key.sign(&text, 77).unwrap();
        assert_eq!(key.verifier().verify(&text, &signature), Ok(Some(77)));
        let refused = |text: &str, signature: &[u8]| {
            assert_eq!(key.verifier().verify(text, signature), Err(KeyError::Mismatch), "{algorithm}");
        };
        let other = |origin: &str, size, root: Hash| Checkpoint::new(origin, size, root).text().unwrap();
        refused(&other("other.example", 3, leaf_hash(b"root")), &signature);
        refused(&other(ORIGIN, 4, leaf_hash(b"root")), &signature);
        refused(&other(ORIGIN, 3, leaf_hash(b"fork")), &signature);
        let mut later = signature.clone();
        later[7] += 1;
        refused(&text, &later);
        let short = &signature[..signature.len() - 1];
        assert!(matches!(key.verifier().verify(&text, short), Err(KeyError::SignatureLength { .. })));
        assert_eq!(key.sign("no checkpoint\n", 0), Err(KeyError::NotCheckpoint));
        assert_eq!(key.sign(&text, 1 << 63), Err(KeyError::Time(1 << 63)));
    }
    let key = SignerKey::from_seed("w", Algorithm::MlDsa44, &[3; 32]).unwrap();
    let text = Checkpoint::new(&"o".repeat(256), 3, leaf_hash(b"root")).text().unwrap();
    assert_eq!(key.sign(&text, 0), Err(KeyError::TooLongToCosign(256)));
}

#[test]
fn extension_lines_that_nobody_signed_are_refused() {
    let keys = log_keys();
    let mut checkpoint = Checkpoint::new(ORIGIN, 3, leaf_hash(b"root"));
    let note = checkpoint.sign(&keys[1..]).unwrap();
    let (text, lines) = note.split_once("\n\n").unwrap();
    let extended = format!("{text}\nadded on the way\n\n{lines}");
    assert_eq!(
        Checkpoint::open(&extended, &verifiers(&keys)),
        Err(CheckpointError::ExtensionsUnsigned),
        "an ml-dsa-44 line does not cover them"
    );
    checkpoint.extensions.push("meant".to_owned());
    let note = checkpoint.sign(&keys).unwrap();
    assert_eq!(Checkpoint::open(&note, &verifiers(&keys)).unwrap().0, checkpoint);
}

#[test]
fn offline_proofs_verify_and_their_mutations_do_not() {
    let keys = log_keys();
    let verifiers = verifiers(&keys);
    let tree = leaves(11);
    let checkpoint = Note::parse(&Checkpoint::new(ORIGIN, 11, mth(&tree)).sign(&keys).unwrap()).unwrap();
    for index in 0..11u64 {
        let hashes = path(index as usize, &tree);
        let proof = TlogProof { index, extra: None, hashes, checkpoint: checkpoint.clone() };
        let text = proof.to_string();
        assert_eq!(TlogProof::parse(&text), Ok(proof.clone()));
        let leaf = tree[index as usize];
        let (opened, verified) = proof.verify(leaf, &verifiers).unwrap();
        assert_eq!((opened.size, verified.len()), (11, 2));
        assert!(matches!(
            proof.verify(tree[(index as usize + 1) % 11], &verifiers),
            Err(TlogProofError::Inclusion(_))
        ));
        // One altered character anywhere: refused, or the unsigned `extra` is the only thing that changed.
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            let Ok(altered) = String::from_utf8(bytes) else { continue };
            let verdict = TlogProof::parse(&altered).map(|proof| proof.verify(leaf, &verifiers));
            // A damaged key name or id makes the line a stranger's: ignored, and the other line still holds.
            if let Ok(Ok((opened, verified))) = verdict {
                assert_eq!((opened.root, verified.len()), (mth(&tree), 1), "byte {at} of {text}");
            }
            if index > 0 && at > 200 {
                break;
            }
        }
    }
}

#[test]
fn broken_offline_proofs_are_refused() {
    let keys = log_keys();
    let note = Checkpoint::new(ORIGIN, 2, leaf_hash(b"root")).sign(&keys[..1]).unwrap();
    let hash = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    let parse = |head: &str| TlogProof::parse(&format!("{head}\n{note}"));
    assert!(parse("c2sp.org/tlog-proof@v1\nindex 1\n").is_ok());
    let extra = parse(&format!("c2sp.org/tlog-proof@v1\nextra AAEC\nindex 1\n{hash}")).unwrap();
    assert_eq!((extra.extra.as_deref(), extra.hashes.len()), (Some(&[0, 1, 2][..]), 1));
    let repeated = hash.repeat(64);
    for head in [
        "",
        "c2sp.org/tlog-proof@v2\nindex 1\n",
        "c2sp.org/tlog-proof@v1\n",
        "c2sp.org/tlog-proof@v1\nindex 01\n",
        "c2sp.org/tlog-proof@v1\nindex -1\n",
        "c2sp.org/tlog-proof@v1\nindex  1\n",
        "c2sp.org/tlog-proof@v1\nindex 9223372036854775807\n",
        "c2sp.org/tlog-proof@v1\nextra \nindex 1\n",
        "c2sp.org/tlog-proof@v1\nextra !\nindex 1\n",
        "c2sp.org/tlog-proof@v1\nindex 1\nextra AAEC\n",
        "c2sp.org/tlog-proof@v1\nindex 1\nAAEC\n",
        "c2sp.org/tlog-proof@v1\r\nindex 1\n",
        &format!("c2sp.org/tlog-proof@v1\nindex 1\n{repeated}"),
    ] {
        assert!(parse(head).is_err(), "{head:?}");
    }
    assert_eq!(TlogProof::parse("c2sp.org/tlog-proof@v1\nindex 1\n"), Err(TlogProofError::Truncated));
}
