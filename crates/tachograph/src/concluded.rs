//! The follower that joins what several witnesses tell of one call, and what queries see of it.
//!
//! Invariants
//! - Its position is an index of the log, and what it missed it reads from the store: the journal is never kept for it.
//! - A fault of its file stops nothing: the file is deleted and the log is read again.
//! - Events that were missed are taken one by one as they are when they are recorded: a restart changes no answer.
//!
//! On disk: `overlay.sqlite`, `docs/formats/overlay.md`.

mod calls;
mod repeats;
mod retold;

pub(crate) use calls::Rejoined;
pub(crate) use retold::Retold;

use parking_lot::Mutex;
use repeats::Repeats;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tacho_action::{Joiner, Observation, Overlay, Tally, concerns, header_concerns};
use tacho_event::section::Section;
use tacho_record::RecordError;
use tacho_record::recorder::Follower;
use tacho_record::sequence::{Decision, Sequenced};
use tacho_store::overlay_file::{OverlayFile, Saved};
use tacho_store::read::Wanted;
use tacho_store::row::{Part, Row};
use tacho_store::{Snapshot, StoreError};
use tokio::sync::watch;

/// Entries that are read at once when the log is caught up with.
const STEP: u64 = 1 << 16;
/// So often the progress of a long catching up is told.
const TELL_EVERY: u64 = STEP * 8;
/// Ticks of the recorder after which changes are saved.
const SAVE_TICKS: u32 = 60;

/// What is concluded of the events of one folder.
#[derive(Debug)]
pub(crate) struct Concluded {
    inner: Mutex<Inner>,
    position: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Inner {
    joiner: Joiner,
    overlay: Overlay,
    /// The copy that queries have; made when one asks.
    shared: Option<Arc<Overlay>>,
    repeats: Repeats,
}

/// The follower, with the file that only it writes.
pub(crate) struct ConcludedFollower {
    concluded: Arc<Concluded>,
    folder: PathBuf,
    log: String,
    file: Option<OverlayFile>,
    saved: u64,
    ticks: u32,
}

impl Concluded {
    /// Reads the file of a folder, and of the log what the file does not know yet.
    pub(crate) fn open(
        folder: &Path,
        log: &str,
        snapshot: &Snapshot,
    ) -> Result<(Arc<Concluded>, ConcludedFollower), Box<dyn Error>> {
        let (file, mut inner) = match read(folder, log, snapshot.size) {
            Ok(read) => read,
            Err(error) => {
                tracing::warn!(%error, "what was concluded of events is not readable; the log is read again");
                OverlayFile::remove(folder)?;
                read(folder, log, snapshot.size)?
            }
        };
        let saved = inner.overlay.position();
        inner.catch_up(snapshot)?;
        let position = watch::Sender::new(inner.overlay.position());
        let concluded = Arc::new(Concluded { inner: Mutex::new(inner), position });
        let (folder, log) = (folder.to_path_buf(), log.to_string());
        let mut follower = ConcludedFollower {
            concluded: Arc::clone(&concluded),
            folder,
            log,
            file: Some(file),
            saved,
            ticks: 0,
        };
        // What took long to read is not read again after a crash.
        if snapshot.size - saved >= STEP {
            follower.save();
        }
        Ok((concluded, follower))
    }

    /// What queries see now.
    pub(crate) fn overlay(&self) -> Arc<Overlay> {
        let mut inner = self.inner.lock();
        let Inner { overlay, shared, .. } = &mut *inner;
        Arc::clone(shared.get_or_insert_with(|| Arc::new(overlay.clone())))
    }

    /// Whether another witness told the same of the call before: a proposal once more, or an end once more. Nothing of an
    /// event that is too old: see [`Concluded::retold`].
    pub(crate) fn told_before(&self, index: u64) -> Option<bool> {
        self.inner.lock().repeats.has(index)
    }

    /// The same of events that are read again, in the order of the log.
    pub(crate) fn retold(self: &Arc<Self>) -> Retold {
        Retold::new(Arc::clone(self))
    }

    /// Told when more of the log was looked at.
    pub(crate) fn position(&self) -> watch::Receiver<u64> {
        self.position.subscribe()
    }

