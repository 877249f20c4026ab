//! `verify` of a data folder: journal, segments, sections, sessions, tiles, checkpoint, catalog.
//!
//! Memory: 32 bytes an entry and some 60 a session.

use super::leaves::Leaves;
use super::sections::Sections;
use super::{Check, Findings, checkpoint, moment, progress, tiles};
use crate::folder::Keys;
use crate::node::Node;
use indicatif::ProgressBar;
use std::collections::HashMap;
use std::error::Error;
use std::path::Path;
use tacho_event::entry::{self, Header, Place};
use tacho_event::id::Id;
use tacho_event::section::Section;
use tacho_event::time::Micros;
use tacho_merkle::{Checkpoint, VerifierKey, leaf_hash};
use tacho_record::keyring::Secrets;
use tacho_record::log::{self, Lock, Released};
use tacho_record::sealer::TileFolder;
use tacho_record::sequence::{Sequenced, Sequencer};
use tacho_store::StoreError;
use tacho_store::row::{Part, Row};

/// Everything about the entries that is gathered while they pass by.
struct Walk<'r> {
    findings: Findings,
    leaves: Leaves,
    sections: Sections<'r>,
    sessions: HashMap<Id, (u64, u64)>,
    newest_us: Micros,
    bytes: Vec<u8>,
    bar: ProgressBar,
    /// Entries that segments can hold; `None` without a checkpoint, and then there is nothing to compare leaves with.
    size: Option<u64>,
}

