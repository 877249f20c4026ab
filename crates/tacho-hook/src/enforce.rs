//! The stop list, where the operator switched it on (`AUDIT_LOG_ENFORCE=1`): before a tool is called the server is asked
//! whether the agent is stopped, and if so the call is refused in the agent's own words.
//!
//! Invariants
//! - Off unless it is switched on; then nothing is asked and nothing is ever said to the agent.
//! - Only a clear answer that names a stop refuses anything. No answer, an odd one or a late one lets the agent go on, and
//!   the event tells that.

use crate::deliver::http::ask;
use crate::payload::Members;
use crate::settings::Settings;
use crate::stamp::Source;
use serde_json::{Value, json};

/// Characters of a reason that the agent is told.
const REASON_MAX: usize = 300;

/// What the server said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It was not asked.
    Unasked,
    Free,
    /// It is stopped, and what is said about it.
    Stopped(String),
    /// There was no answer to rely on: the agent goes on.
    Open(String),
}

/// The agent whose hooks these are: the one that it was installed for, else the one whose words the event has.
fn whose(told: Option<Source>, members: &Members) -> Option<Source> {
    let event = members.text("hook_event_name");
    let gemini = event.as_deref() == Some("BeforeTool");
    told.or_else(|| gemini.then_some(Source::Gemini))
        // Codex tells which turn it is; Claude Code has none.
        .or_else(|| members.has(&["turn_id"]).then_some(Source::Codex))
        .or_else(|| members.has(&["tool_use_id"]).then_some(Source::Claude))
}

/// Whether the event asks for a call that can still be refused.
fn is_before(members: &Members) -> bool {
    matches!(members.text("hook_event_name").as_deref(), Some("PreToolUse" | "BeforeTool"))
}

/// Asks, where that is switched on and the event is one before a call.
pub fn look(settings: &Settings, told: Option<Source>, members: &Members) -> Verdict {
    let Some(time) = settings.enforce.filter(|_| is_before(members)) else { return Verdict::Unasked };
    let url = format!("{}/v1/agents/stopped?{}", base(&settings.url), query(settings, told, members));
    match ask(settings, &url, time) {
        Ok(answer) => judge(answer.status, &answer.body),
        Err(why) => Verdict::Open(why),
    }
}

/// Where the server is: the address without its way in.
fn base(url: &str) -> &str {
    let ways = ["/v1/events", "/log", "/insert/jsonline"];
    let found = ways.iter().find_map(|way| url.trim_end_matches('/').strip_suffix(way));
    found.unwrap_or_else(|| {
        let rest = url.find("://").map_or(0, |at| at + 3);
        url[rest..].find('/').map_or(url, |at| &url[..rest + at])
    })
}

fn query(settings: &Settings, told: Option<Source>, members: &Members) -> String {
    let assumed = whose(told, members).map(|source| match source {
        Source::Claude => "claude-code",
        Source::Codex => "codex",
        Source::Gemini => "gemini-cli",
    });
    let session = ["session_id", "sessionId"].iter().find_map(|name| members.text(name));
    let part = ["agent_id", "agentId"].iter().find_map(|name| members.text(name));
    let session = session.or_else(|| settings.session.clone());
    let named = [
        ("agent", settings.agent.clone()),
        // Without a name of its own the server takes the key's agent, else this one.
        ("assumed", Some(assumed.unwrap_or("unknown").to_string())),
        ("part", part),
        ("session", session),
    ];
    let pairs = named.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", encoded(&value?))));
    pairs.collect::<Vec<_>>().join("&")
}

/// Anything but letters, digits and a few marks as `%XX`.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

/// What an answer means.
fn judge(status: u16, body: &[u8]) -> Verdict {
    if status != 200 {
        return Verdict::Open(format!("the server answered {status}"));
    }
    let Ok(answer) = serde_json::from_slice::<Value>(body) else {
        return Verdict::Open("the server's answer is no JSON".into());
    };
    let Some(stopped) = answer["stopped"].as_array() else {
        return Verdict::Open("the server's answer has no list".into());
    };
    let Some(stop) = stopped.first() else { return Verdict::Free };
    let text = |name: &str| stop[name].as_str().unwrap_or_default();
    let reason = if text("reason").is_empty() { String::new() } else { format!(": {}", text("reason")) };
    let whole = format!("This agent was stopped by {}{reason}. Do not go on; ask a person.", text("by"));
    Verdict::Stopped(whole.chars().map(|c| if c.is_control() { ' ' } else { c }).take(REASON_MAX).collect())
}

