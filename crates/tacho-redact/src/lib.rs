//! Redaction and minimisation of event content; pure.
//!
//! [`Redactor`] takes secrets and personal data out of JSON or text by three kinds of rule: the policy's own
//! patterns, names whose value is a secret, and built-in detectors. [`minimise`] shortens content by its
//! kind. Redact first, then minimise: a secret cut in half is no longer recognised.
//!
//! # Cost
//!
//! A text without anything to redact is read twice (a set of what literals begin with, a stride over digits) and
//! returned borrowed. Only where a literal is seen does its rule look closer, in a bounded window. Every part
//! is linear in the length of the text, whatever it holds: each place is compared with the few literals that begin
//! with its two letters, windows are constants (the largest, 4 KiB, for a quoted value behind a name), unbounded
//! runs (PEM, JWT) cannot overlap, JSON within JSON is followed [`NESTING_MAX`] levels, and configured
//! patterns run in the `regex` crate with a cap on their matches.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod assign;
mod detectors;
mod disguise;
mod edit;
mod findings;
mod gate;
mod json;
mod keys;
mod marks;
pub mod minimise;
mod pattern_file;
mod patterns;
mod placeholder;
mod policy;
mod windows;
mod work;

use std::borrow::Cow;
use std::ops::Range;

use detectors::{Class, Detector};
use disguise::Plain;
use edit::Edit;
use gate::{Gate, Use};
use json::{Malformed, Token, Tokens};
use keys::{KeyKind, Keys};
use marks::Marks;
use patterns::Pattern;

pub use findings::Findings;
pub use pattern_file::pattern_file;
pub use policy::{Policy, PolicyError};

/// How many levels of JSON inside JSON strings are read as JSON. What lies deeper is read as text.
pub const NESTING_MAX: usize = 4;

const PASSES_MAX: usize = 8;

// The names under which rules other than detectors are counted.
const PATTERN: &str = "pattern";
const KEY: &str = "key";

/// A policy, compiled. Cheap to share, never changes.
pub struct Redactor {
    replacement: String,
    /// The replacement as the inside of a JSON string.
    escaped: String,
    gate: Gate,
    keys: Keys,
    patterns: Vec<Pattern>,
    detectors: Vec<&'static Detector>,
    /// Some pattern has no literal to look for, so the gate cannot rule anything out.
    unfiltered: bool,
}

/// How far before the end of a value names are still looked at, bytes.
const COVERED_MARGIN: usize = 512;

impl Redactor {
    /// Compiles a policy.
    ///
    /// # Errors
    ///
    /// A pattern that is not valid or matches the empty text, an unknown detector, a key without a letter, or
    /// a replacement that would itself be redacted.
    pub fn new(policy: &Policy) -> Result<Self, PolicyError> {
        let compile = |(index, pattern): (usize, &String)| Pattern::new(index, pattern);
        let patterns: Vec<Pattern> =
            policy.patterns.iter().enumerate().map(compile).collect::<Result<_, _>>()?;
        let redactor = Self::compile(policy, patterns)?;
        if redactor.detects(&policy.replacement) {
            return Err(PolicyError::Replacement { replacement: policy.replacement.clone() });
        }
        Ok(redactor)
    }

    /// The default policy for a program that reads one text and ends: finds the same, and is made in a fraction of
    /// the time, because a pattern is compiled when it is needed first.
    #[must_use]
    pub fn once() -> Self {
        let policy = Policy::default();
        let patterns = policy.patterns.iter().map(|pattern| Pattern::known(pattern)).collect();
        Self::compile(&policy, patterns).expect("the default policy is valid: the tests compile it")
    }

    fn compile(policy: &Policy, patterns: Vec<Pattern>) -> Result<Self, PolicyError> {
        let detectors =
            policy.detectors.iter().map(|name| find_detector(name)).collect::<Result<Vec<_>, _>>()?;
        let keys = Keys::new(&policy.keys).map_err(|(index, key)| PolicyError::Key { index, key })?;
        Ok(Self {
            replacement: policy.replacement.clone(),
            escaped: json::escape(&policy.replacement),
            gate: Gate::new(&detectors, &policy.keys, &patterns),
            keys,
            unfiltered: patterns.iter().any(|pattern| pattern.literals.is_empty()),
            patterns,
            detectors,
        })
    }

