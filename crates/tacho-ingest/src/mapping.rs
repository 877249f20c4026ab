//! What a request's parameters say about each of its objects, as VictoriaLogs' clients name it: which members hold
//! time and message, which fields to add and which to drop. The object is rewritten before its format is told.
//!
//! A name is a member's own, or its path with dots: `log.message` is a member of that name, else the member
//! `message` of the object `log`. A member that moves or is dropped leaves its neighbours as they are.
//!
//! Invariant: without parameters the text stays as it came, and what they do not name stays in the sender's order.

use crate::fields::{Fields, Refused, quote};
use crate::read::moment;
use std::borrow::Cow;

/// One parameter may name so many fields.
pub const NAMES_MAX: usize = 32;

/// Time and message may be looked for under so many names.
pub const PLACES_MAX: usize = 8;

/// A name may lead through so many objects: each of them is read for it.
pub const DOTS_MAX: usize = 8;

/// A parameter may be so long, bytes.
pub const PARAMETER_BYTES_MAX: usize = 4096;

/// The parameters as they were sent. Names are separated by commas.
#[derive(Debug, Clone, Copy, Default)]
pub struct Parameters<'p> {
    /// Members that may hold the time: the first that is there counts.
    pub time_field: Option<&'p str>,
    /// Members that may hold the message: the first that is there counts.
    pub msg_field: Option<&'p str>,
    /// `name=value`: fields of every object, in place of its own of that name.
    pub extra_fields: Option<&'p str>,
    /// Fields that are dropped; a `*` at the end stands for anything.
    pub ignore_fields: Option<&'p str>,
}

/// Parameters that can't be meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    #[error("{0} is {1} bytes long: expected at most {PARAMETER_BYTES_MAX}")]
    Long(&'static str, usize),
    #[error("{0} names {1} fields: expected at most {2}")]
    Many(&'static str, usize, usize),
    #[error("a name in {0} has {1} dots: expected at most {DOTS_MAX}")]
    Deep(&'static str, usize),
    #[error("\"{0}\" in extra_fields is no field: expected name=value")]
    Value(String),
    #[error("extra_fields names \"{0}\" twice: which value is meant?")]
    Twice(String),
}

/// The parameters, read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapping {
    time: Vec<String>,
    message: Vec<String>,
    /// Name and JSON text.
    extra: Vec<(String, String)>,
    ignored: Vec<Pattern>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    start: String,
    /// Whether anything may follow.
    open: bool,
}

/// A member that is to stand elsewhere: its path, and its text.
type Moved<'f> = (&'f str, &'f str);

impl Mapping {
    /// Reads the parameters.
    ///
    /// # Errors
    /// [`MappingError`] when they are too many or too long, or an extra field has no name.
    pub fn new(parameters: &Parameters<'_>) -> Result<Mapping, MappingError> {
        let mut extra: Vec<(String, String)> = Vec::new();
        for field in names("extra_fields", parameters.extra_fields, NAMES_MAX)? {
            let read = field.split_once('=').map(|(name, value)| (name.trim(), value));
            let Some((name, value)) = read.filter(|(name, _)| !name.is_empty()) else {
                return Err(MappingError::Value(field.chars().take(60).collect()));
            };
            if extra.iter().any(|(earlier, _)| earlier == name) {
                return Err(MappingError::Twice(name.chars().take(60).collect()));
            }
            extra.push((name.to_string(), quote(value)));
        }
        let pattern = |name: String| match name.strip_suffix('*') {
            Some(start) => Pattern { start: start.to_string(), open: true },
            None => Pattern { start: name, open: false },
        };
        Ok(Mapping {
            time: names("_time_field", parameters.time_field, PLACES_MAX)?,
            message: names("_msg_field", parameters.msg_field, PLACES_MAX)?,
            extra,
            ignored: names("ignore_fields", parameters.ignore_fields, NAMES_MAX)?
                .into_iter()
                .map(pattern)
                .collect(),
        })
    }

    /// Whether all that it does is to give members of the object itself another name: then [`Mapping::rename`] does it
    /// to what was read, and nothing is written anew.
    pub(crate) fn only_renames(&self) -> bool {
        let is_own = |name: &String| !name.contains('.') && !name.is_empty();
        let is_apart = |name: &String| !self.message.contains(name);
        self.extra.is_empty()
            && self.ignored.is_empty()
            && self.time.iter().chain(&self.message).all(is_own)
            && self.time.iter().all(is_apart)
    }

    /// Does to an object that was read what [`Mapping::apply`] does to its text, where [`Mapping::only_renames`].
    pub(crate) fn rename(&self, fields: &mut Fields<'_>) {
        let [time, message] = self.moved(fields).map(|found| found.map(|(name, _)| name));
        for (to, name) in [("_msg", message), ("_time", time)] {
            if let Some(name) = name {
                fields.lead(name, to);
            }
        }
    }

    /// An object's text under the mapping. What is no object stays as it is.
    ///
    /// # Errors
    /// [`Refused`] when it is no object within the limits.
    pub(crate) fn apply<'a>(&self, text: &'a str) -> Result<Cow<'a, str>, Refused> {
        if *self == Mapping::default() || !text.starts_with('{') {
            return Ok(Cow::Borrowed(text));
        }
        let fields = Fields::event(text)?;
        let [time, message] = self.moved(&fields);
        let moved = [("_time", time), ("_msg", message)];
        let moved = moved.into_iter().filter_map(|(to, found)| Some((to, found?)));
        let moved: Vec<(&str, (&str, &str))> = moved.collect();
        let mut writing = Writing {
            mapping: self,
            taken: moved.iter().map(|(_, found)| *found).collect(),
            out: String::with_capacity(text.len() + 64),
        };
        writing.out.push('{');
        for (name, raw) in &self.extra {
            writing.member(name, raw);
        }
        for (to, (_, raw)) in moved {
            writing.member(to, raw);
        }
        writing.rest(fields, "");
        writing.out.push('}');
        Ok(Cow::Owned(writing.out))
    }

    /// Which members are to hold time and message.
    fn moved<'f>(&'f self, fields: &Fields<'f>) -> [Option<Moved<'f>>; 2] {
        let time = self.chosen(fields, "_time", &self.time);
        let time = time.filter(|(_, raw)| moment(raw).is_some() && !is_now(raw));
        [time, self.chosen(fields, "_msg", &self.message)]
    }

    /// The first of the names that is there, and its value. None when the place has a value already.
    fn chosen<'f>(&'f self, fields: &Fields<'f>, to: &str, names: &'f [String]) -> Option<Moved<'f>> {
        if self.extra.iter().any(|(name, _)| name == to) {
            return None;
        }
        let is_there = |name: &'f String| {
            let raw = find(fields, name).filter(|raw| !matches!(*raw, "null" | "\"\""))?;
            (!self.ignores(name)).then_some((name.as_str(), raw))
        };
        let found = names.iter().find_map(is_there)?;
        (found.0 == to || fields.get(to).is_none()).then_some(found)
    }

    fn ignores(&self, path: &str) -> bool {
        self.ignored.iter().any(|pattern| match pattern.open {
            true => path.starts_with(&pattern.start),
            false => path == pattern.start,
        })
    }
}

