//! What a session's hooks told so far, and what follows from it for the next one. Pure.
//!
//! Limits: [`REMEMBERED_MAX`] of each kind; the oldest goes first.

use super::again::Telling;
use crate::payload::{Members, quote};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Calls and sub-agents that are remembered.
const REMEMBERED_MAX: usize = 64;
/// Members in which an agent gives the id of a call.
pub(super) const CALL_NAMES: &[&str] = &["tool_use_id", "tool_call_id", "call_id"];

/// Members in which an event has its own id.
pub(super) const EVENT_NAMES: &[&str] = &["event_id", "id", "eventId"];

/// What a session's hooks told so far.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The number of the last event.
    pub seq: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Calls that are open: what was called, and its id, where the agent gives none the one it got here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<(u32, String)>,
    /// Those of this turn that nobody was asked about yet, by whose and which tool they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unasked: Vec<(u32, String)>,
    /// Calls of this turn that a hook told as failed, where the agent gives no id.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<u32>,
    /// Requests to a model, in the same way; a streamed answer gives several hooks, so none is ever closed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<(u32, String)>,
    /// Calls that start a sub-agent and that none has been seen of: id, and kind of sub-agent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub starting: Vec<(String, String)>,
    /// Open calls that are the whole life of a sub-agent whose hooks do not name it: id, its kind, and whether it has
    /// asked its model yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nested: Vec<(String, String, bool)>,
    /// Sub-agents, and calls of such that are not named, and the calls that started them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<(String, String)>,
    /// What was told a moment ago, which another line of the agent's settings may tell again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub told: Vec<Telling>,
}

impl State {
    /// Gives the event its number and what earlier events tell about it, and remembers what it tells.
    pub fn follow(&mut self, members: &mut Members) {
        self.seq += 1;
        if !members.has(&["producer_seq", "seq"]) {
            members.set("producer_seq", self.seq.to_string());
        }
        self.follow_model(members);
        let Some(hook) = members.text("hook_event_name") else { return };
        match hook.as_str() {
            "BeforeTool" | "AfterTool" => self.follow_unnamed(hook == "BeforeTool", members),
            "BeforeModel" | "AfterModel" => self.follow_request(hook == "BeforeModel", members),
            "BeforeAgent" => self.failed.clear(),
            "AfterAgent" => self.follow_unanswered(members),
            "PreToolUse" | "PermissionRequest" | "PermissionDenied" | "PostToolUse"
            | "PostToolUseFailure" => self.follow_named(&hook, members),
            "UserPromptSubmit" | "Stop" if !members.has(&["agent_id"]) => self.unasked.clear(),
            _ => {}
        }
        if matches!(hook.as_str(), "BeforeTool" | "AfterTool" | "BeforeModel" | "AfterModel") {
            self.follow_nested(&hook, members);
        } else {
            self.follow_subagent(&hook, members);
        }
    }

    fn follow_model(&mut self, members: &mut Members) {
        let nested = |name: &str| Members::read(members.get(name)?).text("model");
        let told =
            members.text("model").or_else(|| members.text("to_model")).or_else(|| nested("llm_request"));
        match told {
            Some(model) if model.len() <= 200 => {
                if members.has(&["agent_id"]) {
                    return; // a sub-agent may have a model of its own
                }
                self.model = Some(model);
            }
            None if !members.has(&["agent_id"]) => {
                if let Some(model) = &self.model {
                    members.set_text("model", model);
                }
            }
            _ => {}
        }
    }

    /// Hooks without a call id: the same tool with the same input is one call from its proposal to its result; of
    /// equal ones that are open at a time the oldest ends first.
    fn follow_unnamed(&mut self, proposed: bool, members: &mut Members) {
        if members.has(CALL_NAMES) {
            return;
        }
        let what = digest(members, &["tool_name", "tool_input"]);
        let id = if proposed {
            let id = self.made_up("hook", members);
            remember(&mut self.open, (what, id.clone()));
            Some(id)
        } else {
            let response = members.get("tool_response").map(Members::read);
            if response.is_some_and(|response| response.has(&["error"])) {
                remember(&mut self.failed, what);
            }
            self.close(what)
        };
        if let Some(id) = id {
            members.set_text("call_id", &id);
        }
    }

    /// An id for a call that has none: that of the event which proposes it, so no other session has the same.
    fn made_up(&self, kind: &str, members: &Members) -> String {
        let event = EVENT_NAMES.iter().find_map(|name| members.text(name));
        format!("{kind}-{}", event.unwrap_or_else(|| self.seq.to_string()))
    }

    /// The oldest open call of what was called.
    fn close(&mut self, what: u32) -> Option<String> {
        let at = self.open.iter().position(|(open, _)| *open == what)?;
        Some(self.open.remove(at).1)
    }

    /// A request to the model and its answers.
    fn follow_request(&mut self, proposed: bool, members: &mut Members) {
        if members.has(CALL_NAMES) {
            return;
        }
        let what = digest(members, &["llm_request"]);
        if proposed {
            let id = self.made_up("hook-model", members);
            remember(&mut self.asked, (what, id));
        }
        if let Some((_, id)) = self.asked.iter().rev().find(|(asked, _)| *asked == what) {
            let id = quote(id);
            members.set("call_id", id);
        }
    }

