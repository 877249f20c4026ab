//! The writer: journal and sequencer in their fixed order, for one thread.

use crate::error::RecordError;
use crate::journal::{self, Journal};
use crate::sequence::{Sequenced, Sequencer};
use crate::{Options, Step};
use std::ops::Range;
use std::path::Path;
use tacho_event::record::Batch;
use tacho_event::time::Micros;

/// Appends batches and gives them their places.
#[derive(Debug)]
pub struct Writer {
    journal: Journal,
    sequencer: Sequencer,
    options: Options,
}

impl Writer {
    pub(crate) fn new(journal: Journal, sequencer: Sequencer, options: Options) -> Writer {
        Writer { journal, sequencer, options }
    }

    /// Records a group of batches with one sync. When this returns, all of them are durable.
    ///
    /// `now_us` is the recorder's clock; a clock set back does not disorder the log.
    ///
    /// # Errors
    /// See [`Journal::append`]: on an error nothing of the group is on the log.
    pub fn append(&mut self, now_us: Micros, group: Vec<Batch>) -> Result<Vec<Sequenced>, RecordError> {
        // A record tells the time that its entries get: a replay may begin with any record.
        let now_us = now_us.max(self.sequencer.time_us());
        let first = self.journal.next_record();
        self.journal.append(now_us, &group)?;
        let sequenced = group
            .into_iter()
            .zip(first..)
            .map(|(batch, record)| sequence(&mut self.sequencer, record, now_us, batch, Path::new("wal")))
            .collect::<Result<_, _>>()?;
        (self.options.observer)(Step::Sequenced);
        Ok(sequenced)
    }

    /// How many entries the log has.
    pub fn size(&self) -> u64 {
        self.sequencer.size()
    }

    /// As [`Sequencer::remembers`].
    pub fn remembers(&self) -> (usize, usize) {
        self.sequencer.remembers()
    }

    /// Server time of the newest entry.
    pub fn time_us(&self) -> Micros {
        self.sequencer.time_us()
    }

    /// The number that the journal's next record gets.
    pub fn next_record(&self) -> u64 {
        self.journal.next_record()
    }

    /// See [`Journal::turn_over`].
    ///
    /// # Errors
    /// As there.
    pub fn turn_over(&mut self) -> Result<(), RecordError> {
        self.journal.turn_over()
    }

    /// See [`Journal::closed`].
    pub fn closed(&self) -> Range<u64> {
        self.journal.closed()
    }

    /// See [`Journal::release`].
    ///
    /// # Errors
    /// As there.
    pub fn release(&mut self, record: u64) -> Result<(), RecordError> {
        self.journal.release(record)
    }
}

/// Reads the journal's records from number `from` on and sequences them. Writes nothing.
pub(crate) fn replay(
    wal: &Path,
    from: u64,
    sequencer: &mut Sequencer,
    mut each: impl FnMut(Sequenced) -> Result<(), RecordError>,
) -> Result<journal::End, RecordError> {
    journal::read(wal, from, |record| {
        each(sequence(sequencer, record.number, record.time_us, record.batch, wal)?)
    })
}

fn sequence(
    sequencer: &mut Sequencer,
    record: u64,
    journal_time_us: Micros,
    batch: Batch,
    path: &Path,
) -> Result<Sequenced, RecordError> {
    let decisions = sequencer
        .record(&batch, journal_time_us)
        .map_err(|error| RecordError::corrupt(path, error.at as u64, error.to_string()))?;
    Ok(Sequenced { record, batch, decisions, time_us: sequencer.time_us() })
}
