//! What was recorded and is not answered for: on disk the older, in memory the newer.
//!
//! Invariants
//! - Order: the batch that is being sent, then the spool, then memory.
//! - A batch is on disk before it is sent, so that a process killed in between sends it again, with the same ids. Where
//!   there is no disk it goes from memory.
//! - Memory never holds more than its limits; what is over goes to disk, and what finds no room there is refused.
//! - Nothing is written or sent that was not redacted before (`waiting`).

mod clean;

use crate::spool::{Limits, Refused, Spool};
use crate::waiting::{Cleaner, Waiting, known};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// A call that finds memory full moves so much to disk, bytes, or one event.
const CALL_BYTES: usize = 8 << 10;
/// The sending thread moves so much at a time, while callers wait for the lock.
const SLICE_BYTES: usize = 32 << 10;
/// After a failure the disk is left alone for so long.
const DISK_REST: Duration = Duration::from_secs(1);

/// What memory may hold.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Memory {
    pub events: usize,
    pub bytes: usize,
}

/// Events that go in one request.
struct Batch {
    events: VecDeque<Waiting>,
    bytes: usize,
    /// They are the oldest file of the spool, which held so many.
    on_disk: Option<usize>,
}

pub(crate) struct Backlog {
    memory: VecDeque<Waiting>,
    memory_bytes: usize,
    current: Option<Batch>,
    pub(crate) cleaner: Arc<Cleaner>,
    spool: Spool,
    limits: Limits,
    max: Memory,
    disk_rests_until: Option<Instant>,
    /// What went wrong on disk, and lines without an end; to be told and cleared.
    pub troubles: Vec<String>,
}

impl Backlog {
    pub(crate) fn new(spool: Spool, limits: Limits, max: Memory) -> Backlog {
        Backlog {
            memory: VecDeque::new(),
            memory_bytes: 0,
            current: None,
            cleaner: Arc::default(),
            spool,
            limits,
            max,
            disk_rests_until: None,
            troubles: Vec::new(),
        }
    }

    /// Events in memory, with the batch that is being sent.
    pub(crate) fn in_memory(&self) -> usize {
        self.memory.len() + self.current.as_ref().map_or(0, |batch| batch.events.len())
    }

    /// Events that are not answered for.
    pub(crate) fn waiting(&self) -> usize {
        let twice = self.current.as_ref().and_then(|batch| batch.on_disk).unwrap_or(0);
        self.in_memory() + self.spool.events() - twice
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.memory.is_empty() && self.current.is_none() && self.spool.first().is_none()
    }

    /// Whether there is a whole batch to send.
    pub(crate) fn is_full(&self) -> bool {
        let (events, bytes) = self.spool.room();
        let closed = self.spool.first().is_some() && !self.spool.first_is_open();
        self.current.is_some() || closed || self.memory.len() >= events || self.memory_bytes >= bytes
    }

    /// Whether more than half of the bytes that memory may hold are taken: calls that come now leave more out.
    pub(crate) fn is_tight(&self) -> bool {
        let flying = self.current.as_ref().map_or(0, |batch| batch.bytes);
        (flying + self.memory_bytes) * 2 > self.max.bytes
    }

    /// Takes an event; gives it back when there is no room anywhere.
    pub(crate) fn push(&mut self, event: Waiting) -> Result<(), Waiting> {
        while self.is_over(event.bytes()) {
            if self.memory.is_empty() || !self.spill(CALL_BYTES) {
                return Err(event);
            }
        }
        self.memory_bytes += event.bytes();
        self.memory.push_back(event);
        Ok(())
    }

    fn is_over(&self, more: usize) -> bool {
        let flying = self.current.as_ref().map_or(0, |batch| batch.bytes);
        self.in_memory() >= self.max.events || flying + self.memory_bytes + more > self.max.bytes
    }

    /// The lines that are to be sent next, the same until they are answered for. With `due` also less than a batch.
    pub(crate) fn next(&mut self, due: bool) -> Option<Vec<Waiting>> {
        if self.current.is_none() && (due || self.is_full()) {
            self.current = self.load();
        }
        self.current.as_ref().map(|batch| batch.events.iter().cloned().collect())
    }

    fn load(&mut self) -> Option<Batch> {
        loop {
            if !self.memory.is_empty() && (self.spool.first().is_none() || self.spool.first_is_open()) {
                self.spill(usize::MAX);
            }
            let Some(segment) = self.spool.first().cloned() else { break };
            self.spool.close();
            match self.spool.read(&segment) {
                Ok((lines, torn)) => {
                    let all = lines.len() + torn;
                    let events: VecDeque<Waiting> = lines.into_iter().filter_map(known).collect();
                    if events.len() < all {
                        let told = format!(
                            "{} holds {} lines without an end",
                            segment.path.display(),
                            all - events.len()
                        );
                        self.troubles.push(told);
                    }
                    if !events.is_empty() {
                        let bytes = events.iter().map(Waiting::bytes).sum();
                        return Some(Batch { events, bytes, on_disk: Some(segment.events) });
                    }
                    self.delete_first();
                }
                Err(error) => {
                    // What can't be read now can't be sent; the file stays for whoever takes the folder over.
                    self.troubles.push(format!("cannot read {}: {error}", segment.path.display()));
                    self.spool.forget_first();
                }
            }
        }
        let events: VecDeque<Waiting> = self.take(self.limits.batch_events, self.limits.batch_bytes).into();
        let bytes = events.iter().map(Waiting::bytes).sum();
        (!events.is_empty()).then_some(Batch { events, bytes, on_disk: None })
    }

