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
    /// What could stand there, where the grammar says it.
    pub expected: Option<String>,
    /// The name that was probably meant.
    pub nearest: Option<String>,
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
            expected: None,
            nearest: None,
        }
    }

    pub(crate) fn expecting(mut self, expected: &str) -> PipeError {
        self.expected = Some(expected.to_string());
        self
    }

    pub(crate) fn near(mut self, name: Option<&str>) -> PipeError {
        self.nearest = name.map(str::to_string);
        self
    }

    /// Words that offer a name; none when no name is near.
    pub(crate) fn offer(name: Option<&str>) -> String {
        name.map_or(String::new(), |name| format!("; did you mean \"{name}\"?"))
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
