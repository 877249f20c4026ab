//! What callers and the sending thread share: one lock, never held over the network.
//!
//! *Locks*: `core` alone. Callers hold it to put an event into memory, and at the most to write one file.

mod lost;

use crate::answer::Taken;
use crate::backlog::{Backlog, Memory};
use crate::event::{self, Event, Stamps};
use crate::options::{OnProblem, Options, Problem};
use crate::owner;
use crate::receipts::{Receipts, Status};
use crate::spool::{Limits, Spool};
use crate::waiting::Waiting;
use crate::{whose, within};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tacho_event::id::Id;
use tacho_event::time;

/// Counts since the start, in events. `recorded`, `duplicates`, `rejected` and `waiting` count also what nobody logged here:
/// the client's own `events_lost`, and what it sends for a process that has ended. So their sum with `lost` may be more than `logged`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    pub logged: u64,
    pub recorded: u64,
    pub duplicates: u64,
    pub rejected: u64,
    pub lost: u64,
    /// Not answered for: in memory or on disk.
    pub waiting: u64,
    pub in_memory: u64,
}

/// So long an event is in memory alone.
const PERSIST_AFTER: Duration = Duration::from_millis(10);

/// What the lock guards.
pub(crate) struct Core {
    pub backlog: Backlog,
    pub receipts: Receipts,
    pub stats: Stats,
    /// Events so far: the place of the last in the order of the calls.
    pub number: u64,
    /// Those of them that had no id of the caller's.
    pub seq: u64,
    /// Lost, and not yet told to the server.
    pub untold: u64,
    /// When what is in memory goes, full or not.
    pub due_at: Option<Instant>,
    /// When what is in memory goes to disk.
    pub persist_at: Option<Instant>,
    /// After a failure: when the next try is.
    pub retry_at: Option<Instant>,
    /// The server has said so itself.
    pub retry_is_asked: bool,
    /// Tries that failed, ever.
    pub failures: u64,
    /// Callers that wait for everything to go.
    pub flushing: usize,
    pub closing: bool,
    pub closed: bool,
    /// To be told when the lock is free.
    pub problems: Vec<Problem>,
}

pub(crate) struct Shared {
    pub options: Options,
    pub producer: String,
    host: String,
    user: Option<String>,
    session: String,
    metadata: Value,
    core: Mutex<Core>,
    /// Something is there to be done by the sending thread.
    pub wake: Condvar,
    /// Something was answered for, or failed.
    pub moved: Condvar,
}

pub(crate) fn new_id() -> String {
    let mut random = [0; 10];
    let hex = owner::random() + &owner::random();
    for (byte, pair) in random.iter_mut().zip(hex.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).unwrap_or_default(), 16).unwrap_or_default();
    }
    let unix_ms = u64::try_from(now_us() / 1000).unwrap_or_default();
    Id::v7(unix_ms, random).text()
}

fn now_us() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

impl Shared {
    pub(crate) fn new(options: Options) -> Shared {
        let producer = owner::random();
        let limits = Limits {
            bytes: options.spool_bytes,
            batch_events: options.batch_events.max(1),
            batch_bytes: options.batch_bytes.max(1),
        };
        let spool = Spool::new(options.spool(), &producer, limits);
        let memory = Memory { events: options.queue_events.max(1), bytes: options.queue_bytes };
        let mut core = Core {
            backlog: Backlog::new(spool, limits, memory),
            receipts: Receipts::default(),
            stats: Stats::default(),
            number: 0,
            seq: 0,
            untold: 0,
            due_at: None,
            persist_at: None,
            retry_at: None,
            retry_is_asked: false,
            failures: 0,
            flushing: 0,
            closing: false,
            closed: false,
            problems: Vec::new(),
        };
        core.backlog.adopt(SystemTime::now());
        let env = |name: &str| std::env::var(name).ok();
        let metadata = Value::Object(crate::options::metadata(&env));
        Shared {
            host: owner::host(),
            user: env("USER").or_else(|| env("LOGNAME")),
            session: options.session_id.clone().unwrap_or_else(new_id),
            metadata,
            producer,
            options,
            core: Mutex::new(core),
            wake: Condvar::new(),
            moved: Condvar::new(),
        }
    }

