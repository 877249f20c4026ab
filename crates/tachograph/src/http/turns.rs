//! Who may decode a large body now.
//!
//! Decoding is most of what recording costs, and the one part of it that can wait: each event that is let in must be
//! followed by all followers. With more decoders than cores, or with many while followers are behind, those get too
//! little of the machine, until the recorder stops for them and half of it stands idle.
//!
//! Invariants
//! - So many decode together as there are cores; one at a time while followers are behind. Nobody is refused, and who
//!   came first is first.
//! - Small bodies need no turn.

use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub(super) struct Turns {
    free: Arc<Semaphore>,
    all: u32,
}

impl Turns {
    pub(super) fn new(cores: usize) -> Turns {
        let all = cores.clamp(1, 1 << 16) as u32;
        Turns { free: Arc::new(Semaphore::new(all as usize)), all }
    }

    /// Waits for a turn, which lasts until what is returned is dropped.
    pub(super) async fn take(&self, is_behind: bool) -> OwnedSemaphorePermit {
        let wanted = if is_behind { self.all } else { 1 };
        Arc::clone(&self.free).acquire_many_owned(wanted).await.expect("nobody closes this semaphore")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[test]
    fn so_many_decode_as_there_are_cores_and_one_while_followers_are_behind() {
        let turns = Turns::new(2);
        let now = |is_behind| turns.take(is_behind).now_or_never();
        let (first, second) = (now(false).unwrap(), now(false).unwrap());
        assert!(now(false).is_none());
        drop(first);
        assert!(now(true).is_none(), "another one still decodes");
        drop(second);
        let alone = now(true).unwrap();
        assert!(now(false).is_none());
        drop(alone);
        assert!(now(false).is_some());
    }
}
