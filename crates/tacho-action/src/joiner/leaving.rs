//! Who leaves when a limit is reached: closed actions that were not told of for longest, then open ones. What only agents
//! tell of leaves first while it has more than half of the places: no key that is no witness's pushes out what witnesses
//! opened.

use super::{ACTIONS_MAX, Joiner, SESSIONS_MAX};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// So many places what only agents tell of may have when all are taken.
const OWN_MAX: usize = ACTIONS_MAX / 2;

/// What decides when an action leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Standing {
    pub(super) is_open: bool,
    pub(super) is_witnessed: bool,
}

/// Actions by when they were last told of.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Told {
    order: BTreeMap<Standing, BTreeSet<(u64, u64)>>,
    known: BTreeMap<u64, (u64, Standing)>,
}

impl Told {
    /// Notes at which event an action was told of.
    pub(super) fn note(&mut self, id: u64, index: u64, standing: Standing) {
        self.leave(id);
        self.order.entry(standing).or_default().insert((index, id));
        self.known.insert(id, (index, standing));
    }

    /// Takes an action out of the order in which they leave.
    pub(super) fn leave(&mut self, id: u64) {
        let Some((index, standing)) = self.known.remove(&id) else { return };
        if let Some(order) = self.order.get_mut(&standing) {
            order.remove(&(index, id));
        }
    }

    fn count(&self, is_it: impl Fn(&Standing) -> bool) -> usize {
        self.order.iter().filter(|(standing, _)| is_it(standing)).map(|(_, order)| order.len()).sum()
    }

    pub(super) fn open(&self) -> usize {
        self.count(|standing| standing.is_open)
    }

    /// The one that leaves next, and whether it is open.
    fn next(&self) -> Option<(u64, bool)> {
        let is_much = self.count(|standing| !standing.is_witnessed) > OWN_MAX;
        let first = |is_open, is_witnessed| {
            let (index, id) = self.order.get(&Standing { is_open, is_witnessed })?.first()?;
            Some((*index, *id, is_open))
        };
        let closed = || first(false, false).into_iter().chain(first(false, true)).min();
        let own = || first(false, false).or_else(|| first(true, false));
        let found =
            if is_much { own() } else { None }.or_else(closed).or_else(own).or_else(|| first(true, true));
        found.map(|(_, id, is_open)| (id, is_open))
    }
}

impl Joiner {
    pub(super) fn trim(&mut self) {
        while self.actions.len() > ACTIONS_MAX {
            let Some((oldest, is_open)) = self.told.next() else { break };
            self.forget(oldest);
            *(if is_open { &mut self.tally.left_open } else { &mut self.tally.left_closed }) += 1;
        }
        while self.sessions.len() > SESSIONS_MAX {
            let Some((_, session)) = self.session_order.pop_first() else { break };
            self.sessions.remove(&session);
            self.tally.left_sessions += 1;
        }
        self.tally.left_spans += self.kin.trim();
    }

    pub(super) fn forget(&mut self, id: u64) {
        self.told.leave(id);
        let Some(action) = self.actions.remove(&id) else { return };
        self.drop_shared(&action.shared, id);
        for key in &action.keys {
            if self.keys.get(key) == Some(&id) {
                self.keys.remove(key);
            }
        }
        for node in &action.nodes {
            self.kin.set_action(*node, None);
        }
        if let Some(started) = action.started.filter(|key| self.started.get(key) == Some(&id)) {
            self.started.remove(&started);
        }
        if let Some(likeness) = action.likeness {
            self.near.remove(likeness.place, id);
        }
        self.list_open(id, action.open_in, None);
    }

    /// Puts an action from among the open ones of one session among those of another one.
    pub(super) fn list_open(&mut self, id: u64, from: Option<[u8; 16]>, to: Option<[u8; 16]>) {
        if let Some(known) =
            from.filter(|from| Some(*from) != to).and_then(|from| self.sessions.get_mut(&from))
        {
            known.open.remove(&id);
        }
        if let Some(known) = to.and_then(|to| self.sessions.get_mut(&to)) {
            known.open.insert(id);
        }
    }
}
