//! What happens to an event before it goes to a destination that is no tachograph server: secrets are taken out, what the
//! server would add is added, times are read as the server reads them, and a digest tells a repeated event from a later
//! state of it.

use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tacho_event::time::{Micros, format, parse};
use tacho_mcp::Fault;
use tacho_redact::{Findings, Policy, Redactor};

/// An event as a destination gets it.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    pub id: String,
    /// SHA-256 of the content without what was added here, hexadecimal: equal for a repeated event.
    pub digest: String,
    /// Redacted, with time, `known` and `source`.
    pub event: Map<String, Value>,
}

/// The rules that every event passes through.
pub(crate) struct Preparer {
    redactor: Redactor,
    now: fn() -> String,
}

impl Preparer {
    pub(crate) fn new(now: fn() -> String) -> Preparer {
        let redactor =
            Redactor::new(&Policy::default()).expect("the default policy is valid: its tests compile it");
        Preparer { redactor, now }
    }

    /// # Errors
    /// Its time is not understood; the event is no longer an object after redaction, which cannot be stored.
    pub(crate) fn prepare(&self, mut event: Map<String, Value>) -> Result<Prepared, Fault> {
        // Before redaction, which may take a long number for one of a card.
        let time = event.get("timestamp").and_then(Value::as_str).map(moment).transpose()?;
        // Set below, whatever the agent claims.
        for own in ["known", "source"] {
            if let Some(claim) = event.remove(own) {
                event.insert(format!("claimed_{own}"), claim);
            }
        }
        let text = Value::Object(event).to_string();
        let mut found = Findings::default();
        let clean = self.redactor.json(&text, &mut found);
        let Ok(Value::Object(mut event)) = serde_json::from_str(&clean) else {
            return Err(Fault::refused("the event could not be redacted as JSON"));
        };
        let id = event.get("event_id").and_then(Value::as_str).unwrap_or_default().to_string();
        let digest = Sha256::digest(clean.as_bytes());
        let digest = digest.iter().fold(String::new(), |text, byte| format!("{text}{byte:02x}"));
        if found.total() > 0 {
            event.insert("redactions".into(), found.total().into());
            event.insert("sensitive_data_accessed".into(), true.into());
        }
        let time = time.map_or_else(self.now, format);
        if let Some(Value::String(claim)) = event.insert("timestamp".into(), time.clone().into())
            && says_more(&claim, &time)
        {
            event.insert("claimed_timestamp".into(), claim.into());
        }
        event.insert("known".into(), "self_reported".into());
        event.insert("source".into(), "mcp".into());
        Ok(Prepared { id, digest, event })
    }
}

/// What a tachograph server takes, and refused in its words: a database takes `yesterday`, and reads 01/02/2026 as its
/// settings say.
fn moment(text: &str) -> Result<Micros, Fault> {
    parse(text).map_err(|_| {
        let expected = "RFC 3339 such as 2026-11-21T10:30:00Z, or a Unix time";
        Fault::refused(format!("the event was refused: \"timestamp\" is \"{text:.60}\": expected {expected}"))
    })
}

/// Whether a claim tells what the time that was made of it does not: its zone, more digits.
fn says_more(claim: &str, time: &str) -> bool {
    let least = |text: &str| text.trim_end_matches(['Z', '0', '.']).to_string();
    least(claim) != least(time)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepare(event: Value) -> Prepared {
        let Value::Object(event) = event else { panic!("{event}") };
        Preparer::new(|| "2026-11-21T00:00:00.000000Z".into()).prepare(event).unwrap()
    }

    #[test]
    fn secrets_go_and_the_event_says_so() {
        let prepared =
            prepare(serde_json::json!({"event_id": "e", "action_details": {"password": "hunter2hunter2"}}));
        let text = Value::Object(prepared.event.clone()).to_string();
        assert!(!text.contains("hunter2"), "{text}");
        assert_eq!(prepared.event["sensitive_data_accessed"], true);
    }

    #[test]
    fn how_it_came_to_be_known_is_not_the_agents_to_say() {
        let prepared = prepare(serde_json::json!({"event_id": "e", "known": "observed", "source": "hook"}));
        assert_eq!(prepared.event["known"], "self_reported");
        assert_eq!(prepared.event["source"], "mcp");
        assert_eq!(prepared.event["claimed_known"], "observed");
    }

    #[test]
    fn every_time_that_the_server_takes_is_written_in_one_form() {
        for (claim, time, is_kept) in [
            ("2026-11-23T10:00:00Z", "2026-11-23T10:00:00.000000Z", false),
            ("2026-11-23T10:00:00.120Z", "2026-11-23T10:00:00.120000Z", false),
            ("2026-11-23T12:00:00+02:00", "2026-11-23T10:00:00.000000Z", true),
            ("2026-11-23T10:00:00.1234567Z", "2026-11-23T10:00:00.123456Z", true),
            ("2026-11-23 10:00", "2026-11-23T10:00:00.000000Z", true),
            ("1700000000", "2023-11-14T22:13:20.000000Z", true),
            ("1700000000000", "2023-11-14T22:13:20.000000Z", true),
        ] {
            let event = prepare(serde_json::json!({"event_id": "e", "timestamp": claim})).event;
            assert_eq!(event["timestamp"], time, "{claim}");
            let kept = event.get("claimed_timestamp").and_then(Value::as_str);
            assert_eq!(kept, is_kept.then_some(claim), "{claim}");
        }
    }

    #[test]
    fn a_time_that_the_server_refuses_is_refused_in_its_words() {
        for claim in ["yesterday", "now", "infinity", "23/11/2026", "01/02/2026", "", "9999-01-01T00:00:00Z"]
        {
            let Value::Object(event) = serde_json::json!({"event_id": "e", "timestamp": claim}) else {
                panic!()
            };
            let fault = Preparer::new(|| unreachable!()).prepare(event).unwrap_err();
            let why =
                format!("the event was refused: \"timestamp\" is \"{claim}\": expected RFC 3339 such as");
            assert!(fault.why.starts_with(&why), "{fault}");
        }
    }

    #[test]
    fn the_time_that_is_added_is_no_part_of_the_content() {
        let event = serde_json::json!({"event_id": "e", "action_name": "a"});
        assert_eq!(prepare(event.clone()).digest, prepare(event).digest);
        let other = serde_json::json!({"event_id": "e", "action_name": "b"});
        assert_ne!(
            prepare(other).digest,
            prepare(serde_json::json!({"event_id": "e", "action_name": "a"})).digest
        );
    }
}
