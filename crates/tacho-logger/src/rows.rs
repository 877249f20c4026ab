//! Events as rows of the users' table, and filters as conditions; nothing here speaks to a database.

use crate::prepare::Prepared;
use serde_json::Value;
use tacho_mcp::{Fault, Filter};

pub(crate) const TABLE: &str = "
CREATE TABLE IF NOT EXISTS agent_audit_log (
  id TEXT PRIMARY KEY,
  timestamp TIMESTAMPTZ NOT NULL DEFAULT NOW(),
  agent_id TEXT NOT NULL,
  session_id TEXT,
  conversation_id TEXT,
  action_type TEXT NOT NULL,
  action_name TEXT NOT NULL,
  action_details JSONB NOT NULL,
  outcome_status TEXT NOT NULL,
  outcome_result JSONB,
  outcome_error JSONB,
  tokens_input BIGINT,
  tokens_output BIGINT,
  duration_ms BIGINT,
  cost_usd DECIMAL(18, 6),
  permission_level TEXT,
  resources_accessed JSONB,
  sensitive_data_accessed BOOLEAN DEFAULT FALSE
);
CREATE INDEX IF NOT EXISTS idx_agent_id ON agent_audit_log (agent_id);
CREATE INDEX IF NOT EXISTS idx_timestamp ON agent_audit_log (timestamp);
CREATE INDEX IF NOT EXISTS idx_action_type ON agent_audit_log (action_type);
CREATE INDEX IF NOT EXISTS idx_session_id ON agent_audit_log (session_id);";

/// Columns that take a text, a JSON value, a number; each value comes as text and is cast where it stands.
pub(crate) const COLUMNS: [(&str, &str); 18] = [
    ("id", "text"),
    ("timestamp", "timestamptz"),
    ("agent_id", "text"),
    ("session_id", "text"),
    ("conversation_id", "text"),
    ("action_type", "text"),
    ("action_name", "text"),
    ("action_details", "jsonb"),
    ("outcome_status", "text"),
    ("outcome_result", "jsonb"),
    ("outcome_error", "jsonb"),
    ("tokens_input", "bigint"),
    ("tokens_output", "bigint"),
    ("duration_ms", "bigint"),
    ("cost_usd", "numeric"),
    ("permission_level", "text"),
    ("resources_accessed", "jsonb"),
    ("sensitive_data_accessed", "boolean"),
];

/// The id of a later state of an event; that of the first is the event's own.
pub(crate) fn state_id(id: &str, number: u32) -> String {
    if number == 0 { id.to_string() } else { format!("{id}/r{number}") }
}

/// An event as a row, in the order of [`COLUMNS`].
pub(crate) fn row(prepared: &Prepared, number: u32) -> Vec<Option<String>> {
    let Value::Object(mut event) = without_nul(Value::Object(prepared.event.clone())) else {
        return Vec::new();
    };
    event.remove("event_id");
    if number > 0 {
        event.insert("revision_of".into(), prepared.id.clone().into());
    }
    let mut taken: Vec<Option<Value>> = COLUMNS.iter().map(|(name, _)| event.remove(*name)).collect();
    taken[0] = Some(state_id(&prepared.id, number).into());
    for (at, default) in [(2, "unknown"), (5, "log"), (6, "event"), (8, "unknown")] {
        taken[at].get_or_insert_with(|| default.into());
    }
    // What has no column of its own goes beside the parameters.
    let mut details = event;
    if let Some(parameters) = taken[7].take() {
        details.insert("parameters".into(), parameters);
    }
    details.insert("digest".into(), prepared.digest.clone().into());
    taken[7] = Some(Value::Object(details));
    let text = |(value, (_, kind)): (Option<Value>, &(&str, &str))| match value? {
        Value::String(text) if *kind != "jsonb" => Some(text),
        other => Some(other.to_string()),
    };
    taken.into_iter().zip(&COLUMNS).map(text).collect()
}

/// No text of PostgreSQL holds the character zero.
fn without_nul(value: Value) -> Value {
    match value {
        Value::String(text) if text.contains('\0') => Value::String(text.replace('\0', "")),
        Value::Array(items) => Value::Array(items.into_iter().map(without_nul).collect()),
        Value::Object(members) => {
            let clean = |(name, value): (String, Value)| (name.replace('\0', ""), without_nul(value));
            Value::Object(members.into_iter().map(clean).collect())
        }
        other => other,
    }
}

