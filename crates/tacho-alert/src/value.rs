//! Values as conditions see them: absent, true or false, a number, a text.

use std::borrow::Cow;

/// A value, borrowed from an event where that is possible. Times are microseconds since 1970.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'a> {
    Null,
    Bool(bool),
    Number(f64),
    Text(Cow<'a, str>),
}

impl<'a> Value<'a> {
    pub fn text(value: Option<&'a str>) -> Value<'a> {
        value.map_or(Value::Null, |text| Value::Text(Cow::Borrowed(text)))
    }

    pub fn int(value: Option<i64>) -> Value<'a> {
        value.map_or(Value::Null, |number| Value::Number(number as f64))
    }

    pub fn number(value: Option<f64>) -> Value<'a> {
        value.filter(|number| number.is_finite()).map_or(Value::Null, Value::Number)
    }

    pub fn is_null(&self) -> bool {
        *self == Value::Null
    }

    pub fn as_number(&self) -> Option<f64> {
        match self {
            Value::Number(number) => Some(*number),
            Value::Bool(value) => Some(f64::from(u8::from(*value))),
            _ => None,
        }
    }

    pub fn as_text(&self) -> Option<&str> {
        match self {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn is_true(&self) -> bool {
        *self == Value::Bool(true)
    }

    pub fn owned(self) -> Value<'static> {
        match self {
            Value::Null => Value::Null,
            Value::Bool(value) => Value::Bool(value),
            Value::Number(number) => Value::Number(number),
            Value::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
        }
    }

    /// Appends bytes that are equal only for equal values.
    pub(crate) fn push_key(&self, out: &mut Vec<u8>) {
        match self {
            Value::Null => out.push(0),
            Value::Bool(value) => out.extend([1, u8::from(*value)]),
            Value::Number(number) => {
                out.push(2);
                out.extend(number.to_bits().to_le_bytes());
            }
            Value::Text(text) => {
                out.push(3);
                out.extend((text.len() as u32).to_le_bytes());
                out.extend(text.as_bytes());
            }
        }
    }
}

impl std::fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Value::Null => Ok(()),
            Value::Bool(value) => write!(f, "{value}"),
            // Six places, as sums are kept, and no more than are needed.
            Value::Number(number) => write!(f, "{}", (number * 1e6).round() / 1e6),
            Value::Text(text) => f.write_str(text),
        }
    }
}

impl serde::Serialize for Value<'_> {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Null => to.serialize_none(),
            Value::Bool(value) => to.serialize_bool(*value),
            Value::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => {
                to.serialize_i64(*number as i64)
            }
            Value::Number(number) => to.serialize_f64(*number),
            Value::Text(text) => to.serialize_str(text),
        }
    }
}
