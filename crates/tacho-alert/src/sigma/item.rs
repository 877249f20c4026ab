//! One item of a detection, `field|modifier|…: values`, as a condition.

use crate::sigma::build::{all, any, column, compare, exists, literal, lower, matches, not};
use crate::sigma::modifiers::Modifiers;
use crate::sigma::pattern::{Asked, Pattern, encoded};
use crate::sigma::taxonomy::{self, Place};
use crate::yaml::{Node, What};
use tacho_pipe::{Comparison, Expr, Kind, Literal, Matching};

/// Where it is and what is wrong.
pub(super) type Wrong = (usize, String);

/// Columns that a value without a field is looked for in.
const TEXTS: [&str; 7] = [
    "action_name",
    "action_details",
    "outcome_result",
    "outcome_error",
    "resources_accessed",
    "decision",
    "extra",
];
/// Columns of closed lists of words, which have one spelling: small letters, or capitals.
pub(super) const WORDS: [&str; 6] = ["action_type", "class", "known", "outcome_status", "phase", "retention"];
const CAPITALS: &str = "level";

/// The condition of one item; a field of no name stands for the whole event.
pub(super) fn condition(key: &str, line: usize, node: &Node) -> Result<Expr, Wrong> {
    let mut parts = key.split('|').map(str::trim);
    let field = parts.next().unwrap_or_default();
    let modifiers =
        Modifiers::read(&parts.collect::<Vec<_>>()).map_err(|why| (line, format!("{key}: {why}")))?;
    let places = match field {
        "" => TEXTS.iter().map(|name| taxonomy::place(name)).collect::<Result<Vec<_>, _>>(),
        field => taxonomy::place(field).map(|place| vec![place]),
    };
    let places = places.map_err(|why| (line, why))?;
    if matches!(node.what, What::Map(_)) {
        return Err((node.line, format!("{key}: found a map, expected a value or a list of values")));
    }
    if node.items().is_empty() {
        return Err((node.line, format!("{key}: the list is empty")));
    }
    let mut terms = Vec::new();
    for value in node.items() {
        let each = places
            .iter()
            .map(|place| Item { place, modifiers: &modifiers, whole: field.is_empty() }.one(value));
        let each = each.collect::<Result<Vec<_>, String>>();
        terms.push(any(each.map_err(|why| (value.line, format!("{key}: {why}")))?));
    }
    let joined = if modifiers.every { all(terms) } else { any(terms) };
    Ok(if modifiers.negated { not(joined) } else { joined })
}

/// One field with its modifiers.
struct Item<'a> {
    place: &'a Place,
    modifiers: &'a Modifiers,
    /// Looked for in the whole event: anywhere.
    whole: bool,
}