impl Verdict {
    /// Notes it in the event.
    pub fn note(&self, members: &mut Members) {
        match self {
            Verdict::Unasked | Verdict::Free => {}
            Verdict::Stopped(reason) => {
                members.set_text("hook_enforced", "denied");
                members.set_text("hook_enforced_reason", reason);
            }
            Verdict::Open(why) => {
                members.set_text("hook_enforced", "open");
                members.set_text("hook_enforced_reason", why);
            }
        }
    }

    /// What the agent is told on standard output; nothing when it may go on.
    pub fn words(&self, told: Option<Source>, members: &Members) -> Option<String> {
        let Verdict::Stopped(reason) = self else { return None };
        // What is not known takes the form of the first: another one would take it for no decision.
        let words = match whose(told, members).unwrap_or(Source::Claude) {
            Source::Gemini => json!({"decision": "deny", "reason": reason}),
            Source::Claude | Source::Codex => json!({"hookSpecificOutput": {
                "hookEventName": "PreToolUse", "permissionDecision": "deny", "permissionDecisionReason": reason,
            }}),
        };
        Some(words.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(pairs: &[(&str, &str)]) -> Settings {
        let get = |name: &str| {
            let given = pairs.iter().chain(&[("AUDIT_LOG_SPOOL", "/nowhere"), ("HOME", "/nowhere")]);
            given.clone().find(|(key, _)| *key == name).map(|(_, value)| value.to_string())
        };
        Settings::read(&get).unwrap()
    }

    const CALL: &str =
        r#"{"hook_event_name":"PreToolUse","session_id":"s 1","tool_use_id":"t","agent_id":"sub/1"}"#;

    #[test]
    fn nothing_is_asked_unless_it_is_switched_on_and_before_a_call() {
        let call = Members::read(CALL);
        assert_eq!(look(&settings(&[]), None, &call), Verdict::Unasked);
        assert_eq!(look(&settings(&[("AUDIT_LOG_ENFORCE", "0")]), None, &call), Verdict::Unasked);
        let on = settings(&[("AUDIT_LOG_ENFORCE", "1"), ("AUDIT_LOG_URL", "http://127.0.0.1:1")]);
        let after = Members::read(r#"{"hook_event_name":"PostToolUse"}"#);
        assert_eq!(look(&on, None, &after), Verdict::Unasked);
        assert!(matches!(look(&on, None, &call), Verdict::Open(_)), "nobody listens there: it goes on");
    }

    #[test]
    fn who_is_asked_about_is_said_whole() {
        let on = settings(&[("AGENT_ID", "ops/a&b")]);
        let asked = query(&on, Some(Source::Claude), &Members::read(CALL));
        assert_eq!(asked, "agent=ops%2Fa%26b&assumed=claude-code&part=sub%2F1&session=s%201");
        let gemini = Members::read(r#"{"hook_event_name":"BeforeTool"}"#);
        assert_eq!(query(&settings(&[]), None, &gemini), "assumed=gemini-cli");
    }

    #[test]
    fn the_server_is_where_events_go() {
        for (url, at) in [
            ("http://127.0.0.1:7420/v1/events", "http://127.0.0.1:7420"),
            ("https://x.example/audit/v1/events", "https://x.example/audit"),
            ("https://x.example/log", "https://x.example"),
            ("https://x.example/own/way", "https://x.example"),
        ] {
            assert_eq!(base(url), at);
        }
    }

    #[test]
    fn only_a_clear_answer_refuses() {
        for (status, body) in [(200, "no"), (200, "{}"), (500, ""), (403, r#"{"stopped":[{}]}"#)] {
            assert!(matches!(judge(status, body.as_bytes()), Verdict::Open(_)), "{status} {body}");
        }
        assert_eq!(judge(200, br#"{"stopped":[]}"#), Verdict::Free);
        let stopped = judge(200, br#"{"stopped":[{"by":"kim","reason":"pays\ntwice"}]}"#);
        assert_eq!(
            stopped,
            Verdict::Stopped("This agent was stopped by kim: pays twice. Do not go on; ask a person.".into())
        );
    }

    #[test]
    fn each_agent_is_told_in_its_own_words() {
        let stopped = Verdict::Stopped("no".into());
        let call = Members::read(CALL);
        let words = |source| serde_json::from_str::<Value>(&stopped.words(source, &call).unwrap()).unwrap();
        let denied = json!({"hookSpecificOutput": {
            "hookEventName": "PreToolUse", "permissionDecision": "deny", "permissionDecisionReason": "no",
        }});
        assert_eq!(words(Some(Source::Claude)), denied);
        assert_eq!(words(Some(Source::Codex)), denied);
        assert_eq!(words(None), denied);
        assert_eq!(words(Some(Source::Gemini)), json!({"decision": "deny", "reason": "no"}));
        assert_eq!(Verdict::Free.words(None, &call), None);
        assert_eq!(Verdict::Open("late".into()).words(None, &call), None);
    }
}