/// Conditions and their values, all texts.
pub(crate) fn conditions(filter: &Filter) -> Result<(String, Vec<Option<String>>), Fault> {
    let mut all = vec!["true".to_string()];
    let mut values = Vec::new();
    let mut add = |condition: &str, value: String| {
        values.push(Some(value));
        all.push(condition.replace('?', &format!("${}", values.len())));
    };
    if let Some(words) = &filter.query {
        for word in words.split_whitespace() {
            let escaped = word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
            let text = "concat_ws(' ', action_name, action_details, outcome_result, outcome_error) ILIKE ?";
            add(text, format!("%{escaped}%"));
        }
    }
    for (condition, value) in
        [("timestamp >= ?::timestamptz", &filter.from), ("timestamp < ?::timestamptz", &filter.to)]
    {
        let Some(value) = value else { continue };
        let time = tacho_event::time::parse(value).map_err(|error| Fault::refused(error.to_string()))?;
        add(condition, tacho_event::time::format(time));
    }
    let named = [
        ("agent_id = ?", &filter.agent),
        ("session_id = ?", &filter.session),
        ("(action_type = ? OR action_name = ?)", &filter.action),
        ("action_details->>'user_id' = ?", &filter.user),
    ];
    for (condition, value) in named {
        if let Some(value) = value {
            add(condition, value.clone());
        }
    }
    if let Some(status) = &filter.status {
        add("outcome_status = ?", if status == "failed" { "failure".into() } else { status.clone() });
    }
    if let Some(cursor) = &filter.cursor {
        let (time, id) =
            cursor.split_once('|').ok_or_else(|| Fault::refused("the cursor is not of this log"))?;
        values.extend([Some(time.to_string()), Some(id.to_string())]);
        let at = values.len();
        all.push(format!("(timestamp, id) < (${}::timestamptz, ${at})", at - 1));
    }
    Ok((all.join(" AND "), values))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prepared(event: Value) -> Prepared {
        let Value::Object(event) = event else { panic!("{event}") };
        Prepared { id: "e1".into(), digest: "d".into(), event }
    }

    fn column(row: &[Option<String>], name: &str) -> Option<String> {
        row[COLUMNS.iter().position(|(is, _)| *is == name).unwrap()].clone()
    }

    #[test]
    fn nothing_that_an_agent_said_is_left_out_of_the_row() {
        let event = serde_json::json!({"event_id": "e1", "action_name": "a", "action_details": {"p": 1},
            "tokens_input": 5, "decision": {"chosen": "x"}, "known": "self_reported"});
        let row = row(&prepared(event), 0);
        assert_eq!(column(&row, "id").as_deref(), Some("e1"));
        assert_eq!(column(&row, "tokens_input").as_deref(), Some("5"));
        assert_eq!(column(&row, "agent_id").as_deref(), Some("unknown"));
        let details: Value = serde_json::from_str(&column(&row, "action_details").unwrap()).unwrap();
        let expected = serde_json::json!({"parameters": {"p": 1}, "decision": {"chosen": "x"},
            "known": "self_reported", "digest": "d"});
        assert_eq!(details, expected);
    }

    #[test]
    fn a_later_state_is_a_row_of_its_own_that_names_the_first() {
        let row = row(&prepared(serde_json::json!({"event_id": "e1"})), 2);
        assert_eq!(column(&row, "id").as_deref(), Some("e1/r2"));
        assert!(column(&row, "action_details").unwrap().contains(r#""revision_of":"e1""#));
    }

    #[test]
    fn the_character_zero_goes_and_an_escape_of_it_stays() {
        let row = row(&prepared(serde_json::json!({"outcome_result": {"a\0b": "c\0d", "e": "\\u0000"}})), 0);
        let result: Value = serde_json::from_str(&column(&row, "outcome_result").unwrap()).unwrap();
        assert_eq!(result, serde_json::json!({"ab": "cd", "e": "\\u0000"}));
    }

    #[test]
    fn every_value_of_a_filter_is_a_parameter() {
        let filter = Filter {
            query: Some("50%_x'".into()),
            agent: Some("'; --".into()),
            action: Some("Bash".into()),
            cursor: Some("2026-11-21T00:00:00Z|e1".into()),
            ..Filter::default()
        };
        let (text, values) = conditions(&filter).unwrap();
        assert!(!text.contains("--") && !text.contains('?'), "{text}");
        assert_eq!(values.len(), 5);
        assert!(text.ends_with("(timestamp, id) < ($4::timestamptz, $5)"), "{text}");
        assert!(text.contains("(action_type = $3 OR action_name = $3)"), "{text}");
    }
}
