//! What a hook's JSON lacks: id, time, number within the session, user, host, model, the call's id and its cause. Pure.
//!
//! A session's [`State`] is what earlier hooks told and later ones do not repeat. It is kept in the spool and changed
//! under its lock, so numbers have no gap but where a hook died or an event was lost.

mod again;
mod asking;
mod state;

pub use again::Telling;
pub use state::State;

use crate::payload::Members;
use tacho_event::time;

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

impl Stamp {
    /// The session that an event belongs to, the agent's own name for it first.
    pub fn session_of(&self, members: &Members) -> Option<String> {
        let named = ["session_id", "sessionId", "session", "conversation_id"];
        named.iter().find_map(|name| members.text(name)).or_else(|| self.session.clone())
    }

    /// Adds what does not depend on other events.
    pub fn put(&self, members: &mut Members) {
        if !members.has(state::EVENT_NAMES) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_added_and_what_is_there_stays() {
        let stamp = Stamp {
            event_id: "e1".into(),
            now_us: 1_795_219_200_000_000,
            user: Some("ann".into()),
            host: Some("box".into()),
            agent: Some("releaser".into()),
            session: Some("s9".into()),
            source: Some("codex"),
            redactions: 2,
            sensitive: true,
        };
        let put = |text: &str| {
            let mut members = Members::read(text);
            stamp.put(&mut members);
            String::from_utf8(members.line()).unwrap()
        };
        assert_eq!(
            put("{}"),
            r#"{"event_id":"e1","timestamp":"2026-11-21T00:00:00.000000Z","session_id":"s9","user":"ann","host":"box","agent":"releaser","hook_source":"codex","hook_redactions":2,"sensitive_data_accessed":true}"#
        );
        let own = put(
            r#"{"id":"mine","timestamp":"2026-01-02T03:04:05Z","session_id":"s","agent_id":"sub","user":"b"}"#,
        );
        assert!(own.starts_with(
        r#"{"id":"mine","timestamp":"2026-01-02T03:04:05Z","session_id":"s","agent_id":"sub","user":"b","host":"#
    ));
        let odd = put(r#"{"timestamp":"yesterday","event_id":null}"#);
        assert!(
        odd.starts_with(
            r#"{"timestamp":"2026-11-21T00:00:00.000000Z","event_id":"e1","timestamp_as_sent":"yesterday""#
        ),
        "{odd}"
    );
        assert_eq!(stamp.session_of(&Members::read(r#"{"session_id":"s"}"#)).as_deref(), Some("s"));
    }
}
