//! The way in for every source: a body becomes batches, and a tally of what was taken and what refused.
//!
//! Invariants
//! - A line is taken whole or not at all.
//! - A batch is closed at [`BATCH_BYTES`]; one more event of the largest size still fits a journal record.

use crate::accept::{Acceptor, Said, Scratch, Sender};
use crate::believed::believed;
use crate::body::lines;
use crate::classify::Classifier;
use crate::fields::Refused;
use crate::formats::{Format, Limits, decode_within};
use crate::mapping::Mapping;
use crate::newcomers::Newcomers;
use crate::otlp::{Encoding, Malformed, Request, Signal};
use crate::place::Place;
use crate::prices;
use crate::request;
use crate::salts::secret_name;
use crate::shorten;
use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Mutex;
use tacho_event::event::Event;
use tacho_event::fact::IntFact;
use tacho_event::id::Id;
use tacho_event::limits::RECORD_BYTES_MAX;
use tacho_event::record::{Batch, BatchBuilder};
use tacho_event::time::{Day, Micros, day};
use tacho_record::keyring::KeyRing;
use tacho_redact::Findings;

/// A batch is closed at this size, bytes.
pub const BATCH_BYTES: usize = RECORD_BYTES_MAX / 4;

/// So many refused lines are described; more are only counted.
pub const REJECTED_MAX: usize = 1000;

/// The rules that every body passes through. Cheap to share between threads.
pub struct Ingest {
    pub acceptor: Acceptor,
    pub classifier: Classifier,
    /// Not asked for history that is replayed: whoever imports has the folder itself.
    pub newcomers: Newcomers,
}

/// Users of one body that have a secret, or may get one; so many are kept at a time.
const USERS_MAX: usize = 4096;

/// How to read one body.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'o> {
    /// The format, when the source knows; else the members of each object tell.
    pub format: Option<Format>,
    /// What the request's parameters say about each object.
    pub mapping: Option<&'o Mapping>,
    /// The body comes from history: duplicates are looked for without limit of age, events without an id get one by
    /// their line, so that a second import is all duplicates, and those without a time that of their neighbour.
    pub replay: bool,
    /// Where in its file this body begins, when a large one comes in parts: as the part before it ended.
    pub place: Option<&'o Place>,
    /// The name of the file that is replayed: equal lines of two files are two events.
    pub file: &'o str,
    /// The request, where the body is one event that it is the context of ([`request::is_alone`]).
    pub request: Option<request::Context<'o>>,
    /// The agent that the request names for events that name none; it is the sender's, too.
    pub named: Option<&'o str>,
}

impl Options<'_> {
    pub(crate) fn limits(&self) -> Limits {
        if self.replay { Limits::HISTORY } else { Limits::LIVE }
    }

    /// The mapping, where it can be had without writing the text anew. Events of history get ids by their text as it is
    /// under the mapping, which must be the same at the next import.
    fn renaming(&self) -> Option<&Mapping> {
        self.mapping.filter(|mapping| !self.replay && mapping.only_renames())
    }
}

/// What became of a body.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// Lines that were taken, and the events in them. Duplicates are found later, on the log.
    pub accepted_lines: u64,
    pub events: u64,
    /// Lines that were refused, all of them.
    pub refused_lines: u64,
    /// The first of them with their reasons.
    pub refused: Vec<Rejected>,
    /// Where in its file the body ended.
    pub place: Place,
}

/// A line that was not recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejected {
    /// From 1; in an array, the item.
    pub line: u64,
    pub reason: Refused,
}

