//! Calls of one tool at once, as Gemini CLI tells of them: spans and its session's file name a call by its id; hooks and log
//! records have none. What has an id and what has none is put together by the input, where both tell it; else by time.
//!
//! Invariant: which of them belong together is decided anew with each that comes, of all that went on at that time; in which
//! order they came says nothing. So what was joined by time is taken apart again when its partner comes, or the file says
//! otherwise. In doubt they stay apart.
//!
//! Limit: those near in time that `places` finds.

use super::Joiner;
use super::around::around;
use super::by_input::by_input;
use super::by_length::by_length;
use crate::Figure;
use crate::action::Action;
use crate::member::{Member, flag, lasts};
use crate::near::WINDOW_US;
use crate::observation::Observation;
use crate::observer::Observer;
use crate::said::Said;
use crate::standing::{has_own_call, is_made_up};
use std::collections::{BTreeMap, BTreeSet};
use tacho_event::time::Micros;
use tacho_event::words::Phase;

/// Hooks tell their time in milliseconds, records how long a call took: so far may one seem to lie outside, microseconds.
pub(super) const ROUNDED_US: Micros = 2_000;
/// So often what overlaps what overlaps is looked for.
const REACH_MAX: usize = 8;

/// So many spans close by that were in doubt are looked at again.
const DOUBTFUL_MAX: usize = 8;

/// What names a call by its id, or what tells of one without; of one action.
#[derive(Debug, Clone, Default)]
pub(super) struct Part {
    action: u64,
    indexes: Vec<u64>,
    pub(super) lasts: (Micros, Micros),
    pub(super) said: Option<Said>,
    /// From when to when its span goes on, where that does not tell the input.
    pub(super) span: Option<(Micros, Micros)>,
    /// When hooks told of it, as proposed and as answered.
    pub(super) hooked: Option<(Option<Micros>, Option<Micros>)>,
    /// From when to when its log record says that it went on, if it ended when that came.
    pub(super) record: Option<(Micros, Micros)>,
}

/// What is known of one time.
#[derive(Debug, Default)]
pub(super) struct Parts {
    pub(super) named: Vec<Part>,
    pub(super) loose: Vec<Part>,
}

/// Of the named each with the loose one that it is one with, by their places.
pub(super) type Pairs = BTreeMap<usize, usize>;

fn is_named(member: &Member) -> bool {
    member.observer == Observer::Span || member.has(flag::CALLED)
}

fn is_timed(member: &&Member) -> bool {
    member.figures[Figure::DurationUs as usize].is_some()
}

impl Part {
    fn of(action: &Action, is_it: &dyn Fn(&Member) -> bool) -> Option<Part> {
        let all = || action.members.iter().filter(|member| member.is_witness() && is_it(member));
        let by = |observer| all().filter(move |member| member.observer == observer);
        let at = |phase| by(Observer::Hook).filter(move |member| member.phase() == Some(phase));
        let hooked = [Phase::Proposed, Phase::Result].map(|phase| at(phase).map(|told| told.time_us).min());
        let said = all().filter_map(|member| member.said.map(|said| (!said.is_whole(), member.index, said)));
        let span = by(Observer::Span).filter(|span| !span.has(flag::INPUT)).find(is_timed);
        Some(Part {
            action: action.id,
            indexes: all().map(|member| member.index).collect(),
            lasts: (all().map(|member| member.lasts().0).min()?, all().map(|member| member.lasts().1).max()?),
            said: said.min_by_key(|(is_part, index, _)| (*is_part, *index)).map(|(.., said)| said),
            span: span.map(Member::lasts),
            hooked: Some((hooked[0], hooked[1])).filter(|hooked| *hooked != (None, None)),
            record: by(Observer::Log).find(is_timed).map(Member::lasts),
        })
    }