impl Item<'_> {
    fn one(&self, value: &Node) -> Result<Expr, String> {
        match self.modifiers.how {
            Some("exists") => match value.what {
                What::Bool(true) => Ok(exists(&self.place.parts())),
                What::Bool(false) => Ok(not(exists(&self.place.parts()))),
                _ => Err(format!("exists takes true or false, found {}", value.named())),
            },
            Some("re") => {
                let flags = &self.modifiers.flags;
                let flags = if flags.is_empty() { String::new() } else { format!("(?{flags})") };
                self.text(Matching::Regex, format!("{flags}{}", self.word(value)?))
            }
            Some("cidr") => self.text(Matching::Cidr, self.word(value)?),
            Some("fieldref") => self.other(&self.word(value)?),
            Some(how @ ("gt" | "gte" | "lt" | "lte")) => self.ordered(how, value),
            _ => self.equal(value),
        }
    }

    fn word(&self, value: &Node) -> Result<String, String> {
        value.text().ok_or_else(|| format!("expected a text, found {}", value.named()))
    }

    fn is_text(&self) -> bool {
        self.place.is_member() || matches!(self.place.kind, Kind::Text | Kind::Json)
    }

    fn text(&self, how: Matching, pattern: String) -> Result<Expr, String> {
        if !self.is_text() {
            return Err(format!("\"{}\" is no text", self.place.column));
        }
        Ok(matches(column(&self.place.parts()), how, pattern))
    }

    /// Two fields of one event, compared as texts are.
    fn other(&self, name: &str) -> Result<Expr, String> {
        let other = taxonomy::place(name)?;
        let (left, right) = (column(&self.place.parts()), column(&other.parts()));
        let text = |place: &Place| place.is_member() || matches!(place.kind, Kind::Text | Kind::Json);
        match (text(self.place), text(&other)) {
            (true, true) => Ok(compare(Comparison::Equal, lower(left), lower(right))),
            (false, false) => Ok(compare(Comparison::Equal, left, right)),
            _ => Err(format!("\"{}\" and \"{name}\" are of different kinds", self.place.column)),
        }
    }

    fn ordered(&self, how: &str, value: &Node) -> Result<Expr, String> {
        let how = match how {
            "gt" => Comparison::Greater,
            "gte" => Comparison::GreaterOrEqual,
            "lt" => Comparison::Less,
            _ => Comparison::LessOrEqual,
        };
        let right = match (self.place.kind, &value.what) {
            (Kind::Time, What::Text(text)) if !self.place.is_member() => Literal::Text(text.clone()),
            _ => self.number(value)?,
        };
        Ok(compare(how, column(&self.place.parts()), literal(right)))
    }

    fn number(&self, value: &Node) -> Result<Literal, String> {
        let fits = self.place.is_member() || matches!(self.place.kind, Kind::Number | Kind::Duration { .. });
        if !fits {
            return Err(format!("\"{}\" is no number", self.place.column));
        }
        let duration = matches!(self.place.kind, Kind::Duration { .. }) && !self.place.is_member();
        match &value.what {
            What::Number(number) => Ok(Literal::Number(*number)),
            What::Text(text) => match text.trim().parse::<f64>().ok().filter(|number| number.is_finite()) {
                Some(number) => Ok(Literal::Number(number)),
                None => match tacho_pipe::parse_us(text.trim()).filter(|_| duration) {
                    Some(us) => Ok(Literal::DurationUs(us)),
                    None => Err(format!("expected a number, found \"{text}\"")),
                },
            },
            _ => Err(format!("expected a number, found {}", value.named())),
        }
    }

    fn equal(&self, value: &Node) -> Result<Expr, String> {
        let parts = self.place.parts();
        let is = |right: Literal| compare(Comparison::Equal, column(&parts), literal(right));
        let kind = if self.place.is_member() { Kind::Json } else { self.place.kind };
        match (&value.what, kind) {
            (What::Null, _) => Ok(not(exists(&parts))),
            (What::Bool(value), Kind::Bool) => Ok(is(Literal::Bool(*value))),
            (What::Bool(value), Kind::Json) if self.place.is_member() => Ok(is(Literal::Bool(*value))),
            // Facts that are true or false are kept as one and zero.
            (What::Bool(value), Kind::Number) => Ok(is(Literal::Number(f64::from(u8::from(*value))))),
            (What::Number(number), Kind::Json) if self.place.is_member() && !self.is_pattern() => {
                Ok(is(Literal::Number(*number)))
            }
            (What::Text(text), Kind::Bool) => match text.to_ascii_lowercase().as_str() {
                "true" => Ok(is(Literal::Bool(true))),
                "false" => Ok(is(Literal::Bool(false))),
                _ => Err(format!("expected true or false, found \"{text}\"")),
            },
            (What::Text(text), Kind::Number | Kind::Duration { .. }) if text == "*" => Ok(exists(&parts)),
            (_, Kind::Number | Kind::Duration { .. }) if !self.is_pattern() => Ok(is(self.number(value)?)),
            (What::Text(text), Kind::Time) if !self.is_pattern() => Ok(is(Literal::Text(text.clone()))),
            (What::Text(_) | What::Number(_) | What::Bool(_), Kind::Text | Kind::Json) => self.texts(value),
            _ => Err(format!("\"{}\" can't hold {} that is asked so", self.place.column, value.named())),
        }
    }

    fn is_pattern(&self) -> bool {
        self.modifiers.how.is_some() || !self.modifiers.transforms.is_empty()
    }

    /// A text with wildcards, in each of the forms that the modifiers give it.
    fn texts(&self, value: &Node) -> Result<Expr, String> {
        let mut forms = vec![Pattern::read(&self.word(value)?)];
        let mut bytes: Option<Vec<Vec<u8>>> = None;
        for transform in &self.modifiers.transforms {
            if *transform == "windash" {
                let each = forms.iter().map(Pattern::windash).collect::<Result<Vec<_>, String>>();
                forms = each?.concat();
                continue;
            }
            let now = match bytes.take() {
                Some(bytes) => bytes,
                None => {
                    let plain = |form: &Pattern| form.literal().map(|text| text.as_bytes().to_vec());
                    let plain: Option<Vec<_>> = forms.iter().map(plain).collect();
                    plain.ok_or(format!("{transform} takes no wildcards"))?
                }
            };
            let each = now.iter().map(|value| encoded(value, transform));
            bytes = Some(each.collect::<Result<Vec<_>, String>>()?.concat());
        }
        if let Some(bytes) = bytes {
            let text = |bytes: Vec<u8>| String::from_utf8(bytes).map(|text| Pattern::plain(&text));
            let all = bytes.into_iter().map(text).collect::<Result<Vec<_>, _>>();
            forms = all.map_err(|_| "the encoded value is no text".to_string())?;
        }
        Ok(any(forms.into_iter().map(|form| self.form(form)).collect()))
    }

    fn form(&self, form: Pattern) -> Expr {
        let form = match self.modifiers.how {
            Some("contains") => form.after_anything().before_anything(),
            Some("startswith") => form.before_anything(),
            Some("endswith") => form.after_anything(),
            _ if self.whole => form.after_anything().before_anything(),
            _ => form,
        };
        let one_spelling = WORDS.contains(&self.place.column);
        let folds = !self.modifiers.cased && form.has_case();
        let (value, form) = match (folds, one_spelling) {
            (false, _) => (column(&self.place.parts()), form),
            (true, true) => (column(&self.place.parts()), form.lowercase()),
            (true, false) => (lower(column(&self.place.parts())), form.lowercase()),
        };
        match form.asked() {
            Asked::Anything => exists(&self.place.parts()),
            Asked::Equals(text) if folds && self.place.column == CAPITALS => compare(
                Comparison::Equal,
                column(&self.place.parts()),
                literal(Literal::Text(text.to_uppercase())),
            ),
            Asked::Equals(text) => compare(Comparison::Equal, value, literal(Literal::Text(text))),
            Asked::StartsWith(text) => matches(value, Matching::StartsWith, text),
            Asked::EndsWith(text) => matches(value, Matching::EndsWith, text),
            Asked::Contains(text) => matches(value, Matching::Contains, text),
            Asked::Regex(pattern) => matches(value, Matching::Regex, pattern),
        }
    }
}
