//! Kinds of values: which go together, how they are named, how a term becomes one.

use crate::ast::Literal;
use crate::catalog::Kind;
use crate::plan::{Term, Want};

/// What a term is before it is known what stands beside it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Type {
    Kind(Kind),
    /// A JSON member: whatever is wanted.
    Member,
    /// A duration that was written, in microseconds.
    Written(i64),
    Null,
}

pub(crate) type Typed = (Term, Type);

pub(crate) fn typed_literal(literal: &Literal) -> Typed {
    match literal {
        Literal::Text(text) => (Term::Text(text.clone()), Type::Kind(Kind::Text)),
        Literal::Number(number) => (Term::Number(*number), Type::Kind(Kind::Number)),
        Literal::Bool(value) => (Term::Bool(*value), Type::Kind(Kind::Bool)),
        Literal::DurationUs(us) => (Term::Number(*us as f64), Type::Written(*us)),
        Literal::Null => (Term::Bool(false), Type::Null),
    }
}

/// A text literal beside a time is a time.
pub(crate) fn time(term: Term) -> Term {
    if let Term::Text(text) = term { Term::Time(text) } else { term }
}

pub(crate) fn in_unit(term: Term, from: i64, to: i64) -> Term {
    if from == to {
        return term;
    }
    let factor = Box::new(Term::Number(from as f64 / to as f64));
    Term::Math(crate::ast::Arithmetic::Multiply, Box::new(term), factor)
}

/// Kinds that compare with one another.
pub(crate) fn group(kind: Kind) -> u8 {
    match kind {
        Kind::Text | Kind::Json => 0,
        Kind::Number | Kind::Duration { .. } => 1,
        Kind::Bool => 2,
        Kind::Time => 3,
    }
}

pub(crate) fn as_wanted(term: Term, want: Want) -> Term {
    match term {
        Term::Member { columns, path, .. } => Term::Member { columns, path, want },
        other => other,
    }
}

pub(crate) fn as_kind(term: Term, kind: Kind) -> Term {
    as_wanted(
        term,
        match kind {
            Kind::Bool => Want::Bool,
            Kind::Number | Kind::Duration { .. } => Want::Number,
            Kind::Text | Kind::Json | Kind::Time => Want::Text,
        },
    )
}

pub(crate) fn named(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "a text",
        Kind::Number => "a number",
        Kind::Bool => "true or false",
        Kind::Duration { .. } => "a duration",
        Kind::Time => "a time",
        Kind::Json => "JSON",
    }
}

pub(crate) fn describe(of: Type) -> &'static str {
    match of {
        Type::Kind(kind) => named(kind),
        Type::Member => "a member of JSON",
        Type::Written(_) => "a duration",
        Type::Null => "null",
    }
}