    /// Calls that the session file says failed: those that are still open never ran, and those that no hook told of had
    /// no tool, or input that their tool does not take. Of the others their own hooks have told.
    fn follow_unanswered(&mut self, members: &mut Members) {
        let Some(calls) = members.get("tool_calls") else { return };
        let Ok(calls) = serde_json::from_str::<Vec<&RawValue>>(calls) else { return };
        let made_up = self.made_up("hook-unknown", members);
        // What was told as failed before these is forgotten, and would seem to have had no hook.
        let is_forgetting = self.failed.len() == REMEMBERED_MAX;
        let mut left = Vec::new();
        for call in calls {
            let mut call = Members::read(call.get());
            let what = digest(&call, &["tool_name", "tool_input"]);
            if let Some(id) = self.close(what) {
                call.set_text("call_id", &id);
            } else if self.take_failed(what) || is_forgetting || is_ended(&call) {
                continue;
            } else if !call.has(CALL_NAMES) {
                call.set_text("call_id", &format!("{made_up}-{}", left.len()));
            }
            left.push(String::from_utf8_lossy(&call.line()).into_owned());
        }
        members.set("tool_calls", format!("[{}]", left.join(",")));
    }

    /// Whether a hook told such a call as failed; of equal ones each counts once.
    fn take_failed(&mut self, what: u32) -> bool {
        let at = self.failed.iter().position(|failed| *failed == what);
        at.map(|at| self.failed.remove(at)).is_some()
    }

    /// A call that is a sub-agent's whole life, where the hooks inside of it do not name it. While it alone is open,
    /// requests to the model are the sub-agent's, and so are the calls behind its first one.
    fn follow_nested(&mut self, hook: &str, members: &mut Members) {
        let call = members.text("call_id");
        if members.text("tool_name").as_deref() == Some("invoke_agent") {
            let Some(call) = call else { return };
            if hook == "BeforeTool" {
                let input = members.get("tool_input").map(Members::read).unwrap_or_default();
                let kind = input.text("agent_name").unwrap_or_default();
                remember(&mut self.nested, (call, kind, false));
            } else {
                self.nested.retain(|(open, ..)| *open != call);
            }
            return;
        }
        if let Some(call) = &call
            && hook == "AfterTool"
            && let Some(at) = self.causes.iter().position(|(known, _)| known == call)
        {
            let (_, cause) = self.causes.remove(at);
            members.set_text("parent_id", &cause);
            return;
        }
        let is_model = hook.ends_with("Model");
        let [(cause, kind, asked)] = &mut self.nested[..] else { return };
        *asked |= is_model;
        if members.has(&["parent_id", "parent"]) || hook == "AfterTool" || !*asked {
            return;
        }
        let (cause, kind) = (cause.clone(), kind.clone());
        members.set_text("parent_id", &cause);
        if !kind.is_empty() {
            members.set_text("agent_type", &kind);
        }
        if let (false, Some(call)) = (is_model, call) {
            remember(&mut self.causes, (call, cause));
        }
    }

    /// Which call a sub-agent is the work of. Sure where its start names the sub-agent or only one start of its kind
    /// is open; left open where two could be meant.
    fn follow_subagent(&mut self, hook: &str, members: &mut Members) {
        let tool = members.text("tool_name").unwrap_or_default();
        // Codex puts a tool's namespace before its name.
        let detached = tool.ends_with("spawn_agent");
        let starts = detached || matches!(tool.as_str(), "Agent" | "Task");
        let call = members.text("tool_use_id");
        let inner = |name: &str, of: &str| Members::read(members.get(of)?).text(name);
        match (hook, &call) {
            ("PreToolUse", Some(call)) if starts => {
                let kind = if detached { "task_name" } else { "subagent_type" };
                let kind = inner(kind, "tool_input").unwrap_or_default();
                remember(&mut self.starting, (call.clone(), kind));
            }
            ("PostToolUse", Some(call)) if starts => {
                if let Some(agent) = inner("agentId", "tool_response") {
                    self.learn(agent, call.clone());
                }
                // One that was only sent on its way begins after the call has ended.
                if !detached {
                    self.starting.retain(|(open, _)| open != call);
                }
            }
            ("PostToolUseFailure", Some(call)) => self.starting.retain(|(open, _)| open != call),
            _ => {}
        }
        let Some(agent) = members.text("agent_id") else { return };
        if hook == "SubagentStart" && !self.causes.iter().any(|(known, _)| *known == agent) {
            let task = members.text("agent_path");
            let task = task.as_deref().and_then(|path| path.rsplit('/').next());
            let kind = task.map(str::to_owned).or_else(|| members.text("agent_type")).unwrap_or_default();
            let mut of_kind = self.starting.iter().filter(|(_, k)| *k == kind || k.is_empty());
            if let (Some((call, _)), None) = (of_kind.next().cloned(), of_kind.next()) {
                self.learn(agent.clone(), call);
            }
        }
        if let Some((_, cause)) = self.causes.iter().find(|(known, _)| *known == agent)
            && !members.has(&["parent_id", "parent"])
        {
            let cause = quote(cause);
            members.set("parent_id", cause);
        }
    }

    fn learn(&mut self, agent: String, call: String) {
        self.starting.retain(|(open, _)| *open != call);
        self.causes.retain(|(known, _)| *known != agent);
        remember(&mut self.causes, (agent, call));
    }
}

/// Whether a person or a hook of somebody else ended the call, by the program's own words: it may have run, and its hooks
/// do not say that it failed.
fn is_ended(call: &Members) -> bool {
    const ENDED: &[&str] =
        &["[Operation Cancelled]", "cancelled", "Tool result blocked: ", "Agent execution stopped by hook: "];
    let error = call.text("error").unwrap_or_default();
    ENDED.iter().any(|start| error.starts_with(start))
}

/// What is called or asked for, in short.
pub(super) fn digest(members: &Members, names: &[&str]) -> u32 {
    let mut what = crc32fast::Hasher::new();
    for name in names {
        what.update(members.get(name).unwrap_or_default().as_bytes());
    }
    what.finalize()
}

pub(super) fn remember<T>(list: &mut Vec<T>, item: T) {
    if list.len() == REMEMBERED_MAX {
        list.remove(0);
    }
    list.push(item);
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
