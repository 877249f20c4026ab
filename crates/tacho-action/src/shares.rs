//! Who has how much of a bounded memory, and whose oldest leaves when it is full.
//!
//! Invariants
//! - What only agents tell of has no more than half of the places when all are taken.
//! - What was not told of for long ([`CLOSED_US`], [`OPEN_US`], by the server's time) leaves first. Of the rest whoever has
//!   most loses: the key with most, and of its agents the one with most. So nobody's flood pushes out what others tell.
//! - Of one agent's closed ones leave before open ones, while they are more than a quarter: who opens without end
//!   pushes out what it opened, and not all that was closed.
//! - The same calls in the same order give the same answers: there is no clock here but the log's.

use serde::{Deserialize, Serialize};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use tacho_event::time::Micros;

/// After this time nothing is expected any more of what is closed: one hour.
const CLOSED_US: Micros = 3_600_000_000;
/// The same of what is open: a day.
const OPEN_US: Micros = 24 * CLOSED_US;
/// Of one agent's that many leave open for each closed one that stays.
const OPEN_SHARE: usize = 4;

/// Whose something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Owner {
    /// Whether anybody but the agent itself tells of it.
    pub(crate) is_witness: bool,
    /// The key of the sender.
    pub(crate) writer: u64,
    pub(crate) agent: u64,
}

/// What is known of one thing that is remembered.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Told {
    owner: Owner,
    is_open: bool,
    /// The event that told of it last, and when the server had that.
    index: u64,
    at_us: Micros,
}

/// An agent of a key, how many are its, its oldest, the agent. The last of a key is the one that loses.
type Rank = ((bool, u64), usize, Reverse<u64>, u64);
/// Each owner's, open and closed, by when they were told of.
type Queues<K> = BTreeMap<(Owner, bool), BTreeSet<(u64, K)>>;

/// What is remembered, by whose it is and when it was last told of.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Shares<K: Ord> {
    known: BTreeMap<K, Told>,
    /// By standing and whether it is open, whoever's.
    orders: BTreeMap<(bool, bool), BTreeSet<(u64, K)>>,
    /// The same of each owner.
    queues: Queues<K>,
    agents: BTreeSet<Rank>,
    /// How many are a key's, and the keys by that.
    sizes: BTreeMap<(bool, u64), usize>,
    keys: BTreeSet<(bool, usize, u64)>,
}

impl<K: Ord> Default for Shares<K> {
    fn default() -> Shares<K> {
        let (known, orders, queues) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Shares {
            known,
            orders,
            queues,
            agents: BTreeSet::new(),
            sizes: BTreeMap::new(),
            keys: BTreeSet::new(),
        }
    }
}

impl<K: Ord + Copy> Shares<K> {
    /// Notes at which event something was told of, and when the server had that.
    pub(crate) fn note(&mut self, key: K, owner: Owner, is_open: bool, (index, at_us): (u64, Micros)) {
        self.leave(key);
        self.known.insert(key, Told { owner, is_open, index, at_us });
        self.orders.entry((owner.is_witness, is_open)).or_default().insert((index, key));
        self.change(owner, |queues| {
            queues.entry((owner, is_open)).or_default().insert((index, key));
        });
        self.resize((owner.is_witness, owner.writer), |size| size + 1);
    }

    /// Takes something out.
    pub(crate) fn leave(&mut self, key: K) {
        let Some(Told { owner, is_open, index, .. }) = self.known.remove(&key) else { return };
        take(&mut self.orders, &(owner.is_witness, is_open), &(index, key));
        self.change(owner, |queues| take(queues, &(owner, is_open), &(index, key)));
        self.resize((owner.is_witness, owner.writer), |size| size - 1);
    }

    pub(crate) fn owner(&self, key: K) -> Option<Owner> {
        self.known.get(&key).map(|told| told.owner)
    }

    pub(crate) fn is_open(&self, key: K) -> bool {
        self.known.get(&key).is_some_and(|told| told.is_open)
    }

    pub(crate) fn len(&self) -> usize {
        self.known.len()
    }

    pub(crate) fn open(&self) -> usize {
        self.count(|(_, is_open)| is_open)
    }

    fn count(&self, is_it: impl Fn((bool, bool)) -> bool) -> usize {
        self.orders.iter().filter(|(order, _)| is_it(**order)).map(|(_, order)| order.len()).sum()
    }

