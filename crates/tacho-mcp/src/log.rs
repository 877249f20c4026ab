//! What the tools need of a log: add one event, read. A log that can't answer a question says so.

use crate::limits::TEXT_BYTES_MAX;
use futures::future::BoxFuture;
use serde_json::{Map, Value};
use std::fmt;
use tacho_event::time::Day;

/// What a log answers, later.
pub type Answer<'a, T> = BoxFuture<'a, Result<T, Fault>>;

/// Who calls: the head of the HTTP request that the call came in, when there was one. A log that knows credentials
/// judges the call by it.
#[derive(Debug, Clone, Default)]
pub struct Caller(pub Option<http::request::Parts>);

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub kind: Kind,
    /// What could not be done, and what to do.
    pub why: String,
}

/// What kind of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// There is no such thing on the log.
    Absent,
    /// The question or the event is not understood, or may not be asked.
    Refused,
    /// This log can't answer such questions at all.
    Cannot,
    /// The log did not answer, or not with what was expected.
    Failed,
}

impl Fault {
    pub fn absent(why: impl Into<String>) -> Fault {
        Fault { kind: Kind::Absent, why: why.into() }
    }

    pub fn refused(why: impl Into<String>) -> Fault {
        Fault { kind: Kind::Refused, why: why.into() }
    }

    pub fn failed(why: impl Into<String>) -> Fault {
        Fault { kind: Kind::Failed, why: why.into() }
    }

    fn cannot<T>(log: &str, what: &str) -> Result<T, Fault> {
        let why = format!(
            "the backend \"{log}\" only records: it can't {what}; with AUDIT_BACKEND=server a tachograph server answers"
        );
        Err(Fault { kind: Kind::Cannot, why })
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl std::error::Error for Fault {}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recorded {
    /// Its place, where the log numbers them.
    pub index: Option<u64>,
    /// It was there before: same id, same content.
    pub duplicate: bool,
}

/// Which events.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    pub query: Option<String>,
    pub from: Option<String>,
    pub to: Option<String>,
    pub agent: Option<String>,
    pub session: Option<String>,
    pub action: Option<String>,
    pub status: Option<String>,
    pub user: Option<String>,
    pub limit: usize,
    pub cursor: Option<String>,
}

/// One page of a search, newest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Page {
    pub rows: Vec<Map<String, Value>>,
    /// Where the next page begins; none behind the last.
    pub cursor: Option<String>,
}

/// What costs are added up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum CostBy {
    Agent,
    Day,
    Model,
    Action,
}

/// Which costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Costs {
    pub by: CostBy,
    pub agent: Option<String>,
    /// The first day.
    pub from: Option<Day>,
    /// The last day.
    pub to: Option<Day>,
    pub limit: usize,
}

/// A log that agents write to and ask. It can add and read; nothing else.
pub trait Log: Send + Sync {
    /// What its users call it.
    fn name(&self) -> &str;

    /// Records one event durably.
    fn record<'a>(&'a self, caller: &'a Caller, event: Map<String, Value>) -> Answer<'a, Recorded>;

    fn search<'a>(&'a self, _: &'a Caller, _: &'a Filter) -> Answer<'a, Page> {
        Box::pin(async { Fault::cannot(self.name(), "be searched") })
    }

    /// One event by its id or index, with everything that is known of it.
    fn entry<'a>(&'a self, _: &'a Caller, _id: &'a str) -> Answer<'a, Value> {
        Box::pin(async { Fault::cannot(self.name(), "look up an entry") })
    }

    /// The events that tell of the same action as an entry, and the states of that event, oldest first; at most so many.
    /// Nothing where a log does not join what it records.
    fn observations<'a>(
        &'a self,
        _: &'a Caller,
        _entry: &'a Map<String, Value>,
        _max: usize,
    ) -> Answer<'a, Vec<Map<String, Value>>> {
        Box::pin(async { Ok(Vec::new()) })
    }

    /// The timeline of a session.
    fn session<'a>(&'a self, _: &'a Caller, _id: &'a str) -> Answer<'a, Value> {
        Box::pin(async { Fault::cannot(self.name(), "tell a session") })
    }

    fn agent<'a>(&'a self, _: &'a Caller, _id: &'a str) -> Answer<'a, Value> {
        Box::pin(async { Fault::cannot(self.name(), "tell of an agent") })
    }

    fn costs<'a>(&'a self, _: &'a Caller, _: &'a Costs) -> Answer<'a, Vec<Map<String, Value>>> {
        Box::pin(async { Fault::cannot(self.name(), "add up costs") })
    }

    /// The tlog-proof of an entry, with the entry in it.
    fn proof<'a>(&'a self, _: &'a Caller, _id: &'a str) -> Answer<'a, String> {
        Box::pin(async { Fault::cannot(self.name(), "prove anything") })
    }

    /// A file of the published log, by its path below the log's root: `checkpoint`, `tile/…`.
    fn published<'a>(&'a self, _: &'a Caller, _path: &'a str) -> Answer<'a, Vec<u8>> {
        Box::pin(async { Fault::cannot(self.name(), "prove anything") })
    }
}

/// A text that may stand in a question.
pub(crate) fn bounded(name: &str, text: &str) -> Result<(), Fault> {
    if text.is_empty() || text.len() > TEXT_BYTES_MAX {
        let found = text.len();
        return Err(Fault::refused(format!("{name} has {found} bytes, expected 1 to {TEXT_BYTES_MAX}")));
    }
    Ok(())
}
