//! What conditions read: an event with its computed columns, a list of values, a group with its baselines.

use crate::compile::{Step, field_of};
use crate::json;
use crate::row::Row;
use crate::term::Source;
use crate::value::Value;
use std::borrow::Cow;
use tacho_pipe::plan::Want;

/// An event, and the columns computed from it.
pub(crate) struct OfRow<'a> {
    pub(crate) row: &'a dyn Row,
    pub(crate) base: usize,
    pub(crate) computed: Vec<Value<'static>>,
}

impl Source for OfRow<'_> {
    fn column(&self, at: usize) -> Value<'_> {
        match at.checked_sub(self.base) {
            None => self.row.value(field_of(at)),
            Some(at) => borrowed(&self.computed[at]),
        }
    }

    fn member(&self, column: usize, path: &[String], want: Want) -> Value<'_> {
        match self.row.value(field_of(column)) {
            Value::Text(Cow::Borrowed(text)) => json::member(text, path, want),
            Value::Text(Cow::Owned(text)) => json::member(&text, path, want).owned(),
            _ => Value::Null,
        }
    }

    fn baseline(&self, _: usize) -> Value<'_> {
        Value::Null
    }
}

/// Values in a list: an open thing, or a group.
pub(crate) struct OfList<'a> {
    pub(crate) values: &'a [Value<'a>],
    pub(crate) baselines: &'a [Value<'static>],
}

impl Source for OfList<'_> {
    fn column(&self, at: usize) -> Value<'_> {
        borrowed(&self.values[at])
    }

    fn member(&self, column: usize, path: &[String], want: Want) -> Value<'_> {
        self.values[column].as_text().map_or(Value::Null, |text| json::member(text, path, want))
    }

    fn baseline(&self, at: usize) -> Value<'_> {
        borrowed(&self.baselines[at])
    }
}

pub(crate) fn borrowed<'a>(value: &'a Value<'_>) -> Value<'a> {
    match value {
        Value::Text(text) => Value::Text(Cow::Borrowed(text)),
        other => other.clone(),
    }
}

/// Whether an event passes, with the columns that it gets on the way.
pub(crate) fn passes<'a>(steps: &[Step], base: usize, row: &'a dyn Row) -> Option<OfRow<'a>> {
    let mut source = OfRow { row, base, computed: Vec::new() };
    for step in steps {
        match step {
            Step::Filter(term) if !term.holds(&source) => return None,
            Step::Filter(_) => {}
            Step::Eval(terms) => {
                for term in terms {
                    let value = term.value(&source).owned();
                    source.computed.push(value);
                }
            }
        }
    }
    Some(source)
}

/// The same for a list of values, which grows by what is computed.
pub(crate) fn holds(steps: &[Step], values: &mut Vec<Value<'_>>, baselines: &[Value<'static>]) -> bool {
    for step in steps {
        match step {
            Step::Filter(term) => {
                if !term.holds(&OfList { values, baselines }) {
                    return false;
                }
            }
            Step::Eval(terms) => {
                for term in terms {
                    let value = term.value(&OfList { values, baselines }).owned();
                    values.push(value);
                }
            }
        }
    }
    true
}
