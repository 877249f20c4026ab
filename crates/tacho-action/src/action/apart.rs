//! Taking out again what was joined before its partner came.

use super::Action;
use super::kept::Left;
use crate::member::Member;
use crate::near::{Likeness, of_tokens};
use crate::said::Said;
use crate::standing::Best;

impl Action {
    /// Takes one of several observations of a call of a model, which has no id of its own, out again as an action of its own.
    /// Both are then named by the first observation that they have.
    pub(crate) fn detach(&mut self, index: u64) -> Option<Action> {
        let place = self.members.iter().position(|member| member.index == index)?;
        if self.members.len() < 2 {
            return None;
        }
        let member = self.members.remove(place);
        let mut alone = Action {
            id: index,
            members: vec![member],
            left: Left::default(),
            open_in: None,
            call: Best::default(),
            has_own_call: false,
            is_called: false,
            keys: Vec::new(),
            nodes: Vec::new(),
            started: None,
            shared: Vec::new(),
            shown: None,
            ..self.clone()
        };
        self.id = self.members.iter().map(|member| member.index).chain(self.left.first_index()).min()?;
        self.compare_by_tokens();
        alone.compare_by_tokens();
        Some(alone)
    }

    fn compare_by_tokens(&mut self) {
        let input = self.members.iter().find_map(Member::tokens).map(|tokens| Said::whole(of_tokens(tokens)));
        self.likeness = self.likeness.map(|known| Likeness { input, ..known });
    }
}
