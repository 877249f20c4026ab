//! Who leaves when a limit is reached: closed actions that were not told of for longest, then open ones.

use super::{ACTIONS_MAX, Joiner, SESSIONS_MAX};

impl Joiner {
    /// Takes an action out of the order in which they leave.
    pub(super) fn leave(&mut self, id: u64) {
        if let Some((index, is_open)) = self.touched.remove(&id) {
            if is_open { &mut self.open } else { &mut self.closed }.remove(&(index, id));
        }
    }

    pub(super) fn trim(&mut self) {
        while self.actions.len() > ACTIONS_MAX {
            let (oldest, is_open) = match self.closed.first() {
                Some((_, id)) => (*id, false),
                None => match self.open.first() {
                    Some((_, id)) => (*id, true),
                    None => break,
                },
            };
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
        self.leave(id);
        let Some(action) = self.actions.remove(&id) else { return };
        self.drop_report(action.report, id);
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
