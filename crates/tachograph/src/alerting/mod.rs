//! Alerting, live: rules follow the log, alerts are kept with who answered, people are told, and all of it is on the log.
//!
//! `worker` follows the log and runs the rules (pure, `tacho-alert`). What follows goes into `alerts.sqlite` in one
//! transaction with the position: open alerts, messages, and what is to be said on the log. `outbox` sends the messages.
//!
//! Invariants
//! - Recording never waits for alerting: who falls behind reads the store. Before that, senders of large bodies take
//!   turns (`http/turns.rs`).
//! - Each step can be the last one: alerts and messages have ids that follow from the log, and are taken once.

mod act;
mod announce;
mod answered;
mod before;
mod book;
mod breach;
mod config;
mod edit;
mod ended;
mod erase;
mod hand;
mod incidents;
mod inner;
mod investigate;
mod look;
mod maintained;
mod oncall;
mod outbox;
mod past;
mod recompute;
mod regular;
mod reply;
mod rerouted;
mod responses;
mod sent;
mod silence;
mod stop;
mod tell;
mod versions;
mod worker;

pub(crate) use act::Refused;
pub(crate) use before::attaching;
pub(crate) use book::{BUILT_IN, Book, folder, is_rule_file};
pub(crate) use config::Config;
pub(crate) use edit::{Edit, Edited, NewEdit};
pub(crate) use hand::incoming;
pub(crate) use incidents::CLOSED_MAX;
pub(crate) use investigate::investigate;
pub(crate) use look::{Board, Delivery, Seen, Whom};
pub(crate) use maintained::Work;
pub(crate) use oncall::{NewOverride, Served};
pub(crate) use outbox::deliver;
pub(crate) use past::{index_at, replay};
pub(crate) use recompute::{Recomputed, recompute};
pub(crate) use reply::told;
pub(crate) use responses::{Asking, Named, respond};
pub(crate) use silence::{Asked, NewSilence};
pub(crate) use stop::{NewStop, Stop};
pub(crate) use versions::versions;
pub(crate) use worker::follow;

use crate::clock::now_us;
use inner::mail;
use parking_lot::{Condvar, Mutex};
use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tacho_alert::notify::Desk;
use tacho_deliver::Channel;
use tacho_deliver::bucket::Bucket;
use tacho_deliver::heartbeat::Heartbeat;
use tacho_deliver::inbound::Secrets;
use tacho_store::alert_file::{AlertChanges, AlertFile};
use tokio::sync::watch;

/// So many bytes of recorded batches may wait for the rules before those who send more take turns: without that, a flood
/// on a busy machine would be judged long after it is over.
const BEHIND_BYTES: usize = 16 << 20;

/// Kinds of notes in the file.
const TOLD: &str = "told";
const THREAD: &str = "thread";
const RECEIPT: &str = "receipt";
const BOOK: &str = "book";

/// Alerting of one folder.
pub(crate) struct Alerting {
    config: Config,
    data: PathBuf,
    replies: Secrets,
    heartbeat: Option<Heartbeat>,
    /// Where this server is reached when the configuration does not say.
    url: String,
    inner: Mutex<Inner>,
    /// Held while somebody edits the rules; taken before `inner`.
    editing: Mutex<()>,
    board: Mutex<Arc<Board>>,
    /// What is wrong, as it was when `inner` was let go last: whoever asks how this server is never waits for that.
    wrong: Mutex<Arc<Vec<String>>>,
    /// Counts how often the rules were to be read again.
    reload: watch::Sender<u64>,
    /// Told when a message may be due.
    posted: Condvar,
    /// Bytes of recorded batches that the rules have not seen.
    waiting: watch::Sender<usize>,
}

/// What changes together, and the file that keeps it.
struct Inner {
    desk: Desk,
    cases: incidents::Cases,
    responses: responses::Responses,
    stops: stop::Stops,
    /// What the weekly report says of capacity, as it was measured last.
    capacity: Option<String>,
    book: Arc<Book>,
    channels: HashMap<String, Vec<Channel>>,
    file: AlertFile,
    /// What could not be saved yet.
    pending: AlertChanges,
    /// Why it could not.
    fault: Option<String>,
    /// Channels that do not take what they are sent, in words; and whether that may have changed.
    failing: Vec<String>,
    was_tried: bool,
    /// How fast each lane was told.
    buckets: HashMap<String, Bucket>,
    /// The maintenance windows of the routing that are on, since when.
    working: BTreeMap<String, i64>,
    closing: bool,
}

