//! The parser: what all of it needs, and sources.

use crate::ast::{Name, Path, Query, Source, Span};
use crate::error::PipeError;
use crate::token::{Kind, Token, tokens};
use crate::{DEPTH_MAX, STAGES_MAX};

/// Words that are no names unless they stand in double quotes.
pub(crate) const RESERVED: [&str; 32] = [
    "where",
    "stats",
    "eval",
    "fields",
    "sort",
    "limit",
    "top",
    "dedup",
    "join",
    "left",
    "on",
    "sequence",
    "within",
    "absent",
    "expect",
    "by",
    "as",
    "if",
    "and",
    "or",
    "not",
    "in",
    "contains",
    "startswith",
    "endswith",
    "cidr",
    "exists",
    "over",
    "true",
    "false",
    "null",
    "open",
];

/// Reads a query.
///
/// # Errors
/// At the first place that does not fit, with what was found and what was expected.
pub fn parse(text: &str) -> Result<Query, PipeError> {
    let mut parser = Parser { text, tokens: tokens(text)?, at: 0, depth: 0, stages: 0 };
    let query = parser.query()?;
    match parser.peek().kind {
        Kind::End => Ok(query),
        _ => Err(parser.unexpected("\"|\" or the end")),
    }
}

pub(crate) struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
    stages: usize,
}

impl Parser<'_> {
    fn query(&mut self) -> Result<Query, PipeError> {
        let source = self.source()?;
        let mut stages = Vec::new();
        while self.take_symbol("|") {
            self.stages += 1;
            if self.stages > STAGES_MAX {
                return Err(self.error(self.peek().span, format!("more than {STAGES_MAX} stages")));
            }
            if self.begins_count_comparison() {
                self.count_comparison(&mut stages)?;
            } else {
                stages.push(self.stage()?);
            }
        }
        Ok(Query { source, stages })
    }

    pub(crate) fn source(&mut self) -> Result<Source, PipeError> {
        if self.take_symbol("(") {
            let query = self.nested(Parser::query)?;
            self.symbol(")")?;
            return Ok(Source::Query(Box::new(query)));
        }
        if self.is_word("open") && self.peek_at(1).kind == Kind::Symbol("(") {
            self.at += 2;
            let name = self.name("what can be open, such as agent_execution")?;
            self.symbol(")")?;
            return Ok(Source::Open(name));
        }
        let name = self.name("a source, such as agent_audit_log")?;
        let window_us = if self.take_symbol("[") {
            let window = self.duration("how far back to read, such as 15m")?;
            self.symbol("]")?;
            Some(window)
        } else {
            None
        };
        Ok(Source::Table { name, window_us })
    }

    /// Goes one level deeper.
    pub(crate) fn nested<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, PipeError>,
    ) -> Result<T, PipeError> {
        if self.depth == DEPTH_MAX {
            return Err(self.error(self.peek().span, format!("nested more than {DEPTH_MAX} deep")));
        }
        self.depth += 1;
        let out = read(self);
        self.depth -= 1;
        out
    }

    pub(crate) fn peek(&self) -> &Token {
        self.peek_at(0)
    }

    pub(crate) fn peek_at(&self, ahead: usize) -> &Token {
        self.tokens.get(self.at + ahead).unwrap_or(&self.tokens[self.tokens.len() - 1])
    }

    pub(crate) fn advance(&mut self) -> Token {
        let token = self.peek().clone();
        self.at = (self.at + 1).min(self.tokens.len() - 1);
        token
    }

    /// Where the last token that was taken ends.
    pub(crate) fn since(&self, start: usize) -> Span {
        let end = self.tokens[..self.at].last().map_or(start, |token| token.span.end);
        Span { start, end: end.max(start) }
    }

    pub(crate) fn is_word(&self, word: &str) -> bool {
        matches!(&self.peek().kind, Kind::Word(found) if found == word)
    }

    pub(crate) fn take_word(&mut self, word: &str) -> bool {
        let is = self.is_word(word);
        self.at += usize::from(is);
        is
    }

    pub(crate) fn word(&mut self, word: &str) -> Result<(), PipeError> {
        if self.take_word(word) { Ok(()) } else { Err(self.unexpected(&format!("\"{word}\""))) }
    }

    pub(crate) fn is_symbol(&self, symbol: &str) -> bool {
        matches!(self.peek().kind, Kind::Symbol(found) if found == symbol)
    }

    pub(crate) fn take_symbol(&mut self, symbol: &str) -> bool {
        let is = self.is_symbol(symbol);
        self.at += usize::from(is);
        is
    }

    pub(crate) fn symbol(&mut self, symbol: &str) -> Result<(), PipeError> {
        if self.take_symbol(symbol) { Ok(()) } else { Err(self.unexpected(&format!("\"{symbol}\""))) }
    }

    pub(crate) fn name(&mut self, expected: &str) -> Result<Name, PipeError> {
        let token = self.peek().clone();
        match token.kind {
            Kind::Word(word) if RESERVED.contains(&word.as_str()) => {
                let hint = format!("{expected}; a column of that name stands in double quotes: \"{word}\"");
                Err(self.unexpected(&hint))
            }
            Kind::Word(text) | Kind::Quoted(text) if !text.is_empty() => {
                self.at += 1;
                Ok(Name { text, span: token.span })
            }
            _ => Err(self.unexpected(expected)),
        }
    }

    pub(crate) fn names(&mut self, expected: &str) -> Result<Vec<Name>, PipeError> {
        let mut names = vec![self.name(expected)?];
        while self.take_symbol(",") {
            names.push(self.name(expected)?);
        }
        Ok(names)
    }

    pub(crate) fn path(&mut self, expected: &str) -> Result<Path, PipeError> {
        let first = self.name(expected)?;
        let start = first.span.start;
        let mut parts = vec![first.text];
        while self.take_symbol(".") {
            // Behind a point nothing can be meant but a member: its name may be any word.
            match self.advance().kind {
                Kind::Word(text) | Kind::Quoted(text) => parts.push(text),
                _ => {
                    self.at -= 1;
                    return Err(self.unexpected("the name of a member"));
                }
            }
        }
        Ok(Path { parts, span: self.since(start) })
    }

    pub(crate) fn duration(&mut self, expected: &str) -> Result<i64, PipeError> {
        match self.peek().kind {
            Kind::DurationUs(us) if us > 0 => {
                self.at += 1;
                Ok(us)
            }
            _ => Err(self.unexpected(expected)),
        }
    }

    /// A whole number that is not negative.
    pub(crate) fn integer(&mut self, expected: &str) -> Result<u64, PipeError> {
        match self.peek().kind {
            Kind::Number(number) if number.fract() == 0.0 && number <= 4e9 => {
                self.at += 1;
                Ok(number as u64)
            }
            _ => Err(self.unexpected(expected)),
        }
    }

    pub(crate) fn error(&self, span: Span, message: impl Into<String>) -> PipeError {
        PipeError::new(self.text, span, message)
    }

    pub(crate) fn unexpected(&self, expected: &str) -> PipeError {
        let token = self.peek();
        let message = format!("found {}, expected {expected}", token.describe());
        self.error(token.span, message).expecting(expected)
    }
}
