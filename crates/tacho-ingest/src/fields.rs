//! A JSON object as named raw members: a format takes what it knows, what is left is `extra`.

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;
use tacho_event::limits::{DEPTH_MAX, EVENT_BYTES_MAX, FIELDS_MAX};

/// The members of one object, values as their JSON text.
#[derive(Debug, Default)]
pub struct Fields<'a>(Vec<(Cow<'a, str>, &'a str)>);

/// Why a line was not recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("not valid JSON: {0}")]
    Json(String),
    #[error("the field \"{0}\" stands twice: which one is meant?")]
    Twice(String),
    #[error("{what} is {found}: expected at most {max}")]
    Limit { what: &'static str, found: usize, max: usize },
    #[error("\"{field}\" is {found}: expected {expected}")]
    Field { field: &'static str, found: String, expected: &'static str },
}

impl<'a> Fields<'a> {
    /// Reads one event's object within the limits.
    ///
    /// # Errors
    /// [`Refused`] says what, where and what was expected.
    pub fn event(text: &'a str) -> Result<Fields<'a>, Refused> {
        if text.len() > EVENT_BYTES_MAX {
            return Err(Refused::Limit {
                what: "the size of the event",
                found: text.len(),
                max: EVENT_BYTES_MAX,
            });
        }
        check_shape(text)?;
        Fields::object(text)
    }

    /// Reads a nested object.
    ///
    /// # Errors
    /// [`Refused`] when the text is no object or a member stands twice.
    pub fn object(text: &'a str) -> Result<Fields<'a>, Refused> {
        let fields: Fields<'a> = serde_json::from_str(text).map_err(|e| Refused::Json(e.to_string()))?;
        for (i, (name, _)) in fields.0.iter().enumerate() {
            if fields.0[..i].iter().any(|(earlier, _)| earlier == name) {
                return Err(Refused::Twice(name.chars().take(60).collect()));
            }
        }
        Ok(fields)
    }

    /// Takes a member's JSON text; `null` counts as absent.
    pub fn raw(&mut self, name: &str) -> Option<&'a str> {
        let at = self.0.iter().position(|(n, value)| n == name && *value != "null")?;
        Some(self.0.remove(at).1)
    }

    /// Takes a member that is a string.
    pub fn text(&mut self, name: &str) -> Option<Cow<'a, str>> {
        let at = self.0.iter().position(|(n, value)| n == name && value.starts_with('"'))?;
        unquote(self.0.remove(at).1)
    }

    /// Takes a member that is an integer.
    pub fn int(&mut self, name: &str) -> Option<i64> {
        let at = self.0.iter().position(|(n, _)| n == name)?;
        let value =
            self.0[at].1.parse().ok().filter(|v: &i64| v.abs() <= tacho_event::limits::INTEGER_MAX)?;
        self.0.remove(at);
        Some(value)
    }

    /// Takes a member that is true or false.
    pub fn flag(&mut self, name: &str) -> Option<bool> {
        let at = self.0.iter().position(|(n, _)| n == name)?;
        let value = self.0[at].1.parse().ok()?;
        self.0.remove(at);
        Some(value)
    }

    /// Takes a member that is a nested object.
    pub fn nested(&mut self, name: &str) -> Option<Fields<'a>> {
        let at = self.0.iter().position(|(n, value)| n == name && value.starts_with('{'))?;
        let fields = Fields::object(self.0[at].1).ok()?;
        self.0.remove(at);
        Some(fields)
    }

    /// What is left, under an optional prefix, in the sender's order.
    pub fn rest(self, prefix: &str) -> impl Iterator<Item = (Cow<'a, str>, Cow<'a, str>)> {
        self.0.into_iter().map(move |(name, value)| {
            let name = if prefix.is_empty() { name } else { Cow::Owned(format!("{prefix}.{name}")) };
            (name, Cow::Borrowed(value))
        })
    }
}

/// The text of a JSON string.
fn unquote(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    if inner.contains('\\') {
        serde_json::from_str(raw).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inner))
    }
}

/// Counts depth and members before anything recurses into the text.
fn check_shape(text: &str) -> Result<(), Refused> {
    let (mut depth, mut fields, mut in_string, mut escaped) = (0usize, 0usize, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b':' => fields += 1,
            _ => {}
        }
        if depth > DEPTH_MAX {
            return Err(Refused::Limit { what: "the nesting", found: depth, max: DEPTH_MAX });
        }
        if fields > FIELDS_MAX {
            return Err(Refused::Limit { what: "the number of fields", found: fields, max: FIELDS_MAX });
        }
    }
    Ok(())
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
        let mut fields = Vec::with_capacity(map.size_hint().unwrap_or(8));
        while let Some((name, value)) = map.next_entry::<Name<'de>, &'de RawValue>()? {
            fields.push((name.0, value.get()));
        }
        Ok(Fields(fields))
    }
}

/// A member name, borrowed when it has no escapes.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_taken_is_left_as_it_stands() {
        let mut fields = Fields::event(r#"{"a":"x","n":12,"o":{"p":1.50},"z":null}"#).unwrap();
        assert_eq!(fields.text("a").as_deref(), Some("x"));
        assert_eq!(fields.int("n"), Some(12));
        assert_eq!(fields.text("o"), None);
        let rest: Vec<_> = fields.rest("").map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(rest, [r#"o={"p":1.50}"#, "z=null"]);
    }

    #[test]
    fn bad_objects_say_why() {
        assert!(matches!(Fields::event("{"), Err(Refused::Json(_))));
        assert!(matches!(Fields::event("[1]"), Err(Refused::Json(_))));
        assert_eq!(Fields::event(r#"{"a":1,"a":2}"#).err(), Some(Refused::Twice("a".into())));
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(100), "]".repeat(100));
        assert!(matches!(Fields::event(&deep), Err(Refused::Limit { what: "the nesting", .. })));
        let wide = format!("{{{}\"z\":1}}", (0..5000).map(|n| format!("\"k{n}\":1,")).collect::<String>());
        assert!(matches!(Fields::event(&wide), Err(Refused::Limit { what: "the number of fields", .. })));
    }
}
