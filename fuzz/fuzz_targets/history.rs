//! Any file of history, whole and cut in two: what comes out can be journaled, the place survives being sent, and the
//! two parts give the events of the whole.
#![no_main]

use std::sync::{LazyLock, Mutex};
use tacho_event::id::IdKey;
use tacho_event::limits::RECORD_BYTES_MAX;
use tacho_event::record::Batch;
use tacho_event::words::Known;
use tacho_ingest::accept::{Acceptor, Sender};
use tacho_ingest::classify::{Classes, Classifier};
use tacho_ingest::formats::Format;
use tacho_ingest::{Ingest, Newcomers, Options, Place, Tally};
use tacho_record::keyring::KeyRing;
use tacho_redact::minimise::Minimisation;
use tacho_redact::{Policy, Redactor};

const NOW_US: i64 = 1_795_219_200_000_000;

static INGEST: LazyLock<Ingest> = LazyLock::new(|| Ingest {
    acceptor: Acceptor {
        redactor: Redactor::new(&Policy::default()).expect("the default policy compiles"),
        minimisation: Minimisation::default(),
        id_key: IdKey::new(&[5; 32]),
    },
    classifier: Classifier::new(&Classes::default()).expect("the default classes compile"),
    newcomers: Newcomers::new(0),
});

static KEYS: LazyLock<Mutex<KeyRing>> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder can be made").keep();
    Mutex::new(KeyRing::open(&folder, &[1; 32], |out| out.fill(3)).expect("a new ring opens"))
});

libfuzzer_sys::fuzz_target!(|input: (u8, u16, &[u8])| {
    let (format, cut, body) = input;
    // Half of the time the members tell the format.
    let format = Format::ALL.get(usize::from(format) % (2 * Format::ALL.len())).copied();
    let (whole, tally) = accept(body, format, None);
    assert_eq!(whole.len() as u64, tally.events);
    // Only lines may be cut apart; what else a body is, is told by its first bytes.
    let is_by_line = tacho_ingest::body::is_by_line(body, format);
    let Some(at) = body.iter().skip(usize::from(cut)).position(|byte| *byte == b'\n').filter(|_| is_by_line)
    else {
        return;
    };
    let (first, second) = body.split_at(usize::from(cut) + at + 1);
    let both_by_line = [first, second].iter().all(|part| tacho_ingest::body::is_by_line(part, format));
    if !both_by_line {
        return;
    }
    let (mut parts, tally) = accept(first, format, None);
    let text = serde_json::to_string(&tally.place).expect("a place is plain data");
    let place: Place = serde_json::from_str(&text).expect("a place can be read back");
    assert_eq!(place, tally.place);
    parts.extend(accept(second, format, Some(&place)).0);
    assert_eq!(parts, whole, "cut in two it gave other events");
});

/// Ids and contents.
fn accept(
    body: &[u8],
    format: Option<Format>,
    place: Option<&Place>,
) -> (Vec<([u8; 16], Option<u64>)>, Tally) {
    let sender = Sender { writer: [7; 8], source: "fuzz", known: Known::Imported, sees_hooks: false, agent: None };
    let options = Options { format, replay: true, file: "f", place, ..Options::default() };
    let mut batches: Vec<Batch> = Vec::new();
    let mut fresh = || panic!("every event of history has an id");
    let tally = INGEST.body(body, &sender, &options, NOW_US, &mut fresh, &KEYS, &mut batches);
    let mut events = Vec::new();
    for batch in &batches {
        assert!(batch.bytes().len() <= RECORD_BYTES_MAX, "a batch does not fit a record");
        let read = Batch::parse(batch.bytes().to_vec()).expect("what is accepted can be read back");
        events.extend(read.events().map(|event| {
            let event = event.expect("parse checks every event");
            (event.header.id.0, event.content)
        }));
    }
    (events, tally)
}