    /// A panic elsewhere is no reason to stop recording: every change of the core is whole.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Core> {
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes an event and returns its id.
    pub(crate) fn record(&self, mut event: Event) -> String {
        let given = event.id.take();
        let is_callers = given.is_some();
        let id = given.unwrap_or_else(new_id);
        self.complete(&mut event);
        let timestamp = event.timestamp.take().unwrap_or_else(|| time::format(now_us()));
        let id_name = event.id_name;
        let tight = self.lock().backlog.is_tight();
        // What takes long is done before the lock.
        let members = event::members(event, tight);
        let mut core = self.lock();
        core.stats.logged += 1;
        core.receipts.open(&id);
        match members {
            _ if core.closing => core.lose(&id, "the client is closed"),
            Err(reason) => core.reject(&id, &reason),
            Ok(members) => {
                core.number += 1;
                core.seq += u64::from(!is_callers);
                let producer = (!is_callers).then_some((self.producer.as_str(), core.seq));
                let stamps = Stamps { id: &id, timestamp: &timestamp, producer, host: &self.host };
                let (line, stamps) = event::line(id_name, &members, &stamps);
                let number = core.number;
                self.put(&mut core, Waiting { id: id.clone(), number, line, stamps });
            }
        }
        self.tell(core);
        id
    }

    /// What the client knows, where the caller says nothing.
    fn complete(&self, event: &mut Event) {
        let is_audit = event.has("entityType");
        let agent = self.options.agent_id.as_deref();
        if event.id_name == "communication_id"
            && !event.has("sender")
            && let Some(agent) = agent
        {
            event.members.push(("sender".to_owned(), json!({ "agent_id": agent })));
        }
        whose::complete(event, agent, &self.session);
        // An application's entry without a user is the system account's, not that of who started the server.
        if !is_audit && !event.has("user_id") {
            event.default_to("user", self.user.as_deref());
        }
        if !event.has("metadata") && self.metadata.as_object().is_some_and(|known| !known.is_empty()) {
            event.members.push(("metadata".to_owned(), self.metadata.clone()));
        }
    }

    fn put(&self, core: &mut Core, event: Waiting) {
        if let Err(event) = core.backlog.push(event) {
            core.lose(&event.id, "there is no room, neither in memory nor on disk");
            return;
        }
        let now = Instant::now();
        core.due_at.get_or_insert(now + self.options.batch_time);
        if core.persist_at.is_none() {
            core.persist_at = Some(now + PERSIST_AFTER);
            self.wake.notify_one();
        }
        if core.backlog.is_full() {
            self.wake.notify_one();
        }
    }

    /// Lets go of the lock, and then tells what went wrong meanwhile.
    pub(crate) fn tell(&self, mut core: MutexGuard<'_, Core>) {
        let troubles = std::mem::take(&mut core.backlog.troubles);
        let mut problems = std::mem::take(&mut core.problems);
        drop(core);
        problems.extend(troubles.into_iter().map(|error| Problem::Disk { error }));
        let Some(told) = &self.options.on_problem else { return };
        problems.iter().for_each(|problem| call(told, problem));
    }
}

/// Somebody else's function may panic; the record goes on. It may record, too: a problem of that is counted and not told.
pub(crate) fn call(told: &OnProblem, problem: &Problem) {
    within::telling(|| drop(std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| told(problem)))));
}

impl Core {
    fn lose(&mut self, id: &str, reason: &str) {
        self.stats.lost += 1;
        self.untold += 1;
        self.receipts.settle(id, Status::Lost, None, Some(reason));
        self.problems.push(Problem::Lost { id: id.to_owned(), reason: reason.to_owned() });
    }

    pub(crate) fn reject(&mut self, id: &str, reason: &str) {
        self.stats.rejected += 1;
        self.receipts.settle(id, Status::Rejected, None, Some(reason));
        self.problems.push(Problem::Rejected { id: id.to_owned(), reason: reason.to_owned() });
    }

    /// Everything that was recorded is answered for.
    pub(crate) fn is_done(&self) -> bool {
        self.backlog.is_empty() && self.untold == 0
    }

    /// The server has answered for these.
    pub(crate) fn answered(&mut self, events: &[Waiting], receipt: Taken, refused: &BTreeMap<usize, String>) {
        self.backlog.answered(events.len());
        let good = (events.len() - refused.len()) as u64;
        let duplicates = receipt.duplicates.min(good);
        self.stats.duplicates += duplicates;
        self.stats.recorded += good - duplicates;
        let status =
            if receipt.accepted == 0 && duplicates > 0 { Status::Duplicate } else { Status::Recorded };
        // Places follow each other where one line was one event and none was known.
        let run = receipt.range.filter(|(first, last)| duplicates == 0 && last - first + 1 == good);
        let mut next = run.map(|(first, _)| first);
        for (at, event) in events.iter().enumerate() {
            if let Some(reason) = refused.get(&at) {
                self.reject(&event.id, reason);
            } else {
                self.receipts.settle(&event.id, status, next, None);
                next = next.map(|index| index + 1);
            }
        }
    }
}