    /// Redacts inside the strings of one JSON value: the result is the same JSON, byte for byte, but for what
    /// was replaced. Text that is not JSON is treated as plain text.
    pub fn json<'a>(&self, text: &'a str, found: &mut Findings) -> Cow<'a, str> {
        until_final(text, found, |text| {
            let mut marks = self.marks(text);
            let mut edits = Vec::new();
            if !marks.is_empty() && self.json_edits(text, &mut marks, 0, &mut edits).is_err() {
                return self.text_edits(text);
            }
            edits
        })
    }

    /// Redacts plain text.
    pub fn text<'a>(&self, text: &'a str, found: &mut Findings) -> Cow<'a, str> {
        until_final(text, found, |text| self.text_edits(text))
    }

    /// Whether the text holds something that would be redacted. For identifiers, which are refused then.
    #[must_use]
    pub fn detects(&self, text: &str) -> bool {
        self.may_hold(text) && !self.text_edits(text).is_empty()
    }

    /// Whether a name holds something that would be redacted, or the beginning of a known credential and enough
    /// behind it: what stands where it can never be erased is refused earlier than it is redacted.
    #[must_use]
    pub fn detects_in_name(&self, name: &str) -> bool {
        let plain = Plain::of(name);
        let read = plain.as_ref().map_or(name, |plain| &plain.text);
        let (mut seen, mut shaped) = (self.unfiltered || plain.is_some(), false);
        self.gate.each(read, |used, at, _| {
            seen = true;
            if let Use::Detector(index) = used {
                shaped |= self.detectors[index].is_shaped(read, at);
            }
        });
        shaped || seen && self.detects(name)
    }

    /// Whether there is anything in a text that wakes a rule.
    fn may_hold(&self, text: &str) -> bool {
        let mut seen = self.unfiltered || !text.is_ascii();
        if !seen {
            self.gate.each(text, |_, _, _| seen = true);
        }
        seen
    }

    /// Where in raw JSON a closer look is due. May mark too much, never too little.
    fn marks(&self, text: &str) -> Marks {
        if self.unfiltered {
            return Marks::all();
        }
        let mut marks = Marks::default();
        disguise::places(text).for_each(|at| marks.push(at));
        self.gate.each(text, |used, at, len| {
            if self.plausible(text, used, at, len) {
                marks.push(at);
            }
        });
        marks.sort();
        marks
    }

    fn plausible(&self, text: &str, used: Use, at: usize, len: usize) -> bool {
        match used {
            Use::Name => assign::name_at(&self.keys, text, at, len).is_some(),
            Use::Pattern(_) => true,
            // The colours of a terminal are frequent and hide nothing; any other such escape may hide a needle
            // or the bounds of a word.
            Use::Escape => !text[at..].starts_with("\\u001b["),
            Use::Detector(index) => {
                // What surrounds a word may be escaped here, and only clear once it is not.
                let near = at.saturating_sub(8)..text.len().min(at + 64);
                let word = len > 1 && !text.as_bytes()[at].is_ascii_digit();
                word && memchr::memchr(b'\\', &text.as_bytes()[near]).is_some()
                    || self.detectors[index].find(text, at).is_some()
            }
        }
    }

    /// What to replace in plain text, merged: as it is written, and as it is read.
    fn text_edits(&self, text: &str) -> Vec<Edit> {
        let mut edits = self.written_edits(text);
        if let Some(plain) = Plain::of(text) {
            let read = self.written_edits(&plain.text).into_iter();
            edits.extend(read.map(|edit| {
                let Range { start, end } = plain.origin(edit.start..edit.end);
                Edit { start, end, ..edit }
            }));
            edit::merge(&mut edits);
        }
        edits
    }

    fn written_edits(&self, text: &str) -> Vec<Edit> {
        let mut edits = Vec::new();
        let mut push = |range: Range<usize>, name, class| {
            edits.push(Edit {
                start: range.start,
                end: range.end,
                with: self.replacement.clone(),
                name,
                class,
            });
        };
        let mut patterns_seen: Vec<usize> = Vec::new();
        // Up to where names need no look: they stand well inside of a value that goes as a whole. Without this a
        // text of nothing but names would be scanned once for each of them.
        let mut covered = 0;
        self.gate.each(text, |used, at, len| match used {
            Use::Escape => {}
            Use::Name if at < covered => {}
            Use::Pattern(index) if patterns_seen.contains(&index) => {}
            Use::Pattern(index) => {
                patterns_seen.push(index);
                self.patterns[index].each(text, |range| {
                    push(assign::with_quoted(text, range), PATTERN, Class::Credential);
                });
            }
            Use::Name => {
                if let Some(name) = assign::name_at(&self.keys, text, at, len)
                    && let Some(range) = assign::value(text, &name, &self.replacement)
                {
                    // A value that was cut at its bound goes on behind its end: names near there are looked at.
                    covered = range.end.saturating_sub(COVERED_MARGIN).max(covered);
                    push(range, KEY, Class::Credential);
                }
            }
            Use::Detector(index) => {
                let detector = self.detectors[index];
                if let Some(range) = detector.find(text, at) {
                    push(range, detector.name, detector.class);
                }
            }
        });
        for pattern in self.patterns.iter().filter(|pattern| pattern.literals.is_empty()) {
            pattern.each(text, |range| push(assign::with_quoted(text, range), PATTERN, Class::Credential));
        }
        edit::merge(&mut edits);
        edits
    }

    fn json_edits(
        &self,
        text: &str,
        marks: &mut Marks,
        level: usize,
        edits: &mut Vec<Edit>,
    ) -> Result<(), Malformed> {
        let mut walk = Walk::default();
        let mut tokens = Tokens::new(text);
        while let Some(token) = tokens.next().transpose()? {
            match token {
                Token::Key(range) => {
                    let raw = &text[range.clone()];
                    let marked = marks.touch(range.start, range.end);
                    let kind = if marked { self.key_kind(raw) } else { None };
                    walk.key(raw, kind);
                    if marked {
                        self.string_edits(text, range, level, edits);
                    }
                }
                Token::Text(range) => {
                    let marked = marks.touch(range.start, range.end);
                    let secret = walk.value().filter(|kind| self.replaceable(&text[range.clone()], *kind));
                    if marked {
                        walk.text(&text[range.clone()], &self.keys);
                    }
                    if secret.is_some() {
                        edits.push(self.key_edit(range, self.escaped.clone()));
                    } else if marked {
                        self.string_edits(text, range, level, edits);
                    }
                }
                Token::Number(range) => {
                    let secret = |kind| kind != KeyKind::Code || range.len() >= 3;
                    if walk.value().is_some_and(secret) && !assign::word_for_nothing(&text[range.clone()]) {
                        edits.push(self.key_edit(range, format!("\"{}\"", self.escaped)));
                    }
                }
                Token::Literal => {
                    walk.value();
                }
                Token::Open(at) => walk.open(tokens.depth, &text[at..]),
                Token::Close(_) => walk.close(tokens.depth),
            }
        }
        Ok(())
    }

    fn key_edit(&self, range: Range<usize>, with: String) -> Edit {
        Edit { start: range.start, end: range.end, with, name: KEY, class: Class::Credential }
    }

    fn key_kind(&self, raw: &str) -> Option<KeyKind> {
        if raw.contains('\\') { self.keys.kind_of(&json::unescape(raw)) } else { self.keys.kind_of(raw) }
    }

    /// Whether a string under a sensitive key is to be replaced whole.
    fn replaceable(&self, raw: &str, kind: KeyKind) -> bool {
        let path = raw.starts_with(['/', '~', '.', '\\']) || raw.get(1..3) == Some(":\\");
        let about_directory = kind == KeyKind::Directory && path;
        let few_digits = kind == KeyKind::Code && raw.bytes().filter(u8::is_ascii_digit).count() < 3;
        raw != self.escaped
            && !about_directory
            && !few_digits
            && !assign::word_for_nothing(raw)
            && !placeholder::is(raw)
    }

    /// What to replace inside one string, as JSON of its own where it is that, else as text.
    fn string_edits(&self, text: &str, range: Range<usize>, level: usize, edits: &mut Vec<Edit>) {
        let raw = &text[range.clone()];
        let plain = if raw.contains('\\') { Cow::Owned(json::unescape(raw)) } else { Cow::Borrowed(raw) };
        let inner = self.nested_edits(&plain, level).unwrap_or_else(|| self.text_edits(&plain));
        to_raw(raw, range.start, inner, edits);
    }

    fn nested_edits(&self, text: &str, level: usize) -> Option<Vec<Edit>> {
        if level + 1 >= NESTING_MAX || !text.trim_ascii_start().starts_with(['{', '[', '"']) {
            return None;
        }
        let mut edits = Vec::new();
        self.json_edits(text, &mut self.marks(text), level + 1, &mut edits).ok()?;
        Some(edits)
    }
}

