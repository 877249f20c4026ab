//! What is wrong with a query, and where.

use crate::ast::Span;

/// A query that can't be used: the place, what was found, what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct PipeError {
    /// From one.
    pub line: usize,
    /// From one, in characters.
    pub column: usize,
    /// Byte offsets into the text.
    pub start: usize,
    pub end: usize,
    pub message: String,
}

impl PipeError {
    pub(crate) fn new(text: &str, span: Span, message: impl Into<String>) -> PipeError {
        let (mut start, end) = (span.start.min(text.len()), span.end.min(text.len()));
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        PipeError {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
            start,
            end: end.max(start),
            message: message.into(),
        }
    }

    /// The message with the line it is about and a mark under the place.
    pub fn render(&self, text: &str) -> String {
        let line = text.lines().nth(self.line - 1).unwrap_or_default();
        let width =
            text.get(self.start..self.end).map_or(1, |s| s.lines().next().unwrap_or("").chars().count());
        let mark = "^".repeat(width.clamp(1, 80));
        format!("{self}\n  {line}\n  {}{mark}", " ".repeat(self.column - 1))
    }
}