    /// What of an action names the call, and what does not; nothing of one whose hooks or records know the id.
    fn both(action: &Action) -> [Option<Part>; 2] {
        let is_sure = |member: &Member| {
            member.has(flag::CALLED) && matches!(member.observer, Observer::Hook | Observer::Log)
        };
        // What agents tell puts nothing together.
        if action.members.iter().any(|member| member.is_witness() && is_sure(member)) {
            return [None, None];
        }
        let named = Part::of(action, &is_named).filter(|part| part.span.is_some() || part.said.is_some());
        let is_told = |part: &Part| part.hooked.is_some() || part.record.is_some();
        [named, Part::of(action, &|member| !is_named(member)).filter(is_told)]
    }

    /// Whether both are of one action.
    pub(super) fn is_with(&self, other: &Part) -> bool {
        self.action == other.action
    }

    /// How far apart in time they are.
    pub(super) fn apart_us(&self, other: &Part) -> Micros {
        apart_us(self.lasts, other.lasts)
    }

    /// Whether this may be a span's call, by time and input. A record counts from when the model asked for the call, and comes
    /// when all that was asked for with it is over.
    pub(super) fn may_be_of(&self, named: &Part) -> bool {
        let Some((from, to)) = named.span else { return false };
        let is_other = self.said.zip(named.said).is_some_and(|(one, other)| one.differs(other));
        let is_recorded = self
            .record
            .is_none_or(|(began, came)| came - began + ROUNDED_US >= to - from && came + ROUNDED_US >= to);
        let is_hooked = self.hooked.is_none_or(|(proposed, answered)| {
            proposed.is_none_or(|at| at <= from + ROUNDED_US)
                && answered.is_none_or(|at| from - ROUNDED_US <= at && at <= to + ROUNDED_US)
        });
        !is_other && is_recorded && is_hooked
    }
}

impl Parts {
    fn all(&self) -> impl Iterator<Item = &Part> {
        self.named.iter().chain(&self.loose)
    }

    /// Which of them are one: by what they say, then by time, until nothing more is clear.
    fn pairs(&self) -> Pairs {
        let mut pairs = by_input(self);
        while let Some((named, loose)) = around(self, &pairs) {
            pairs.insert(named, loose);
        }
        by_length(self, &mut pairs);
        while let Some((named, loose)) = around(self, &pairs) {
            pairs.insert(named, loose);
        }
        pairs
    }
}

impl Joiner {
    /// Puts together what belongs together of the time that an observation tells of. Tells what its action is now.
    pub(super) fn join_at_once(
        &mut self,
        mut id: u64,
        observation: &Observation<'_>,
        changed: &mut BTreeSet<u64>,
    ) -> u64 {
        if observation.is_model() || !observation.is_witness() || observation.phase.is_none() {
            return id;
        }
        let Some(action) = self.actions.get(&id).filter(|action| is_part(action)) else { return id };
        let Some((likeness, lasts)) = action.likeness.zip(action.lasts()) else { return id };
        let (mut at, mut doubtful) = self.sort_out(likeness.place, lasts, changed);
        id = at.remove(&observation.index).unwrap_or(id);
        // Of a call whose end no hook has told any later span may be: what hooks tell makes others clear.
        doubtful.sort_by_key(|other| (apart_us(lasts, *other), *other));
        let is_hook = observation.observer == Observer::Hook;
        for other in doubtful.into_iter().take(if is_hook { DOUBTFUL_MAX } else { 0 }) {
            (at, _) = self.sort_out(likeness.place, other, changed);
            id = at.remove(&observation.index).unwrap_or(id);
        }
        id
    }

