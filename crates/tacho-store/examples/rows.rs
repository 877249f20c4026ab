//! Measures what a row costs on its way: columns, merging, and segments that are written and read back.
//!
//! `cargo run --release -p tacho-store --example rows -- 500000 256` prints nanoseconds per row, here for half a
//! million rows in journal records of 256.

use std::time::Instant;
use tacho_event::entry::{self, Header};
use tacho_event::fact::{Facts, IntFact, TextFact};
use tacho_event::id::Id;
use tacho_event::record::{Accepted, Batch, BatchBuilder};
use tacho_event::section::Who;
use tacho_event::time::Day;
use tacho_event::words::{ActionType, Class, Known, Level, Outcome, Phase};
use tacho_merkle::{Hash, leaf_hash};
use tacho_record::sequence::{Decision, Sequencer};
use tacho_store::hot::to_batch;
use tacho_store::{Options, Store};

/// Numbers without a pattern.
fn mixed(n: u64) -> u64 {
    let x = (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (x ^ x >> 31).wrapping_mul(0xbf58_476d_1ce4_e5b9)
}

fn push(n: u64, out: &mut BatchBuilder) {
    let words: Vec<String> = (0..24).map(|i| format!("word{}", mixed(n * 31 + i) % 5000)).collect();
    let input = format!("{{\"command\":\"{}\"}}", words[..8].join(" "));
    let output = format!("{{\"text\":\"{}\"}}", words.join(" "));
    let agent = format!("ops/agent-{}", n % 200);
    let user = format!("user-{}", n % 1000);
    let (mut id, mut body) = ([0; 16], [0; 32]);
    id[..8].copy_from_slice(&n.to_be_bytes());
    id[8..].copy_from_slice(&mixed(n).to_be_bytes());
    body.chunks_mut(8).zip(n..).for_each(|(chunk, n)| chunk.copy_from_slice(&mixed(n * 7).to_be_bytes()));
    let mut facts = Facts::default();
    for (fact, value) in [
        (IntFact::DurationUs, mixed(n) % 900_000),
        (IntFact::TokensInput, mixed(n + 1) % 9000),
        (IntFact::TokensOutput, mixed(n + 2) % 2000),
        (IntFact::CostMicros, mixed(n + 3) % 70_000),
    ] {
        facts.ints[fact as usize] = Some(value as i64);
    }
    facts.texts[TextFact::Model as usize] = Some("claude-large-4");
    facts.texts[TextFact::Environment as usize] = Some("production");
    out.push(&Accepted {
        header: Header {
            id: Id(id),
            timestamp_us: 1_735_813_815_000_000 + n as i64 * 300,
            time_claimed: true,
            agent: &agent,
            agent_version: Some("1.4.2"),
            session: Some(Id([(mixed(n / 40) % 251) as u8; 16])),
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
            source: "http",
            writer: [7; 8],
            retention: if n.is_multiple_of(50) { Class::Critical } else { Class::Standard },
            period: Day(20_090),
            subject: None,
            body,
        },
        who: Who { user: Some(&user), ..Who::default() },
        facts,
        texts: [Some(&input), Some(&output), None, None, None, None],
        content: Some(mixed(n)),
        former: None,
        subject_slot: None,
    });
}

fn main() {
    let number = |at, default| std::env::args().nth(at).and_then(|n| n.parse().ok()).unwrap_or(default);
    let (rows, record) = (number(1, 500_000), number(2, 256));
    let (mut sequencer, mut leaves) = (Sequencer::default(), Vec::new());
    let mut records: Vec<(Batch, Vec<Decision>)> = Vec::new();
    for first in (0..rows).step_by(record as usize) {
        let mut builder = BatchBuilder::new(false);
        (first..(first + record).min(rows)).for_each(|n| push(n, &mut builder));
        let batch = builder.finish();
        let decisions = sequencer.record(&batch, first as i64).expect("the batch was just built");
        for (event, decision) in batch.events().zip(&decisions) {
            if let (Ok(event), Decision::Entry { place, .. }) = (event, decision) {
                let mut bytes = Vec::new();
                entry::render(&event.header, place, &mut bytes);
                leaves.push(leaf_hash(&bytes));
            }
        }
        records.push((batch, decisions));
    }
    let bytes: usize = records.iter().map(|(batch, _)| batch.bytes().len()).sum();
    println!("{rows} rows of {} bytes in the journal", bytes as u64 / rows);
    let report = |what: &str, start: Instant| {
        println!("{what}: {} ns/row", start.elapsed().as_nanos() as u64 / rows);
    };

    let start = Instant::now();
    for (batch, decisions) in &records {
        std::hint::black_box(to_batch(batch, decisions).expect("the batch is good"));
    }
    report("to_batch", start);
    let whole = records.iter().flat_map(|(batch, _)| batch.events()).count();
    let start = Instant::now();
    let read = records.iter().flat_map(|(batch, _)| batch.events()).filter(Result::is_ok).count();
    assert_eq!(read, whole);
    report("of which reading the journal's bytes", start);

    let dir = tempfile::tempdir().expect("a folder for the segments");
    let options = Options { hot_bytes_max: usize::MAX, ..Options::new("log.example/1") };
    let store = Store::open(dir.path(), options).expect("an empty folder opens");
    let start = Instant::now();
    for (n, (batch, decisions)) in records.iter().enumerate() {
        store.append(n as u64, batch, decisions).expect("the record follows");
    }
    report("append (to_batch and merging)", start);
    let snapshot = store.snapshot();
    println!("hot: {} bytes/row in {} batches", store.hot_bytes() as u64 / rows, snapshot.hot.len());
    drop(snapshot);
    let leaf = |index: u64| -> Option<Hash> { leaves.get(index as usize).copied() };
    let start = Instant::now();
    let cut = store.freeze().expect("there is something to cut");
    store.commit(cut.write(&leaf).expect("the disk takes it")).expect("the catalog takes it");
    report("cut (write, sync, read back, verify, commit)", start);
    let size: u64 = store.snapshot().segments.iter().map(|segment| segment.bytes).sum();
    println!("segments: {} bytes/row", size / rows);
    let start = Instant::now();
    store.entries(0..rows, &mut |_, entry| assert!(!entry.is_empty())).expect("all entries are there");
    report("entries rendered from segments", start);
    let start = Instant::now();
    store.past(u64::MAX, &mut |_| ()).expect("all states are there");
    report("states", start);
    let start = Instant::now();
    store.past(0, &mut |_| ()).expect("all sessions are there");
    report("sessions", start);
}
