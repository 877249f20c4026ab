//! A small log: events of all classes with true commitments, their places, and the leaves that a tree would hold.

use std::path::Path;
use std::sync::Arc;
use tacho_event::entry::{self, Header};
use tacho_event::fact::{Facts, IntFact, TextFact};
use tacho_event::id::Id;
use tacho_event::record::{Accepted, Batch, BatchBuilder};
use tacho_event::section::{Section, Who};
use tacho_event::time::Day;
use tacho_event::words::{ActionType, Class, Known, Level, Outcome, Phase};
use tacho_merkle::commit::{SaltKey, body};
use tacho_merkle::{Hash, leaf_hash};
use tacho_record::sequence::{Decision, Sequencer};
use tacho_store::read::Wanted;
use tacho_store::row::{Part, Row};
use tacho_store::{Observer, Options, Snapshot, Store};

pub(crate) const START_US: i64 = 1_735_813_815_000_000;

/// The commitment that an acceptor with fixed secrets would have made.
pub(crate) fn commitment(id: &[u8; 16], section: Section, bytes: &[u8]) -> [u8; 32] {
    SaltKey::new(&[1; 32], &[2; 32]).commitment(id, section.name(), bytes)
}

/// The same as erasing asks for it.
pub(crate) fn commit(header: &Header<'_>, _: &Who<'_>, section: Section, bytes: &[u8]) -> Option<[u8; 32]> {
    Some(commitment(&header.id.0, section, bytes))
}

/// Sets the body of an event that is otherwise complete.
pub(crate) fn seal(event: &mut Accepted<'_>) {
    let (mut listed, mut scratch) = (Vec::new(), Vec::new());
    for section in Section::ALL {
        if let Some(bytes) = event.section(section, &mut scratch) {
            let commitment = commitment(&event.header.id.0, section, bytes);
            listed.push((section.name(), bytes.len() as u64, commitment));
        }
    }
    event.header.body = *body(&listed).unwrap().as_bytes();
}

fn push_event(n: u64, builder: &mut BatchBuilder) {
    let user = format!("user-{}@example.org", n % 3);
    let input = format!("{{\"command\":\"ls -l /srv/data/{n}\"}}");
    let agent = format!("ops/agent-{}", n % 5);
    let mut facts = Facts::default();
    facts.ints[IntFact::DurationUs as usize] = Some(n as i64 * 10);
    facts.texts[TextFact::Model as usize] = n.is_multiple_of(2).then_some("a model with a longer name");
    let mut id = [7; 16];
    id[8..].copy_from_slice(&n.to_be_bytes());
    let mut event = Accepted {
        header: Header {
            id: Id(id),
            timestamp_us: START_US - n as i64,
            time_claimed: n.is_multiple_of(2),
            agent: &agent,
            agent_version: None,
            session: Some(Id([(n % 4) as u8; 16])),
            producer_seq: Some(n),
            call: Some("toolu_01"),
            parent: None,
            phase: Some(Phase::Result),
            action_type: ActionType::Tool,
            action_name: "Bash",
            class: Class::Standard,
            level: Level::Info,
            outcome: Outcome::Success,
            known: Known::Observed,
            source: "http",
            writer: [0xab; 8],
            retention: Class::ALL[n as usize % 3],
            period: Day(20_090 + n as i32 / 100),
            subject: Some([5; 16]),
            body: [0; 32],
        },
        who: Who { user: Some(&user), ..Who::default() },
        facts,
        texts: [Some(&input), None, None, None, None, Some("{}")],
        content: Some(n),
        former: None,
        subject_slot: None,
    };
    seal(&mut event);
    builder.push(&event);
}

/// A store with the log that it should hold.
pub(crate) struct Fixture {
    pub(crate) store: Arc<Store>,
    sequencer: Sequencer,
    /// Permanent bytes of every entry.
    pub(crate) entries: Vec<Vec<u8>>,
    pub(crate) leaves: Vec<Hash>,
    /// What the journal holds.
    pub(crate) journal: Vec<(Batch, Vec<Decision>)>,
}

