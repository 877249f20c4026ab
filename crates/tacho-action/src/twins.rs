//! One call of a model or of a tool that two libraries tell of side by side: below the same span, neither within the other, or
//! below none, in traces of their own. Of a tool also the one right within the other.
//!
//! A library that tells of chains and agents puts spans of its own around the call. So a span stands below its parent,
//! and where that is of the same library below its parent in turn, and so on: these are its places. Where nothing but
//! its own library's spans are above it, the last place is the root, which all traces of one model or tool share.
//!
//! Invariants
//! - Two spans of one library are two calls. So are two whose models or tools, ids, or marks say otherwise: the tokens of a
//!   model's call, the input of a tool's.
//! - One began while the other went on. Where no marks are told by both they have the same parent, and one lies within the
//!   other or they began together.
//! - Of a model's call that both say failed, and of which neither tells marks, it is enough that one lies within the other or
//!   they began and ended together: below one parent, below one span, and at the root in one session that both tell.
//! - At the root one lies within the other or they began together, but for a tool with the same input. No session and no agent
//!   says otherwise, and marks are told by both or by neither: in traces of their own one that was not told them may be any
//!   other call, unless it began and ended within the same millisecond.
//!
//! Limits: as many spans as `kin` remembers, [`PLACES_MAX`] places of each; [`BESIDE_MAX`] before and after one are
//! compared with it at each place.

use crate::ids::key;
use crate::observation::Observation;
use crate::observer::Observer;
use crate::said;
use crate::undated::undated;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use tacho_event::model;
use tacho_event::time::Micros;
use tacho_event::words::{ActionType, Outcome, Phase};

/// So many spans that began before and after one at the same place are looked at.
const BESIDE_MAX: usize = 64;
/// Two began together when no more than this part of the shorter lies between their beginnings.
const BEGIN_SHARE: Micros = 10;
/// The same in traces of their own where the tokens are equal, and of calls that failed: these are quick, and libraries take
/// a good part of such a call's time themselves.
const QUICK_SHARE: Micros = 2;
/// Beginnings and ends that are no further apart are the same: two listeners that one program calls in turn.
const TICK_US: u64 = 1_000;
/// So far up a span's own library is followed.
const PLACES_MAX: usize = 16;
/// So many spans are moved when the one around them comes.
const BELOW_MAX: usize = 256;

/// What a span of a call is compared by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Twin {
    library: u64,
    /// The model or the tool.
    what: u64,
    lasts: (Micros, Micros),
    /// Tokens, or the input.
    marks: [Option<u64>; 2],
    is_tool: bool,
    /// Of a model's call: whether it failed.
    is_failure: bool,
    /// The number of the model's answer, or of the tool's call.
    number: Option<u64>,
    /// Its agent, and whether that is the program's name, for want of one.
    agent: (u64, bool),
    /// The place that it has where nothing but spans of its own library are above it.
    root: u64,
    /// Known once it stands there.
    session: Option<[u8; 16]>,
}

/// Where two spans stand together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stand {
    /// Below the same parent.
    Parent,
    /// Below the same span, one of them with spans of its own library between.
    Place,
    Root,
}

impl Twin {
    /// Nothing where the observation is no such span, or does not say by which library and of which model.
    pub(crate) fn of(observation: &Observation<'_>) -> Option<Twin> {
        if observation.observer != Observer::Span {
            return None;
        }
        let (what, marks, number) =
            if observation.is_model() { of_model(observation)? } else { of_tool(observation)? };
        Some(Twin {
            library: library_key(observation.library?),
            what,
            marks,
            is_tool: !observation.is_model(),
            is_failure: observation.is_model() && observation.outcome == Outcome::Failure,
            number: number.map(|number| key(&[number.as_bytes()])),
            agent: (key(&[observation.agent.as_bytes()]), observation.agent_assumed),
            root: key(&[b"root", &what.to_be_bytes()]),
            session: None,
            lasts: crate::member::lasts(observation),
        })
    }

    /// A program's name is no agent's: it is told apart from other programs' names, and fits any agent where marks or times do.
    fn may_share_agent(&self, other: &Twin, fits: bool) -> bool {
        let is_one_assumed = self.agent.1 != other.agent.1;
        self.agent.0 == other.agent.0 || is_one_assumed && fits
    }

