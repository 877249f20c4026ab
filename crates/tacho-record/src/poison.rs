//! A failed sync is never retried as if nothing had happened: what it happened to refuses from then on.

use crate::error::RecordError;

/// Why something refuses, once it does; until it is opened again and has read back what is really there.
#[derive(Debug, Default)]
pub(crate) struct Poison(Option<String>);

impl Poison {
    /// # Errors
    /// [`RecordError::Poisoned`] from the first failed sync on.
    pub(crate) fn check(&self) -> Result<(), RecordError> {
        match &self.0 {
            Some(why) => Err(RecordError::Poisoned { why: why.clone() }),
            None => Ok(()),
        }
    }

    /// Passes an outcome on, and remembers it when it was a failed sync.
    pub(crate) fn note<T>(&mut self, done: Result<T, RecordError>) -> Result<T, RecordError> {
        if let Err(RecordError::Poisoned { why }) = &done {
            self.0 = Some(why.clone());
        }
        done
    }

    pub(crate) fn into_why(self) -> Option<String> {
        self.0
    }
}
