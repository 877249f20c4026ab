//! OpenTelemetry: requests of OTLP's three signals, in protobuf or JSON, become events, one for each log record,
//! span and point of a metric.
//!
//! Guarantee: a request is recorded whole, or some of its records are refused by number and reason, or it can't be
//! read and nothing of it is.
//!
//! Invariants
//! - Ids are made of what a record is ([`identity`]), so that a second export of it is a duplicate, in whichever
//!   encoding it comes.
//! - Attributes, resource and library are in the event, lifted or in `extra` ([`attributes`]). Protobuf fields and
//!   JSON members that OTLP does not name are not.
//! - One record is decoded at a time ([`walk`]).
//!
//! Limits: [`RECORDS_MAX`] records and [`UNFOLDED_BYTES_MAX`] bytes of events in a request, an event's own limits
//! for each record.

mod ai_sdk;
pub(crate) mod answer;
pub(crate) mod asked;
pub(crate) mod attributes;
pub(crate) mod cached;
mod claude;
mod family;
mod gemini;
pub(crate) mod group;
mod identity;
mod json;
mod langchain;
mod log;
mod meaning;
mod metric;
mod points;
pub mod reply;
mod span;
mod take;
mod value;
mod walk;
mod wire;

#[cfg(test)]
mod tests;

use crate::accept::{Scratch, Sender};
use crate::ingest::{Ingest, Tally};
use family::Family;
use group::Group;
use identity::Seen;
use std::collections::HashSet;
use std::sync::Mutex;
use tacho_event::event::Event;
use tacho_event::fact::TextFact;
use tacho_event::id::Id;
use tacho_event::limits::FACT_BYTES_MAX;
use tacho_event::record::{Batch, BatchBuilder};
use tacho_event::time::{Micros, day};
use tacho_record::keyring::KeyRing;
use take::Taking;
use walk::Raw;

/// So many records of one request are recorded; the others are refused.
pub const RECORDS_MAX: u64 = 1 << 16;

/// What the records of one request may unfold to, bytes: each carries its resource's attributes.
pub const UNFOLDED_BYTES_MAX: usize = 128 << 20;

/// One of OTLP's signals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    Logs,
    Traces,
    Metrics,
}

/// How a request is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Protobuf,
    Json,
}

/// A request that can't be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the request is no OTLP: {0}")]
pub struct Malformed(pub(crate) String);

impl Malformed {
    fn protobuf(error: prost::DecodeError) -> Malformed {
        Malformed(error.to_string())
    }

    fn json(error: serde_json::Error) -> Malformed {
        Malformed(error.to_string())
    }
}

impl Signal {
    /// Names of the three lists around each other, and the field of the last one is always 2.
    fn lists(self) -> [&'static str; 3] {
        match self {
            Signal::Logs => ["resourceLogs", "scopeLogs", "logRecords"],
            Signal::Traces => ["resourceSpans", "scopeSpans", "spans"],
            Signal::Metrics => ["resourceMetrics", "scopeMetrics", "metrics"],
        }
    }

    /// The signal of a request that is written as JSON, by its first member.
    pub(crate) fn of_json(text: &str) -> Option<Signal> {
        let first = text.trim_start().strip_prefix('{')?.trim_start().strip_prefix('"')?;
        let is_first = |signal: &&Signal| {
            first.strip_prefix(signal.lists()[0]).is_some_and(|rest| rest.starts_with('"'))
        };
        [Signal::Logs, Signal::Traces, Signal::Metrics].iter().find(is_first).copied()
    }

    fn rejected(self) -> &'static str {
        match self {
            Signal::Logs => "rejectedLogRecords",
            Signal::Traces => "rejectedSpans",
            Signal::Metrics => "rejectedDataPoints",
        }
    }
}

/// A request as it came, decompressed.
#[derive(Debug, Clone, Copy)]
pub struct Request<'r> {
    pub signal: Signal,
    pub encoding: Encoding,
    pub body: &'r [u8],
}

impl Ingest {
    /// Accepts what is in a request and appends the batches to `batches`; a "line" of the tally is a record, by its
    /// number in the request. The rest is as for [`Ingest::body`].
    ///
    /// # Errors
    /// [`Malformed`] when the request can't be read; `batches` is then as it was.
    pub fn otlp(
        &self,
        request: &Request<'_>,
        sender: &Sender<'_>,
        now_us: Micros,
        fresh: &mut dyn FnMut() -> Id,
        keys: &Mutex<KeyRing>,
        batches: &mut Vec<Batch>,
    ) -> Result<Tally, Malformed> {
        let body = match request.encoding {
            Encoding::Protobuf => Raw::Protobuf(request.body),
            Encoding::Json => {
                let text = std::str::from_utf8(request.body).map_err(|error| Malformed(error.to_string()))?;
                Raw::Json(text.trim_start_matches('\u{feff}'))
            }
        };
        let mut taking = Taking {
            ingest: self,
            sender,
            fresh,
            keys,
            today: day(now_us),
            users: HashSet::new(),
            scratch: Scratch::new(now_us, keys),
            batch: BatchBuilder::new(sender.source == "import"),
            full: Vec::new(),
            unfolded: 0,
            seen: Seen::default(),
            family: Family::default(),
            tally: Tally::default(),
        };
        if request.signal == Signal::Traces {
            each(body, request.signal, &mut |_, _, span| taking.meet(span))?;
            taking.family.settle();
        }
        let mut group = None;
        each(body, request.signal, &mut |resource, scope, record| {
            let group = match &mut group {
                Some((place, group)) if *place == (resource.0, scope.0) => group,
                other => &mut other.insert(((resource.0, scope.0), Group::read(resource.1, scope.1)?)).1,
            };
            match request.signal {
                Signal::Logs => taking.log(record, group),
                Signal::Traces => taking.span(record, group),
                Signal::Metrics => taking.metric(record, group),
            }
        })?;
        batches.append(&mut taking.full);
        if taking.batch.count() > 0 {
            batches.push(taking.batch.finish());
        }
        Ok(taking.tally)
    }
}

/// A message and its number in the list it is in.
type Placed<'a> = (usize, Raw<'a>);

/// Visits every record with the two messages around it.
fn each<'a>(
    body: Raw<'a>,
    signal: Signal,
    visit: &mut dyn FnMut(Placed<'a>, Placed<'a>, Raw<'a>) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let [resources, scopes, records] = signal.lists();
    for resource in body.children(1, resources)?.into_iter().enumerate() {
        for scope in resource.1.children(2, scopes)?.into_iter().enumerate() {
            for record in scope.1.children(2, records)? {
                visit(resource, scope, record)?;
            }
        }
    }
    Ok(())
}

/// Sets a text fact; one that is too long stands in `extra`.
fn text<'a>(event: &mut Event<'a>, fact: TextFact, name: &'static str, text: &'a str) {
    if text.len() <= FACT_BYTES_MAX {
        event.facts.set_text(fact, text);
    } else {
        event.extra.push((name.into(), crate::fields::quote(text).into()));
    }
}