impl Alerting {
    /// Opens what is kept in a data folder, and reads the rules.
    ///
    /// # Errors
    /// When the file can't be opened nor put aside.
    pub(crate) fn open(
        data: &Path,
        config: &Config,
        log: &str,
        url: String,
    ) -> Result<Alerting, Box<dyn Error>> {
        let (file, lost) = match AlertFile::open(data, log) {
            Ok(file) => (file, None),
            Err(error) => {
                let aside = AlertFile::put_aside(data, now_us())?;
                tracing::error!(%error, aside = %aside.display(), "what alerting remembers is not readable; it begins anew");
                (AlertFile::open(data, log)?, Some((error.to_string(), aside)))
            }
        };
        let replies = Secrets::read(&config.replies, &crate::deliver::secret);
        let replies = replies.map_err(|why| format!("[alerts.replies] {why}"))?;
        let heartbeat = Heartbeat::read(&config.heartbeat, &crate::deliver::secret);
        let heartbeat = heartbeat.map_err(|why| format!("[alerts.heartbeat] {why}"))?;
        let book = Arc::new(Book::read(config, data)?);
        let mut inner = Inner {
            desk: Desk::new(&book.rules, &book.routing)?,
            cases: incidents::Cases::default(),
            responses: responses::Responses::read(&config.responses)?,
            stops: stop::Stops::new(),
            capacity: None,
            channels: HashMap::new(),
            book,
            file,
            pending: AlertChanges::default(),
            fault: None,
            failing: Vec::new(),
            was_tried: true,
            buckets: HashMap::new(),
            working: BTreeMap::new(),
            closing: false,
        };
        if let Some((error, aside)) = lost {
            inner.pending.sayings.push(tell::lost(&error, &aside, now_us()));
            inner.lose_stops();
        }
        inner.recall()?;
        inner.recall_cases(&config.incidents, config.url.as_ref().unwrap_or(&url))?;
        inner.recall_responses()?;
        inner.recall_stops()?;
        let alerting = Alerting {
            url: config.url.clone().unwrap_or(url).trim_end_matches('/').to_string(),
            config: config.clone(),
            data: data.to_path_buf(),
            replies,
            heartbeat,
            inner: Mutex::new(inner),
            editing: Mutex::default(),
            board: Mutex::default(),
            wrong: Mutex::default(),
            reload: watch::Sender::new(0),
            posted: Condvar::new(),
            waiting: watch::Sender::new(0),
        };
        let mut inner = alerting.inner.lock();
        inner.take_book();
        alerting.note(&inner);
        drop(inner);
        Ok(alerting)
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// What replies are verified with.
    pub(crate) fn replies(&self) -> &Secrets {
        &self.replies
    }

    /// The beginning of this server's addresses, as others reach it.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    pub(crate) fn book(&self) -> Arc<Book> {
        Arc::clone(&self.inner.lock().book)
    }

    /// Has the rules and the routing read again.
    pub(crate) fn reload(&self) {
        self.reload.send_modify(|times| *times += 1);
    }

    /// Reads the rules and the routing, and goes on with the alerts that are open.
    fn reread(&self) -> Result<Arc<Book>, Box<dyn Error>> {
        let book = Arc::new(self.fresh()?);
        self.take(&mut self.inner.lock(), Arc::clone(&book))?;
        Ok(book)
    }

    /// Whether more waits for the rules than those who send at once should add to.
    pub(crate) fn is_behind(&self) -> bool {
        *self.waiting.borrow() > BEHIND_BYTES
    }

    /// Ends what waits for something to do.
    pub(crate) fn close(&self) {
        self.inner.lock().closing = true;
        self.posted.notify_all();
    }

    /// Lets what is due by now become messages, and saves what changed.
    fn settle(&self, position: Option<(u64, i64)>) {
        let mut inner = self.inner.lock();
        let now = now_us();
        for raised in inner.desk.expire(now) {
            inner.pending.sayings.push(tell::resolved(&raised));
        }
        inner.end_answered(now);
        let due = inner.desk.due(now);
        inner.pass_cases(now);
        inner.pass_stops(now);
        inner.pass_windows(now);
        let any = !due.is_empty() || inner.responses.runs.is_due();
        for due in due {
            inner.post(&due, &self.url, now);
        }
        if let Err(error) = inner.save(position)
            && inner.fault.is_none()
        {
            tracing::error!(%error, "alerts can't be saved; it is tried again");
            inner.fault = Some(error.to_string());
        }
        inner.look_at_channels();
        self.note(&inner);
        drop(inner);
        if any {
            self.posted.notify_all();
        }
    }
}