impl<'r> Walk<'r> {
    fn new(ring: &'r Secrets, size: Option<u64>) -> Walk<'r> {
        Walk {
            findings: Findings::default(),
            leaves: Leaves::default(),
            sections: Sections::new(ring),
            sessions: HashMap::new(),
            newest_us: 0,
            bytes: Vec::with_capacity(1024),
            bar: progress(size.unwrap_or(0), "entries"),
            size,
        }
    }

    fn entry(&mut self, index: u64, header: &Header<'_>, place: &Place) {
        self.bytes.clear();
        entry::render(header, place, &mut self.bytes);
        self.leaves.put(index, leaf_hash(&self.bytes), &mut self.findings);
        self.newest_us = self.newest_us.max(place.time_us);
        if let Some((session, seq)) = header.session.zip(place.session_seq) {
            let (count, last) = self.sessions.entry(session).or_default();
            (*count, *last) = (*count + 1, (*last).max(seq));
        }
        self.bar.inc(1);
    }

    fn judge(&mut self, index: u64, sections: Result<Option<bool>, StoreError>) {
        match sections {
            Ok(Some(true) | None) => {}
            Ok(Some(false)) => {
                let what = "TAMPERED: its sections are not what the entry commits to";
                self.findings.integrity(format!("entry {index}"), what);
            }
            Err(error) => self.findings.integrity(format!("entry {index}"), error.to_string()),
        }
    }

    /// A row of a segment. A row that gives no entry is a finding, never an end.
    fn row(&mut self, row: &Row<'_>) {
        let index = row.index();
        // A changed number must not make a place for as many hashes.
        if let Some(size) = self.size.filter(|size| index >= *size) {
            let what = format!("stands in a segment, and the log has only {size} sealed entries");
            return self.findings.integrity(format!("entry {index}"), what);
        }
        let header = match row.header().and_then(|header| Ok((header, row.place()?))) {
            Ok((header, place)) => {
                if self.size.is_some() {
                    self.entry(index, &header, &place);
                }
                header
            }
            Err(error) => return self.findings.integrity(format!("entry {index}"), error.to_string()),
        };
        let mut scratch = Vec::new();
        let judged = self.sections.check(index, &header, &row.who(), &mut |section, each| {
            each(row.section(section, &mut scratch)?);
            Ok(())
        });
        self.judge(index, judged);
    }

    /// A batch of the journal.
    fn batch(&mut self, batch: &Sequenced) {
        for (index, place, event) in batch.entries() {
            self.entry(index, &event.header, &place);
            let mut scratch = Vec::new();
            let judged =
                self.sections.check(index, &event.header, &event.who, &mut |section: Section, each| {
                    each(event.section(section, &mut scratch).map_or(Part::Absent, Part::Open));
                    Ok(())
                });
            self.judge(index, judged);
        }
    }

    /// Text whose secret is gone: an erasure that was not finished, or a damaged key ring.
    fn missing_secrets(&mut self) {
        for (secret, (first, count)) in &self.sections.missing {
            let what = format!(
                "the secret {secret} is gone, the sections of entry {first} ({count} entries in all) are still there: \
                 restore the ring, or finish the erasure"
            );
            self.findings.completeness("keyring/ring", what);
        }
    }

    /// Sessions, tiles and root, once every entry has passed by.
    fn finish(mut self, checkpoint: Option<&Checkpoint>, tiles: &TileFolder) -> Check {
        self.bar.finish_and_clear();
        for (session, (count, last)) in &self.sessions {
            let (place, numbers) = (format!("session {session}"), last.saturating_add(1));
            if *count < numbers {
                let missing = numbers - count;
                let what = format!("has {count} entries, its numbers reach {last}: {missing} are missing");
                self.findings.completeness(place, what);
            } else if *count > numbers {
                self.findings.integrity(place, format!("has {count} entries, its numbers reach only {last}"));
            }
        }
        let mut what = "nothing is sealed yet".to_string();
        if let Some(checkpoint) = checkpoint {
            self.leaves.check(checkpoint, tiles, &mut self.findings);
            what = format!("root {} over {} entries", checkpoint.root, checkpoint.size);
        }
        let (entries, counts) = (self.leaves.size(), self.sections.counts);
        let newest = moment(self.newest_us);
        let what = format!(
            "{entries} entries up to {newest}, {} sessions; sections: {} open, {} erased, {} expired, {} sealed; {what}",
            self.sessions.len(),
            counts.open,
            counts.erased,
            counts.expired,
            counts.sealed
        );
        Check::new(self.findings, entries, what)
    }
}

/// Checks a folder that no server has open. Changes nothing.
pub(crate) fn at_rest(
    data: &Path,
    pins: &[VerifierKey],
    since: Option<&Path>,
) -> Result<Check, Box<dyn Error>> {
    if !data.join("wal").exists() {
        return Err(format!("{} is no data folder: it has no wal/", data.display()).into());
    }
    let _lock = Lock::take(data)?;
    let keys = Keys::read(data)?;
    let verifiers = if pins.is_empty() {
        keys.verifiers().map_err(|error| format!("{}: {error}", data.join("origin").display()))?
    } else {
        pins.to_vec()
    };
    let mut early = Findings::default();
    let ring = keys.read_ring(data)?;
    let checkpoint = checkpoint::read(data, &verifiers, &mut early);
    let mut walk = Walk::new(&ring, checkpoint.as_ref().map(|checkpoint| checkpoint.size));
    walk.findings = early;
    let is_new = checkpoint.is_none() && walk.findings.count == 0;
    let mut sequencer = Sequencer::default();
    let mut past = Vec::new();
    let end = walk.size.unwrap_or(u64::MAX);
    let inspected = tacho_store::inspect(data, &mut |row| {
        walk.row(row);
        past.extend(row.past().ok().filter(|past| past.index < end));
    });
    for fault in &inspected.faults {
        walk.findings.integrity("segments", fault.to_string());
    }
    past.sort_unstable_by_key(|past| past.index);
    past.iter().for_each(|past| sequencer.recall(past));
    let held = inspected.position.next_index;
    if is_new && held > 0 {
        let what =
            format!("is missing, and with it all tiles; segments hold {held} entries that were sealed");
        walk.findings.completeness("log/checkpoint", what);
    }
    let released = Released { next_record: inspected.position.next_record, sequencer };
    let read = log::read(data, released, |batch| {
        walk.batch(batch);
        Ok(())
    });
    if let Err(error) = read {
        walk.findings.integrity("wal", error.to_string());
    }
    if let Some(path) = since {
        checkpoint::since(path, &verifiers, data, checkpoint.as_ref(), &mut walk.findings)?;
    }
    walk.missing_secrets();
    if let Some(checkpoint) = &checkpoint {
        tiles::check(&data.join("log"), checkpoint.size, &walk.leaves, &mut walk.findings);
    }
    Ok(walk.finish(checkpoint.as_ref(), &TileFolder(data.join("log"))))
}

/// Checks what a running node holds, up to this moment: segments and newest events against its own tiles.
pub(crate) fn of_node(node: &Node) -> Result<Check, Box<dyn Error>> {
    let mut early = Findings::default();
    let checkpoint = checkpoint::read(node.data(), node.verifiers(), &mut early);
    // The snapshot is taken after the checkpoint, so that it holds everything that is signed.
    let wanted = checkpoint.as_ref().map_or(0, |checkpoint| checkpoint.size);
    let snapshot = node.snapshot_blocking(wanted);
    let ring = Keys::read(node.data())?.read_ring(node.data())?;
    let mut walk = Walk::new(&ring, Some(snapshot.size));
    walk.findings = early;
    for segment in &snapshot.segments {
        let found = tacho_store::segment::verify_file(segment, &mut |row| {
            walk.row(row);
            Ok(())
        });
        for fault in found {
            walk.findings.integrity("segments", fault.to_string());
        }
    }
    for batch in &snapshot.hot {
        tacho_store::row::Rows::new(batch)?.iter().for_each(|row| walk.row(&row));
    }
    Ok(walk.finish(checkpoint.as_ref(), &node.tiles()))
}
