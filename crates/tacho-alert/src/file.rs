//! Rule files: YAML in the short and in the full form, with errors that name the line.
//!
//! Invariant: an unknown key is an error that offers the nearest one; nothing is ignored.

use crate::rule::{Ack, Clock, NoData, Rule, Severity};
use serde::Deserialize;
use serde::de::{self, Deserializer};
use serde_saphyr::Spanned;
use std::collections::BTreeMap;
use tacho_pipe::nearest;

/// A rule file, bytes.
pub const FILE_BYTES_MAX: usize = 4 << 20;
/// Rules of one file.
const RULES_MAX: usize = 10_000;

/// What is wrong with a rule file, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct FileError {
    pub file: String,
    /// From one.
    pub line: usize,
    pub message: String,
}

impl FileError {
    pub(crate) fn new(file: &str, line: usize, message: String) -> FileError {
        FileError { file: file.to_string(), line: line.max(1), message }
    }
}

/// A duration as rule files write it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span(pub i64);

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Span, D::Error> {
        let text = String::deserialize(from)?;
        let us = tacho_pipe::parse_us(text.trim());
        us.map(Span).ok_or_else(|| {
            de::Error::custom(format!("\"{text}\" is no duration, expected such as 30s, 5m, 1h30m"))
        })
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BaselineText {
    pub(crate) history: Option<Span>,
    pub(crate) min_windows: Option<u32>,
    /// `none` or `same_hour`: what a baseline without `over` means.
    pub(crate) season: Option<String>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct EvidenceText {
    pub(crate) sample: Option<usize>,
    pub(crate) proof: Option<String>,
}

/// One name, or a list of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names(pub(crate) Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Names, D::Error> {
        struct Either;
        impl<'de> de::Visitor<'de> for Either {
            type Value = Names;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a name or a list of names")
            }
            fn visit_str<E>(self, name: &str) -> Result<Names, E> {
                Ok(Names(vec![name.to_string()]))
            }
            fn visit_seq<A: de::SeqAccess<'de>>(self, mut items: A) -> Result<Names, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = items.next_element()? {
                    names.push(name);
                }
                Ok(Names(names))
            }
        }
        from.deserialize_any(Either)
    }
}

/// A document: a rule in the full form, or a list of rules in the short one.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RuleText {
    #[serde(rename = "apiVersion")]
    pub(crate) api_version: Option<Spanned<String>>,
    pub(crate) kind: Option<Spanned<String>>,
    #[serde(alias = "name")]
    pub(crate) id: Option<Spanned<String>>,
    pub(crate) title: Option<String>,
    pub(crate) severity: Option<Severity>,
    #[serde(alias = "condition")]
    pub(crate) query: Option<Spanned<String>>,
    pub(crate) window: Option<Spanned<Span>>,
    pub(crate) every: Option<Spanned<String>>,
    pub(crate) time: Option<Clock>,
    pub(crate) lag: Option<Span>,
    #[serde(rename = "for")]
    pub(crate) hold: Option<Span>,
    pub(crate) keep_firing_for: Option<Span>,
    pub(crate) no_data: Option<NoData>,
    pub(crate) no_data_for: Option<Span>,
    pub(crate) on_error: Option<Spanned<String>>,
    pub(crate) baseline: Option<BaselineText>,
    pub(crate) max_groups: Option<usize>,
    #[serde(default)]
    pub(crate) labels: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) annotations: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) units: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) action: Names,
    #[serde(default)]
    pub(crate) respond: Names,
    #[serde(default)]
    pub(crate) ack: Ack,
    #[serde(default)]
    pub(crate) evidence: EvidenceText,
    #[serde(default)]
    pub(crate) controls: Vec<String>,
    #[serde(default)]
    pub(crate) tests: Vec<crate::trial::TestText>,
    pub(crate) alerts: Option<Vec<Spanned<RuleText>>>,
}

/// Reads the rules of a file.
///
/// # Errors
/// At the first line that can't be used. Nothing of the file counts then.
pub fn read(file: &str, text: &str) -> Result<Vec<Rule>, FileError> {
    let fail = |line: usize, message: String| FileError::new(file, line, message);
    let documents = documents(file, text)?;
    let mut rules: Vec<Rule> = Vec::new();
    let mut take = |line: usize, text: &RuleText| {
        let rule = crate::check::rule(text).map_err(|(at, message)| fail(at.unwrap_or(line), message))?;
        if rules.iter().any(|other| other.id == rule.id) {
            return Err(fail(line, format!("two rules are named \"{}\"", rule.id)));
        }
        if rules.len() == RULES_MAX {
            return Err(fail(line, format!("more than {RULES_MAX} rules")));
        }
        rules.push(rule);
        Ok(())
    };
    for document in &documents {
        let line = document.referenced.line() as usize;
        match &document.value.alerts {
            None => take(line, &document.value)?,
            Some(_) if document.value.id.is_some() || document.value.query.is_some() => {
                return Err(fail(
                    line,
                    "a document is either one rule or a list of `alerts`, not both".into(),
                ));
            }
            Some(alerts) => {
                for alert in alerts {
                    take(alert.referenced.line() as usize, &alert.value)?;
                }
            }
        }
    }
    Ok(rules)
}

/// The documents of a file as they are written.
pub(crate) fn documents(file: &str, text: &str) -> Result<Vec<Spanned<RuleText>>, FileError> {
    if text.len() > FILE_BYTES_MAX {
        let message = format!("the file has {} bytes, expected at most {FILE_BYTES_MAX}", text.len());
        return Err(FileError::new(file, 1, message));
    }
    serde_saphyr::from_multiple(text).map_err(|error| {
        let line = error.location().map_or(1, |place| place.line() as usize);
        FileError::new(file, line, with_nearest(&error.without_snippet().to_string()))
    })
}

/// Adds the key that was probably meant to serde's words about an unknown one.
pub(crate) fn with_nearest(message: &str) -> String {
    let first = message.lines().next().unwrap_or_default();
    let Some((found, known)) = first.split_once("expected").filter(|_| first.contains("unknown")) else {
        return first.to_string();
    };
    let Some(found) = found.split('`').nth(1) else { return first.to_string() };
    let words = known.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').filter(|word| !word.is_empty());
    match nearest(found, words) {
        Some(near) => format!("{first}; did you mean \"{near}\"?"),
        None => first.to_string(),
    }
}
