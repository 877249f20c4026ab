//! The policy's own regular expressions, and the literals each must start with.
//!
//! The `regex` crate searches in time linear in the text. Iterating over matches can be quadratic for a few
//! expressions (each search may run to the end and match little), so matches per string are counted: past
//! [`MATCHES_MAX`] the rest of the string is redacted as one.

use std::ops::Range;
use std::sync::OnceLock;

use regex::{Regex, RegexBuilder};
use regex_syntax::hir::literal::{ExtractKind, Extractor};

use crate::policy::PolicyError;
use crate::work;

pub(crate) const MATCHES_MAX: usize = 1_000;
const SIZE_MAX: usize = 1 << 20;

pub(crate) struct Pattern {
    source: String,
    regex: OnceLock<Regex>,
    /// One of these starts every match; empty when unknown, then the pattern is tried on every string.
    pub(crate) literals: Vec<String>,
}

impl Pattern {
    pub(crate) fn new(index: usize, pattern: &str) -> Result<Self, PolicyError> {
        let regex = compile(pattern).map_err(|source| PolicyError::Pattern {
            index,
            pattern: pattern.to_owned(),
            source: Box::new(source),
        })?;
        if regex.is_match("") {
            return Err(PolicyError::MatchesNothing { index, pattern: pattern.to_owned() });
        }
        Ok(Self { regex: regex.into(), ..Self::known(pattern) })
    }

    /// A pattern of the default policy, compiled when one of its literals is seen first.
    pub(crate) fn known(pattern: &str) -> Self {
        let literals = literals(pattern).unwrap_or_default();
        Self { source: pattern.to_owned(), regex: OnceLock::new(), literals }
    }

    pub(crate) fn each(&self, text: &str, mut visit: impl FnMut(Range<usize>)) {
        work::add(text.len());
        let regex = self.regex.get_or_init(|| {
            compile(&self.source)
                .expect("the patterns of the default policy are valid: the tests compile them")
        });
        for (count, found) in regex.find_iter(text).enumerate() {
            if count == MATCHES_MAX {
                return visit(found.start()..text.len());
            }
            if !found.is_empty() {
                visit(found.range());
            }
        }
    }
}

fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).case_insensitive(true).size_limit(SIZE_MAX).build()
}

/// Prefix literals in lower case. Characters that JSON may escape end a literal, so that it stands in raw
/// JSON as it stands in the text.
fn literals(pattern: &str) -> Option<Vec<String>> {
    let hir = regex_syntax::parse(pattern).ok()?;
    let seq = Extractor::new().kind(ExtractKind::Prefix).extract(&hir);
    let mut literals = Vec::new();
    for literal in seq.literals()? {
        let plain =
            |byte: &&u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\\' | b'/') || **byte == b' ';
        let lower: String = literal
            .as_bytes()
            .iter()
            .take_while(plain)
            .map(|&byte| char::from(byte.to_ascii_lowercase()))
            .collect();
        if lower.len() < 3 {
            return None;
        }
        literals.push(lower);
    }
    (!literals.is_empty()).then_some(literals)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_patterns_have_literals() {
        assert_eq!(literals(r"password[=:]\S+").unwrap(), ["password:", "password="]);
        assert_eq!(literals(r"api[_-]?key[=:]\S+").unwrap().len(), 6);
    }

    #[test]
    fn patterns_without_a_literal_start_have_none() {
        for pattern in [r"\d{3}", r"(?:a|bcd)x", r".*secret", "\"key", r"[a-z]+@corp"] {
            assert_eq!(literals(pattern), None, "{pattern}");
        }
    }

    #[test]
    fn many_matches_redact_the_rest_as_one() {
        let pattern = Pattern::new(0, "abc").unwrap();
        let (mut count, mut last) = (0, 0..0);
        pattern.each(&"abc ".repeat(2_000), |range| (count, last) = (count + 1, range));
        assert_eq!((count, last), (MATCHES_MAX + 1, 4_000..8_000));
    }
}
