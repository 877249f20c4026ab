//! Regular expressions as the language takes them: what is wrong with one, and where in its text.
//!
//! They are those of the crate `regex`, with which alert rules match and, beneath SQL, queries: no look-around, no
//! back-references, time that grows with the text alone.

use crate::ast::Span;
use regex_syntax::Error;

/// A compiled expression, bytes.
pub const PATTERN_BYTES_MAX: usize = 1 << 20;

/// What is wrong with an expression, and which bytes of it that is about.
pub(crate) fn fault(pattern: &str) -> Option<(Span, String)> {
    let whole = Span { start: 0, end: pattern.len() };
    let place = |span: &regex_syntax::ast::Span| Span { start: span.start.offset, end: span.end.offset };
    match regex_syntax::parse(pattern) {
        Err(Error::Parse(error)) => return Some((place(error.span()), error.kind().to_string())),
        Err(Error::Translate(error)) => return Some((place(error.span()), error.kind().to_string())),
        Err(error) => return Some((whole, error.to_string())),
        Ok(_) => {}
    }
    let built = regex::RegexBuilder::new(pattern).size_limit(PATTERN_BYTES_MAX).build();
    built
        .err()
        .map(|_| (whole, format!("it is too large: compiled it has more than {PATTERN_BYTES_MAX} bytes")))
}
