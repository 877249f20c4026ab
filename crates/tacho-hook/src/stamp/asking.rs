//! Which call an agent asks about, where it does not say: whether it may run.

use super::state::{CALL_NAMES, State, digest, remember};
use crate::payload::Members;

impl State {
    /// Calls that have an id, but for the question whether they may run.
    pub(super) fn follow_named(&mut self, hook: &str, members: &mut Members) {
        let what = digest(members, &["agent_id", "tool_name", "tool_input"]);
        let tool = digest(members, &["agent_id", "tool_name"]);
        match (hook, members.text("tool_use_id")) {
            ("PreToolUse", Some(id)) => {
                remember(&mut self.open, (what, id.clone()));
                remember(&mut self.unasked, (tool, id));
            }
            ("PostToolUse" | "PostToolUseFailure", Some(id)) => {
                self.open.retain(|(_, open)| *open != id);
                self.unasked.retain(|(_, open)| *open != id);
            }
            (_, None) if !members.has(CALL_NAMES) => {
                if let Some(id) = self.asked_about(what, tool) {
                    members.set_text("call_id", &id);
                    self.unasked.retain(|(_, open)| *open != id);
                }
            }
            _ => {}
        }
    }

    /// The call that a question is about: the newest open one of the same agent's same tool with the same input, of equal ones
    /// each in turn. Another hook may have changed the input: then the only one of that tool that nobody was asked about yet.
    fn asked_about(&mut self, what: u32, tool: u32) -> Option<String> {
        if let Some(at) = self.open.iter().rposition(|(open, _)| *open == what) {
            let asked = self.open.remove(at);
            self.open.insert(0, asked.clone());
            return Some(asked.1);
        }
        let mut of_tool = self.unasked.iter().filter(|(open, _)| *open == tool);
        let (_, only) = of_tool.next()?;
        // No id is better than a wrong one.
        of_tool.next().is_none().then(|| only.clone())
    }
}
