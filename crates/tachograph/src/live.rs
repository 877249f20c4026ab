//! What was recorded just now, for those who follow the log as it grows: live tails, and the rules.
//!
//! Invariants
//! - Recording waits for nobody here: what waits for a listener is bounded in bytes, and what would be over it is
//!   forgotten, with all that comes until the listener asks again. It is told how many batches it missed; the store has
//!   them.
//! - A listener hears batches in the order of the log.
//! - How much waits is told while it is so: who sends much at once can give way before anything is forgotten.

use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use tacho_record::RecordError;
use tacho_record::recorder::Follower;
use tacho_record::sequence::Sequenced;
use tokio::sync::{Notify, watch};

/// Hands every batch to those who listen.
#[derive(Default)]
pub(crate) struct Live {
    ears: Mutex<Vec<Weak<Ear>>>,
}

/// One who listens.
pub(crate) struct Listener(Arc<Ear>);

/// So many batches were missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Missed(pub u64);

struct Ear {
    queue: Mutex<Queue>,
    news: Notify,
    bytes_max: usize,
    /// Where is told how many bytes wait.
    waiting: watch::Sender<usize>,
}

#[derive(Default)]
struct Queue {
    batches: VecDeque<Arc<Sequenced>>,
    bytes: usize,
    missed: u64,
    /// Until the listener asks, all is missed.
    is_deaf: bool,
    is_over: bool,
}

impl Live {
    /// Listens from now on. So many bytes may wait, and `waiting` is told how many do.
    pub(crate) fn listen(&self, bytes_max: usize, waiting: watch::Sender<usize>) -> Listener {
        let (queue, news) = (Mutex::default(), Notify::new());
        let ear = Arc::new(Ear { queue, news, bytes_max, waiting });
        let mut ears = self.ears.lock();
        ears.retain(|ear| ear.strong_count() > 0);
        ears.push(Arc::downgrade(&ear));
        Listener(ear)
    }

    fn ears(&self) -> Vec<Arc<Ear>> {
        self.ears.lock().iter().filter_map(Weak::upgrade).collect()
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        for ear in self.ears() {
            ear.queue.lock().is_over = true;
            ear.news.notify_one();
        }
    }
}

impl Ear {
    fn hear(&self, batch: &Arc<Sequenced>) {
        let mut queue = self.queue.lock();
        if queue.is_deaf {
            queue.missed += 1;
            return;
        }
        queue.bytes += batch.batch.bytes().len();
        queue.batches.push_back(Arc::clone(batch));
        if queue.bytes > self.bytes_max {
            queue.forget();
        }
        self.tell(&queue);
    }

    /// While the queue is held, so that what is told is never older than what was told before.
    fn tell(&self, queue: &Queue) {
        self.waiting.send_replace(queue.bytes);
        self.news.notify_one();
    }
}

impl Queue {
    fn forget(&mut self) {
        self.missed += self.batches.len() as u64;
        (self.batches, self.bytes, self.is_deaf) = (VecDeque::new(), 0, true);
    }

    /// What is next, if anything is.
    fn next(&mut self) -> Option<Result<Arc<Sequenced>, Missed>> {
        self.is_deaf = false;
        if self.missed > 0 {
            return Some(Err(Missed(std::mem::take(&mut self.missed))));
        }
        let batch = self.batches.pop_front()?;
        self.bytes -= batch.batch.bytes().len();
        Some(Ok(batch))
    }
}

impl Listener {
    /// The next batch, or how many were missed; `None` when the log ended. Nothing is lost when this is given up.
    pub(crate) async fn next(&mut self) -> Option<Result<Arc<Sequenced>, Missed>> {
        loop {
            {
                let mut queue = self.0.queue.lock();
                if let Some(next) = queue.next() {
                    self.0.waiting.send_replace(queue.bytes);
                    return Some(next);
                }
                if queue.is_over {
                    return None;
                }
            }
            // News that came in between are kept: this returns at once then.
            self.0.news.notified().await;
        }
    }

    /// Nothing waits, and nothing was missed.
    pub(crate) fn is_empty(&self) -> bool {
        let queue = self.0.queue.lock();
        queue.batches.is_empty() && queue.missed == 0
    }

    /// Forgets what waits, and what comes until [`Listener::next`]: for who reads the store now, which may take long.
    pub(crate) fn forget(&self) {
        let mut queue = self.0.queue.lock();
        queue.forget();
        self.0.tell(&queue);
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.0.waiting.send_replace(0);
    }
}

/// The follower that has the batches handed on. Needs nothing of the journal.
pub(crate) struct LiveFollower(pub Arc<Live>);

impl Follower for LiveFollower {
    fn name(&self) -> &'static str {
        "tail"
    }

    fn follow(&mut self, batch: &Arc<Sequenced>) -> Result<(), RecordError> {
        self.0.ears().iter().for_each(|ear| ear.hear(batch));
        Ok(())
    }

    fn tick(&mut self) -> Result<(), RecordError> {
        Ok(())
    }

    fn position(&self) -> u64 {
        u64::MAX
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

    /// What a listener with room for so many batches hears when all of `said` came before it asked.
    fn heard(room: usize, said: u64) -> (Vec<Result<u64, Missed>>, Vec<usize>) {
        let size = batch(0).batch.bytes().len();
        let live = Arc::new(Live::default());
        let (told, waiting) = watch::channel(0);
        let mut listener = live.listen(room * size, told);
        let mut follower = LiveFollower(Arc::clone(&live));
        for record in 0..said {
            follower.follow(&batch(record)).unwrap();
        }
        assert_eq!(listener.is_empty(), said == 0);
        drop((follower, live));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (mut all, mut left) = (Vec::new(), vec![*waiting.borrow() / size]);
        while let Some(next) = runtime.block_on(listener.next()) {
            all.push(next.map(|batch| batch.record));
            left.push(*waiting.borrow() / size);
        }
        (all, left)
    }

    #[test]
    fn what_waits_comes_in_order_until_it_is_too_much() {
        assert_eq!(heard(3, 3), (vec![Ok(0), Ok(1), Ok(2)], vec![3, 2, 1, 0]));
        assert_eq!(heard(3, 4), (vec![Err(Missed(4))], vec![0, 0]));
        assert_eq!(heard(3, 9), (vec![Err(Missed(9))], vec![0, 0]));
        assert_eq!(heard(3, 0), (vec![], vec![0]));
    }

    #[test]
    fn who_forgets_hears_of_what_comes_after_it_asked_again() {
        let (live, (told, waiting)) = (Arc::new(Live::default()), watch::channel(0));
        let mut listener = live.listen(1 << 20, told);
        let mut follower = LiveFollower(Arc::clone(&live));
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let mut next = || runtime.block_on(listener.next()).map(|next| next.map(|batch| batch.record));
        follower.follow(&batch(0)).unwrap();
        assert_eq!(next(), Some(Ok(0)));
        follower.follow(&batch(1)).unwrap();
        assert!(*waiting.borrow() > 0);
        listener.forget();
        assert_eq!(*waiting.borrow(), 0);
        follower.follow(&batch(2)).unwrap();
        let mut next = || runtime.block_on(listener.next()).map(|next| next.map(|batch| batch.record));
        assert_eq!(next(), Some(Err(Missed(2))));
        follower.follow(&batch(3)).unwrap();
        assert_eq!(next(), Some(Ok(3)));
        follower.follow(&batch(4)).unwrap();
        drop(listener);
        assert_eq!(*waiting.borrow(), 0);
        // Nobody listens any more, which is no error.
        follower.follow(&batch(5)).unwrap();
    }
}
