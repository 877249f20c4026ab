//! Writes the seeds that need computing: `cargo run --example seeds` in `fuzz/`. The others are texts.
//! Everything is deterministic; the keys' seeds stand below, so sign nothing real with them.

use std::path::Path;
use tacho_event::entry::Header;
use tacho_event::fact::{Facts, IntFact, TextFact};
use tacho_event::id::Id;
use tacho_event::record::{Accepted, BatchBuilder};
use tacho_event::section::Who;
use tacho_event::time::Day;
use tacho_event::words::{ActionType, Class, Known, Level, Outcome, Phase};
use tacho_merkle::tile::encode_bundle;
use tacho_merkle::{Algorithm, Checkpoint, Note, SignerKey, TlogProof, leaf_hash};

type Done = Result<(), Box<dyn std::error::Error>>;

fn main() -> Done {
    batches()?;
    notes()?;
    let mut bundle = 2u16.to_le_bytes().to_vec();
    bundle.extend_from_slice(&encode_bundle(&["{}", "{\"v\":1}"])?);
    write("bundle", "two", &bundle)
}

fn write(target: &str, name: &str, bytes: &[u8]) -> Done {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
    std::fs::create_dir_all(&folder)?;
    Ok(std::fs::write(folder.join(name), bytes)?)
}

fn batches() -> Done {
    let mut facts = Facts::default();
    facts.ints[IntFact::TokensInput as usize] = Some(-7);
    facts.texts[TextFact::Model as usize] = Some("m");
    let full = Accepted {
        header: Header {
            id: Id([3; 16]),
            timestamp_us: 1_735_813_815_123_000,
            time_claimed: true,
            agent: "ops/a",
            agent_version: Some("1"),
            session: Some(Id([4; 16])),
            producer_seq: Some(300),
            call: Some("c"),
            parent: Some("p"),
            phase: Some(Phase::Result),
            action_type: ActionType::Tool,
            action_name: "Bash",
            class: Class::Standard,
            level: Level::Info,
            outcome: Outcome::Success,
            known: Known::Observed,
            source: "http",
            writer: [9; 8],
            retention: Class::Critical,
            period: Day(20_090),
            subject: Some([5; 16]),
            body: [6; 32],
        },
        who: Who { user: Some("u1"), ip: Some("::1"), ..Who::default() },
        facts,
        texts: [Some("{}"), None, None, None, Some("[]"), Some("{\"k\":1}")],
        content: Some(42),
        former: None,
        subject_slot: Some(0),
    };
    let plain = Accepted {
        who: Who::default(),
        facts: Facts::default(),
        texts: [None; 6],
        content: None,
        former: None,
        subject_slot: None,
        ..full.clone()
    };
    for target in ["batch", "batch_one_spelling"] {
        let mut both = BatchBuilder::new(true);
        both.push(&full);
        both.push(&plain);
        write(target, "two", both.finish().bytes())?;
        let mut one = BatchBuilder::new(false);
        one.push(&plain);
        write(target, "one", one.finish().bytes())?;
        write(target, "none", BatchBuilder::new(false).finish().bytes())?;
    }
    Ok(())
}

fn notes() -> Done {
    let name = "log.example/seeds";
    let ed25519 = SignerKey::from_seed(name, Algorithm::Ed25519, &[1; 32])?;
    let cosigner = SignerKey::from_seed(name, Algorithm::Ed25519Cosignature, &[2; 32])?;
    let ml_dsa = SignerKey::from_seed(name, Algorithm::MlDsa44, &[3; 32])?;
    let checkpoint = Checkpoint::new(name, 70_000, leaf_hash(b"root"));
    let text = checkpoint.text()?;
    write("note", "checkpoint-text", text.as_bytes())?;
    let note = checkpoint.sign_at(&[ed25519, cosigner], 1_735_813_815)?;
    write("note", "checkpoint", note.as_bytes())?;
    let hashes = (0u8..3).map(|n| leaf_hash(&[n])).collect();
    let proof = TlogProof { index: 7, extra: Some(vec![1, 2]), hashes, checkpoint: Note::parse(&note)? };
    write("note", "proof", proof.to_string().as_bytes())?;
    write("note", "checkpoint-ml-dsa-44", checkpoint.sign_at(&[ml_dsa], 0)?.as_bytes())?;
    for (algorithm, file) in [(Algorithm::Ed25519, "key"), (Algorithm::Ed25519Cosignature, "key-cosigner")] {
        let key = SignerKey::from_seed(name, algorithm, &[1; 32])?;
        write("note", file, key.verifier().to_string().as_bytes())?;
    }
    write("note", "key-secret", SignerKey::secret_text(name, Algorithm::Ed25519, &[1; 32])?.as_bytes())
}
