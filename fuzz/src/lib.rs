//! A store's folder to damage: one log of three classes, cut into segments, and the means to put damaged files in
//! its place.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use tacho_event::entry::{self, Header};
use tacho_event::fact::{Facts, IntFact, TextFact};
use tacho_event::id::Id;
use tacho_event::record::{Accepted, BatchBuilder};
use tacho_event::section::{Section, Who};
use tacho_event::time::Day;
use tacho_event::words::{ActionType, Class, Known, Level, Outcome, Phase};
use tacho_merkle::{Hash, leaf_hash};
use tacho_record::sequence::{Decision, Sequencer};
use tacho_store::inspect::Inspection;
use tacho_store::{Options, Store};

const EVENTS: u64 = 24;

/// What became of a file's bytes.
#[derive(Debug, Clone, arbitrary::Arbitrary)]
pub enum Damage {
    /// Places and what is added to the bytes there.
    Edits(Vec<(u32, u8)>),
    /// So much of the end is gone, and something else stands there.
    Cut(u32, Vec<u8>),
    /// A range was moved over another place.
    Moved { from: u32, to: u32, len: u16 },
    /// Not the file at all.
    Other(Vec<u8>),
}

impl Damage {
    pub fn apply(&self, good: &[u8]) -> Vec<u8> {
        let mut bytes = good.to_vec();
        let at = |place: u32| place as usize % good.len();
        match self {
            Damage::Edits(edits) => {
                edits.iter().for_each(|(place, add)| bytes[at(*place)] = good[at(*place)].wrapping_add(*add));
            }
            Damage::Cut(place, more) => {
                bytes.truncate(at(*place));
                bytes.extend_from_slice(more);
            }
            Damage::Moved { from, to, len } => {
                let (from, to) = (at(*from), at(*to));
                let len = usize::from(*len).min(good.len() - from.max(to));
                bytes.copy_within(from..from + len, to);
            }
            Damage::Other(other) => bytes.clone_from(other),
        }
        bytes
    }
}

/// A folder in memory's file system, and what a look at it says while it is whole.
pub struct Folder {
    pub path: PathBuf,
    pub entries: Vec<Vec<u8>>,
    pub catalog: Vec<u8>,
    /// Path and bytes of each segment.
    pub segments: Vec<(PathBuf, Vec<u8>)>,
}

impl Folder {
    /// Makes the folder. It stays until the process ends.
    pub fn make() -> Folder {
        let path = tempfile::Builder::new().prefix("tacho-fuzz-store").tempdir().expect("a folder").keep();
        let entries = fill(&path);
        let catalog = std::fs::read(path.join("catalog.sqlite")).expect("a closed store leaves its catalog");
        let files = std::fs::read_dir(path.join("segments")).expect("there are segments");
        let mut files: Vec<PathBuf> = files.map(|file| file.expect("a listed file").path()).collect();
        files.sort();
        let read = |path: PathBuf| (path.clone(), std::fs::read(path).expect("a segment can be read"));
        Folder { path, entries, catalog, segments: files.into_iter().map(read).collect() }
    }

    /// Puts a catalog there, alone: nothing of an earlier look stays beside it.
    pub fn put_catalog(&self, bytes: &[u8]) {
        for name in ["catalog.sqlite-wal", "catalog.sqlite-shm", "catalog.sqlite-journal"] {
            let _ = std::fs::remove_file(self.path.join(name));
        }
        std::fs::write(self.path.join("catalog.sqlite"), bytes).expect("a file can be written");
    }

    /// Looks through the folder as `verify` does: every row that can be read, with all that it gives.
    pub fn look(&self) -> (Inspection, Vec<(u64, Result<Vec<u8>, String>)>) {
        let (mut rows, mut scratch) = (Vec::new(), Vec::new());
        let inspection = tacho_store::inspect(&self.path, &mut |row| {
            let mut bytes = Vec::new();
            let rendered = row.entry(&mut bytes).map(|()| bytes).map_err(|error| error.to_string());
            rows.push((row.index(), rendered));
            let _ = (row.past().is_ok(), row.who(), row.facts());
            for section in Section::ALL {
                let _ = row.section(section, &mut scratch);
            }
        });
        (inspection, rows)
    }
}

/// Writes the log and cuts it. Returns the entries' permanent bytes.
fn fill(path: &Path) -> Vec<Vec<u8>> {
    let store = Store::open(path, Options::new("log.example/fuzz")).expect("a new store opens");
    let (mut sequencer, mut entries) = (Sequencer::default(), Vec::<Vec<u8>>::new());
    for (record, first) in (0..EVENTS).step_by(8).enumerate() {
        let mut builder = BatchBuilder::new(false);
        (first..first + 8).for_each(|n| push(n, &mut builder));
        let batch = builder.finish();
        let decisions = sequencer.record(&batch, 1_735_813_815_000_000).expect("a good batch");
        for (event, decision) in batch.events().zip(&decisions) {
            if let Decision::Entry { place, .. } = decision {
                let mut bytes = Vec::new();
                entry::render(&event.expect("a good batch").header, place, &mut bytes);
                entries.push(bytes);
            }
        }
        store.append(record as u64, &batch, &decisions).expect("the store takes a batch");
    }
    let leaves: Vec<Hash> = entries.iter().map(|bytes| leaf_hash(bytes)).collect();
    assert!(store.cut(&|index| leaves.get(index as usize).copied()).expect("segments can be written"));
    entries
}

fn push(n: u64, builder: &mut BatchBuilder) {
    let (agent, input) = (format!("ops/{}", n % 5), format!("{{\"n\":{n}}}"));
    let mut facts = Facts::default();
    facts.ints[IntFact::DurationUs as usize] = Some(n as i64);
    facts.texts[TextFact::Model as usize] = n.is_multiple_of(2).then_some("m");
    let header = Header {
        id: Id([n as u8; 16]),
        timestamp_us: n as i64,
        time_claimed: n.is_multiple_of(2),
        agent: &agent,
        agent_version: None,
        session: Some(Id([(n % 4) as u8; 16])),
        producer_seq: Some(n),
        call: Some("c"),
        parent: None,
        phase: Some(Phase::Result),
        action_type: ActionType::Tool,
        action_name: "Bash",
        class: Class::Standard,
        level: Level::Info,
        outcome: Outcome::Success,
        known: Known::Observed,
        source: "http",
        writer: [9; 8],
        retention: Class::ALL[n as usize % 3],
        period: Day(20_090),
        subject: Some([5; 16]),
        body: [6; 32],
    };
    builder.push(&Accepted {
        header,
        who: Who { user: Some("u"), ..Who::default() },
        facts,
        texts: [Some(&input), None, None, None, None, Some("{}")],
        content: Some(n),
        former: None,
        subject_slot: None,
    });
}

thread_local! {
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// The code under test catches panics of the Parquet reader, which is not made for hostile bytes; the fuzzer's own hook
/// would end the process first. From now on only a panic that nobody catches does.
pub fn let_panics_be_caught() {
    std::panic::set_hook(Box::new(|what| {
        if !GUARDED.get() {
            eprintln!("{what}");
            std::process::abort();
        }
    }));
}

/// Runs one input: a panic that gets here is a finding.
pub fn guarded(run: impl FnOnce()) {
    GUARDED.set(true);
    let ended = catch_unwind(AssertUnwindSafe(run));
    GUARDED.set(false);
    if let Err(panic) = ended {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or(panic.downcast_ref::<&str>().copied()).unwrap_or("a panic without words");
        panic!("{text}");
    }
}
