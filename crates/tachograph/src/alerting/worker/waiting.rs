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
const WAITING_BYTES: usize = 32 << 20;

pub(super) struct Waiting {
    live: Receiver<Arc<Sequenced>>,
    batches: VecDeque<Arc<Sequenced>>,
    bytes: usize,
}

impl Waiting {
    pub(super) fn new(live: Receiver<Arc<Sequenced>>) -> Waiting {
        Waiting { live, batches: VecDeque::new(), bytes: 0 }
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
        if self.bytes > WAITING_BYTES {
            self.batches.clear();
            self.bytes = 0;
        }
    }
}
