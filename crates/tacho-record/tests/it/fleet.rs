//! Events, batches and keys for the tests and the `recorder` example: small, deterministic, committed for real.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use tacho_event::entry::Header;
use tacho_event::fact::{Facts, IntFact};
use tacho_event::id::Id;
use tacho_event::record::{Accepted, Batch, BatchBuilder};
use tacho_event::section::{Section, Who};
use tacho_event::time::day;
use tacho_event::words::{ActionType, Class, Known, Level, Outcome, Phase};
use tacho_merkle::commit::{SaltKey, body};
use tacho_merkle::{Algorithm, SignerKey};
use tacho_record::{Log, Options, RecordError};

pub(crate) const ORIGIN: &str = "log.example/recorder";
/// The clock of event 0; event n is n seconds later.
pub(crate) const START_US: i64 = 1_795_219_200_000_000;

/// Keys with seeds that stand here: sign nothing real with them.
pub(crate) fn signers() -> Vec<SignerKey> {
    [Algorithm::Ed25519, Algorithm::MlDsa44]
        .iter()
        .zip(1u8..)
        .map(|(algorithm, seed)| {
            SignerKey::from_seed(ORIGIN, *algorithm, &[seed; 32]).expect("a valid origin")
        })
        .collect()
}

/// Different bytes at each call; no secret is protected by them.
pub(crate) fn counted(out: &mut [u8]) {
    static CALLS: AtomicU64 = AtomicU64::new(1);
    let call = CALLS.fetch_add(1, Ordering::Relaxed).to_le_bytes();
    for (i, byte) in out.iter_mut().enumerate() {
        *byte = call[i % 8] ^ i as u8;
    }
}

/// A log of the test's keys.
pub(crate) fn open_with(folder: &Path, options: Options) -> Result<Log, RecordError> {
    Log::open(folder, ORIGIN, signers(), options)
}

/// The same with nothing special.
pub(crate) fn open(folder: &Path) -> Result<Log, RecordError> {
    open_with(folder, Options::new(counted))
}

/// A batch with the one event number `n`; `content` is what the sender said.
pub(crate) fn batch(n: u64, content: u64) -> Batch {
    let input = format!("{{\"command\":\"echo {n}\"}}");
    let id = Id(((u128::from(n) + 1) << 64 | u128::from(n)).to_be_bytes());
    let mut facts = Facts::default();
    facts.ints[IntFact::DurationUs as usize] = Some(n as i64);
    let mut event = Accepted {
        header: Header {
            id,
            timestamp_us: START_US + n as i64,
            time_claimed: true,
            agent: "eng/backend-coder",
            agent_version: None,
            session: Some(Id([n as u8 % 3; 16])),
            producer_seq: Some(n),
            call: None,
            parent: None,
            phase: Some(Phase::Result),
            action_type: ActionType::Tool,
            action_name: "Bash",
            class: Class::Standard,
            level: Level::Info,
            outcome: Outcome::Success,
            known: Known::Observed,
            source: "test",
            writer: [7; 8],
            retention: Class::Standard,
            period: day(START_US),
            subject: None,
            body: [0; 32],
        },
        who: Who::default(),
        facts,
        texts: [Some(&input), None, None, None, None, None],
        content: Some(content),
        former: None,
        subject_slot: None,
    };
    event.header.body = body_of(&event);
    let mut builder = BatchBuilder::new(false);
    builder.push(&event);
    builder.finish()
}

fn body_of(event: &Accepted<'_>) -> [u8; 32] {
    let salts = SaltKey::new(&[3; 32], &[4; 32]);
    let mut scratch = Vec::new();
    let mut listed = Vec::new();
    for section in Section::ALL {
        if let Some(bytes) = event.section(section, &mut scratch) {
            let commitment = salts.commitment(&event.header.id.0, section.name(), bytes);
            listed.push((section.name(), bytes.len() as u64, commitment));
        }
    }
    *body(&listed).expect("section names are short").as_bytes()
}
