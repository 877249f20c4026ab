//! What the log is told of rule files that people edit.

use super::{Saying, digest, event};
use crate::alerting::edit::Edit;

/// Somebody saved a rule file, or took it away; and who agreed, where that was needed.
pub(in crate::alerting) fn edited(
    file: &str,
    text: Option<&str>,
    (by, approved_by): (&str, Option<&str>),
    at_us: i64,
) -> Saying {
    let result = serde_json::json!({
        "file": file, "sha256": text.map(digest), "by": by, "approved_by": approved_by, "text": text,
    });
    let outcome = serde_json::json!({"outcome": {"status": "success", "result": result}});
    let name = if text.is_some() { "alert_rules_edited" } else { "alert_rules_removed" };
    event(format!("rules/{file}/{at_us}"), name, "WARNING", at_us, outcome)
}

/// An edit of critical built-in rules waits for a second person.
pub(in crate::alerting) fn edit_asked(edit: &Edit) -> Saying {
    let result = serde_json::json!({
        "edit": edit.id, "file": edit.file, "sha256": edit.text.as_deref().map(digest), "by": edit.by, "text": edit.text,
        "rules": edit.rules,
    });
    let outcome = serde_json::json!({"outcome": {"status": "success", "result": result}});
    event(format!("rules/edit/{}", edit.id), "alert_rules_edit_asked", "WARNING", edit.asked_us, outcome)
}

/// It will not be.
pub(in crate::alerting) fn edit_withdrawn(edit: &Edit, by: &str, at_us: i64) -> Saying {
    let result = serde_json::json!({"edit": edit.id, "file": edit.file, "by": by, "rules": edit.rules});
    let outcome = serde_json::json!({"outcome": {"status": "success", "result": result}});
    let id = format!("rules/edit/{}/withdrawn", edit.id);
    event(id, "alert_rules_edit_withdrawn", "INFO", at_us, outcome)
}
