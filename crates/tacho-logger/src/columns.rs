//! The columns of the users' table as they are: a table that is there may have other types than the one that we make, and
//! may lack columns. What a column can't hold is kept in `action_details` under the column's name, and is found there.

use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use tacho_event::id::Id;

/// Asks for the names of the columns with their types, as JSON. No length stands in a type: a cast would cut there what the
/// column itself refuses.
pub(crate) const LOOK: &str = "SELECT coalesce(json_object_agg(attname, format_type(atttypid, -1)), '{}')::text \
     FROM pg_attribute WHERE attrelid = to_regclass('agent_audit_log') AND attnum > 0 AND NOT attisdropped";

/// The type of each column, in PostgreSQL's words.
#[derive(Debug, Clone, Default)]
pub(crate) struct Columns(BTreeMap<String, String>);

impl Columns {
    /// Reads the answer to [`LOOK`].
    ///
    /// # Errors
    /// Which column is not as it must be: without id, time and details no row can be written and found again.
    pub(crate) fn read(text: &str) -> Result<Columns, String> {
        let columns = serde_json::from_str(text).map(Columns);
        let columns = columns.map_err(|error| format!("the columns are not understood: {error}"))?;
        for name in ["id", "timestamp", "action_details"] {
            if columns.kind(name).is_none() {
                return Err(format!("the table agent_audit_log has no column {name}"));
            }
        }
        match columns.kind("action_details") {
            Some("json" | "jsonb") | None => Ok(columns),
            Some(other) => Err(format!(
                "the column action_details of agent_audit_log is of type {other}, expected jsonb"
            )),
        }
    }

    pub(crate) fn kind(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Whether the column is there and can hold the text.
    pub(crate) fn holds(&self, name: &str, text: &str) -> bool {
        self.kind(name).is_some_and(|kind| kind != "uuid" || Id::parse(text).is_some())
    }

    /// The id as the table keeps it. A column of type `uuid` gets a UUID that is made of an id that is none: those of
    /// outcomes, later states and calls never are.
    pub(crate) fn key(&self, id: &str) -> String {
        if self.holds("id", id) {
            return id.to_string();
        }
        let digest = Sha256::digest(id.as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        // Version 8, RFC 9562: a UUID of one's own making.
        bytes[6] = bytes[6] & 0x0f | 0x80;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        Id(bytes).text()
    }

    /// A value as the text that is sent for it.
    pub(crate) fn text(&self, name: &str, value: Value) -> String {
        let kind = self.kind(name).unwrap_or_default();
        match value {
            Value::String(text) if !matches!(kind, "json" | "jsonb") && !kind.ends_with("[]") => text,
            other => other.to_string(),
        }
    }

    /// The parameter with this number, a text, as a value of the column.
    pub(crate) fn cast(&self, name: &str, at: usize) -> String {
        match self.kind(name).unwrap_or("text") {
            // A column without a zone takes it in that of the connection, and is compared so.
            _ if name == "timestamp" => format!("${at}::timestamptz"),
            list if list.ends_with("[]") => {
                format!("(SELECT array_agg(item) FROM jsonb_array_elements_text(${at}::jsonb) item)::{list}")
            }
            kind => format!("${at}::{kind}"),
        }
    }

    /// The condition that a column has the value of the parameter with this number.
    pub(crate) fn equal(&self, name: &str, value: &str, at: usize) -> String {
        if self.holds(name, value) {
            return format!("{name} = {}", self.cast(name, at));
        }
        format!("action_details->>'{name}' = ${at}")
    }

    /// What people should know who chose these columns.
    pub(crate) fn notes(&self, wanted: &[&str]) -> Vec<String> {
        let note = |name: &&str| {
            match self.kind(name) {
            None => Some(format!("there is no column {name}: it stands in action_details")),
            Some("uuid") if *name == "id" => Some(
                "id is of type uuid: of an id that is none a UUID is made, and the id stands in action_details as event_id"
                    .into(),
            ),
            Some("uuid") => Some(format!("{name} is of type uuid: one that is none stands in action_details")),
            Some("integer") => Some(format!("{name} is of type integer: above {} it is refused", i32::MAX)),
            Some(_) => None,
        }
        };
        wanted.iter().filter_map(note).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "0192f0c4-7e1a-7c3e-8f21-5d8c0b7a9e11";

    fn columns() -> Columns {
        let text = r#"{"id": "uuid", "timestamp": "timestamp with time zone", "session_id": "uuid",
            "action_details": "jsonb", "resources_accessed": "text[]", "tokens_input": "integer"}"#;
        Columns::read(text).unwrap()
    }

    #[test]
    fn an_id_that_is_no_uuid_has_one_of_its_own_where_the_column_asks_for_it() {
        let columns = columns();
        assert_eq!(columns.key(UUID), UUID);
        let made = columns.key("e1/outcome");
        assert!(Id::parse(&made).is_some() && made == columns.key("e1/outcome") && made != columns.key("e1"));
        let plain = Columns::read(r#"{"id": "text", "timestamp": "x", "action_details": "json"}"#).unwrap();
        assert_eq!(plain.key("e1/outcome"), "e1/outcome");
    }

    #[test]
    fn what_a_column_can_not_hold_is_looked_for_in_the_details() {
        let columns = columns();
        assert_eq!(columns.equal("session_id", UUID, 2), "session_id = $2::uuid");
        assert_eq!(columns.equal("session_id", "s1", 2), "action_details->>'session_id' = $2");
        assert_eq!(columns.equal("agent_id", "a", 3), "action_details->>'agent_id' = $3");
    }

    #[test]
    fn a_list_goes_into_a_list() {
        let list = serde_json::json!(["/etc/hosts"]);
        assert_eq!(columns().text("resources_accessed", list), r#"["/etc/hosts"]"#);
        assert!(columns().cast("resources_accessed", 4).ends_with("($4::jsonb) item)::text[]"));
    }

    #[test]
    fn a_table_that_no_row_fits_is_refused_and_what_else_differs_is_told() {
        assert!(Columns::read("{}").unwrap_err().contains("no column id"));
        let text = r#"{"id": "text", "timestamp": "x", "action_details": "text"}"#;
        assert!(Columns::read(text).unwrap_err().contains("of type text, expected jsonb"));
        let notes = columns().notes(&["id", "session_id", "tokens_input", "cost_usd", "action_details"]);
        assert_eq!(notes.len(), 4, "{notes:?}");
        assert!(notes[2].contains("above 2147483647"), "{notes:?}");
    }
}
