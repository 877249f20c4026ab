//! A JSON object as named raw members: a format lifts what it knows, what is left is `extra`.
//!
//! Invariants
//! - A value is the sender's own text; nothing is parsed before a format asks for it.
//! - Limits are checked before anything recurses into the text.

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;
use tacho_event::limits::{DEPTH_MAX, EVENT_BYTES_MAX, FIELDS_MAX};

/// Up to so many members, looking at every pair is cheaper than hashing names.
const PAIRS_MAX: usize = 24;

/// The members of one object, values as their JSON text, in the sender's order.
#[derive(Debug, Default, Clone)]
pub struct Fields<'a>(Vec<(Cow<'a, str>, &'a str)>);

/// Why a line was not recorded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("not valid JSON: {0}")]
    Json(String),
    #[error("not valid UTF-8 at byte {0}")]
    Utf8(usize),
    #[error("the field \"{0}\" stands twice: which one is meant?")]
    Twice(String),
    #[error("{what} is {found}: expected at most {max}")]
    Limit { what: &'static str, found: usize, max: usize },
    #[error("\"{field}\" is {found}: expected {expected}")]
    Field { field: &'static str, found: String, expected: &'static str },
    #[error(
        "the user is new, and this credential has brought {max} new users today: send it again tomorrow, or have \
         the limit new_users_per_day raised"
    )]
    NewUser { max: u32 },
}

impl<'a> Fields<'a> {
    /// Reads one event's object within the limits.
    ///
    /// # Errors
    /// [`Refused`] says what, where and what was expected.
    pub fn event(text: &'a str) -> Result<Fields<'a>, Refused> {
        Fields::within(text, EVENT_BYTES_MAX, FIELDS_MAX)
    }

    /// Reads the object of a line that may have so many bytes and members.
    ///
    /// # Errors
    /// As [`Fields::event`].
    pub(crate) fn within(text: &'a str, bytes_max: usize, fields_max: usize) -> Result<Fields<'a>, Refused> {
        check_shape(text, bytes_max, fields_max)?;
        Fields::object(text)
    }

    /// Reads a nested object.
    ///
    /// # Errors
    /// [`Refused`] when the text is no object or a member stands twice.
    pub fn object(text: &'a str) -> Result<Fields<'a>, Refused> {
        let fields: Fields<'a> = serde_json::from_str(text).map_err(|e| Refused::Json(e.to_string()))?;
        match fields.twice() {
            Some(name) => Err(Refused::Twice(name.chars().take(60).collect())),
            None => Ok(fields),
        }
    }

    /// Members that were read from something else than JSON. A name may stand twice.
    pub(crate) fn of(members: impl Iterator<Item = (Cow<'a, str>, &'a str)>) -> Fields<'a> {
        Fields(members.collect())
    }

    fn twice(&self) -> Option<&str> {
        if self.0.len() > PAIRS_MAX {
            let mut seen = HashSet::with_capacity(self.0.len());
            return self.names().find(|name| !seen.insert(*name));
        }
        let pairs = self.0.iter().enumerate();
        pairs.map(|(i, (name, _))| (i, name)).find_map(|(i, name)| {
            self.0[..i].iter().any(|(earlier, _)| earlier == name).then_some(name.as_ref())
        })
    }

    /// Names in the sender's order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_ref())
    }

    /// A member's JSON text.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, value)| *value)
    }

    /// A member that is a string, read and left in place.
    pub fn get_text(&self, name: &str) -> Option<Cow<'a, str>> {
        unquote(self.get(name)?)
    }

    /// Takes a member's JSON text; `null` counts as absent and stays.
    pub fn take(&mut self, name: &str) -> Option<&'a str> {
        let at = self.0.iter().position(|(n, value)| n == name && *value != "null")?;
        Some(self.0.remove(at).1)
    }

    /// Takes a member that is an object.
    ///
    /// # Errors
    /// [`Refused::Twice`] when a member of the object stands twice.
    pub fn take_object(&mut self, name: &str) -> Result<Option<Fields<'a>>, Refused> {
        let Some(at) = self.0.iter().position(|(n, value)| n == name && value.starts_with('{')) else {
            return Ok(None);
        };
        let fields = Fields::object(self.0[at].1)?;
        self.0.remove(at);
        Ok(Some(fields))
    }

    /// Takes a member that is an array of objects only, and says how they read.
    ///
    /// # Errors
    /// [`Refused::Twice`] when a member of one of the objects stands twice.
    pub fn take_objects(&mut self, name: &str) -> Result<Option<Vec<Fields<'a>>>, Refused> {
        let Some(at) = self.0.iter().position(|(n, value)| n == name && value.starts_with('[')) else {
            return Ok(None);
        };
        let items: Vec<&'a RawValue> =
            serde_json::from_str(self.0[at].1).map_err(|e| Refused::Json(e.to_string()))?;
        if items.is_empty() || !items.iter().all(|item| item.get().starts_with('{')) {
            return Ok(None);
        }
        let objects = items.iter().map(|item| Fields::object(item.get())).collect::<Result<_, _>>()?;
        self.0.remove(at);
        Ok(Some(objects))
    }

    /// Gives a member another name, unless the new name is in use.
    pub fn rename(&mut self, from: &str, to: &'static str) {
        if self.get(to).is_none()
            && let Some((name, _)) = self.0.iter_mut().find(|(name, _)| name == from)
        {
            *name = Cow::Borrowed(to);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> IntoIterator for Fields<'a> {
    type Item = (Cow<'a, str>, &'a str);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// The text of a JSON string; `None` for any other value.
pub(crate) fn unquote(raw: &str) -> Option<Cow<'_, str>> {
    let inner = raw.strip_prefix('"')?.strip_suffix('"')?;
    if memchr::memchr(b'\\', inner.as_bytes()).is_some() {
        serde_json::from_str(raw).ok().map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inner))
    }
}

