//! Batches that were recorded and that the rules have not seen yet.
//!
//! Invariants
//! - What waits is bounded in bytes, however many senders share them. What is over it is forgotten: the store has it.

use std::collections::VecDeque;
use std::sync::Arc;
use tacho_record::sequence::Sequenced;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};

/// A third of a second of full load: reading as much from the store costs several times what the rules cost.
pub(super) const WAITING_BYTES: usize = 32 << 20;

pub(super) struct Waiting {
    live: Receiver<Arc<Sequenced>>,
    batches: VecDeque<Arc<Sequenced>>,
    bytes: usize,
    bytes_max: usize,
}

impl Waiting {
    pub(super) fn new(live: Receiver<Arc<Sequenced>>, bytes_max: usize) -> Waiting {
        Waiting { live, batches: VecDeque::new(), bytes: 0, bytes_max }
    }

    /// The next batch that is still known, `None` when the log ended. Nothing is lost when this is given up.
    pub(super) async fn next(&mut self) -> Option<Arc<Sequenced>> {
        self.gather();
        if let Some(batch) = self.batches.pop_front() {
            self.bytes -= batch.batch.bytes().len();
            return Some(batch);
        }
        loop {
            match self.live.recv().await {
                Ok(batch) => return Some(batch),
                Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return None,
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.batches.is_empty() && self.live.is_empty()
    }

    /// Takes what came meanwhile out of the channel, which counts batches and not bytes.
    fn gather(&mut self) {
        loop {
            match self.live.try_recv() {
                Ok(batch) => {
                    self.bytes += batch.batch.bytes().len();
                    self.batches.push_back(batch);
                }
                Err(TryRecvError::Lagged(_)) => {}
                Err(TryRecvError::Empty | TryRecvError::Closed) => break,
            }
        }
        if self.bytes > self.bytes_max {
            self.batches.clear();
            self.bytes = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tacho_event::record::BatchBuilder;

    fn records(given: &mut Waiting) -> Vec<u64> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut records = Vec::new();
            while let Some(batch) = given.next().await {
                records.push(batch.record);
            }
            records
        })
    }

    #[test]
    fn what_waits_comes_in_order_until_it_is_too_much() {
        let batch = |record| {
            let batch = BatchBuilder::new(false).finish();
            Arc::new(Sequenced { record, batch, decisions: Vec::new(), time_us: 0 })
        };
        let size = batch(0).batch.bytes().len();
        assert!(size > 0);
        for (room, want) in [(3 * size, vec![0, 1, 2]), (3 * size - 1, vec![])] {
            let (sender, live) = tokio::sync::broadcast::channel(8);
            let mut waiting = Waiting::new(live, room);
            (0..3).for_each(|record| assert_eq!(sender.send(batch(record)).unwrap(), 1));
            assert!(!waiting.is_empty());
            drop(sender);
            assert_eq!(records(&mut waiting), want);
            assert!(waiting.is_empty());
        }
        // Batches that nobody took in time are gone, those behind them are not.
        let (sender, live) = tokio::sync::broadcast::channel(2);
        let mut waiting = Waiting::new(live, WAITING_BYTES);
        (0..5).for_each(|record| assert_eq!(sender.send(batch(record)).unwrap(), 1));
        drop(sender);
        assert_eq!(records(&mut waiting), [3, 4]);
    }
}
