//! Takes in the records of one request, one by one.

use super::family::Family;
use super::group::Group;
use super::identity::{Kind, Seen};
use super::walk::Raw;
use super::{Malformed, RECORDS_MAX, UNFOLDED_BYTES_MAX, log, metric, span, wire};
use crate::accept::{Scratch, Sender};
use crate::fields::Refused;
use crate::ingest::{BATCH_BYTES, Ingest, Tally};
use crate::prices;
use prost::Message;
use std::collections::HashSet;
use std::sync::Mutex;
use tacho_event::event::Event;
use tacho_event::fact::{IntFact, TextFact};
use tacho_event::id::Id;
use tacho_event::limits::EVENT_BYTES_MAX;
use tacho_event::record::{Batch, BatchBuilder};
use tacho_event::time::Day;
use tacho_record::keyring::KeyRing;

/// What the records of one request share while they are taken in.
pub(super) struct Taking<'t, 'k> {
    pub(super) ingest: &'t Ingest,
    pub(super) sender: &'t Sender<'t>,
    pub(super) fresh: &'t mut dyn FnMut() -> Id,
    pub(super) keys: &'k Mutex<KeyRing>,
    pub(super) today: Day,
    pub(super) users: HashSet<String>,
    pub(super) scratch: Scratch<'k>,
    pub(super) batch: BatchBuilder,
    pub(super) full: Vec<Batch>,
    pub(super) unfolded: usize,
    pub(super) seen: Seen,
    pub(super) family: Family,
    pub(super) tally: Tally,
}

impl Taking<'_, '_> {
    pub(super) fn meet(&mut self, span: Raw<'_>) -> Result<(), Malformed> {
        // What is refused later needs no kin.
        let is_looked_at = span.len() <= EVENT_BYTES_MAX && self.family.len() < RECORDS_MAX;
        if is_looked_at { self.family.add(span) } else { Ok(()) }
    }

    pub(super) fn log(&mut self, record: Raw<'_>, group: &Group) -> Result<(), Malformed> {
        if !self.admit(record) {
            return Ok(());
        }
        let record: wire::LogRecord = record.decode()?;
        let id = self.seen.id(Kind::Log, &[&group.bytes, &record.encode_to_vec()]);
        let log = log::Log::new(record, group);
        let event = group.check(&log.members).and_then(|()| log.event(group));
        self.take(event, id, group);
        Ok(())
    }

    pub(super) fn span(&mut self, record: Raw<'_>, group: &Group) -> Result<(), Malformed> {
        if !self.admit(record) {
            return Ok(());
        }
        let span: wire::Span = record.decode()?;
        if let Err(reason) = span::check(&span) {
            self.reject(reason);
            return Ok(());
        }
        let span = span::Texts::new(span, group, &self.family);
        let event = group.check(&span.members).and_then(|()| span.event(group));
        self.take(event, span.id(), group);
        Ok(())
    }

    pub(super) fn metric(&mut self, metric: Raw<'_>, group: &Group) -> Result<(), Malformed> {
        for (tag, kind) in metric::KINDS {
            let Some(data) = metric.child(tag, kind)? else { continue };
            let head = metric::Head::new(metric.decode()?, data.decode()?, kind);
            for point in data.children(1, "dataPoints")? {
                if !self.admit(point) {
                    continue;
                }
                let point = metric::Texts::new(&head, point)?;
                let id = self.seen.id(Kind::Point, &[&group.bytes, &head.bytes, &point.bytes]);
                let event = group.check(&point.members).and_then(|()| point.event(&head, group));
                self.take(event, id, group);
            }
        }
        Ok(())
    }

    /// Whether a record may be looked at; one that may not is refused.
    fn admit(&mut self, record: Raw<'_>) -> bool {
        let refused = over_limit(self.number(), self.unfolded, record.len());
        let is_admitted = refused.is_none();
        if let Some(reason) = refused {
            self.reject(reason);
        }
        is_admitted
    }

    /// Of the record whose turn it is.
    fn number(&self) -> u64 {
        self.tally.accepted_lines + self.tally.refused_lines + 1
    }

    fn reject(&mut self, reason: Refused) {
        self.tally.reject(self.number(), reason);
    }

    fn take(&mut self, event: Result<Event<'_>, Refused>, id: Id, group: &Group) {
        let taken = event.and_then(|mut event| {
            event.id = Some(id.text().into());
            complete(&mut event, self.sender, group);
            self.ingest.classifier.apply(&mut event);
            prices::estimate(&mut event);
            if self.ingest.newcomers.is_limited() {
                let event = std::slice::from_ref(&event);
                self.ingest.admit(event, self.sender, self.today, self.keys, &mut self.users)?;
            }
            let retention = self.ingest.classifier.retention(&event);
            let (fresh, batch) = (&mut *self.fresh, &mut self.batch);
            self.ingest.acceptor.accept(&event, retention, self.sender, fresh, &mut self.scratch, batch)
        });
        match taken {
            Ok(()) => {
                self.tally.accepted_lines += 1;
                self.tally.events += 1;
            }
            Err(reason) => self.reject(reason),
        }
        if self.batch.size_bytes() > BATCH_BYTES {
            self.unfolded += self.batch.size_bytes();
            let full = std::mem::replace(&mut self.batch, BatchBuilder::new(self.sender.source == "import"));
            self.full.push(full.finish());
        }
    }
}

/// Which limit the record of that number is over: it has so many bytes, and those before it unfolded to so many.
pub(super) fn over_limit(number: u64, unfolded: usize, bytes: usize) -> Option<Refused> {
    let limit = |what, found, max| (found > max).then_some(Refused::Limit { what, found, max });
    limit("the number of records in one request", number as usize, RECORDS_MAX as usize)
        .or_else(|| limit("what the request's records unfold to", unfolded, UNFOLDED_BYTES_MAX))
        .or_else(|| limit("the size of the record", bytes, EVENT_BYTES_MAX))
}

/// Who acted, and in which session, when the record names them in another way.
fn complete(event: &mut Event<'_>, sender: &Sender<'_>, group: &Group) {
    if event.agent.is_none() {
        // Codex names a place in its tree of agents, Claude Code the kind of a sub-agent.
        let is_kind = group.is_codex() || group.is_claude();
        let named = event.facts.text(TextFact::AgentName).filter(|_| !is_kind);
        let named = named.map(|name| name.to_owned().into());
        let service =
            || group.service.as_ref().filter(|_| sender.agent.is_none()).map(|name| name.clone().into());
        if named.is_none() {
            // Whoever reads the log later may know better, by the spans around it.
            event.facts.set_int(IntFact::AgentAssumed, 1);
        }
        event.agent = named.or_else(service);
    }
    if event.session.is_none() {
        event.session = event.conversation.clone();
    }
}
