//! Any request of OpenTelemetry, of each signal and in both encodings: what is taken can be journaled, its header holds
//! plain names only, nothing that redaction knows is left in it, and the same request gives the same batches again.
#![no_main]

use std::sync::{LazyLock, Mutex};
use tacho_event::id::{Id, IdKey, is_plain_name};
use tacho_event::limits::{INTEGER_MAX, NAME_BYTES_MAX, RECORD_BYTES_MAX};
use tacho_event::record::{Accepted, Batch};
use tacho_event::section::Section;
use tacho_event::words::Known;
use tacho_ingest::accept::{Acceptor, Sender};
use tacho_ingest::classify::{Classes, Classifier};
use tacho_ingest::otlp::{Encoding, Malformed, Request, Signal};
use tacho_ingest::{Ingest, Newcomers, Tally};
use tacho_record::keyring::KeyRing;
use tacho_redact::minimise::Minimisation;
use tacho_redact::{Findings, Policy, Redactor};

const NOW_US: i64 = 1_795_219_200_000_000;

static INGEST: LazyLock<Ingest> = LazyLock::new(|| Ingest {
    acceptor: Acceptor {
        redactor: Redactor::new(&Policy::default()).expect("the default policy compiles"),
        minimisation: Minimisation::default(),
        id_key: IdKey::new(&[5; 32]),
    },
    classifier: Classifier::new(&Classes::default()).expect("the default classes compile"),
    newcomers: Newcomers::new(u32::MAX),
});

static KEYS: LazyLock<Mutex<KeyRing>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder can be made").keep();
    Mutex::new(KeyRing::open(&folder, &[1; 32], |out| out.fill(3)).expect("a new ring opens"))
});

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let Some((kind, body)) = input.split_first() else { return };
    let signal = [Signal::Logs, Signal::Traces, Signal::Metrics][usize::from(kind % 3)];
    let encoding = if kind & 0x80 == 0 { Encoding::Json } else { Encoding::Protobuf };
    let request = Request { signal, encoding, body };
    let first = accept(&request);
    assert_eq!(first, accept(&request), "the same request gave something else");
    let Ok((batches, tally)) = first else { return };
    assert_eq!(batches.iter().map(|batch| u64::from(batch.count())).sum::<u64>(), tally.events);
    for batch in &batches {
        assert!(batch.bytes().len() <= RECORD_BYTES_MAX, "a batch does not fit a record");
        let read = Batch::parse(batch.bytes().to_vec()).expect("what is accepted can be read back");
        read.events().for_each(|event| check(&event.expect("parse checks every event")));
    }
});

fn accept(request: &Request<'_>) -> Result<(Vec<Batch>, Tally), Malformed> {
    let sender = Sender { writer: [7; 8], source: "fuzz", known: Known::Observed, sees_hooks: false, agent: None };
    let mut batches = Vec::new();
    let mut fresh = || -> Id { unreachable!("every record has an id of its own") };
    let taken = INGEST.otlp(request, &sender, NOW_US, &mut fresh, &KEYS, &mut batches);
    assert!(taken.is_ok() || batches.is_empty(), "of a request that can't be read nothing is taken");
    Ok((batches, taken?))
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