    /// The first events of the batch are answered for.
    pub(crate) fn answered(&mut self, events: usize) {
        let Some(batch) = &mut self.current else { return };
        batch.events.drain(..events.min(batch.events.len()));
        if batch.events.is_empty() {
            let on_disk = batch.on_disk.is_some();
            self.current = None;
            if on_disk {
                self.delete_first();
            }
        }
    }

    fn delete_first(&mut self) {
        if let Err(error) = self.spool.delete_first() {
            self.troubles.push(format!("cannot delete what was answered for: {error}"));
        }
    }

    /// Moves the oldest of memory to disk: what fits into one file, up to so many bytes, and one event at least.
    fn spill(&mut self, bytes_max: usize) -> bool {
        let Some(first) = self.memory.front() else { return true };
        // A batch that flies from memory is the oldest: nothing is written before it.
        let grounded = self.current.as_ref().is_none_or(|batch| batch.on_disk.is_some());
        if !grounded || self.disk_rests() {
            return false;
        }
        if first.bytes() > self.spool.room().1 {
            self.spool.close();
        }
        let (events, bytes) = self.spool.room();
        let taken = self.take(events, bytes.min(bytes_max));
        if self.write(&taken) {
            return true;
        }
        self.memory_bytes += taken.iter().map(Waiting::bytes).sum::<usize>();
        taken.into_iter().rev().for_each(|event| self.memory.push_front(event));
        false
    }

    /// Moves a little to disk: for the sending thread, which lets go of the lock in between. True when there is more.
    pub(crate) fn spill_some(&mut self) -> bool {
        self.ground();
        self.spill(SLICE_BYTES) && !self.memory.is_empty()
    }

    /// Moves a little of memory into the file that is sent next. True when more of it would fit there.
    pub(crate) fn fill_some(&mut self, due: bool) -> bool {
        let open = self.spool.first().is_none() || self.spool.first_is_open();
        let wanted = self.current.is_none() && open && (due || self.is_full());
        if !wanted || self.memory.is_empty() || !self.spill(SLICE_BYTES) {
            return false;
        }
        let (events, bytes) = self.spool.room();
        let fits = self.memory.front().is_some_and(|next| next.bytes() <= bytes);
        fits && events > 0 && self.spool.first_is_open()
    }

    /// Moves everything to disk, or says that it can't.
    pub(crate) fn spill_all(&mut self) -> bool {
        self.ground();
        while !self.memory.is_empty() {
            if !self.spill(usize::MAX) {
                return false;
            }
        }
        self.current.as_ref().is_none_or(|batch| batch.on_disk.is_some())
    }

    /// Gives up what is in memory and not under way.
    pub(crate) fn forsake(&mut self) -> Vec<Waiting> {
        self.memory_bytes = 0;
        self.memory.drain(..).collect()
    }

    /// Writes the last word of a client, into room that is kept for it. False when the disk takes nothing.
    pub(crate) fn leave(&mut self, mut event: Waiting) -> bool {
        self.cleaner.clean(&mut event);
        match self.spool.append_last(event.number, &event.line) {
            Ok(_) => true,
            Err(Refused::Full(told) | Refused::Disk(told)) => {
                self.troubles.push(format!("that events were lost could not be kept: {told}"));
                false
            }
        }
    }

    /// A batch that flies from memory, because the disk failed, goes to disk now if that can be.
    fn ground(&mut self) {
        if self.spool.first().is_some() || self.disk_rests() {
            return;
        }
        let Some(batch) = self.current.take_if(|batch| batch.on_disk.is_none()) else { return };
        let events: Vec<Waiting> = batch.events.into();
        let on_disk = self.write(&events).then_some(events.len());
        self.spool.close();
        self.current = Some(Batch { events: events.into(), bytes: batch.bytes, on_disk });
    }

    /// Takes over what dead processes left.
    pub(crate) fn adopt(&mut self, now: SystemTime) {
        if self.current.is_none() {
            self.spool.adopt(now);
        }
    }

    fn disk_rests(&self) -> bool {
        self.disk_rests_until.is_some_and(|until| Instant::now() < until)
    }

    fn write(&mut self, events: &[Waiting]) -> bool {
        let Some(first) = events.first() else { return true };
        let lines: Vec<&str> = events.iter().map(|event| event.line.as_str()).collect();
        let told = match self.spool.append(first.number, &lines) {
            Ok(_) => return true,
            // It has room again when something is answered for.
            Err(Refused::Full(told)) => told,
            Err(Refused::Disk(told)) => {
                self.disk_rests_until = Some(Instant::now() + DISK_REST);
                told
            }
        };
        self.troubles.push(told);
        false
    }

    fn take(&mut self, events_max: usize, bytes_max: usize) -> Vec<Waiting> {
        let mut taken: Vec<Waiting> = Vec::new();
        let mut bytes = 0;
        while let Some(event) = self.memory.front() {
            if taken.len() >= events_max || (!taken.is_empty() && bytes + event.bytes() > bytes_max) {
                break;
            }
            bytes += event.bytes();
            taken.extend(self.memory.pop_front());
        }
        self.memory_bytes -= bytes;
        taken.iter_mut().for_each(|event| self.cleaner.clean(event));
        taken
    }
}
