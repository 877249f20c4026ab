//! The fields of one span or event.

use super::names::COLUMNS;
use crate::bounded;
use serde_json::{Map, Value};
use std::fmt::Debug;
use tacho_event::words::Outcome;
use tracing::field::{Field, Visit};

/// Fields of one span or event; what is beyond is counted.
const FIELDS_MAX: usize = 128;

#[derive(Default)]
pub(super) struct Fields {
    pub(super) columns: Map<String, Value>,
    pub(super) attributes: Map<String, Value>,
    pub(super) left_out: u64,
}

impl Fields {
    fn set(&mut self, field: &Field, value: Value) {
        let column = column(field);
        if let Some(column @ ("outcome_error" | "error_type" | "exit_code")) = column {
            // The last word counts: what was told before holds no longer.
            self.columns.remove(column);
            self.attributes.remove(field.name());
            if value.is_null() {
                return;
            }
        }
        let (map, name) = match column {
            // Whether there was an error is no text of one.
            Some("outcome_error") if value.is_boolean() => (&mut self.attributes, field.name()),
            Some(column) => (&mut self.columns, column),
            None => (&mut self.attributes, field.name()),
        };
        if map.len() >= FIELDS_MAX && !map.contains_key(name) {
            self.left_out += 1;
            return;
        }
        map.insert(name.to_owned(), value);
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.columns.get(name).and_then(Value::as_str)
    }

    /// Sets a member that no field has set.
    pub(super) fn or_set(&mut self, column: &str, value: Value) {
        self.columns.entry(column).or_insert(value);
    }

    /// Whether its status is a word for success.
    pub(super) fn succeeded(&self) -> bool {
        self.text("outcome_status").and_then(Outcome::understand) == Some(Outcome::Success)
    }

    /// Whether it failed, by its fields. They may also say nothing of it.
    pub(super) fn failed(&self) -> Option<bool> {
        let code = self.attributes.get("otel.status_code").and_then(Value::as_str).unwrap_or_default();
        if code.eq_ignore_ascii_case("ok") {
            return Some(false);
        }
        let failed = code.eq_ignore_ascii_case("error")
            || ["outcome_error", "error_type"].iter().any(|name| self.columns.contains_key(*name))
            || ["error", "err"].iter().any(|name| self.attributes.get(*name) == Some(&Value::Bool(true)))
            || self.columns.get("exit_code").is_some_and(is_nonzero);
        failed.then_some(true)
    }

    /// What an event says of an error.
    pub(super) fn error(&self) -> Option<&Value> {
        self.columns.get("outcome_error").or_else(|| self.columns.get("message"))
    }
}

/// The event's member that a field is, if it has one.
fn column(field: &Field) -> Option<&'static str> {
    COLUMNS.iter().find(|(name, _)| *name == field.name()).map(|(_, column)| *column)
}

/// What `?` shows of an `Option` or a `bool`, as the value that it is.
fn unwrapped(shown: &str) -> Value {
    let inside = shown.strip_prefix("Some(").and_then(|rest| rest.strip_suffix(')')).unwrap_or(shown);
    match inside {
        "None" => Value::Null,
        "true" => true.into(),
        "false" => false.into(),
        _ => inside.into(),
    }
}

/// An exit code other than zero. With `?` or `%` it comes as text.
fn is_nonzero(code: &Value) -> bool {
    match code {
        Value::Number(code) => !code.is_f64() && code.as_i64() != Some(0),
        Value::String(code) => code.parse::<i64>().is_ok_and(|code| code != 0),
        _ => false,
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let shown = bounded::shown(format_args!("{value:?}"));
        let value = match column(field) {
            Some("outcome_error" | "error_type" | "exit_code") => unwrapped(&shown),
            _ => shown.into(),
        };
        self.set(field, value);
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.set(field, bounded::short(value).into());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.set(field, value.into());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.set(field, value.into());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.set(field, value.into());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.set(field, value.into());
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.set(field, bounded::shown(format_args!("{value}")).into());
    }
}