fn find_detector(name: &str) -> Result<&'static Detector, PolicyError> {
    detectors::ALL.iter().find(|detector| detector.name == name).ok_or_else(|| {
        let known: Vec<&str> = detectors::ALL.iter().map(|detector| detector.name).collect();
        PolicyError::Detector { name: name.to_owned(), known: known.join(", ") }
    })
}

/// Makes the edits that `look` finds, and looks again: what is taken out may have hidden the bounds of a
/// secret next to it. Twice is nearly always enough; the cap keeps the work linear.
fn until_final<'a>(text: &'a str, found: &mut Findings, look: impl Fn(&str) -> Vec<Edit>) -> Cow<'a, str> {
    let mut text = Cow::Borrowed(text);
    for _ in 0..PASSES_MAX {
        let edits = look(&text);
        if edits.is_empty() {
            break;
        }
        text = Cow::Owned(edit::apply(&text, &edits, found));
    }
    text
}

/// Moves edits of a string's meaning to its raw bytes, which start at `base`.
fn to_raw(raw: &str, base: usize, inner: Vec<Edit>, edits: &mut Vec<Edit>) {
    let mut chars = json::Chars::new(raw);
    let mut plain = 0;
    let mut advance = |to: usize| {
        while plain < to {
            match chars.next() {
                Some(c) => plain += c.len_utf8(),
                None => break,
            }
        }
        base + chars.position()
    };
    for edit in inner {
        let (start, end) = (advance(edit.start), advance(edit.end));
        edits.push(Edit { start, end, with: json::escape(&edit.with), ..edit });
    }
}

