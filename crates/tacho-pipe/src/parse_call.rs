//! The parser's functions of one row and baselines.

use crate::ast::{Baseline, Expr, Function, Node, Over};
use crate::error::PipeError;
use crate::nearest::nearest;
use crate::parse::Parser;
use crate::token::Kind;

/// Functions of one row, and how many arguments they take.
pub(crate) const SCALARS: [(&str, usize); 12] = [
    ("lower", 1),
    ("upper", 1),
    ("length", 1),
    ("abs", 1),
    ("round", 1),
    ("floor", 1),
    ("ceil", 1),
    ("number", 1),
    ("share", 1),
    ("commands", 1),
    ("wilson_upper", 2),
    ("wilson_lower", 2),
];

impl Parser<'_> {
    /// A function of one row, or a baseline.
    pub(crate) fn function(&mut self, word: &str) -> Result<Expr, PipeError> {
        let token = self.advance();
        let start = token.span.start;
        self.symbol("(")?;
        if let Some(function) = Function::parse(word) {
            if self.is_symbol(")") || !matches!(self.peek_at(1).kind, Kind::Symbol(")")) {
                let message = format!(
                    "{word}(…) can't stand in a condition: compute it in a stage of its own and compare its column, \
                     as in `| {word}() | {word} > 3`"
                );
                return Err(self.error(token.span, message));
            }
            let column = self.name("a column of the stage before")?;
            self.symbol(")")?;
            let over = self.over()?;
            return Ok(Expr {
                node: Node::Baseline(Baseline { function, column, over }),
                span: self.since(start),
            });
        }
        let Some((_, arity)) = SCALARS.iter().find(|(name, _)| *name == word) else {
            let known = SCALARS.iter().map(|(name, _)| *name).chain(Function::NAMES);
            let near = nearest(word, known);
            let message = format!("there is no function \"{word}\"{}", PipeError::offer(near));
            return Err(self.error(token.span, message).near(near));
        };
        let mut arguments = vec![self.expression()?];
        while self.take_symbol(",") {
            arguments.push(self.expression()?);
        }
        self.symbol(")")?;
        if arguments.len() != *arity {
            let message = format!("{word} takes {arity} argument(s), found {}", arguments.len());
            return Err(self.error(self.since(start), message));
        }
        Ok(Expr { node: Node::Scalar(word.to_string(), arguments), span: self.since(start) })
    }

    fn over(&mut self) -> Result<Over, PipeError> {
        if !self.take_word("over") {
            return Ok(Over::Implied);
        }
        if self.take_word("peers") {
            return Ok(Over::Peers);
        }
        if self.take_word("same_hour") {
            return Ok(Over::SameHour(self.duration("how far back, such as 28d")?));
        }
        if !self.take_word("history") {
            return Err(self.unexpected("\"history\", \"peers\" or \"same_hour\""));
        }
        let length = match self.peek().kind {
            Kind::DurationUs(_) => Some(self.duration("a duration")?),
            _ => None,
        };
        Ok(Over::History(length))
    }
}
