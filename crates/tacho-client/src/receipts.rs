//! What became of each event.

use std::collections::{HashMap, VecDeque};

/// What is known of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// In memory, on disk or on the way.
    Waiting,
    /// On the server's log.
    Recorded,
    /// The server had it already.
    Duplicate,
    /// The server, or the client, can't take it: [`Receipt::reason`].
    Rejected,
    /// There was no room for it.
    Lost,
}

impl Status {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Waiting => "waiting",
            Status::Recorded => "recorded",
            Status::Duplicate => "duplicate",
            Status::Rejected => "rejected",
            Status::Lost => "lost",
        }
    }
}

/// The receipt for one event, as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    pub id: String,
    pub status: Status,
    /// The event's place on the log, where the answer tells it.
    pub index: Option<u64>,
    /// Why it was rejected or lost.
    pub reason: Option<String>,
}

/// Receipts that are kept; the oldest go first.
const RECEIPTS_MAX: usize = 20_000;

#[derive(Default)]
pub(crate) struct Receipts {
    by_id: HashMap<String, Receipt>,
    order: VecDeque<String>,
}

impl Receipts {
    pub(crate) fn open(&mut self, id: &str) {
        let receipt = Receipt { id: id.to_owned(), status: Status::Waiting, index: None, reason: None };
        if self.by_id.insert(id.to_owned(), receipt).is_some() {
            return;
        }
        self.order.push_back(id.to_owned());
        if self.order.len() > RECEIPTS_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_id.remove(&oldest);
        }
    }

    pub(crate) fn get(&self, id: &str) -> Option<&Receipt> {
        self.by_id.get(id)
    }

    pub(crate) fn settle(&mut self, id: &str, status: Status, index: Option<u64>, reason: Option<&str>) {
        if let Some(receipt) = self.by_id.get_mut(id) {
            receipt.status = status;
            receipt.index = index;
            receipt.reason = reason.map(str::to_owned);
        }
    }
}