/// Names between commas.
fn names(what: &'static str, parameter: Option<&str>, max: usize) -> Result<Vec<String>, MappingError> {
    let text = parameter.unwrap_or_default();
    if text.len() > PARAMETER_BYTES_MAX {
        return Err(MappingError::Long(what, text.len()));
    }
    let names: Vec<String> =
        text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_string).collect();
    let dots = |name: &String| name.split('=').next().unwrap_or_default().matches('.').count();
    match names.iter().map(dots).max().unwrap_or(0) {
        _ if names.len() > max => Err(MappingError::Many(what, names.len(), max)),
        dots if dots > DOTS_MAX => Err(MappingError::Deep(what, dots)),
        _ => Ok(names),
    }
}

/// The member of that name, else the one that its dots lead to.
fn find<'a>(fields: &Fields<'a>, path: &str) -> Option<&'a str> {
    if let Some(raw) = fields.get(path) {
        return Some(raw);
    }
    path.match_indices('.').find_map(|(dot, _)| {
        let inside = fields.get(&path[..dot]).filter(|raw| raw.starts_with('{'))?;
        find(&Fields::object(inside).ok()?, &path[dot + 1..])
    })
}

/// Zero, which is how a sender asks for the time of arrival.
pub(crate) fn is_now(raw: &str) -> bool {
    matches!(raw, "0" | "\"0\"")
}

struct Writing<'m> {
    mapping: &'m Mapping,
    /// Members that stand elsewhere now: their path, and the very text.
    taken: Vec<(&'m str, &'m str)>,
    out: String,
}

impl Writing<'_> {
    fn member(&mut self, name: &str, raw: &str) {
        if !self.out.ends_with('{') {
            self.out.push(',');
        }
        self.out.push_str(&quote(name));
        self.out.push(':');
        self.out.push_str(raw);
    }

    /// The members that are left, at a path that ends with a dot or is empty.
    fn rest(&mut self, fields: Fields<'_>, above: &str) {
        for (name, raw) in fields {
            let path = format!("{above}{name}");
            if self.is_gone(&path, raw) {
                continue;
            }
            let inside = format!("{path}.");
            let within = if raw.starts_with('{') && self.reaches_into(&inside) { Some(raw) } else { None };
            match within.and_then(|raw| Fields::object(raw).ok()) {
                Some(members) => {
                    self.member(&name, "{");
                    self.rest(members, &inside);
                    self.out.push('}');
                }
                None => self.member(&name, raw),
            }
        }
    }

    fn is_gone(&self, path: &str, raw: &str) -> bool {
        self.taken.iter().any(|(_, taken)| std::ptr::eq(*taken, raw))
            || self.mapping.extra.iter().any(|(name, _)| name == path)
            || self.mapping.ignores(path)
    }

    /// Whether anything below this path is gone.
    fn reaches_into(&self, inside: &str) -> bool {
        let taken = self.taken.iter().map(|(path, _)| *path);
        let extra = self.mapping.extra.iter().map(|(name, _)| name.as_str());
        let ignored = self.mapping.ignored.iter().map(|pattern| pattern.start.as_str());
        taken.chain(extra).chain(ignored).any(|name| name.starts_with(inside))
    }
}
