//! What alerting says: on the log, and to people.
//!
//! Invariant: an event's id follows from what it tells of, so that it is on the log once however often it is said.

mod edits;
mod messages;
mod silences;

pub(super) use edits::{edit_asked, edit_withdrawn, edited};
pub(super) use messages::{CODE, member, messages};
pub(super) use silences::{silence_asked, silenced, unsilenced};

use super::Book;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::path::Path;
use tacho_alert::Severity;

use tacho_alert::notify::{self, Act, LabelSet, Raised};
use tacho_deliver::{Channel, Message, Told};
use tacho_event::time::format;
use tacho_store::alert_file;

/// What is on the log when somebody ended an alert: the rules read it.
pub(super) const RESOLVED_BY_HAND: &str = "alert_resolved_by_hand";

/// An event for the log: its id there, and its JSON.
pub(super) type Saying = (String, String);

pub(super) fn event(id: String, name: &str, level: &str, at_us: i64, more: serde_json::Value) -> Saying {
    let mut event = serde_json::json!({
        "id": id,
        "timestamp": format(at_us),
        "agent": {"id": "tachograph"},
        "action": {"type": "audit", "name": name},
        "level": level,
    });
    if let (Some(event), serde_json::Value::Object(more)) = (event.as_object_mut(), more) {
        event.extend(more);
    }
    (id, event.to_string())
}

pub(super) fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "CRITICAL",
        Severity::Warning => "WARNING",
        Severity::Info => "INFO",
    }
}

/// An alert was raised: everything that is needed to compute it again.
pub(super) fn raised(raised: &Raised, receivers: &[String]) -> Saying {
    let evidence: Vec<_> = raised
        .evidence
        .iter()
        .map(|seen| serde_json::json!({"index": seen.index, "id": seen.id, "at": format(seen.at_us)}))
        .collect();
    let result = serde_json::json!({
        "rule": raised.rule, "rule_hash": raised.rule_hash, "severity": raised.severity, "labels": raised.labels(),
        "annotations": raised.alert.annotations, "values": raised.values, "units": raised.units, "condition": raised.condition,
        "at": format(raised.at_us),
        "window": {"from": format(raised.window.0), "to": format(raised.window.1)},
        "tree_size": raised.tree_size, "evidence": evidence, "receivers": receivers,
        "starts_at": format(raised.alert.starts_us),
    });
    let id = format!("alert/{}/firing", raised.id());
    on_alert(raised, id, "alert_firing", level(raised.severity), raised.at_us, result)
}

/// The alert is over.
pub(super) fn resolved(raised: &Raised) -> Saying {
    let ends_us = raised.alert.ends_us.unwrap_or(raised.at_us);
    let result = serde_json::json!({
        "rule": raised.rule, "labels": raised.labels(), "starts_at": format(raised.alert.starts_us),
        "ends_at": format(ends_us), "flapping": raised.alert.flapping,
    });
    on_alert(raised, format!("alert/{}/resolved", raised.id()), "alert_resolved", "INFO", ends_us, result)
}

/// Somebody did something about an alert.
pub(super) fn acted(raised: &Raised, act: &Act, by: &str, note: Option<&str>, at_us: i64) -> Saying {
    let mut result =
        serde_json::json!({"rule": raised.rule, "labels": raised.labels(), "by": by, "note": note});
    match act {
        Act::Snooze { until_us } => result["until"] = format(*until_us).into(),
        Act::Assign { to } => result["to"] = to.as_str().into(),
        // The rules find by it which of their alerts is over.
        Act::Resolve => {
            result["group"] = serde_json::json!(raised.group.iter().cloned().collect::<LabelSet>())
        }
        Act::Acknowledge | Act::Note => {}
    }
    let id = format!("alert/{}/{}/{at_us}", raised.id(), act.as_str());
    let name = match act {
        // The end by itself has the plain name.
        Act::Resolve => RESOLVED_BY_HAND,
        Act::Acknowledge => "alert_acknowledged",
        Act::Snooze { .. } => "alert_snoozed",
        Act::Assign { .. } => "alert_assigned",
        Act::Note => "alert_noted",
    };
    on_alert(raised, id, name, "INFO", at_us, result)
}

/// Nobody answered, and the next ones are told.
pub(super) fn escalated(
    raised: &Raised,
    (to, whom): (&[String], &[String]),
    step: usize,
    at_us: i64,
) -> Saying {
    let result = serde_json::json!({
        "rule": raised.rule, "labels": raised.labels(), "level": step, "to": to, "whom": whom,
    });
    let id = format!("alert/{}/escalated/{step}/{at_us}", raised.id());
    on_alert(raised, id, "alert_escalated", level(raised.severity), at_us, result)
}

