//! What an event says, as a number: the same id with the same content is a duplicate, with other content a later state.
//!
//! Invariants
//! - All that a sender says of whose the event is and which step it tells is part of it, so that a call that is proposed,
//!   executed and over under one id is three events.
//! - What version 0.1 recorded is known again: its fingerprint knew nothing of whose and which step.

use crate::accept::{Acceptor, Said};
use crate::fields::string_end;
use std::borrow::Cow;
use tacho_event::event::Event;
use tacho_event::record::Accepted;
use tacho_event::words::Phase;

impl Acceptor {
    /// Writes down the fingerprint of `parts`, and beside it that of all that was sent. An event whose id is made of what
    /// it tells (`said` is nothing) has only the first: whose it is depends on its neighbours.
    pub(crate) fn fingerprint(
        &self,
        event: &mut Accepted<'_>,
        sent: &Event<'_>,
        said: Option<&Said<'_>>,
        parts: &[&[u8]],
    ) {
        let Some(said) = said else {
            event.content = Some(self.id_key.fingerprint(parts));
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
        let (former, content) = self.id_key.fingerprints(parts, &more);
        (event.content, event.former) = (Some(content), Some(former));
    }
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
