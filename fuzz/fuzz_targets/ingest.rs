//! Any body of a sender through every format: what comes out can be journaled, its header holds plain names
//! only, nothing that redaction knows is left in it, and the same body gives the same batches again.
#![no_main]

use std::sync::{LazyLock, Mutex};
use tacho_event::id::{Id, IdKey, is_plain_name};
use tacho_event::limits::{INTEGER_MAX, NAME_BYTES_MAX, RECORD_BYTES_MAX};
use tacho_event::record::{Accepted, Batch};
use tacho_event::section::Section;
use tacho_event::words::Known;
use tacho_ingest::accept::{Acceptor, Sender};
use tacho_ingest::classify::{Classes, Classifier};
use tacho_ingest::formats::Format;
use tacho_ingest::{Ingest, Newcomers, Options, Tally};
use tacho_record::keyring::KeyRing;
use tacho_redact::minimise::{Minimisation, Rule};
use tacho_redact::{Findings, Policy, Redactor};

const NOW_US: i64 = 1_795_219_200_000_000;

static INGEST: LazyLock<Ingest> = LazyLock::new(|| Ingest {
    acceptor: Acceptor {
        redactor: Redactor::new(&Policy::default()).expect("the default policy compiles"),
        minimisation: Minimisation { command_output: Rule::Truncate(20), ..Minimisation::default() },
        id_key: IdKey::new(&[5; 32]),
    },
    classifier: Classifier::new(&Classes::default()).expect("the default classes compile"),
    newcomers: Newcomers::new(0),
});

static KEYS: LazyLock<Mutex<KeyRing>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder can be made").keep();
    Mutex::new(KeyRing::open(&folder, &[1; 32], |out| out.fill(3)).expect("a new ring opens"))
});

libfuzzer_sys::fuzz_target!(|input: (u8, &[u8])| {
    let (format, body) = input;
    // Half of the time the members tell the format.
    let format = Format::ALL.get(usize::from(format) % (2 * Format::ALL.len())).copied();
    let (batches, tally) = accept(body, format);
    assert_eq!(batches.iter().map(|batch| u64::from(batch.count())).sum::<u64>(), tally.events);
    for batch in &batches {
        assert!(batch.bytes().len() <= RECORD_BYTES_MAX, "a batch does not fit a record");
        let read = Batch::parse(batch.bytes().to_vec()).expect("what is accepted can be read back");
        read.events().for_each(|event| check(&event.expect("parse checks every event")));
    }
    assert_eq!((batches, tally), accept(body, format), "the same body gave other batches");
});

fn accept(body: &[u8], format: Option<Format>) -> (Vec<Batch>, Tally) {
    let sender = Sender { writer: [7; 8], source: "fuzz", known: Known::SelfReported, sees_hooks: false, agent: None };
    let options = Options { format, ..Options::default() };
    let (mut batches, mut ids) = (Vec::new(), 0u8);
    let mut fresh = || {
        ids = ids.wrapping_add(1);
        Id([ids; 16])
    };
    let tally = INGEST.body(body, &sender, &options, NOW_US, &mut fresh, &KEYS, &mut batches);
    (batches, tally)
}

fn check(event: &Accepted<'_>) {
    let header = &event.header;
    let names =
        [Some(header.agent), Some(header.action_name), header.agent_version, header.call, header.parent];
    for name in names.into_iter().flatten() {
        assert!(is_plain_name(name, NAME_BYTES_MAX), "{name:?} is in the header");
        assert!(!INGEST.acceptor.redactor.detects(name), "{name:?} is in the header");
    }
    for value in event.facts.ints.iter().flatten() {
        assert!(value.abs() <= INTEGER_MAX, "{value} does not fit an entry");
    }
    let mut scratch = Vec::new();
    for section in Section::ALL {
        let Some(bytes) = event.section(section, &mut scratch) else { continue };
        let text = std::str::from_utf8(bytes).expect("sections are text");
        serde_json::from_str::<&serde_json::value::RawValue>(text).expect("sections are JSON");
        if section != Section::Who {
            let again = INGEST.acceptor.redactor.json(text, &mut Findings::default());
            assert_eq!(again, text, "redaction finds more in section {}", section.name());
        }
    }
}
