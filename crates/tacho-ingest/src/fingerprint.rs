//! What an event says, as a number: the same id with the same content is a duplicate, with other content a later state.
//!
//! Invariants
//! - All that a sender says of whose the event is and which step it tells is part of it, so that a call that is proposed,
//!   executed and over under one id is three events.
//! - What the request lends to an event that comes alone is not: in a list it is the same event.
//! - A line that Claude Code copies into the file of another session is the same event.
//! - What version 0.1 recorded is known again: its fingerprint knew nothing of whose and which step, and took what the
//!   request lends for the event's own.

use crate::accept::{Acceptor, Said};
use crate::fields::string_end;
use std::borrow::Cow;
use tacho_event::event::Event;
use tacho_event::fact::{Facts, TextFact};
use tacho_event::record::Accepted;
use tacho_event::section::Who;
use tacho_event::words::Phase;

/// Parts of a fingerprint before the sections: outcome, name of the action, time.
pub(crate) const NAMED: usize = 3;

impl Acceptor {
    /// Writes down the fingerprint of all that was sent, and beside it the former one, of `parts` alone: the sections behind
    /// [`NAMED`] others. Of an event whose id is made of what it tells (`said` is nothing) whose it is and in which turn
    /// depends on its neighbours, or on the file that repeats it, and is left out.
    pub(crate) fn fingerprint(
        &self,
        event: &mut Accepted<'_>,
        sent: &Event<'_>,
        said: Option<&Said<'_>>,
        parts: &[&[u8]],
        is_lent: bool,
    ) {
        let (mut rendered, mut rendered_own) = (Vec::new(), [Vec::new(), Vec::new()]);
        let former = is_lent.then(|| self.id_key.fingerprint(parts));
        let who = if is_lent { Who { ip: None, user_agent: None, ..event.who } } else { event.who };
        let parts = if is_lent { without_lent(parts, who, &mut rendered) } else { parts.into() };
        let Some(said) = said else {
            let plain = self.id_key.fingerprint(&parts);
            let content =
                self.id_key.fingerprint(&of_any_session(&parts, who, event.facts.clone(), &mut rendered_own));
            (event.content, event.former) = (Some(content), former.or((content != plain).then_some(plain)));
            return;
        };
        let agent = sent.agent.as_deref().filter(|_| said.by_event).or(said.by_request);
        let number = sent.producer_seq.map(u64::to_be_bytes);
        let told = [
            agent,
            sent.session.as_deref(),
            sent.call.as_deref(),
            sent.parent.as_deref(),
            sent.phase.map(Phase::as_str),
            sent.agent_version.as_deref(),
            Some(event.header.action_type.as_str()),
        ];
        let mut more = told.map(|text| text.unwrap_or_default().as_bytes()).to_vec();
        more.push(number.as_ref().map_or(&[], |bytes| bytes));
        let (plain, content) = self.id_key.fingerprints(&parts, &more);
        (event.content, event.former) = (Some(content), former.or(Some(plain)));
    }
}

/// The parts with this section `who`, without what the request lent; it is the first.
fn without_lent<'p>(parts: &[&'p [u8]], who: Who<'_>, rendered: &'p mut Vec<u8>) -> Cow<'p, [&'p [u8]]> {
    who.render(rendered);
    let (named, sections) = parts.split_at(NAMED);
    let own = (!rendered.is_empty()).then_some(rendered.as_slice());
    Cow::Owned(named.iter().copied().chain(own).chain(sections.iter().skip(1).copied()).collect())
}

/// The parts without session and turn, which stand in the sections `who` and `facts`.
fn of_any_session<'p>(
    parts: &[&'p [u8]],
    told: Who<'_>,
    mut told_facts: Facts<'_>,
    rendered: &'p mut [Vec<u8>; 2],
) -> Cow<'p, [&'p [u8]]> {
    let [who, facts] = rendered;
    let (named, sections) = parts.split_at(NAMED);
    told.render(who);
    told_facts.render(facts);
    let sections = &sections[usize::from(!who.is_empty()) + usize::from(!facts.is_empty())..];
    who.clear();
    facts.clear();
    told_facts.texts[TextFact::TurnId as usize] = None;
    Who { session: None, ..told }.render(who);
    told_facts.render(facts);
    let own = [&*who, &*facts].into_iter().map(Vec::as_slice).filter(|bytes| !bytes.is_empty());
    named.iter().copied().chain(own).chain(sections.iter().copied()).collect()
}

/// JSON without the whitespace between its tokens, so that a retry that was printed in another way is the same.
pub(crate) fn compact(json: &[u8]) -> Cow<'_, [u8]> {
    let mut out = Vec::new();
    let (mut at, mut from) = (0, 0);
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => at = string_end(json, at + 1),
            b' ' | b'\n' | b'\t' | b'\r' => {
                out.extend_from_slice(&json[from..at]);
                at += 1;
                from = at;
            }
            _ => at += 1,
        }
    }
    if from == 0 {
        return Cow::Borrowed(json);
    }
    out.extend_from_slice(&json[from..]);
    Cow::Owned(out)
}
