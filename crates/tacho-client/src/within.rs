//! Whether this thread is at work for a client: what it does then is not recorded, or recording would never end. Nor is a
//! problem told that comes up while another one is being told.

use std::cell::Cell;
use std::thread::LocalKey;

thread_local! {
    static WITHIN: Cell<bool> = const { Cell::new(false) };
    static TELLING: Cell<bool> = const { Cell::new(false) };
}

/// This thread is a client's own, for ever.
pub(crate) fn mark() {
    WITHIN.set(true);
}

/// Runs something unless this thread is at work already.
#[cfg(feature = "tracing")]
pub(crate) fn once(run: impl FnOnce()) {
    unless(&WITHIN, run);
}

/// Runs somebody else's function for problems, unless this is a call from within one.
pub(crate) fn telling(run: impl FnOnce()) {
    unless(&TELLING, run);
}

fn unless(is_within: &'static LocalKey<Cell<bool>>, run: impl FnOnce()) {
    /// Resets also when the work panics.
    struct Reset(&'static LocalKey<Cell<bool>>);
    impl Drop for Reset {
        fn drop(&mut self) {
            self.0.set(false);
        }
    }
    if is_within.replace(true) {
        return;
    }
    let _reset = Reset(is_within);
    run();
}
