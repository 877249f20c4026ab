//! Where actions are found that no id of their own tells apart: by when they were, among those of their session and tool, or
//! of an id that their session gives again and again.
//!
//! What is looked for is near in time, however long the session is: a look-up takes of each place the [`SIDE_MAX`] nearest
//! on either side, so that it costs the same in a long session and in a flood. What only agents tell of has places of its
//! own, half as many: none of it stands in the way of what a witness tells.
//!
//! Invariant: it follows from the actions that are remembered, and is made again from them when they are loaded.

use crate::action::Action;
use std::collections::{BTreeMap, BTreeSet};
use tacho_event::time::Micros;

/// So many actions on either side of a time are compared with.
const SIDE_MAX: usize = 32;
/// So many of what only agents tell of.
const OWN_SIDE_MAX: usize = SIDE_MAX / 2;

/// Where an action is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Spot {
    at: [Option<At>; 2],
    from: Micros,
    to: Micros,
    /// The session in which files or telemetry tell of it.
    told: Option<[u8; 16]>,
}

/// Session and tool, or session and id; and whether only agents tell of it.
type At = (u64, bool);

/// See the module.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places {
    spots: BTreeMap<u64, Spot>,
    /// By when they began, with when they ended; and the other way round.
    began: BTreeMap<(At, Micros, u64), Micros>,
    ended: BTreeMap<(At, Micros, u64), Micros>,
    told: BTreeSet<([u8; 16], u64)>,
}

impl Places {
    pub(crate) fn of<'a>(actions: impl Iterator<Item = &'a Action>) -> Places {
        let mut places = Places::default();
        actions.for_each(|action| places.put(action));
        places
    }

    /// Takes up an action as it is now: also when what is told of it has changed.
    pub(crate) fn put(&mut self, action: &Action) {
        let places = [action.likeness.map(|likeness| likeness.place), action.given];
        let is_own = || !action.is_witnessed();
        let lasts = if places == [None; 2] { None } else { action.lasts() };
        let at = || places.map(|place| Some((place?, is_own())));
        let spot = lasts.map(|(from, to)| Spot { at: at(), from, to, told: action.told_in() });
        if self.spots.get(&action.id) != spot.as_ref() {
            self.remove(action.id);
            spot.into_iter().for_each(|spot| self.insert(action.id, spot));
        }
    }

    fn insert(&mut self, id: u64, spot: Spot) {
        self.spots.insert(id, spot);
        self.told.extend(spot.told.map(|session| (session, id)));
        for at in spot.at.into_iter().flatten() {
            self.began.insert((at, spot.from, id), spot.to);
            self.ended.insert((at, spot.to, id), spot.from);
        }
    }

    pub(crate) fn remove(&mut self, id: u64) {
        let Some(spot) = self.spots.remove(&id) else { return };
        spot.told.map(|session| self.told.remove(&(session, id)));
        for at in spot.at.into_iter().flatten() {
            self.began.remove(&(at, spot.from, id));
            self.ended.remove(&(at, spot.to, id));
        }
    }

    /// The actions that files or telemetry tell of in a session, the newest `max` of them.
    pub(crate) fn told_in(&self, session: [u8; 16], max: usize) -> Vec<u64> {
        self.told.range((session, 0)..=(session, u64::MAX)).rev().take(max).map(|(_, id)| *id).collect()
    }

    /// The actions of a place that are no further than `within` from a time, in the order of their ids.
    pub(crate) fn around(&self, place: u64, lasts: (Micros, Micros), within: Micros) -> BTreeSet<u64> {
        let mut found = self.side((place, false), lasts, within, SIDE_MAX);
        found.append(&mut self.side((place, true), lasts, within, OWN_SIDE_MAX));
        found
    }

    fn side(&self, at: At, (from, to): (Micros, Micros), within: Micros, max: usize) -> BTreeSet<u64> {
        let (first, last) = (from.saturating_sub(within), to.saturating_add(within));
        // What ended before the end, what began after the beginning.
        let before = self.ended.range((at, first, 0)..=(at, to, u64::MAX)).rev().take(max);
        let after = self.began.range((at, from, 0)..=(at, last, u64::MAX)).take(max);
        // What goes on all the time.
        let since = self.began.range((at, Micros::MIN, 0)..(at, from, 0)).rev().take(max);
        let since = since.filter(|(_, ended)| **ended > to);
        let until = self.ended.range((at, to.saturating_add(1), 0)..=(at, Micros::MAX, u64::MAX)).take(max);
        let until = until.filter(|(_, began)| **began < from);
        before.chain(after).chain(since).chain(until).map(|((.., id), _)| *id).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Actions by when they were, in microseconds; the id of each is its place among them.
    fn places(spots: impl IntoIterator<Item = (bool, Micros, Micros)>) -> Places {
        let mut places = Places::default();
        for (id, (is_own, from, to)) in spots.into_iter().enumerate() {
            places.insert(id as u64, Spot { at: [Some((7, is_own)), None], from, to, told: None });
        }
        places
    }

    fn found(places: &Places, lasts: (Micros, Micros), within: Micros) -> Vec<u64> {
        places.around(7, lasts, within).into_iter().collect()
    }

    #[test]
    fn what_is_near_in_time_is_found_and_nothing_else() {
        let known = [(0, 9), (10, 20), (15, 40), (0, 90), (30, 31), (51, 60), (71, 80)];
        let mut places = places(known.map(|(from, to)| (false, from, to)));
        for (lasts, within) in [((30, 50), 10), ((10, 10), 0), ((0, 90), 0), ((25, 25), 5), ((100, 100), 9)] {
            let near = |(from, to): &(i64, i64)| *from <= lasts.1 + within && *to >= lasts.0 - within;
            let want: Vec<u64> = (0..7).filter(|at| near(&known[*at as usize])).collect();
            assert_eq!(found(&places, lasts, within), want, "{lasts:?} within {within}");
        }
        assert!(places.around(8, (30, 50), 10).is_empty(), "elsewhere");
        places.remove(3);
        assert_eq!(found(&places, (45, 45), 5), [2]);
    }

    #[test]
    fn a_look_up_costs_the_same_however_many_there_are() {
        let crowd = |count: i64| places((0..count).map(|n| (n % 3 > 0, n, n + 1)));
        for count in [1_000, 30_000] {
            let near = found(&crowd(count), (500, 500), 1_000_000);
            assert!(near.len() <= 2 * (SIDE_MAX + OWN_SIDE_MAX), "{}", near.len());
            assert!(near.contains(&498) && near.contains(&501) && near.contains(&500));
        }
    }

    #[test]
    fn what_agents_tell_hides_nothing_that_a_witness_tells() {
        let flood = (0..10_000).map(|n| (true, 100 + n, 100 + n));
        let places = places([(false, 0, 0), (false, 20_000, 20_000)].into_iter().chain(flood));
        let near = found(&places, (5_000, 5_000), 15_000);
        assert!(near.starts_with(&[0, 1]) && near.len() <= 2 + 2 * OWN_SIDE_MAX, "{near:?}");
    }

    #[test]
    fn what_goes_on_for_long_is_found_in_a_crowd() {
        let crowd = (0..10_000).map(|n| (false, n * 10, n * 10 + 1));
        let places = places(crowd.chain([(false, -5, 1_000_000)]));
        assert!(
            !found(&places, (50_000, 50_000), 10).contains(&10_000),
            "too many lie between on both sides"
        );
        assert!(found(&places, (99_995, 99_995), 10).contains(&10_000), "none ended after it");
    }
}