/// Which value a sensitive name speaks for, while walking JSON.
#[derive(Default)]
struct Walk {
    /// The kind of the name just read.
    armed: Option<KeyKind>,
    /// Everything is secret until the depth falls back to this.
    scope: Option<(usize, KeyKind)>,
    /// The last key was `name` or the like, and its value may name a secret: `{"name": "TOKEN", "value": …}`.
    naming: bool,
    named: Option<KeyKind>,
}

impl Walk {
    fn key(&mut self, raw: &str, kind: Option<KeyKind>) {
        self.naming = matches!(
            raw,
            "name" | "Name" | "key" | "Key" | "header" | "selector" | "element" | "field" | "label"
        );
        let paired = matches!(raw, "value" | "Value" | "val" | "text").then(|| self.named.take()).flatten();
        self.armed = kind.or(paired);
    }

    /// Takes the kind that holds for the value at hand.
    fn value(&mut self) -> Option<KeyKind> {
        self.armed.take().or(self.scope.map(|(_, kind)| kind))
    }

    fn text(&mut self, raw: &str, keys: &Keys) {
        if self.naming {
            // Tools that drive a browser name the field they fill: "Password field", "#password".
            let name = raw.strip_suffix(" field").or(raw.strip_suffix(" input")).unwrap_or(raw);
            self.named = keys.kind_of(name);
        } else if raw.starts_with('-') && !raw.contains(['=', ' ', '\\']) {
            // An option in a list of arguments: the next one is its value.
            self.armed = keys.kind_of(raw);
        }
        self.naming = false;
    }

    fn open(&mut self, depth: usize, rest: &str) {
        self.named = None;
        if let Some(kind) = self.armed.take()
            && self.scope.is_none()
            && !describes(rest)
        {
            self.scope = Some((depth - 1, kind));
        }
    }

    fn close(&mut self, depth: usize) {
        (self.armed, self.named) = (None, None);
        if self.scope.is_some_and(|(outside, _)| depth <= outside) {
            self.scope = None;
        }
    }
}

/// Whether an object describes a value instead of holding it, as JSON Schema does in the definition of a
/// tool.
fn describes(rest: &str) -> bool {
    let Some(inside) = rest.strip_prefix('{') else { return false };
    let first = inside.trim_ascii_start();
    ["\"type\"", "\"description\"", "\"title\"", "\"$ref\"", "\"anyOf\""]
        .iter()
        .any(|key| first.starts_with(key))
}

#[cfg(test)]
mod tests;
