//! The end of a sender against the hook that writes in this moment.

use super::{let_go, start};
use crate::spool::{Appended, LOCK_WAIT, Spool};
use crate::stamp::State;
use std::time::Duration;

fn add(spool: &Spool, wait: Duration, before_sync: &mut dyn FnMut()) -> Appended {
    let mut make = |_: Option<&mut State>| Some(b"{}".to_vec());
    spool.append_within(wait, Some("s"), 0, &mut make, before_sync).unwrap()
}

#[test]
fn a_sender_that_lets_go_sees_the_event_whose_hook_took_it_for_running() {
    for wait in [LOCK_WAIT, Duration::ZERO] {
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::open(folder.path(), 1 << 20).unwrap();
        let sender = spool.try_sender_lock().unwrap().unwrap();
        // It has looked and found nothing; now a hook writes, with the spool's lock and without it.
        let lock = wait.is_zero().then(|| spool.lock(LOCK_WAIT).unwrap());
        let mut asked = false;
        add(&spool, wait, &mut || {
            start(&spool).unwrap();
            asked = true;
        });
        drop(lock);
        assert!(asked && !let_go(&spool, &sender).unwrap(), "{wait:?}");
        assert!(spool.try_sender_lock().unwrap().is_none(), "it sends on, and nobody else does");
    }
}

#[test]
fn a_sender_lets_go_when_nothing_waits_or_another_one_sends() {
    let folder = tempfile::tempdir().unwrap();
    let spool = Spool::open(folder.path(), 1 << 20).unwrap();
    let sender = spool.try_sender_lock().unwrap().unwrap();
    assert!(let_go(&spool, &sender).unwrap());
    let other = spool.try_sender_lock().unwrap().unwrap();
    add(&spool, LOCK_WAIT, &mut || {});
    assert!(let_go(&spool, &sender).unwrap());
    assert!(!let_go(&spool, &other).unwrap());
}