fn on_alert(
    raised: &Raised,
    id: String,
    name: &str,
    level: &str,
    at_us: i64,
    result: serde_json::Value,
) -> Saying {
    let mut more =
        serde_json::json!({"call_id": raised.id(), "outcome": {"status": "success", "result": result}});
    // An alert about a person is part of what is erased with them.
    if let Some(user) = raised.labels().get("user_id").filter(|user| !user.is_empty()) {
        more["user_id"] = user.as_str().into();
    }
    event(id, name, level, at_us, more)
}

/// Which rules count from now on.
pub(super) fn book(book: &Book, digest: &str, at_us: i64) -> Saying {
    let result = serde_json::json!({
        "rules": book.rules.len(), "digest": digest, "files": book.files, "replaced": book.replaced,
        "errors": book.errors,
    });
    let (level, status) = if book.errors.is_empty() { ("INFO", "success") } else { ("ERROR", "failure") };
    let outcome = serde_json::json!({"outcome": {"status": status, "result": result}});
    event(format!("rules/{digest}/{at_us}"), "alert_rules_loaded", level, at_us, outcome)
}

/// What alerting remembered is gone.
pub(super) fn lost(error: &str, aside: &Path, at_us: i64) -> Saying {
    let aside = aside.file_name().map(|name| name.to_string_lossy().into_owned());
    let outcome = serde_json::json!({"outcome": {
        "status": "failure", "error": {"type": "state_lost", "message": error}, "result": {"put_aside": aside},
    }});
    event(format!("alerting/lost/{at_us}"), "alerting_state_lost", "CRITICAL", at_us, outcome)
}

/// A message was delivered, or will never be.
pub(super) fn sent(
    message: &alert_file::Message,
    told: &Message,
    kind: &str,
    receipt: Option<&str>,
    at_us: i64,
) -> Saying {
    let good = message.state == alert_file::Sending::Sent;
    // The event belongs to nobody, so it names nobody who may be erased.
    let names = |told: &Told| told.labels.get("user_id").is_some_and(|user| !user.is_empty());
    let title = if told.alerts.iter().any(names) { None } else { Some(&told.title) };
    let fingerprints: Vec<&str> = told.alerts.iter().map(|told| told.fingerprint.as_str()).collect();
    let mut outcome = serde_json::json!({
        "status": if good { "success" } else { "failure" },
        "result": {
            "message": message.id, "receiver": told.receiver, "channel": kind, "notice": told.notice,
            "severity": told.severity, "title": title, "alerts": fingerprints, "attempts": message.attempts,
            "receipt": receipt,
        },
    });
    if let Some(error) = &message.error {
        outcome["error"] = serde_json::json!({"type": "not_delivered", "message": error});
    }
    let (name, level) = match message.state {
        alert_file::Sending::Sent => ("notification_sent", "INFO"),
        // It is tried again.
        alert_file::Sending::Waiting => ("notification_delayed", "WARNING"),
        _ => ("notification_failed", "ERROR"),
    };
    event(format!("{name}/{}", message.id), name, level, at_us, serde_json::json!({"outcome": outcome}))
}

/// What waited for a channel became one message; each alert of it is named, up to a limit.
pub(super) fn digested(id: &str, digest: &Message, kind: &str, told: &[Message], at_us: i64) -> Saying {
    const NAMED_MAX: usize = 1000;
    let mut alerts: Vec<&str> =
        told.iter().flat_map(|told| &told.alerts).map(|told| told.fingerprint.as_str()).collect();
    alerts.sort_unstable();
    alerts.dedup();
    let result = serde_json::json!({
        "message": id, "receiver": digest.receiver, "channel": kind, "messages": told.len(),
        "alerts": alerts.iter().take(NAMED_MAX).collect::<Vec<_>>(), "alerts_total": alerts.len(),
    });
    let outcome = serde_json::json!({"outcome": {"status": "success", "result": result}});
    event(format!("notification_digested/{id}"), "notification_digested", "WARNING", at_us, outcome)
}

/// The channels of every receiver, and what could not be read of them.
pub(super) fn channels(routing: &notify::Config) -> (HashMap<String, Vec<Channel>>, Vec<String>) {
    let (mut channels, mut errors) = (HashMap::new(), Vec::new());
    for receiver in &routing.receivers {
        match tacho_deliver::read(receiver, &routing.global, &crate::deliver::secret) {
            Ok(found) => drop(channels.insert(receiver.name.clone(), found)),
            Err(wrong) => errors.extend(wrong.iter().map(ToString::to_string)),
        }
    }
    (channels, errors)
}

pub(super) fn digest(text: &str) -> String {
    Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
}
