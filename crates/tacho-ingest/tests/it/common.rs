//! A recorder's way in with fixed keys, clock and ids.

use std::path::Path;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{LazyLock, Mutex};
use tacho_event::event::Event;
use tacho_event::id::{Id, IdKey};
use tacho_event::record::{Accepted, Batch};
use tacho_event::words::Known;
use tacho_ingest::accept::{Acceptor, Sender};
use tacho_ingest::classify::{Classes, Classifier};
use tacho_ingest::formats::{Format, decode};
use tacho_ingest::{Ingest, Newcomers, Options, Tally};
use tacho_record::keyring::KeyRing;
use tacho_redact::minimise::Minimisation;
use tacho_redact::{Policy, Redactor};

pub(crate) const NOW_US: i64 = 1_795_219_200_000_000;

pub(crate) const SENDER: Sender<'static> =
    Sender { writer: [7; 8], source: "http", known: Known::Observed, sees_hooks: false, agent: None };

fn counted(out: &mut [u8]) {
    static CALLS: AtomicU8 = AtomicU8::new(1);
    out.fill(CALLS.fetch_add(1, Ordering::Relaxed));
}

pub(crate) fn ingest(minimisation: Minimisation) -> Ingest {
    let redactor = Redactor::new(&Policy::default()).unwrap();
    Ingest {
        acceptor: Acceptor { redactor, minimisation, id_key: IdKey::new(&[5; 32]) },
        classifier: Classifier::new(&Classes::default()).unwrap(),
        newcomers: Newcomers::default(),
    }
}

pub(crate) fn keys(folder: &Path) -> Mutex<KeyRing> {
    Mutex::new(KeyRing::open(&folder.join("keyring"), &[1; 32], counted).unwrap())
}

/// What came of a body.
pub(crate) struct Taken {
    pub(crate) tally: Tally,
    pub(crate) batches: Vec<Batch>,
}

impl Taken {
    pub(crate) fn events(&self) -> Vec<Accepted<'_>> {
        self.batches.iter().flat_map(|batch| batch.events()).map(Result::unwrap).collect()
    }

    /// The only event.
    pub(crate) fn one(&self) -> Accepted<'_> {
        let mut events = self.events();
        assert_eq!(events.len(), 1, "{:?}", self.tally);
        events.remove(0)
    }
}

pub(crate) fn take_with(body: &[u8], options: &Options<'_>, rules: Minimisation) -> Taken {
    taken(&ingest(rules), body, options, &SENDER)
}

pub(crate) fn take_from(body: &[u8], options: &Options<'_>, sender: &Sender<'_>) -> Taken {
    taken(&ingest(Minimisation::default()), body, options, sender)
}

fn taken(ingest: &Ingest, body: &[u8], options: &Options<'_>, sender: &Sender<'_>) -> Taken {
    let dir = tempfile::tempdir().unwrap();
    let keys = keys(dir.path());
    let mut batches = Vec::new();
    let mut last = 0u8;
    let mut fresh = || {
        last = last.wrapping_add(1);
        Id([last; 16])
    };
    let tally = ingest.body(body, sender, options, NOW_US, &mut fresh, &keys, &mut batches);
    Taken { tally, batches }
}

pub(crate) fn take(body: &str) -> Taken {
    static DEFAULT: LazyLock<Ingest> = LazyLock::new(|| ingest(Minimisation::default()));
    taken(&DEFAULT, body.as_bytes(), &Options::default(), &SENDER)
}

/// The events of one line as its format decodes them.
pub(crate) fn decoded(line: &str, hint: Option<Format>) -> Vec<Event<'_>> {
    let mut events = Vec::new();
    decode(line, hint, &mut |event| events.push(event)).unwrap();
    events
}