impl Ingest {
    /// Accepts what is in a body, already decompressed, and appends the batches to `batches`. `now_us` is the
    /// recorder's clock, `fresh` gives ids for events without one. New secrets are in `keys` and must be synced
    /// there before a batch is.
    #[expect(
        clippy::too_many_arguments,
        reason = "clock, ids and keys are handed in one by one, so that it is pure"
    )]
    pub fn body(
        &self,
        body: &[u8],
        sender: &Sender<'_>,
        options: &Options<'_>,
        now_us: Micros,
        fresh: &mut dyn FnMut() -> Id,
        keys: &Mutex<KeyRing>,
        batches: &mut Vec<Batch>,
    ) -> Tally {
        let mut tally = Tally::default();
        let mut scratch = Scratch::new(now_us, keys);
        // Most events take less in the journal than in JSON.
        let batch_bytes = body.len().clamp(1024, BATCH_BYTES + BATCH_BYTES / 16);
        let mut batch = BatchBuilder::with_capacity(options.replay, batch_bytes);
        let (mut users, mut has_looked) = (HashSet::new(), false);
        let mut place = options.place.cloned().unwrap_or_default();
        let lines_before = place.lines;
        for line in lines(body, options.format) {
            let number = lines_before + line.number;
            let Some(text) = tally.keep(number, line.text.and_then(|text| mapped(text, options))) else {
                place.pass();
                continue;
            };
            let by = believed(&text, sender, options);
            if let Some(request) = otlp_request(&text, options) {
                tally.add(number, self.otlp(&request, &by, now_us, fresh, keys, batches));
                place.pass();
                continue;
            }
            let mut events = Vec::with_capacity(1);
            let is_limited = !options.replay && self.newcomers.is_limited();
            let decoded = self.line(&text, options, &mut events).and_then(|told| {
                if is_limited {
                    self.admit(&events, sender, day(now_us), keys, &mut users)?;
                }
                Ok(told)
            });
            let Some((format, is_lent)) = tally.keep(number, decoded) else {
                place.pass();
                continue;
            };
            tally.accepted_lines += 1;
            scratch.is_lent = is_lent;
            place.settle(format, &text, &self.acceptor.id_key, sender, options, &mut events);
            for event in &mut events {
                prices::estimate(event);
                let by_event = name_agent(event, format, sender);
                scratch.said = (!format.makes_ids()).then_some(Said { by_event, by_request: options.named });
                if options.replay {
                    scratch.inherited_us = place.time(event, &mut has_looked, body, options);
                }
                let retention = self.classifier.retention(event);
                let taken = self.acceptor.accept(event, retention, &by, fresh, &mut scratch, &mut batch);
                taken.expect("every event of the line was checked");
                if batch.size_bytes() > BATCH_BYTES {
                    let next = BatchBuilder::with_capacity(options.replay, batch_bytes);
                    let full = std::mem::replace(&mut batch, next);
                    batches.push(full.finish());
                }
            }
            tally.events += events.len() as u64;
        }
        if batch.count() > 0 {
            batches.push(batch.finish());
        }
        place.lines += memchr::memchr_iter(b'\n', body).count() as u64;
        tally.place = place;
        tally
    }

    /// Lets the users of a line in: those who have a secret already, and so many new ones of a credential and day.
    pub(crate) fn admit(
        &self,
        events: &[Event<'_>],
        sender: &Sender<'_>,
        today: Day,
        keys: &Mutex<KeyRing>,
        users: &mut HashSet<String>,
    ) -> Result<(), Refused> {
        for user in events.iter().filter_map(|event| event.user.as_deref()) {
            if users.contains(user) {
                continue;
            }
            let name = secret_name(&self.acceptor.user(user, &mut Findings::default()));
            let ring = keys.lock().expect("nothing panics while it holds the key ring");
            let is_new = ring.find(&name).is_none();
            drop(ring);
            if is_new {
                self.newcomers.admit(sender.writer, today)?;
            }
            if users.len() >= USERS_MAX {
                users.clear();
            }
            users.insert(user.to_string());
        }
        Ok(())
    }

    /// The events of one line, ready to be accepted, what format it has, and whether the request lent its context.
    fn line<'a>(
        &'a self,
        text: &'a str,
        options: &Options<'_>,
        events: &mut Vec<Event<'a>>,
    ) -> Result<(Format, bool), Refused> {
        let format =
            decode_within(text, options.format, options.limits(), options.renaming(), &mut |event| {
                events.push(event);
            })?;
        let is_lent = options.request.is_some_and(|context| context.complete(events));
        for event in events {
            if options.replay {
                shorten::fit(event)?;
            }
            self.classifier.apply(event);
            Acceptor::check(event)?;
        }
        Ok((format, is_lent))
    }
}

/// A request of OpenTelemetry, where a line of history is one.
fn otlp_request<'t>(text: &'t str, options: &Options<'_>) -> Option<Request<'t>> {
    let signal = options.replay.then(|| Signal::of_json(text)).flatten()?;
    Some(Request { signal, encoding: Encoding::Json, body: text.as_bytes() })
}

/// A line's text as the request's parameters have it, but for members that only get another name when it is decoded.
pub(crate) fn mapped<'a>(text: &'a str, options: &Options<'_>) -> Result<Cow<'a, str>, Refused> {
    let rewriting = options.mapping.filter(|_| options.renaming().is_none());
    rewriting.map_or(Ok(Cow::Borrowed(text)), |mapping| mapping.apply(text))
}

impl Tally {
    /// What came of a line, or none and the reason told.
    fn keep<T>(&mut self, line: u64, taken: Result<T, Refused>) -> Option<T> {
        taken.map_err(|reason| self.reject(line, reason)).ok()
    }

    /// What came of a request of OpenTelemetry that stood in a line.
    fn add(&mut self, line: u64, taken: Result<Tally, Malformed>) {
        match taken {
            Ok(taken) => {
                self.accepted_lines += 1;
                self.events += taken.events;
                let described = taken.refused.len() as u64;
                taken.refused.into_iter().for_each(|refused| self.reject(line, refused.reason));
                self.refused_lines += taken.refused_lines - described;
            }
            Err(malformed) => self.reject(line, Refused::Json(malformed.to_string())),
        }
    }

    pub(crate) fn reject(&mut self, line: u64, reason: Refused) {
        self.refused_lines += 1;
        if self.refused.len() < REJECTED_MAX {
            self.refused.push(Rejected { line, reason });
        }
    }
}

/// Who acted, where the event does not say, or says only by which program: the credential knows better. Whom an agent's
/// own MCP server assumes it was set up for. Returns whether the event itself says it.
fn name_agent(event: &mut Event<'_>, format: Format, sender: &Sender<'_>) -> bool {
    let is_program = sender.source != "mcp" && event.facts.int(IntFact::AgentAssumed) == Some(1);
    if sender.agent.is_some() && is_program {
        event.agent = None;
    }
    let is_said = event.agent.is_some() && !is_program;
    if event.agent.is_none() && sender.agent.is_none() {
        event.agent = format.default_agent().map(Into::into);
    }
    is_said
}
