//! The client: a handle to what is shared with the sending thread.
//!
//! Invariants
//! - Recording returns at once, whatever the server and the disk do, and neither fails nor panics.
//! - After a fork each process has a thread and a spool of its own; what the parent had is the parent's alone.

use crate::at_exit::{self, When};
use crate::event::Event;
use crate::options::Options;
use crate::receipts::Receipt;
use crate::send;
use crate::shared::{self, Core, Shared, Stats};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Sends events to tachograph. Cheap to clone; when the last clone is dropped or the process ends, what waits is sent or left on disk.
#[derive(Clone)]
pub struct Client {
    handle: Arc<Handle>,
}

struct Handle {
    pid: u32,
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
    /// The client of a process that was forked from this one.
    forked: OnceLock<Box<Handle>>,
}

impl Client {
    /// Starts a client and its thread. Nothing is asked of the server before there is something to send.
    pub fn new(options: Options) -> Client {
        let (options, problem) = options.meant(&|name| std::env::var(name).ok());
        if let (Some(told), Some(problem)) = (&options.on_problem, problem) {
            shared::call(told, &problem);
        }
        let handle = Arc::new(Handle::new(options));
        let weak = Arc::downgrade(&handle);
        at_exit::close(Box::new(move |when| {
            let Some(handle) = weak.upgrade() else { return false };
            if when == When::Exit {
                handle.end();
            }
            true
        }));
        Client { handle }
    }

    /// Records an event and returns its id. Never waits for the network.
    pub fn record(&self, event: Event) -> String {
        self.handle.here().shared.record(event)
    }

    /// What became of an event of this client; nothing when it is not known any more.
    pub fn receipt(&self, id: &str) -> Option<Receipt> {
        self.handle.here().shared.lock().receipts.get(id).cloned()
    }

    /// Counts since the start.
    pub fn stats(&self) -> Stats {
        let core = self.handle.here().shared.lock();
        let (waiting, in_memory) = (core.backlog.waiting() as u64, core.backlog.in_memory() as u64);
        Stats { waiting, in_memory, ..core.stats }
    }

    /// Sends what waits, and waits for the answers. True when everything that was recorded is answered for; false when
    /// the time is over: then the rest is on disk, or in memory where there is no disk, and is sent later.
    pub fn flush(&self, timeout: Duration) -> bool {
        self.handle.here().flush(timeout)
    }

    /// Writes to disk what is in memory. False when that can't be.
    pub fn persist(&self) -> bool {
        let shared = &self.handle.here().shared;
        let mut core = shared.lock();
        let persisted = core.backlog.spill_all();
        shared.tell(core);
        persisted
    }

    /// Sends what waits, leaves on disk what the server does not take, and ends. True when everything is answered for.
    /// Events recorded afterwards are counted as lost.
    pub fn close(&self) -> bool {
        self.handle.here().close()
    }
}

impl Default for Client {
    /// A client as the environment says.
    fn default() -> Client {
        Client::new(Options::default())
    }
}

impl Handle {
    fn new(options: Options) -> Handle {
        let shared = Arc::new(Shared::new(options));
        let thread = std::thread::Builder::new().name("tacho-client".into()).spawn({
            let shared = Arc::clone(&shared);
            move || {
                crate::within::mark();
                send::run(&shared);
            }
        });
        // Without a thread nothing is sent; what is recorded goes to disk, for the next process.
        let thread = Mutex::new(thread.ok());
        Handle { pid: std::process::id(), shared, thread, forked: OnceLock::new() }
    }

    /// The handle of this process. After a fork the parent's thread is not here, and its lock may be held for ever.
    fn here(&self) -> &Handle {
        if self.pid == std::process::id() {
            return self;
        }
        let made = || Box::new(Handle::new(self.shared.options.clone()));
        self.forked.get_or_init(made).here()
    }

    /// Closes what this process has of it.
    fn end(&self) {
        if self.pid == std::process::id() {
            self.close();
        } else if let Some(forked) = self.forked.get() {
            forked.end();
        }
    }

    /// When nothing is left that could be answered for; else the answer is what tells.
    fn tell_lost(&self, core: &mut Core) {
        if core.backlog.is_empty() {
            self.shared.tell_lost(core);
        }
    }

    fn flush(&self, timeout: Duration) -> bool {
        let deadline = Instant::now() + timeout;
        let mut core = self.shared.lock();
        self.tell_lost(&mut core);
        core.flushing += 1;
        if !core.retry_is_asked {
            core.retry_at = None;
        }
        self.shared.wake.notify_one();
        while !core.is_done() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let waited = self.shared.moved.wait_timeout(core, left);
            core = waited.unwrap_or_else(PoisonError::into_inner).0;
            self.tell_lost(&mut core);
        }
        core.flushing -= 1;
        let done = core.is_done();
        if !done {
            core.backlog.spill_all();
        }
        self.shared.tell(core);
        done
    }

    fn close(&self) -> bool {
        let deadline = Instant::now() + self.shared.options.close_time;
        let mut core = self.shared.lock();
        if core.closed {
            return core.backlog.is_empty();
        }
        self.tell_lost(&mut core);
        core.closing = true;
        let failures = core.failures;
        if !core.retry_is_asked {
            core.retry_at = None;
        }
        self.shared.wake.notify_one();
        while !core.is_done() {
            let left = deadline.saturating_duration_since(Instant::now());
            // An end does not wait for a server that is away, when the disk keeps what there is.
            let away = core.failures > failures || core.retry_at.is_some_and(|at| at > Instant::now());
            if left.is_zero() || (away && core.backlog.spill_all()) {
                break;
            }
            let waited = self.shared.moved.wait_timeout(core, left);
            core = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        let done = core.backlog.is_empty();
        core.backlog.spill_all();
        self.shared.leave_lost(&mut core);
        core.closed = true;
        self.shared.wake.notify_one();
        self.shared.tell(core);
        // A thread that waits for an answer ends with the process: what it sends is on disk, with its ids.
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread.filter(|_| done) {
            drop(thread.join());
        }
        done
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // In a child what is here is the parent's; its own handle is dropped by itself.
        if self.pid == std::process::id() {
            self.close();
        }
    }
}