    /// Decides anew what belongs together of all that went on at a time. Tells for each observation that was looked at in
    /// which action it is now, and when spans were that are in doubt, at other times close by.
    pub(super) fn sort_out(
        &mut self,
        place: u64,
        lasts: (Micros, Micros),
        changed: &mut BTreeSet<u64>,
    ) -> (BTreeMap<u64, u64>, Vec<(Micros, Micros)>) {
        let (core, parts) = self.told_around(place, lasts);
        let pairs = parts.pairs();
        let mut at: BTreeMap<u64, u64> =
            parts.all().flat_map(|part| part.indexes.iter().map(|index| (*index, part.action))).collect();
        // What is not one is taken apart first: an id stands for one call.
        for (place, named) in parts.named.iter().enumerate() {
            let beside = parts.loose.iter().position(|loose| loose.is_with(named));
            let mate = pairs.get(&place).copied();
            let is_moved = mate.is_some_and(|mate| core.contains(&parts.loose[mate].action));
            let is_robbed = pairs.iter().any(|(other, mate)| {
                *other != place && Some(*mate) == beside && core.contains(&parts.named[*other].action)
            });
            if beside.is_some() && beside != mate && (core.contains(&named.action) || is_moved || is_robbed) {
                let (own, rest) = self.detach(named.action, &is_named);
                changed.extend([own, rest]);
                at.values_mut().filter(|action| **action == named.action).for_each(|action| *action = rest);
                at.extend(named.indexes.iter().map(|index| (*index, own)));
            }
        }
        let is_doubtful = |(place, part): &(usize, &Part)| {
            part.span.is_some() && !pairs.contains_key(place) && !core.contains(&part.action)
        };
        let spans = parts.named.iter().enumerate().filter(is_doubtful);
        let doubtful = spans.map(|(_, part)| part.lasts).collect();
        for (named, loose) in pairs {
            let (named, loose) = (&parts.named[named], &parts.loose[loose]);
            let is_near = core.contains(&named.action) || core.contains(&loose.action);
            let (one, other) = (at[&named.indexes[0]], at[&loose.indexes[0]]);
            if one != other && is_near && self.may_be_one(one, other) {
                let whole = self.merge(one, other);
                changed.remove(&one.max(other));
                changed.insert(whole);
                at.values_mut().filter(|at| [one, other].contains(at)).for_each(|at| *at = whole);
            }
        }
        (at, doubtful)
    }

    /// The actions that went on at a time, or while one of these did; and what is told of them and of all close by.
    fn told_around(&self, place: u64, mut lasts: (Micros, Micros)) -> (BTreeSet<u64>, Parts) {
        let mut core = BTreeSet::new();
        for _ in 0..REACH_MAX {
            let before = lasts;
            core = self.near.around(place, lasts, ROUNDED_US);
            let known = core.iter().filter_map(|id| self.actions.get(id)).filter(|action| is_part(action));
            for (from, to) in known.filter_map(Action::lasts) {
                lasts = (lasts.0.min(from), lasts.1.max(to));
            }
            if lasts == before {
                break;
            }
        }
        let mut parts = Parts::default();
        for id in self.near.around(place, lasts, WINDOW_US) {
            let [named, loose] = self.actions.get(&id).map(Part::both).unwrap_or_default();
            parts.named.extend(named);
            parts.loose.extend(loose);
        }
        let by_time = |part: &Part| (part.lasts, part.indexes[0]);
        parts.named.sort_by_key(by_time);
        parts.loose.sort_by_key(by_time);
        (core, parts)
    }
}

fn apart_us(one: (Micros, Micros), other: (Micros, Micros)) -> Micros {
    one.0.saturating_sub(other.1).max(other.0.saturating_sub(one.1)).max(0)
}

fn is_part(action: &Action) -> bool {
    Part::both(action).iter().any(Option::is_some)
}

/// Whether an observation and an action are put together by time, where no input tells: that is decided of all that went on
/// then, and not of these two.
pub(super) fn is_at_once(action: &Action, observation: &Observation<'_>) -> bool {
    if observation.is_model() || !observation.is_witness() {
        return false;
    }
    let is_timed = observation.figures[Figure::DurationUs as usize].is_some();
    let [named, loose] = Part::both(action);
    let has_span = || named.is_some_and(|part| part.span.is_some());
    match observation.observer {
        Observer::Span => is_timed && loose.is_some(),
        Observer::Hook => is_made_up(observation) && has_span(),
        Observer::Log => is_timed && !has_own_call(observation) && has_span(),
        _ => false,
    }
}

/// Whether witnesses tell of a call at the time of an observation that may be the same.
pub(super) fn is_beside(action: &Action, observation: &Observation<'_>, said: Option<Said>) -> bool {
    let input = action.likeness.and_then(|likeness| likeness.input);
    let is_other = input.zip(said).is_some_and(|(one, other)| one.differs(other));
    action.is_witnessed() && !is_other && action.apart_us(lasts(observation)) == 0
}
