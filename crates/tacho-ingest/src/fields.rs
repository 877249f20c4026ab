//! A JSON object as named raw members: a format lifts what it knows, what is left is `extra`.
//!
//! Invariants
//! - A value is the sender's own text; nothing but the members of objects is parsed before a format asks for it.
//! - Limits are checked before anything is taken out.

use crate::members::{IntoMembers, Member, Members, opened};
use crate::scan::{self, Scanned};
use serde_json::value::RawValue;
use std::borrow::Cow;
use tacho_event::limits::{DEPTH_MAX, EVENT_BYTES_MAX, FIELDS_MAX};
use tacho_event::strings::special;

/// The members of one object, values as their JSON text, in the sender's order. Behind each object stand its own
/// members, so that nobody reads them a second time.
#[derive(Debug, Default, Clone)]
pub struct Fields<'a>(pub(crate) Vec<Member<'a>>);

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
        let fits = |read: &Scanned<'_>| read.depth <= DEPTH_MAX && read.fields <= fields_max;
        let read = Some(text).filter(|text| text.len() <= bytes_max).and_then(scan::object);
        match read.filter(fits) {
            Some(read) => Fields(read.members).once(),
            None => {
                check_shape(text, bytes_max, fields_max)?;
                Err(Refused::Json(scan::why_not(text)))
            }
        }
    }

    /// Reads a nested object.
    ///
    /// # Errors
    /// [`Refused`] when the text is no object or a member stands twice.
    pub fn object(text: &'a str) -> Result<Fields<'a>, Refused> {
        Fields::verbatim(text)?.once()
    }

    /// Reads an object in which a member may stand twice.
    ///
    /// # Errors
    /// [`Refused::Json`] when the text is no object.
    pub(crate) fn verbatim(text: &'a str) -> Result<Fields<'a>, Refused> {
        scan::object(text).map(|read| Fields(read.members)).ok_or_else(|| Refused::Json(scan::why_not(text)))
    }

    /// Members that were read from something else than JSON. A name may stand twice.
    pub(crate) fn of(members: impl Iterator<Item = (Cow<'a, str>, &'a str)>) -> Fields<'a> {
        Fields(members.map(|(name, raw)| Member { name, raw, inside: 0 }).collect())
    }

    fn once(self) -> Result<Fields<'a>, Refused> {
        self.members().once()?;
        Ok(self)
    }

    /// The members, left in place.
    pub(crate) fn members(&self) -> Members<'_, 'a> {
        Members(&self.0)
    }

    /// Names in the sender's order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.members().names()
    }

    /// A member's JSON text.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.members().find(|(member, _)| member.name == name).map(|(member, _)| member.raw)
    }

    /// A member that is a string, read and left in place.
    pub fn get_text(&self, name: &str) -> Option<Cow<'a, str>> {
        unquote(self.get(name)?)
    }

    /// Takes a member's JSON text; `null` counts as absent and stays.
    pub fn take(&mut self, name: &str) -> Option<&'a str> {
        let at = self.find(name, |raw| raw != "null")?;
        self.remove(at).next().map(|member| member.raw)
    }

    /// Takes a member that is an object.
    ///
    /// # Errors
    /// [`Refused::Twice`] when a member of the object stands twice.
    pub fn take_object(&mut self, name: &str) -> Result<Option<Fields<'a>>, Refused> {
        let Some(at) = self.find(name, |raw| raw.starts_with('{')) else {
            return Ok(None);
        };
        let inside = Members(&self.0[at + 1..=at + self.0[at].inside]);
        let fields = Fields(opened((&self.0[at], inside))?.into_owned());
        self.remove(at);
        Ok(Some(fields))
    }

    /// Takes a member that is an array of objects only, and says how they read.
    ///
    /// # Errors
    /// [`Refused::Twice`] when a member of one of the objects stands twice.
    pub fn take_objects(&mut self, name: &str) -> Result<Option<Vec<Fields<'a>>>, Refused> {
        let Some(at) = self.find(name, |raw| raw.starts_with('[')) else {
            return Ok(None);
        };
        let items: Vec<&'a RawValue> =
            serde_json::from_str(self.0[at].raw).map_err(|e| Refused::Json(e.to_string()))?;
        if items.is_empty() || !items.iter().all(|item| item.get().starts_with('{')) {
            return Ok(None);
        }
        let objects = items.iter().map(|item| Fields::object(item.get())).collect::<Result<_, _>>()?;
        self.remove(at);
        Ok(Some(objects))
    }

    /// Where the first member of that name with such a value stands.
    fn find(&self, name: &str, is_such: impl Fn(&str) -> bool) -> Option<usize> {
        let mut at = 0;
        while let Some(member) = self.0.get(at) {
            if member.name == name && is_such(member.raw) {
                return Some(at);
            }
            at += 1 + member.inside;
        }
        None
    }

    /// Takes a member out, and those inside of it.
    fn remove(&mut self, at: usize) -> std::vec::Drain<'_, Member<'a>> {
        self.0.drain(at..=at + self.0[at].inside)
    }

    /// Gives a member another name, unless the new name is in use.
    pub fn rename(&mut self, from: &str, to: &'static str) {
        if self.get(to).is_none()
            && let Some(at) = self.find(from, |_| true)
        {
            self.0[at].name = Cow::Borrowed(to);
        }
    }

    /// Gives the first member of a name another one, and puts it before all others.
    pub(crate) fn lead(&mut self, from: &str, to: &'static str) {
        if let Some(at) = self.find(from, |_| true) {
            let end = at + 1 + self.0[at].inside;
            self.0[at].name = Cow::Borrowed(to);
            self.0[..end].rotate_right(end - at);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> IntoIterator for Fields<'a> {
    type Item = (Cow<'a, str>, &'a str);
    type IntoIter = IntoMembers<'a>;

    fn into_iter(self) -> IntoMembers<'a> {
        IntoMembers(self.0.into_iter())
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
    while at < bytes.len() {
        at = special(bytes, at) + 1;
        match bytes.get(at - 1) {
            Some(b'"') => return at,
            Some(b'\\') => at += 1, // whatever is escaped
            _ => {}
        }
    }
    bytes.len()
}

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