    /// What leaves next of `places` that are all taken, at the server's time.
    pub(crate) fn next(&self, places: usize, now_us: Micros) -> Option<K> {
        let is_much = self.count(|(is_witness, _)| !is_witness) > places / 2;
        // Of equals the agents' own word goes.
        let sides: &[bool] = if is_much { &[false] } else { &[true, false] };
        self.stale(sides, now_us).or_else(|| {
            let most = sides.iter().filter_map(|side| {
                self.keys.range((*side, 0, 0)..=(*side, usize::MAX, u64::MAX)).next_back().copied()
            });
            let (is_witness, _, writer) = most.max_by_key(|(_, size, _)| *size)?;
            self.of_key((is_witness, writer))
        })
    }

    /// What was not told of for long; closed ones first.
    fn stale(&self, sides: &[bool], now_us: Micros) -> Option<K> {
        let oldest = |is_open, kept_us: Micros| {
            let firsts = sides.iter().filter_map(|side| self.orders.get(&(*side, is_open))?.first());
            let (_, key) = firsts.min_by_key(|(index, _)| *index)?;
            let told = self.known.get(key)?;
            (now_us.saturating_sub(told.at_us) > kept_us).then_some(*key)
        };
        oldest(false, CLOSED_US).or_else(|| oldest(true, OPEN_US))
    }

    /// What the agent that has most under a key loses.
    fn of_key(&self, key: (bool, u64)) -> Option<K> {
        let range = (key, 0, Reverse(u64::MAX), 0)..=(key, usize::MAX, Reverse(0), u64::MAX);
        let ((is_witness, writer), size, _, agent) = self.agents.range(range).next_back().copied()?;
        let owner = Owner { is_witness, writer, agent };
        let queue = |is_open| self.queues.get(&(owner, is_open));
        let first = |is_open| queue(is_open).and_then(BTreeSet::first).copied();
        let closed = queue(false).map_or(0, BTreeSet::len);
        let leaves = match (first(false), first(true)) {
            // The only one that is closed stays while it is the newer.
            (Some(closed_at), Some(open_at)) if closed == 1 => closed_at.min(open_at),
            (Some(closed_at), Some(_)) if closed * OPEN_SHARE > size => closed_at,
            (closed_at, open_at) => open_at.or(closed_at)?,
        };
        Some(leaves.1)
    }

    /// Changes the queues of an owner, and with them its rank.
    fn change(&mut self, owner: Owner, change: impl FnOnce(&mut Queues<K>)) {
        if let Some(rank) = self.rank(owner) {
            self.agents.remove(&rank);
        }
        change(&mut self.queues);
        self.agents.extend(self.rank(owner));
    }

    fn rank(&self, owner: Owner) -> Option<Rank> {
        let queues = || [false, true].into_iter().filter_map(|is_open| self.queues.get(&(owner, is_open)));
        let (oldest, _) = queues().filter_map(BTreeSet::first).min_by_key(|(index, _)| *index)?;
        let size = queues().map(BTreeSet::len).sum();
        Some(((owner.is_witness, owner.writer), size, Reverse(*oldest), owner.agent))
    }

    fn resize(&mut self, key: (bool, u64), to: impl FnOnce(usize) -> usize) {
        let old = self.sizes.remove(&key).unwrap_or_default();
        self.keys.remove(&(key.0, old, key.1));
        let new = to(old);
        if new > 0 {
            self.sizes.insert(key, new);
            self.keys.insert((key.0, new, key.1));
        }
    }
}

