//! How fast history is read, redacted and accepted, without the log behind it: `import_rate FOLDER`.
//!
//! Two threads share the files, as an import does on two cores.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;
use tacho_event::id::{Id, IdKey};
use tacho_event::words::Known;
use tacho_ingest::accept::{Acceptor, Sender};
use tacho_ingest::classify::{Classes, Classifier};
use tacho_ingest::{Ingest, Newcomers, Options, Place};
use tacho_record::keyring::KeyRing;
use tacho_redact::minimise::Minimisation;
use tacho_redact::{Policy, Redactor};

const PIECE_BYTES: usize = 4 << 20;
const NOW_US: i64 = 1_795_219_200_000_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = std::env::args().nth(1).ok_or("usage: import_rate FOLDER")?;
    let mut files = Vec::new();
    find(Path::new(&folder), &mut files)?;
    let ingest = Ingest {
        acceptor: Acceptor {
            redactor: Redactor::new(&Policy::default())?,
            minimisation: Minimisation::default(),
            id_key: IdKey::new(&[5; 32]),
        },
        classifier: Classifier::new(&Classes::default())?,
        newcomers: Newcomers::default(),
    };
    let dir = tempfile::tempdir()?;
    let keys = Mutex::new(KeyRing::open(&dir.path().join("keyring"), &[1; 32], |out| out.fill(7))?);
    let (next, bytes, events) = (AtomicUsize::new(0), AtomicU64::new(0), AtomicU64::new(0));
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let (read, found) = import(&ingest, &keys, path);
                    bytes.fetch_add(read, Ordering::Relaxed);
                    events.fetch_add(found, Ordering::Relaxed);
                }
            });
        }
    });
    let seconds = start.elapsed().as_secs_f64();
    let (bytes, events) = (bytes.into_inner() as f64, events.into_inner());
    println!(
        "{} files, {:.0} MB, {events} events in {seconds:.1} s: {:.0} MB/s, {:.0} events/s",
        files.len(),
        bytes / 1e6,
        bytes / 1e6 / seconds,
        events as f64 / seconds
    );
    Ok(())
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            find(&entry.path(), files)?;
        } else if entry.path().extension().is_some_and(|end| end == "jsonl") {
            files.push(entry.path());
        }
    }
    Ok(())
}

/// Bytes and events of one file.
fn import(ingest: &Ingest, keys: &Mutex<KeyRing>, path: &Path) -> (u64, u64) {
    let Ok(text) = std::fs::read(path) else { return (0, 0) };
    let sender =
        Sender { writer: [7; 8], source: "import", known: Known::Imported, sees_hooks: false, agent: None };
    let (mut at, mut events, mut place) = (0, 0, Place::default());
    let mut batches = Vec::new();
    while at < text.len() {
        let end = (at + PIECE_BYTES).min(text.len());
        let end =
            text[end..].iter().position(|byte| *byte == b'\n').map_or(text.len(), |found| end + found + 1);
        let options = Options { replay: true, file: "f", place: Some(&place), ..Options::default() };
        let mut fresh = || Id([0; 16]);
        let tally = ingest.body(&text[at..end], &sender, &options, NOW_US, &mut fresh, keys, &mut batches);
        events += tally.events;
        place = tally.place;
        at = end;
        batches.clear();
    }
    (text.len() as u64, events)
}
