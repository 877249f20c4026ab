//! Whether this thread is at work for a client: what it does then is not recorded, or recording would never end.

use std::cell::Cell;

thread_local! {
    static WITHIN: Cell<bool> = const { Cell::new(false) };
}

/// This thread is a client's own, for ever.
pub(crate) fn mark() {
    WITHIN.set(true);
}

/// Runs something unless this thread is at work already.
#[cfg(feature = "tracing")]
pub(crate) fn once(run: impl FnOnce()) {
    /// Resets also when the work panics.
    struct Reset;
    impl Drop for Reset {
        fn drop(&mut self) {
            WITHIN.set(false);
        }
    }
    if WITHIN.replace(true) {
        return;
    }
    let _reset = Reset;
    run();
}