/// A text as JSON.
pub(crate) fn quote(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len() + 2);
    tacho_event::entry::push_string(text, &mut out);
    String::from_utf8(out).expect("escaping keeps UTF-8")
}

/// Whether a text is itself an object or array that may stand in an event as it is.
pub(crate) fn holds_json(text: &str) -> bool {
    text.starts_with(['{', '['])
        && check_shape(text, EVENT_BYTES_MAX, FIELDS_MAX).is_ok()
        && serde_json::from_str::<&RawValue>(text).is_ok()
}

/// Counts size, depth and members.
fn check_shape(text: &str, bytes_max: usize, fields_max: usize) -> Result<(), Refused> {
    let limit = |what, found, max| Err(Refused::Limit { what, found, max });
    if text.len() > bytes_max {
        return limit("the size of the event", text.len(), bytes_max);
    }
    let (mut depth, mut fields, mut at) = (0usize, 0usize, 0);
    let bytes = text.as_bytes();
    while let Some(byte) = bytes.get(at) {
        at += 1;
        match byte {
            b'"' => at = string_end(bytes, at),
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            b':' => fields += 1,
            _ => {}
        }
        if depth > DEPTH_MAX {
            return limit("the nesting", depth, DEPTH_MAX);
        }
    }
    if fields > fields_max { limit("the number of fields", fields, fields_max) } else { Ok(()) }
}

/// Where a string that starts before `at` has ended: behind its closing quote, or at the end of the text.
pub(crate) fn string_end(bytes: &[u8], mut at: usize) -> usize {
    while let Some(found) = memchr::memchr2(b'"', b'\\', &bytes[at..]) {
        at += found + 1;
        if bytes[at - 1] == b'"' {
            return at;
        }
        at += 1; // whatever is escaped
        if at >= bytes.len() {
            break;
        }
    }
    bytes.len()
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
        let mut fields = Vec::with_capacity(map.size_hint().unwrap_or(12));
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
        let mut fields = Fields::event(r#"{"a":"x","o":{"p":1.50},"l":[{"q":1},{}],"z":null}"#).unwrap();
        assert_eq!(fields.take("a"), Some("\"x\""));
        assert_eq!(fields.take("z"), None);
        assert_eq!(fields.take_objects("l").unwrap().unwrap().len(), 2);
        assert!(fields.take_objects("o").unwrap().is_none() && fields.take_object("z").unwrap().is_none());
        fields.rename("o", "z");
        fields.rename("o", "object");
        let rest: Vec<_> = fields.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(rest, [r#"object={"p":1.50}"#, "z=null"]);
    }

    #[test]
    fn bad_objects_say_why() {
        assert!(matches!(Fields::event("{"), Err(Refused::Json(_))));
        assert!(matches!(Fields::event("[1]"), Err(Refused::Json(_))));
        assert_eq!(Fields::event(r#"{"a":1,"a":2}"#).err(), Some(Refused::Twice("a".into())));
        let many: String = (0..100).map(|n| format!("\"k{n}\":1,")).collect();
        let twice = format!("{{{many}\"k7\":1}}");
        assert_eq!(Fields::event(&twice).err(), Some(Refused::Twice("k7".into())));
        let deep = format!("{{\"a\":{}1{}}}", "[".repeat(100), "]".repeat(100));
        assert!(matches!(Fields::event(&deep), Err(Refused::Limit { what: "the nesting", .. })));
        let wide = format!("{{{}\"z\":1}}", (0..5000).map(|n| format!("\"k{n}\":1,")).collect::<String>());
        assert!(matches!(Fields::event(&wide), Err(Refused::Limit { what: "the number of fields", .. })));
    }

    #[test]
    fn strings_end_where_they_end() {
        for (text, end) in
            [(r#"a" b"#, 2), (r#"a\" b"c"#, 6), (r#"\\" b"#, 3), ("open", 4), ("a\\", 2), ("", 0)]
        {
            assert_eq!(string_end(text.as_bytes(), 0), end, "{text}");
        }
    }
}
