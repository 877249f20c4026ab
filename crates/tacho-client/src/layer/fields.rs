//! The fields of one span or event.

use super::names::COLUMNS;
use crate::bounded;
use serde_json::{Map, Value};
use std::fmt::Debug;
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
        let column = COLUMNS.iter().find(|(name, _)| *name == field.name()).map(|(_, column)| *column);
        let (map, name) = match column {
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
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.set(field, bounded::shown(format_args!("{value:?}")).into());
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
