//! Who leaves when a limit is reached: whose and which of them, `shares` says.

use super::{ACTIONS_MAX, Joiner, SESSIONS_MAX};
use tacho_event::time::Micros;

impl Joiner {
    pub(super) fn trim(&mut self, now_us: Micros) {
        while self.told.len() > ACTIONS_MAX {
            let Some(id) = self.told.next(ACTIONS_MAX, now_us) else { break };
            *(if self.told.is_open(id) { &mut self.tally.left_open } else { &mut self.tally.left_closed }) +=
                1;
            self.forget(id);
        }
        while self.session_shares.len() > SESSIONS_MAX {
            let Some(session) = self.session_shares.next(SESSIONS_MAX, now_us) else { break };
            self.session_shares.leave(session);
            self.sessions.remove(&session);
            self.tally.left_sessions += 1;
        }
        self.tally.left_spans += self.kin.trim(now_us);
    }

    pub(super) fn forget(&mut self, id: u64) {
        self.told.leave(id);
        let Some(action) = self.actions.remove(&id) else { return };
        self.drop_shared(&action.shared, id);
        for key in &action.keys {
            if self.keys.get(key) == Some(&id) {
                self.keys.remove(key);
                self.claimed.remove(key);
            }
        }
        for node in &action.nodes {
            self.kin.set_action(*node, None);
        }
        if let Some(started) = action.started.filter(|key| self.started.get(key) == Some(&id)) {
            self.started.remove(&started);
        }
        self.near.remove(id);
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
