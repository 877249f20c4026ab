//! What is done when the process ends in order: `main` returns or somebody calls `exit`, while clients are alive in statics, in
//! threads, or in the global subscriber of `tracing`, where nothing is ever dropped.
//!
//! Invariant: nothing here waits for what may never come. In a forked child the list of clients may be locked for ever.

use std::panic::catch_unwind;
use std::sync::{Mutex, Once, PoisonError, TryLockError};

/// Closes one client, if it is still there. False when it is not: then it is forgotten.
type Close = Box<dyn Fn(When) -> bool + Send>;

/// Why clients are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    /// Another one is made.
    Now,
    /// The process ends.
    Exit,
}

static CLIENTS: Mutex<Vec<Close>> = Mutex::new(Vec::new());

/// Has a client closed at the end of the process.
pub(crate) fn close(client: Close) {
    static ONCE: Once = Once::new();
    ONCE.call_once(register);
    let mut clients = CLIENTS.lock().unwrap_or_else(PoisonError::into_inner);
    clients.retain(|client| client(When::Now));
    clients.push(client);
}

#[expect(
    unsafe_code,
    reason = "the C library has no other way to be asked; the function is safe to call at any time"
)]
fn register() {
    // Without room for one more function, which there always is, clients are closed where they are dropped.
    let _ = unsafe { libc::atexit(at_exit) };
}

extern "C" fn at_exit() {
    // Nobody is there to be told of a panic.
    let _ = catch_unwind(|| {
        // Closing calls functions of the program, which may make another client: the list is free by then.
        let clients = match CLIENTS.try_lock() {
            Ok(mut clients) => std::mem::take(&mut *clients),
            Err(TryLockError::Poisoned(clients)) => std::mem::take(&mut *clients.into_inner()),
            Err(TryLockError::WouldBlock) => return,
        };
        for client in &clients {
            client(When::Exit);
        }
    });
}
