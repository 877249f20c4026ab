//! What the log is told of silences, and of maintenance that was begun by hand.

use super::{Saying, event};
use tacho_alert::notify::Silence;
use tacho_event::time::format;

pub(in crate::alerting) fn silenced(silence: &Silence, muted: &[String], at_us: i64) -> Saying {
    let matchers: Vec<String> = silence.matchers.iter().map(ToString::to_string).collect();
    let result = serde_json::json!({
        "silence": silence.id, "matchers": matchers, "by": silence.created_by, "comment": silence.comment,
        "approved_by": silence.approved_by, "starts_at": format(silence.starts_us), "ends_at": format(silence.ends_us),
        "mutes": muted, "maintenance": silence.maintenance,
    });
    let outcome = serde_json::json!({"outcome": {"status": "success", "result": result}});
    let name = if silence.maintenance.is_some() { "alert_maintenance_set" } else { "alert_silence_set" };
    event(format!("silence/{}/{at_us}", silence.id), name, "WARNING", at_us, outcome)
}

/// A silence waits for a second person.
pub(in crate::alerting) fn silence_asked(silence: &Silence, at_us: i64) -> Saying {
    let matchers: Vec<String> = silence.matchers.iter().map(ToString::to_string).collect();
    let result = serde_json::json!({
        "silence": silence.id, "matchers": matchers, "by": silence.created_by, "comment": silence.comment,
        "starts_at": format(silence.starts_us), "ends_at": format(silence.ends_us), "maintenance": silence.maintenance,
    });
    let outcome = serde_json::json!({"outcome": {"status": "success", "result": result}});
    event(format!("silence/{}/asked/{at_us}", silence.id), "alert_silence_asked", "WARNING", at_us, outcome)
}

pub(in crate::alerting) fn unsilenced(id: &str, by: &str, is_work: bool, at_us: i64) -> Saying {
    let outcome = serde_json::json!({"outcome": {"status": "success", "result": {"silence": id, "by": by}}});
    let name = if is_work { "alert_maintenance_ended" } else { "alert_silence_ended" };
    event(format!("silence/{id}/ended/{at_us}"), name, "INFO", at_us, outcome)
}
