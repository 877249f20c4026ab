//! How many instructions an event costs on its way: `instructions EVENTS.ndjson accept|append|seal|hot|cut|rules`, under
//! callgrind with `--toggle-collect='*measured*'`. `scripts/instructions.sh` does it and compares.
//!
//! Instructions and not seconds, because the same work is the same count on a busy machine and on a quiet one.

use std::cell::Cell;
use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::sync::Mutex;
use tacho_alert::Engine;
use tacho_alert::row::Recorded;
use tacho_event::entry::Place;
use tacho_event::id::{Id, IdKey};
use tacho_event::record::Batch;
use tacho_event::words::Known;
use tacho_ingest::accept::{Acceptor, Sender};
use tacho_ingest::classify::{Classes, Classifier};
use tacho_ingest::{Ingest, Newcomers, Options};
use tacho_merkle::{Algorithm, SignerKey};
use tacho_record::Log;
use tacho_record::keyring::KeyRing;
use tacho_record::sequence::Decision;
use tacho_redact::minimise::Minimisation;
use tacho_redact::{Policy, Redactor};
use tacho_store::Store;

const ORIGIN: &str = "log.example/instructions";
const NOW_US: i64 = 1_795_219_200_000_000;
/// Lines of one request, as the load driver sends them.
const BATCH: usize = 1_000;

/// Only what runs inside is counted.
#[inline(never)]
fn measured<R>(work: impl FnOnce() -> R) -> R {
    black_box(work())
}

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [events, stage] = words.as_slice() else {
        return Err("usage: instructions EVENTS.ndjson accept|append|seal|hot|cut|rules".into());
    };
    let text = std::fs::read_to_string(events)?;
    let lines: Vec<&str> = text.lines().collect();
    let bodies: Vec<String> = lines.chunks(BATCH).map(|lines| lines.join("\n")).collect();
    let folder = tempfile::tempdir()?;
    let accept = acceptance(folder.path())?;
    let events = match stage.as_str() {
        "accept" => measured(|| accept(&bodies)).iter().map(Batch::count).sum::<u32>(),
        "append" | "seal" => {
            let mut log = open(folder.path())?;
            let batches = accept(&bodies);
            let receipts = if stage == "append" {
                measured(|| append(&mut log, batches))?
            } else {
                let count = append(&mut log, batches)?;
                measured(|| log.seal())?;
                count
            };
            log.seal()?;
            receipts
        }
        "hot" | "cut" => {
            let batches = accept(&bodies);
            let store = Store::open(folder.path(), tacho_store::Options::new(ORIGIN))?;
            if stage == "hot" { measured(|| keep(&store, &batches))? } else { cut(&store, &batches)? }
        }
        "rules" => {
            let batches = accept(&bodies);
            let mut engine = Engine::new(tacho_alert::builtin::rules()?)?;
            measured(|| follow(&mut engine, &batches))
        }
        other => {
            return Err(
                format!("unknown stage {other}: expected accept, append, seal, hot, cut or rules").into()
            );
        }
    };
    println!("{events}");
    Ok(())
}

/// From the bodies of requests to batches for the journal: decoded, redacted, committed.
fn acceptance(folder: &Path) -> Result<impl Fn(&[String]) -> Vec<Batch> + use<>, Box<dyn Error>> {
    let ingest = Ingest {
        acceptor: Acceptor {
            redactor: Redactor::new(&Policy::default())?,
            minimisation: Minimisation::default(),
            id_key: IdKey::new(&[5; 32]),
        },
        classifier: Classifier::new(&Classes::default())?,
        newcomers: Newcomers::default(),
    };
    let keys = Mutex::new(KeyRing::open(&folder.join("keyring"), &[1; 32], counted)?);
    Ok(move |bodies: &[String]| {
        let sender =
            Sender { writer: [7; 8], source: "bench", known: Known::Observed, sees_hooks: true, agent: None };
        let (count, mut batches) = (Cell::new(0_u128), Vec::new());
        for body in bodies {
            let mut fresh = || {
                count.set(count.get() + 1);
                Id(count.get().to_be_bytes())
            };
            let options = Options::default();
            ingest.body(body.as_bytes(), &sender, &options, NOW_US, &mut fresh, &keys, &mut batches);
        }
        batches
    })
}

fn open(folder: &Path) -> Result<Log, Box<dyn Error>> {
    let signers = [Algorithm::Ed25519, Algorithm::MlDsa44]
        .into_iter()
        .map(|algorithm| SignerKey::from_seed(ORIGIN, algorithm, &[3; 32]))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Log::open(folder, ORIGIN, signers, tacho_record::Options::new(counted))?)
}

/// One group for each batch: written, synced, placed.
fn append(log: &mut Log, batches: Vec<Batch>) -> Result<u32, Box<dyn Error>> {
    let mut accepted = 0;
    for (number, batch) in batches.into_iter().enumerate() {
        let receipts = log.append(NOW_US + number as i64, vec![batch])?;
        accepted += receipts.iter().map(|receipt| receipt.accepted).sum::<u32>();
    }
    Ok(accepted)
}

/// Into the newest rows, in memory.
fn keep(store: &Store, batches: &[Batch]) -> Result<u32, Box<dyn Error>> {
    let mut index = 0;
    for (record, batch) in batches.iter().enumerate() {
        let decisions: Vec<_> = (index..index + u64::from(batch.count()))
            .map(|index| Decision::Entry { index, place: place(index) })
            .collect();
        store.append(record as u64, batch, &decisions)?;
        index += decisions.len() as u64;
    }
    Ok(index as u32)
}

/// From the newest rows into segments, which are read back.
fn cut(store: &Store, batches: &[Batch]) -> Result<u32, Box<dyn Error>> {
    let count = keep(store, batches)?;
    let mut leaves = Vec::new();
    for event in batches.iter().flat_map(Batch::events) {
        let mut entry = Vec::new();
        tacho_event::entry::render(&event?.header, &place(leaves.len() as u64), &mut entry);
        leaves.push(tacho_merkle::leaf_hash(&entry));
    }
    measured(|| store.cut(&|index| leaves.get(index as usize).copied()))?;
    Ok(count)
}

/// Recorded as fast as they come in, whatever time they claim.
fn place(index: u64) -> Place {
    Place { time_us: NOW_US + index as i64 * 10, session_seq: None, revision: 0 }
}

/// Every built-in rule, with each event.
fn follow(engine: &mut Engine, batches: &[Batch]) -> u32 {
    let mut index: u64 = 0;
    for batch in batches {
        for event in batch.events() {
            let event = event.expect("a batch that was just made");
            engine.observe(&Recorded::new(&event, place(index), index, false));
            index += 1;
        }
        black_box(engine.transitions());
    }
    index as u32
}

/// Different bytes at each call, the same in each run; no secret is protected by them.
fn counted(out: &mut [u8]) {
    thread_local!(static CALLS: Cell<u64> = const { Cell::new(1) });
    let call = CALLS.get();
    CALLS.set(call + 1);
    for (byte, add) in out.iter_mut().zip(call.to_le_bytes().iter().cycle()) {
        *byte = byte.wrapping_add(*add);
    }
}