    /// Whether both tell of a request to a model that failed before anything was counted, and their times are those of one.
    fn failed_with(&self, other: &Twin) -> bool {
        let is_bare = |twin: &Twin| twin.is_failure && twin.marks.iter().all(Option::is_none);
        let length = |twin: &Twin| twin.lasts.1.saturating_sub(twin.lasts.0);
        let holds =
            |outer: &Twin, inner: &Twin| outer.lasts.0 <= inner.lasts.0 && inner.lasts.1 <= outer.lasts.1;
        let apart = self.lasts.0.abs_diff(other.lasts.0).max(self.lasts.1.abs_diff(other.lasts.1));
        let shorter = length(self).min(length(other)).unsigned_abs();
        let is_together = apart <= (shorter / QUICK_SHARE.unsigned_abs()).max(TICK_US);
        is_bare(self) && is_bare(other) && (is_together || holds(self, other) || holds(other, self))
    }

    /// Whether both tell of one call.
    fn is_one_with(&self, other: &Twin, stand: Stand) -> bool {
        fn differ<T: PartialEq>(one: Option<T>, other: Option<T>) -> bool {
            one.zip(other).is_some_and(|(one, other)| one != other)
        }
        if self.library == other.library || self.what != other.what || differ(self.number, other.number) {
            return false;
        }
        let mut told = self.marks.into_iter().zip(other.marks).filter_map(|(a, b)| a.zip(b)).peekable();
        let is_told = told.peek().is_some() || self.number.and(other.number).is_some();
        if told.any(|(one, other)| one != other) {
            return false;
        }
        let counts = |twin: &Twin| twin.marks.iter().any(Option::is_some);
        let is_open = !is_told && (counts(self) || counts(other));
        let is_at_once =
            self.lasts.0.abs_diff(other.lasts.0).max(self.lasts.1.abs_diff(other.lasts.1)) <= TICK_US;
        let have_failed = self.failed_with(other) && !differ(self.session, other.session);
        let is_session = self.session.is_some() && self.session == other.session;
        let fits = is_told || is_at_once || have_failed && is_session;
        if stand == Stand::Root
            && (is_open && !is_at_once
                || differ(self.session, other.session)
                || !self.may_share_agent(other, fits))
        {
            return false;
        }
        let (first, second) =
            if self.lasts.0 <= other.lasts.0 { (self.lasts, other.lasts) } else { (other.lasts, self.lasts) };
        let is_within = |time| first.0 <= time && time <= first.1;
        let shorter = first.1.saturating_sub(first.0).min(second.1.saturating_sub(second.0));
        let share = if stand == Stand::Root && is_told { QUICK_SHARE } else { BEGIN_SHARE };
        let began_together = second.0.saturating_sub(first.0) <= shorter / share;
        let is_close = began_together || is_within(second.1);
        is_within(second.0)
            && match stand {
                Stand::Place => is_told || have_failed,
                Stand::Parent => is_told || is_close || have_failed,
                // An input says more than tokens do, and libraries take a good part of a quick call's time themselves.
                Stand::Root => is_close || self.is_tool && is_told || have_failed && is_session,
            }
    }
}

/// The spans of calls, by their places and their beginning.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Twins {
    places: BTreeSet<(u64, Micros, u64)>,
    /// With the places of each, the parent first.
    known: BTreeMap<u64, (Vec<u64>, Twin)>,
}

impl Twins {
    /// Takes up a span below its parent; one without stands at the root.
    pub(crate) fn add(&mut self, span: u64, parent: Option<u64>, session: Option<[u8; 16]>, mut twin: Twin) {
        if self.known.contains_key(&span) {
            return;
        }
        twin.session = session;
        let place = parent.unwrap_or(twin.root);
        self.places.insert((place, twin.lasts.0, span));
        self.known.insert(span, (vec![place], twin));
    }

    /// The spans of a library that stand at a place and were followed no further.
    pub(crate) fn at(&self, place: u64, library: u64) -> Vec<u64> {
        let at = self.places.range((place, Micros::MIN, 0)..=(place, Micros::MAX, u64::MAX));
        let ends = |span: &u64| {
            let known = self.known.get(span);
            known.is_some_and(|(places, twin)| twin.library == library && places.last() == Some(&place))
        };
        at.map(|(_, _, span)| *span).filter(ends).take(BELOW_MAX).collect()
    }

