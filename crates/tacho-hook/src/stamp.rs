//! What a hook's JSON lacks: id, time, number within the session, user, host, model, the call's id and its cause. Pure.
//!
//! A session's [`State`] is what earlier hooks told and later ones do not repeat. It is kept in the spool and changed
//! under its lock, so numbers have no gap but where a hook died or an event was lost.

use crate::payload::{Members, quote};
use serde::{Deserialize, Serialize};
use tacho_event::time;

/// Calls without an id and sub-agents that are remembered.
const REMEMBERED_MAX: usize = 64;

/// The agent that the hook was installed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Claude,
    Codex,
    Gemini,
}

impl Source {
    pub const ALL: [Source; 3] = [Source::Claude, Source::Codex, Source::Gemini];

    pub fn name(self) -> &'static str {
        match self {
            Source::Claude => "claude",
            Source::Codex => "codex",
            Source::Gemini => "gemini",
        }
    }

    pub fn by_name(name: &str) -> Option<Source> {
        Source::ALL.into_iter().find(|source| source.name() == name)
    }
}

/// What is known before the session's state is.
#[derive(Debug, Clone, Default)]
pub struct Stamp {
    pub event_id: String,
    pub now_us: i64,
    pub user: Option<String>,
    pub host: Option<String>,
    pub agent: Option<String>,
    pub session: Option<String>,
    pub source: Option<&'static str>,
    /// Secrets and personal data that were taken out, and whether a secret was among them.
    pub redactions: u32,
    pub sensitive: bool,
}

/// What a session's hooks told so far.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// The number of the last event.
    pub seq: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Calls that are open, of agents that give them no id: what was called, and the id it got here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub open: Vec<(u32, String)>,
    /// Calls that start a sub-agent and that none has been seen of: id, and kind of sub-agent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub starting: Vec<(String, String)>,
    /// Sub-agents and the calls that started them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub causes: Vec<(String, String)>,
}

impl Stamp {
    /// The session that an event belongs to, the agent's own name for it first.
    pub fn session_of(&self, members: &Members) -> Option<String> {
        let named = ["session_id", "sessionId", "session", "conversation_id"];
        named.iter().find_map(|name| members.text(name)).or_else(|| self.session.clone())
    }

    /// Adds what does not depend on other events.
    pub fn put(&self, members: &mut Members) {
        if !members.has(&["id", "event_id", "eventId"]) {
            members.set_text("event_id", &self.event_id);
        }
        self.put_time(members);
        let mut put = |names: &[&str], value: &Option<String>| {
            if let Some(value) = value.as_deref().filter(|_| !members.has(names)) {
                members.set_text(names[0], value);
            }
        };
        put(&["session_id", "sessionId", "session", "conversation_id"], &self.session);
        put(&["user", "user_id", "userId"], &self.user);
        put(&["host", "hostname"], &self.host);
        put(&["agent", "agent_id", "agentId"], &self.agent);
        put(&["hook_source"], &self.source.map(str::to_owned));
        if self.redactions > 0 {
            members.set("hook_redactions", self.redactions.to_string());
        }
        if self.sensitive {
            members.set("sensitive_data_accessed", "true".to_owned());
        }
    }

    /// The agent's own time where it gives one that can be read, else ours.
    fn put_time(&self, members: &mut Members) {
        let readable = |members: &Members| {
            members.text("timestamp").is_some_and(|text| time::parse(&text).is_ok())
                || members
                    .get("timestamp")
                    .is_some_and(|raw| raw.parse().is_ok_and(|n| time::from_unix(n).is_ok()))
        };
        if !readable(members) {
            if let Some(unread) = members.get("timestamp").map(str::to_owned) {
                members.set("timestamp_as_sent", unread);
            }
            members.set_text("timestamp", &time::format(self.now_us));
        }
    }
}

impl State {
    /// Gives the event its number and what earlier events tell about it, and remembers what it tells.
    pub fn follow(&mut self, members: &mut Members) {
        self.seq += 1;
        if !members.has(&["producer_seq", "seq"]) {
            members.set("producer_seq", self.seq.to_string());
        }
        self.follow_model(members);
        match members.text("hook_event_name").as_deref() {
            Some(hook @ ("BeforeTool" | "AfterTool")) => self.follow_unnamed(hook == "BeforeTool", members),
            Some(hook) => self.follow_subagent(hook, members),
            None => {}
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
        if members.has(&["tool_use_id", "tool_call_id", "call_id"]) {
            return;
        }
        let mut what = crc32fast::Hasher::new();
        what.update(members.get("tool_name").unwrap_or_default().as_bytes());
        what.update(members.get("tool_input").unwrap_or_default().as_bytes());
        let what = what.finalize();
        let id = if proposed {
            let id = format!("hook-{what:08x}-{}", self.seq);
            remember(&mut self.open, (what, id.clone()));
            Some(id)
        } else {
            let at = self.open.iter().position(|(open, _)| *open == what);
            at.map(|at| self.open.remove(at).1)
        };
        if let Some(id) = id {
            members.set_text("call_id", &id);
        }
    }

    /// Which call a sub-agent is the work of. Sure where its start names the sub-agent or only one start of its kind
    /// is open; left open where two could be meant.
    fn follow_subagent(&mut self, hook: &str, members: &mut Members) {
        let starts = matches!(members.text("tool_name").as_deref(), Some("Agent" | "Task"));
        let call = members.text("tool_use_id");
        let inner = |name: &str, of: &str| Members::read(members.get(of)?).text(name);
        match (hook, &call) {
            ("PreToolUse", Some(call)) if starts => {
                let kind = inner("subagent_type", "tool_input").unwrap_or_default();
                remember(&mut self.starting, (call.clone(), kind));
            }
            ("PostToolUse", Some(call)) if starts => {
                if let Some(agent) = inner("agentId", "tool_response") {
                    self.learn(agent, call.clone());
                }
                self.starting.retain(|(open, _)| open != call);
            }
            ("PostToolUseFailure", Some(call)) => self.starting.retain(|(open, _)| open != call),
            _ => {}
        }
        let Some(agent) = members.text("agent_id") else { return };
        if hook == "SubagentStart" && !self.causes.iter().any(|(known, _)| *known == agent) {
            let kind = members.text("agent_type").unwrap_or_default();
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

fn remember<T>(list: &mut Vec<T>, item: T) {
    if list.len() == REMEMBERED_MAX {
        list.remove(0);
    }
    list.push(item);
}

#[cfg(test)]
#[path = "stamp_tests.rs"]
mod tests;