/// Takes one out of a set, and the set where it is empty then.
fn take<Q: Ord, K: Ord>(sets: &mut BTreeMap<Q, BTreeSet<(u64, K)>>, of: &Q, one: &(u64, K)) {
    if let Some(set) = sets.get_mut(of) {
        set.remove(one);
        if set.is_empty() {
            sets.remove(of);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WITNESS: Owner = Owner { is_witness: true, writer: 1, agent: 1 };
    const OWN: Owner = Owner { is_witness: false, writer: 2, agent: 2 };

    /// Fills ten places and says what is left.
    fn left(told: &[(u64, Owner, bool)]) -> Vec<u64> {
        let mut shares = Shares::default();
        for (at, (key, owner, is_open)) in told.iter().enumerate() {
            shares.note(*key, *owner, *is_open, (at as u64, at as Micros));
            while shares.len() > 10 {
                shares.leave(shares.next(10, at as Micros).unwrap());
            }
        }
        shares.known.into_keys().collect()
    }

    fn flood(owner: Owner, is_open: bool) -> impl Iterator<Item = (u64, Owner, bool)> {
        (100..200).map(move |key| (key, owner, is_open))
    }

    fn with(told: &[(u64, Owner, bool)], flood: impl Iterator<Item = (u64, Owner, bool)>) -> Vec<u64> {
        let all: Vec<_> = told.iter().copied().chain(flood).collect();
        left(&all).into_iter().filter(|key| *key < 100).collect()
    }

    #[test]
    fn a_flood_pushes_out_what_others_tell_neither_open_nor_closed() {
        let told = [(1, WITNESS, true), (2, WITNESS, false), (3, OWN, true), (4, OWN, false)];
        let own = |agent| Owner { writer: 9, agent, ..OWN };
        for is_open in [true, false] {
            assert_eq!(with(&told, flood(own(9), is_open)), [1, 2, 3, 4], "another key's: {is_open}");
            let names = flood(OWN, is_open).map(|(key, _, is_open)| (key, own(key), is_open));
            assert_eq!(with(&told, names), [1, 2, 3, 4], "under names without end: {is_open}");
            let other = Owner { writer: 8, ..WITNESS };
            assert_eq!(with(&told[..2], flood(other, is_open)), [1, 2], "another witness's: {is_open}");
            let agent = Owner { agent: 8, ..WITNESS };
            assert_eq!(with(&told[..2], flood(agent, is_open)), [1, 2], "another agent's: {is_open}");
        }
    }

    #[test]
    fn of_one_agents_a_part_stays_closed_however_much_it_opens() {
        let kept = with(&[], (1..5).map(|key| (key, WITNESS, false)).chain(flood(WITNESS, true)));
        assert_eq!(kept, [3, 4]);
        let last = [(300, WITNESS, false)];
        assert!(left(&flood(WITNESS, true).chain(last).collect::<Vec<_>>()).contains(&300));
    }

    #[test]
    fn what_nobody_told_of_for_an_hour_leaves_first() {
        let mut shares = Shares::default();
        shares.note(1, OWN, false, (1, 0));
        shares.note(2, WITNESS, true, (2, 0));
        (3..9).for_each(|key| shares.note(key, WITNESS, false, (key, CLOSED_US)));
        assert_eq!(shares.next(8, CLOSED_US), Some(3));
        assert_eq!(shares.next(8, CLOSED_US + 1), Some(1));
        shares.leave(1);
        assert_eq!(shares.next(8, CLOSED_US + 1), Some(3));
    }

    proptest! {
        /// Nothing is left behind of what leaves.
        #[test]
        fn what_is_counted_is_what_is_there(
            told in prop::collection::vec((0..30_u64, any::<bool>(), 0..3_u64, 0..3_u64, any::<bool>()), 0..200),
        ) {
            let mut shares = Shares::default();
            for (at, (key, is_witness, writer, agent, is_open)) in told.into_iter().enumerate() {
                shares.note(key, Owner { is_witness, writer, agent }, is_open, (at as u64, 0));
                while shares.len() > 10 {
                    let next = shares.next(10, 0).unwrap();
                    prop_assert_ne!(next, key, "what was told of last leaves at once");
                    shares.leave(next);
                }
                prop_assert_eq!(shares.sizes.values().sum::<usize>(), shares.len());
                prop_assert_eq!(shares.keys.len(), shares.sizes.len());
                prop_assert_eq!(shares.agents.iter().map(|rank| rank.1).sum::<usize>(), shares.len());
                prop_assert_eq!(shares.queues.values().map(BTreeSet::len).sum::<usize>(), shares.len());
                prop_assert_eq!(shares.count(|_| true), shares.len());
            }
            while let Some(next) = shares.next(0, 0) {
                shares.leave(next);
            }
            prop_assert!(shares.known.is_empty() && shares.agents.is_empty() && shares.sizes.is_empty());
            prop_assert!(shares.orders.is_empty() && shares.queues.is_empty() && shares.keys.is_empty());
        }
    }
}
