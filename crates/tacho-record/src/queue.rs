//! What waits for one follower: batches in order, and whether it is time to tick.
//!
//! Invariants
//! - Batches come out in the order in which they were put in, and none is lost while the follower is there.
//! - What waits is bounded in number and in bytes; who puts in more waits. One batch is always taken, however large.
//! - A tick is a flag: many that come together are one, and a full queue keeps none away.

use crate::sequence::Sequenced;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Batches that may wait for a follower, and their bytes.
const BATCHES_MAX: usize = 256;
const BYTES_MAX: usize = 16 << 20;

#[derive(Default)]
struct Queue {
    inner: Mutex<Inner>,
    changed: Condvar,
}

#[derive(Default)]
struct Inner {
    batches: VecDeque<Arc<Sequenced>>,
    bytes: usize,
    is_due: bool,
    /// Nothing is put in any more.
    is_closed: bool,
    /// Nobody takes anything out any more.
    is_left: bool,
}

impl Queue {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Nothing panics while it holds this; if it did, flags and batches would still be whole.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, how: impl FnOnce(&mut Inner)) {
        how(&mut self.lock());
        self.changed.notify_all();
    }
}

/// The recorder's end of a queue. The follower ends when it is dropped.
pub(crate) struct Feeder(Arc<Queue>);

/// What tells a follower that it is time to tick.
pub(crate) struct Waker(Arc<Queue>);

/// The follower's end of a queue.
pub(crate) struct Feed(Arc<Queue>);

/// What a follower is told. In each case, whether a tick is due.
pub(crate) enum News {
    Batch(Arc<Sequenced>, bool),
    Tick,
    End,
}

pub(crate) fn queue() -> (Feeder, Waker, Feed) {
    let queue = Arc::<Queue>::default();
    (Feeder(Arc::clone(&queue)), Waker(Arc::clone(&queue)), Feed(queue))
}

impl Feeder {
    /// Puts a batch in when there is room. A follower that has gone misses it.
    pub(crate) fn put(&self, batch: &Arc<Sequenced>) {
        let bytes = batch.batch.bytes().len();
        let mut inner = self.0.lock();
        let is_full = |inner: &Inner| {
            let count = inner.batches.len();
            count > 0 && (count >= BATCHES_MAX || inner.bytes + bytes > BYTES_MAX)
        };
        while is_full(&inner) && !inner.is_left {
            inner = self.0.changed.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
        if !inner.is_left {
            inner.batches.push_back(Arc::clone(batch));
            inner.bytes += bytes;
            drop(inner);
            self.0.changed.notify_all();
        }
    }
}

impl Drop for Feeder {
    fn drop(&mut self) {
        self.0.change(|inner| inner.is_closed = true);
    }
}

impl Waker {
    pub(crate) fn wake(&self) {
        self.0.change(|inner| inner.is_due = true);
    }
}

impl Feed {
    /// What is next; waits for it.
    pub(crate) fn next(&self) -> News {
        let mut inner = self.0.lock();
        loop {
            if let Some(batch) = inner.batches.pop_front() {
                inner.bytes -= batch.batch.bytes().len();
                let is_due = std::mem::take(&mut inner.is_due);
                drop(inner);
                self.0.changed.notify_all();
                return News::Batch(batch, is_due);
            }
            if inner.is_closed {
                return News::End;
            }
            if std::mem::take(&mut inner.is_due) {
                return News::Tick;
            }
            inner = self.0.changed.wait(inner).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.0.change(|inner| {
            inner.is_left = true;
            inner.batches.clear();
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tacho_event::record::BatchBuilder;

    fn batch(record: u64) -> Arc<Sequenced> {
        let batch = BatchBuilder::new(false).finish();
        Arc::new(Sequenced { record, batch, decisions: Vec::new(), time_us: 0 })
    }

    /// All that a follower is told until the end: records, and ticks as nothing.
    fn told(feed: &Feed) -> Vec<Option<u64>> {
        let news = std::iter::from_fn(|| match feed.next() {
            News::Batch(batch, false) => Some(vec![Some(batch.record)]),
            News::Batch(batch, true) => Some(vec![Some(batch.record), None]),
            News::Tick => Some(vec![None]),
            News::End => None,
        });
        news.flatten().collect()
    }

    #[test]
    fn batches_come_in_order_and_many_ticks_are_one() {
        let (feeder, waker, feed) = queue();
        (0..3).for_each(|record| feeder.put(&batch(record)));
        waker.wake();
        waker.wake();
        drop(feeder);
        assert_eq!(told(&feed), [Some(0), None, Some(1), Some(2)]);
        // What was put in before the end is not lost, and a tick after it comes too late.
        waker.wake();
        assert_eq!(told(&feed), []);
    }

    #[test]
    fn who_puts_in_too_much_waits_for_room_or_for_the_follower_to_go() {
        let (feeder, _waker, feed) = queue();
        let putting = std::thread::spawn(move || {
            (0..3 * BATCHES_MAX as u64).for_each(|record| feeder.put(&batch(record)));
        });
        for want in 0..2 * BATCHES_MAX as u64 {
            assert!(feed.0.lock().batches.len() <= BATCHES_MAX);
            assert!(matches!(feed.next(), News::Batch(batch, false) if batch.record == want));
        }
        drop(feed);
        putting.join().unwrap();
    }
}
