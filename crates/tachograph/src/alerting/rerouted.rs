//! The routing counts when its file is saved: people who take turns change more often than servers start.
//!
//! Invariant: a file that can't be used changes nothing but what is said to be wrong.

use super::{Alerting, Book, Inner, book};
use std::error::Error;
use std::sync::Arc;
use std::time::SystemTime;
use tacho_alert::notify::Desk;

/// What tells one saved file from another before it is read.
pub(super) type Stamp = (SystemTime, u64);

impl Alerting {
    /// When the file of the routing was saved last, and how long it is.
    pub(super) fn stamp(&self) -> Option<Stamp> {
        let about = std::fs::metadata(book::routing(&self.config, &self.data)?).ok()?;
        Some((about.modified().ok()?, about.len()))
    }

    /// What the files say now.
    pub(super) fn fresh(&self) -> Result<Book, Box<dyn Error>> {
        Ok(Book::read(&self.config, &self.data)?.after(&self.book()))
    }

    /// Takes the routing of a file that was saved. The rules go on where they are; where they are others too, all is read
    /// again.
    pub(super) fn reroute(&self) -> Result<(), Box<dyn Error>> {
        let (new, before) = (self.fresh()?, self.book());
        let hashes =
            |book: &Book| book.rules.iter().map(|rule| (rule.id.clone(), rule.hash)).collect::<Vec<_>>();
        if hashes(&new) == hashes(&before) {
            return self.take(&mut self.inner.lock(), Arc::new(new));
        }
        self.reload();
        Ok(())
    }

    /// Goes on by another book with the alerts that are open.
    pub(super) fn take(&self, inner: &mut Inner, book: Arc<Book>) -> Result<(), Box<dyn Error>> {
        let mut desk = Desk::new(&book.rules, &book.routing)?;
        inner.save(None)?;
        std::mem::swap(&mut inner.desk, &mut desk);
        inner.book = book;
        inner.recall()?;
        inner.take_book();
        self.note(inner);
        Ok(())
    }
}