impl Fixture {
    pub(crate) fn new(folder: &Path) -> Fixture {
        Fixture::observed(folder, |_| {})
    }

    pub(crate) fn observed(folder: &Path, observer: Observer) -> Fixture {
        let store = Arc::new(open(folder, observer));
        let (sequencer, entries, leaves, journal) = Default::default();
        Fixture { store, sequencer, entries, leaves, journal }
    }

    /// Adds events to the log in records of `size` events each.
    pub(crate) fn add(&mut self, count: u64, size: u64) {
        let from = self.entries.len() as u64;
        for first in (from..from + count).step_by(size as usize) {
            let mut builder = BatchBuilder::new(false);
            (first..(first + size).min(from + count)).for_each(|n| push_event(n, &mut builder));
            self.record(builder.finish());
        }
    }

    pub(crate) fn record(&mut self, batch: Batch) {
        let time = START_US + self.journal.len() as i64;
        let decisions = self.sequencer.record(&batch, time).unwrap();
        for (event, decision) in batch.events().zip(&decisions) {
            if let Decision::Entry { place, .. } = decision {
                let mut bytes = Vec::new();
                entry::render(&event.unwrap().header, place, &mut bytes);
                self.leaves.push(leaf_hash(&bytes));
                self.entries.push(bytes);
            }
        }
        self.store.append(self.journal.len() as u64, &batch, &decisions).unwrap();
        self.journal.push((batch, decisions));
    }

    pub(crate) fn leaf(&self) -> impl Fn(u64) -> Option<Hash> + use<> {
        let leaves = self.leaves.clone();
        move |index| leaves.get(index as usize).copied()
    }

    pub(crate) fn cut(&self) {
        assert!(self.store.cut(&self.leaf()).unwrap());
    }

    /// Replays what a store still needs of the journal.
    pub(crate) fn replay(&self, store: &Store) {
        let from = store.position().next_record;
        for (number, (batch, decisions)) in self.journal.iter().enumerate().skip(from as usize) {
            store.append(number as u64, batch, decisions).unwrap();
        }
    }

    /// Every entry is there exactly once, with the right bytes.
    pub(crate) fn assert_whole(&self, store: &Store) {
        let mut found = Vec::new();
        store.entries(0..u64::MAX, &mut |index, bytes| found.push((index, bytes.to_vec()))).unwrap();
        assert_eq!(found.len(), self.entries.len());
        for (n, (index, bytes)) in found.into_iter().enumerate() {
            assert_eq!(index, n as u64);
            assert_eq!(bytes, self.entries[n]);
        }
        assert_eq!(store.snapshot().size, self.entries.len() as u64);
    }
}

pub(crate) fn open(folder: &Path, observer: Observer) -> Store {
    Store::open(folder, Options { observer, ..Options::new("log.example/1") }).unwrap()
}

/// A section's bytes of a row; `None` when it is absent or gone.
pub(crate) fn section(row: &Row<'_>, section: Section) -> Option<String> {
    let mut scratch = Vec::new();
    match row.section(section, &mut scratch).unwrap() {
        Part::Open(bytes) => Some(String::from_utf8(bytes.to_vec()).unwrap()),
        _ => None,
    }
}

/// That section of each row.
pub(crate) fn texts(snapshot: &Snapshot, wanted: Section) -> Vec<Option<String>> {
    let mut found = Vec::new();
    let each = &mut |row: &Row<'_>| {
        found.push(section(row, wanted));
        Ok(())
    };
    snapshot.rows(0..u64::MAX, Wanted::All, each).unwrap();
    found
}

/// Copies a data folder, as a disk would be found after a crash.
pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() { copy(&path, &target) } else { std::fs::copy(&path, &target).map(|_| ()).unwrap() }
    }
}

/// The Parquet files of a data folder, by name.
pub(crate) fn segment_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder.join("segments")).unwrap();
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}