    pub(crate) fn tally(&self) -> Tally {
        self.inner.lock().joiner.tally()
    }
}

/// The file and what is in it; an empty start for a file that knows more than the log has.
fn read(folder: &Path, log: &str, size: u64) -> Result<(OverlayFile, Inner), Box<dyn Error>> {
    let file = OverlayFile::open(folder, log, tacho_action::VERSION)?;
    let mut inner = Inner::default();
    let Some(saved) = file.load()? else { return Ok((file, inner)) };
    if saved.position > size {
        return Err(format!("it is about {} entries, the log has {size}", saved.position).into());
    }
    inner.joiner = Joiner::load(&saved.joiner)?;
    inner.repeats = Repeats::load(&saved.repeats)?;
    for (number, bytes) in &saved.chunks {
        inner.overlay.load(*number, bytes)?;
    }
    inner.overlay.set_position(saved.position);
    Ok((file, inner))
}

impl Inner {
    /// Reads the log from the position on.
    fn catch_up(&mut self, snapshot: &Snapshot) -> Result<(), StoreError> {
        let from = self.overlay.position();
        while self.overlay.position() < snapshot.size {
            let first = self.overlay.position();
            let range = first..(first + STEP).min(snapshot.size);
            let end = range.end;
            let mut any = false;
            snapshot.rows(range.clone(), Wanted::Header, &mut |row| {
                any |= header_concerns(&row.header()?) || row.place()?.revision > 0;
                Ok(())
            })?;
            // Most logs have long stretches that nobody tells of twice: there the texts are not read.
            if any {
                snapshot.rows(range, Wanted::All, &mut |row| self.look(row))?;
            }
            self.overlay.set_position(end);
            if (end - from).is_multiple_of(TELL_EVERY) {
                tracing::info!(read = end, of = snapshot.size, "joining what was recorded of each call");
            }
        }
        Ok(())
    }

    fn look(&mut self, row: &Row<'_>) -> Result<(), StoreError> {
        let header = row.header()?;
        let place = row.place()?;
        if place.revision == 0 && !header_concerns(&header) {
            return Ok(());
        }
        let (facts, mut scratch) = (row.facts(), Vec::new());
        let mut observation = Observation::told(row.index(), &place, &header, &facts);
        // A section that is gone was there: what it held is no longer compared with, and the rest stays as it was.
        observation.has_error = row.section(Section::Error, &mut scratch)? != Part::Absent;
        let mut told = Vec::new();
        let output = row.section(Section::Output, &mut told)?;
        observation.has_output = output != Part::Absent;
        let output = match output {
            Part::Open(bytes) => std::str::from_utf8(bytes).ok(),
            Part::Absent | Part::Gone { .. } => None,
        };
        let mut scratch = Vec::new();
        observation.input = match row.section(Section::Input, &mut scratch)? {
            Part::Absent => None,
            Part::Open(bytes) => std::str::from_utf8(bytes).ok(),
            Part::Gone { .. } => Some(""),
        };
        observation.process = observation.process_in(output);
        self.joiner.observe(&observation, &mut self.overlay);
        // What stands alone so far is noted too: the next witness of it repeats.
        self.repeats.note(row.index(), (header.outcome, header.phase, header.known), &self.overlay);
        Ok(())
    }
}

impl ConcludedFollower {
    fn save(&mut self) {
        let mut inner = self.concluded.inner.lock();
        let position = inner.overlay.position();
        if position == self.saved {
            return;
        }
        let (joiner, repeats) = (inner.joiner.bytes(), inner.repeats.bytes());
        let changed = Saved { position, joiner, repeats, chunks: inner.overlay.take_dirty() };
        drop(inner);
        let done = match &mut self.file {
            Some(file) => file.save(&changed),
            None => return,
        };
        match done {
            Ok(()) => self.saved = position,
            Err(error) => {
                // Half of what changed is not in the file: it would be wrong for ever.
                tracing::warn!(%error, "what was concluded of events is saved no more; the next start reads the log again");
                self.file = None;
                if let Err(error) = OverlayFile::remove(&self.folder) {
                    tracing::error!(%error, log = %self.log, "delete the file before the next start");
                }
            }
        }
    }
}

impl Follower for ConcludedFollower {
    fn name(&self) -> &'static str {
        "actions"
    }

    fn follow(&mut self, batch: &Arc<Sequenced>) -> Result<(), RecordError> {
        // A batch that was sequenced reads without an error.
        let is_later =
            |decision: &Decision| matches!(decision, Decision::Entry { place, .. } if place.revision > 0);
        let glances = batch.batch.glances().zip(&batch.decisions);
        let concerned: Vec<bool> = glances
            .map(|(glance, decision)| is_later(decision) || glance.is_ok_and(|glance| concerns(&glance)))
            .collect();
        let size = batch.receipt().range.map(|(_, last)| last + 1);
        let mut inner = self.concluded.inner.lock();
        if concerned.contains(&true) {
            let Inner { joiner, overlay, repeats, .. } = &mut *inner;
            let events = batch.batch.events().zip(&batch.decisions).zip(&concerned);
            for ((event, decision), _) in events.filter(|(_, concerned)| **concerned) {
                if let (Ok(event), Decision::Entry { index, place }) = (event, decision) {
                    joiner.observe(&Observation::of(*index, place, &event), overlay);
                    let header = &event.header;
                    repeats.note(*index, (header.outcome, header.phase, header.known), overlay);
                }
            }
        }
        if let Some(size) = size {
            inner.overlay.set_position(size);
            inner.shared = None;
            drop(inner);
            self.concluded.position.send_replace(size);
        }
        Ok(())
    }

    fn tick(&mut self) -> Result<(), RecordError> {
        self.ticks += 1;
        if self.ticks >= SAVE_TICKS {
            self.ticks = 0;
            self.save();
        }
        Ok(())
    }

    fn close(&mut self) -> Result<(), RecordError> {
        self.save();
        Ok(())
    }

    fn position(&self) -> u64 {
        u64::MAX
    }
}
