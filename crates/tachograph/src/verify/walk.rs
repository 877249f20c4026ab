//! Everything about the entries that is gathered while they pass by, and judged when all have.
//!
//! Memory: 32 bytes an entry and some 60 a session.

use super::leaves::Leaves;
use super::registry::Registry;
use super::sections::Sections;
use super::segments::{Segments, is_own};
use super::sessions::Sessions;
use super::{Check, Findings, archive, moment, progress};
use indicatif::ProgressBar;
use std::path::Path;
use tacho_event::entry::{self, Header, Place};
use tacho_event::section::Section;
use tacho_event::time::Micros;
use tacho_merkle::{Checkpoint, leaf_hash};
use tacho_record::keyring::Secrets;
use tacho_record::log::Released;
use tacho_record::sealer::TileFolder;
use tacho_record::sequence::{Sequenced, Sequencer};
use tacho_store::catalog::{Action, Registered};
use tacho_store::inspect::Listed;
use tacho_store::row::{Part, Row};
use tacho_store::{Position, StoreError};

/// One pass over a log.
pub(super) struct Walk<'r> {
    pub findings: Findings,
    pub leaves: Leaves,
    sections: Sections<'r>,
    segments: Segments,
    pub registry: Registry,
    pub archived: Vec<(String, Checkpoint)>,
    pub listed: Vec<Listed>,
    sessions: Sessions,
    newest_us: Micros,
    bytes: Vec<u8>,
    bar: ProgressBar,
    /// Entries that segments can hold; `None` without a checkpoint, and then there is nothing to compare leaves with.
    size: Option<u64>,
}

impl<'r> Walk<'r> {
    pub(super) fn new(ring: Option<&'r Secrets>, size: Option<u64>, findings: Findings) -> Walk<'r> {
        Walk {
            findings,
            leaves: Leaves::default(),
            sections: Sections::new(ring),
            segments: Segments::default(),
            registry: Registry::default(),
            archived: Vec::new(),
            listed: Vec::new(),
            sessions: Sessions::default(),
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
        self.pass(header, place);
    }

    /// What is known of an entry without its place in the tree.
    fn pass(&mut self, header: &Header<'_>, place: &Place) {
        self.newest_us = self.newest_us.max(place.time_us);
        self.sessions.take(header, place);
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
    pub(super) fn row(&mut self, row: &Row<'_>) {
        let index = row.index();
        // A changed number must not make a place for as many hashes.
        if let Some(size) = self.size.filter(|size| index >= *size) {
            let what = format!("stands in a segment, and the log has only {size} sealed entries");
            return self.findings.integrity(format!("entry {index}"), what);
        }
        let (header, time_us) = match row.header().and_then(|header| Ok((header, row.place()?))) {
            Ok((header, place)) => {
                match self.size {
                    Some(_) => self.entry(index, &header, &place),
                    None => self.pass(&header, &place),
                }
                (header, place.time_us)
            }
            Err(error) => return self.findings.integrity(format!("entry {index}"), error.to_string()),
        };
        let mut scratch = Vec::new();
        let judged = self.sections.check(index, &header, &row.who(), &mut |section, each| {
            each(row.section(section, &mut scratch)?);
            Ok(())
        });
        let is_good = !matches!(judged, Ok(Some(false)) | Err(_));
        self.judge(index, judged);
        if is_good && is_own(&header) {
            let output = match row.section(Section::Output, &mut scratch) {
                Ok(Part::Open(output)) => Some(output),
                _ => None,
            };
            self.own(index, time_us, header.action_name, output);
        }
    }

    /// An event of what tachograph did itself.
    fn own(&mut self, index: u64, time_us: Micros, action: &str, output: Option<&[u8]>) {
        if let Some(action) = Action::parse(action) {
            self.registry.take(index, action, output);
        } else if let Some(output) = output.filter(|_| action == "segment_written") {
            self.segments.take(index, time_us, output);
        }
    }

    /// A batch of the journal.
    pub(super) fn batch(&mut self, batch: &Sequenced) {
        for (index, place, event) in batch.entries() {
            self.entry(index, &event.header, &place);
            let mut scratch = Vec::new();
            let judged =
                self.sections.check(index, &event.header, &event.who, &mut |section: Section, each| {
                    each(event.section(section, &mut scratch).map_or(Part::Absent, Part::Open));
                    Ok(())
                });
            let is_good = !matches!(judged, Ok(Some(false)) | Err(_));
            self.judge(index, judged);
            if is_good && is_own(&event.header) {
                let output = event.section(Section::Output, &mut scratch);
                self.own(index, place.time_us, event.header.action_name, output);
            }
        }
    }

    /// All segments of a folder at rest: what the journal need not hold, and how many entries that is.
    pub(super) fn stored(&mut self, data: &Path) -> (Released, u64, Option<Registered>) {
        let (mut sequencer, mut past) = (Sequencer::default(), Vec::new());
        let end = self.size.unwrap_or(u64::MAX);
        let inspected = tacho_store::inspect(data, &mut |row| {
            self.row(row);
            past.extend(row.past().ok().filter(|past| past.index < end));
        });
        for fault in &inspected.faults {
            self.findings.integrity("segments", fault.to_string());
        }
        self.listed = inspected.listed;
        past.sort_unstable_by_key(|past| past.index);
        past.iter().for_each(|past| sequencer.recall(past));
        let Position { next_index, next_record } = inspected.position;
        (Released { next_record, sequencer }, next_index, inspected.registered)
    }

    /// Text whose secret is gone: an erasure that was not finished, or a damaged key ring.
    pub(super) fn missing_secrets(&mut self) {
        for (secret, (first, count)) in &self.sections.missing {
            let what = format!(
                "the secret {secret} is gone, the sections of entry {first} ({count} entries in all) are still there: \
                 restore the ring, or finish the erasure"
            );
            self.findings.completeness("keyring/ring", what);
        }
    }

    /// Sessions, tiles and root, once every entry has passed by.
    pub(super) fn finish(mut self, checkpoint: Option<&Checkpoint>, tiles: &TileFolder) -> Check {
        self.bar.finish_and_clear();
        std::mem::take(&mut self.segments).compare(&self.listed, &mut self.findings);
        self.sessions.check(&mut self.findings);
        let (entries, counts) = (self.leaves.size(), self.sections.counts);
        let mut what = format!("nothing is sealed yet: none of {entries} entries is signed");
        if let Some(checkpoint) = checkpoint {
            self.leaves.check(checkpoint, tiles, &mut self.findings);
            archive::check(&self.archived, checkpoint, &self.leaves, tiles, &mut self.findings);
            let Checkpoint { root, size, .. } = checkpoint;
            what = match entries.saturating_sub(*size) {
                0 => format!("root {root} over {size} of {entries} entries"),
                more => format!("root {root} over {size} of {entries} entries, {more} are not signed yet"),
            };
        }
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