    /// The last place of a span, and its library.
    pub(crate) fn last(&self, span: u64) -> Option<(u64, u64)> {
        let (places, twin) = self.known.get(&span)?;
        Some((*places.last()?, twin.library))
    }

    /// Gives a span another place: below another parent, or the root. Nothing when it has that, or enough of them.
    pub(crate) fn place(&mut self, span: u64, parent: Option<u64>, session: Option<[u8; 16]>) -> Option<()> {
        let (places, twin) = self.known.get_mut(&span)?;
        let place = parent.unwrap_or(twin.root);
        twin.session = session;
        if places.len() == PLACES_MAX || places.contains(&place) {
            return None;
        }
        places.push(place);
        self.places.insert((place, twin.lasts.0, span));
        Some(())
    }

    pub(crate) fn remove(&mut self, span: u64) {
        let Some((places, twin)) = self.known.remove(&span) else { return };
        for place in places {
            self.places.remove(&(place, twin.lasts.0, span));
        }
    }

    /// The spans of tools right around or within this one that may tell of the same call: a library that is called back first may
    /// have its span stand around those of the next. With how far their beginnings lie apart. Models that nest: see `nest`.
    fn nested(&self, span: u64, places: &[u64], twin: &Twin) -> BTreeSet<(u64, u64)> {
        let within =
            self.places.range((span, Micros::MIN, 0)..=(span, Micros::MAX, u64::MAX)).take(BESIDE_MAX);
        let near = within.map(|(_, _, other)| other).chain(places).filter(|_| twin.is_tool);
        let known = near.filter_map(|other| Some((*other, &self.known.get(other)?.1)));
        let same = known.filter(|(_, other)| twin.is_one_with(other, Stand::Place));
        same.map(|(span, other)| (other.lasts.0.abs_diff(twin.lasts.0), span)).collect()
    }

    /// The spans that may tell of the same call as this one, the one that began nearest first.
    pub(crate) fn beside(&self, span: u64) -> Vec<u64> {
        let Some((places, twin)) = self.known.get(&span) else { return Vec::new() };
        let (from, to) = twin.lasts;
        let is_one = |place: u64, other: &u64| {
            let Some((theirs, other)) = self.known.get(other) else { return false };
            let stand = match () {
                () if place == twin.root => Stand::Root,
                () if places.first() == theirs.first() => Stand::Parent,
                () => Stand::Place,
            };
            twin.is_one_with(other, stand)
        };
        let mut found = self.nested(span, places, twin);
        for place in places.iter().copied() {
            let before = self.places.range((place, Micros::MIN, 0)..(place, from, span)).rev();
            let after = self.places.range((place, from, span)..=(place, to, u64::MAX)).skip(1);
            let near = before.take(BESIDE_MAX).chain(after.take(BESIDE_MAX));
            let near = near.filter(|(_, _, other)| is_one(place, other));
            found.extend(near.map(|(_, began, other)| (began.abs_diff(from), *other)));
        }
        found.into_iter().map(|(_, other)| other).collect()
    }
}

/// What tells one call from others: the model or tool, its marks, its number.
type Told<'a> = (u64, [Option<u64>; 2], Option<&'a str>);

fn of_model<'a>(observation: &Observation<'a>) -> Option<Told<'a>> {
    let [tokens_in, tokens_out, ..] = observation.figures;
    // A library that was not told writes zero.
    let tokens =
        [tokens_in, tokens_out].map(|tokens| tokens.filter(|tokens| *tokens > 0).map(i64::unsigned_abs));
    let model = model::plain(observation.model?);
    Some((key(&[b"model", undated(&model).as_bytes()]), tokens, observation.strong_request()))
}

/// Whether an observation tells of a run of a tool as a whole.
pub(crate) fn is_tool_run(observation: &Observation<'_>) -> bool {
    let is_call = matches!(observation.kind, ActionType::Tool | ActionType::Skill | ActionType::External);
    is_call && !observation.is_model() && observation.phase == Some(Phase::Executed)
}

fn of_tool<'a>(observation: &Observation<'a>) -> Option<Told<'a>> {
    if !is_tool_run(observation) {
        return None;
    }
    let tool = key(&[b"tool", observation.name.as_bytes()]);
    Some((tool, [observation.input.and_then(said::bare), None], observation.call))
}

pub(crate) fn library_key(library: &str) -> u64 {
    key(&[library.as_bytes()])
}
