//! Events as rows of the users' table, and filters as conditions; nothing here speaks to a database.

use crate::columns::Columns;
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

/// The columns that are written, where they are there.
pub(crate) const COLUMNS: [&str; 18] = [
    "id",
    "timestamp",
    "agent_id",
    "session_id",
    "conversation_id",
    "action_type",
    "action_name",
    "action_details",
    "outcome_status",
    "outcome_result",
    "outcome_error",
    "tokens_input",
    "tokens_output",
    "duration_ms",
    "cost_usd",
    "permission_level",
    "resources_accessed",
    "sensitive_data_accessed",
];

/// What stands in columns that must not be empty where the event says nothing.
const DEFAULTS: [(&str, &str); 4] = [
    ("agent_id", "unknown"),
    ("action_type", "log"),
    ("action_name", "event"),
    ("outcome_status", "unknown"),
];

/// A row: columns with their values as texts. What has no value is left to the default of the table.
pub(crate) type Row = Vec<(&'static str, String)>;

/// The id of a later state of an event; that of the first is the event's own.
pub(crate) fn state_id(id: &str, number: u32) -> String {
    if number == 0 { id.to_string() } else { format!("{id}/r{number}") }
}

/// An event as a row of a table with these columns.
pub(crate) fn row(prepared: &Prepared, number: u32, columns: &Columns) -> Row {
    let Value::Object(mut event) = without_nul(Value::Object(prepared.event.clone())) else {
        return Vec::new();
    };
    event.remove("event_id");
    for (name, default) in DEFAULTS {
        if columns.kind(name).is_some() {
            event.entry(name).or_insert_with(|| default.into());
        }
    }
    let parameters = event.remove("action_details");
    let id = state_id(&prepared.id, number);
    let mut row: Row = vec![("id", columns.key(&id))];
    for name in COLUMNS {
        if let Some(value) = event.remove(name).filter(|value| !value.is_null()) {
            let text = columns.text(name, value.clone());
            match columns.holds(name, &text) {
                true => row.push((name, text)),
                false => drop(event.insert(name.into(), value)),
            }
        }
    }
    // What has no column of its own goes beside the parameters.
    let mut details = event;
    if row[0].1 != id {
        details.insert("event_id".into(), id.into());
    }
    if number > 0 {
        details.insert("revision_of".into(), prepared.id.clone().into());
    }
    if let Some(parameters) = parameters {
        details.insert("parameters".into(), parameters);
    }
    details.insert("digest".into(), prepared.digest.clone().into());
    row.push(("action_details", Value::Object(details).to_string()));
    row
}

/// The statement that adds a row, and its values.
pub(crate) fn insert(row: Row, columns: &Columns) -> (String, Vec<Option<String>>) {
    let names: Vec<&str> = row.iter().map(|(name, _)| *name).collect();
    let casts: Vec<String> = names.iter().enumerate().map(|(at, name)| columns.cast(name, at + 1)).collect();
    let sql = format!(
        "INSERT INTO agent_audit_log ({}) VALUES ({}) ON CONFLICT DO NOTHING RETURNING id::text",
        names.join(", "),
        casts.join(", ")
    );
    (sql, row.into_iter().map(|(_, value)| Some(value)).collect())
}

/// No text of PostgreSQL holds the character zero: that something stood there is told by U+FFFD.
fn without_nul(value: Value) -> Value {
    match value {
        Value::String(text) if text.contains('\0') => Value::String(text.replace('\0', "\u{fffd}")),
        Value::Array(items) => Value::Array(items.into_iter().map(without_nul).collect()),
        Value::Object(members) => {
            let clean = |(name, value): (String, Value)| (name.replace('\0', "\u{fffd}"), without_nul(value));
            Value::Object(members.into_iter().map(clean).collect())
        }
        other => other,
    }
}

/// Conditions and their values, all texts.
pub(crate) fn conditions(filter: &Filter, columns: &Columns) -> Result<(String, Vec<Option<String>>), Fault> {
    let mut all = vec!["true".to_string()];
    let mut values = Vec::new();
    let mut add = |condition: &dyn Fn(usize) -> String, value: String| {
        values.push(Some(value));
        all.push(condition(values.len()));
    };
    if let Some(words) = &filter.query {
        let texts = ["action_name", "action_details", "outcome_result", "outcome_error"];
        let texts: Vec<&str> = texts.into_iter().filter(|name| columns.kind(name).is_some()).collect();
        let texts = texts.join(", ");
        for word in words.split_whitespace() {
            let escaped = word.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
            add(&|at| format!("concat_ws(' ', {texts}) ILIKE ${at}"), format!("%{escaped}%"));
        }
    }
    for (operator, value) in [(">=", &filter.from), ("<", &filter.to)] {
        let Some(value) = value else { continue };
        let time = tacho_event::time::parse(value).map_err(|error| Fault::refused(error.to_string()))?;
        let condition = |at| format!("timestamp {operator} ${at}::timestamptz");
        add(&condition, tacho_event::time::format(time));
    }
    for (name, value) in [("agent_id", &filter.agent), ("session_id", &filter.session)] {
        let Some(value) = value else { continue };
        add(&|at| columns.equal(name, value, at), value.clone());
    }
    if let Some(action) = &filter.action {
        let either = |at, name| columns.equal(name, action, at);
        add(
            &|at| format!("({} OR {})", either(at, "action_type"), either(at, "action_name")),
            action.clone(),
        );
    }
    if let Some(user) = &filter.user {
        add(&|at| format!("action_details->>'user_id' = ${at}"), user.clone());
    }
    if let Some(status) = &filter.status {
        let status = if status == "failed" { "failure" } else { status };
        add(&|at| columns.equal("outcome_status", status, at), status.to_string());
    }
    if let Some(cursor) = &filter.cursor {
        let (time, id) =
            cursor.split_once('|').ok_or_else(|| Fault::refused("the cursor is not of this log"))?;
        values.extend([Some(time.to_string()), Some(id.to_string())]);
        let at = values.len();
        all.push(format!("(timestamp, id) < (${}::timestamptz, {})", at - 1, columns.cast("id", at)));
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

    fn column(row: &Row, name: &str) -> Option<String> {
        row.iter().find(|(is, _)| *is == name).map(|(_, value)| value.clone())
    }

    /// A table whose ids are of this type.
    fn columns(id: &str) -> Columns {
        let kind = |name: &str| match name {
            "id" | "session_id" => id,
            "action_details" | "outcome_result" => "jsonb",
            "tokens_input" => "integer",
            _ => "text",
        };
        let kinds: serde_json::Map<String, Value> =
            COLUMNS.iter().map(|name| ((*name).to_string(), kind(name).into())).collect();
        Columns::read(&Value::Object(kinds).to_string()).unwrap()
    }

    fn row(prepared: &Prepared, number: u32) -> Row {
        super::row(prepared, number, &columns("text"))
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
    fn ids_that_are_no_uuids_are_kept_in_the_details_of_a_table_that_wants_uuids() {
        let event = prepared(serde_json::json!({"event_id": "e1", "session_id": "s1"}));
        let row = super::row(&event, 1, &columns("uuid"));
        let details: Value = serde_json::from_str(&column(&row, "action_details").unwrap()).unwrap();
        let expected =
            serde_json::json!({"event_id": "e1/r1", "revision_of": "e1", "session_id": "s1", "digest": "d"});
        assert_eq!((details, column(&row, "session_id")), (expected, None));
        let (sql, values) = insert(row, &columns("uuid"));
        assert!(sql.contains("(id, agent_id, ") && sql.contains("VALUES ($1::uuid, $2::text, "), "{sql}");
        assert_eq!(values.len(), 6);
    }

    #[test]
    fn the_character_zero_is_replaced_and_an_escape_of_it_stays() {
        let row = row(&prepared(serde_json::json!({"outcome_result": {"a\0b": "c\0d", "e": "\\u0000"}})), 0);
        let result: Value = serde_json::from_str(&column(&row, "outcome_result").unwrap()).unwrap();
        assert_eq!(result, serde_json::json!({"a\u{fffd}b": "c\u{fffd}d", "e": "\\u0000"}));
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
        let (text, values) = conditions(&filter, &columns("uuid")).unwrap();
        assert!(!text.contains("--") && !text.contains('?'), "{text}");
        assert_eq!(values.len(), 5);
        assert!(text.ends_with("(timestamp, id) < ($4::timestamptz, $5::uuid)"), "{text}");
        assert!(text.contains("(action_type = $3::text OR action_name = $3::text)"), "{text}");
    }
}
