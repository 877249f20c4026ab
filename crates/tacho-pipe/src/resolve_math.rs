//! Arithmetic and functions of one row: which units come out.

use crate::ast::{Arithmetic, Expr, Span};
use crate::catalog::Kind;
use crate::error::PipeError;
use crate::kinds::{Type, Typed, as_wanted, describe, in_unit};
use crate::plan::{Term, Want};
use crate::resolve_expr::Scope;

impl Scope<'_> {
    /// Sums need one unit; products and quotients scale it, and a quotient of two durations is a number.
    pub(crate) fn math(&self, how: Arithmetic, a: &Expr, b: &Expr, span: Span) -> Result<Typed, PipeError> {
        // Each side is looked at once: a chain nests as deep as it is long.
        let (left, right) = (self.typed(a)?, self.typed(b)?);
        let time = Type::Kind(Kind::Time);
        if how == Arithmetic::Subtract && left.1 == time && right.1 == time {
            return Ok(between(left.0, right.0));
        }
        let ((left, x), (right, y)) = (self.operand(left, a)?, self.operand(right, b)?);
        let same_unit = matches!(how, Arithmetic::Add | Arithmetic::Subtract | Arithmetic::Remainder);
        let build = |left, right| Term::Math(how, Box::new(left), Box::new(right));
        let number = Kind::Number;
        let (term, kind) = match (x, y) {
            (Some(from), Some(to)) if how != Arithmetic::Multiply => {
                let kind = if how == Arithmetic::Divide { number } else { Kind::Duration { unit_us: from } };
                (build(left, in_unit(right, to, from)), kind)
            }
            (Some(unit_us), None) if !same_unit => (build(left, right), Kind::Duration { unit_us }),
            (None, Some(unit_us)) if how == Arithmetic::Multiply => {
                (build(left, right), Kind::Duration { unit_us })
            }
            (None, None) => (build(left, right), number),
            _ => {
                let message =
                    format!("durations and plain numbers don't go together with \"{}\"", how.symbol());
                return Err(self.error(span, message));
            }
        };
        Ok((term, Type::Kind(kind)))
    }

    /// A number and the unit that it counts, when it is a duration.
    fn operand(&self, typed: Typed, expr: &Expr) -> Result<(Term, Option<i64>), PipeError> {
        Ok(match typed {
            (term, Type::Kind(Kind::Number)) => (term, None),
            (term, Type::Kind(Kind::Duration { unit_us })) => (term, Some(unit_us)),
            (term, Type::Written(_)) => (term, Some(1)),
            (term, Type::Member) => (as_wanted(term, Want::Number), None),
            (_, found) => {
                return Err(self.error(expr.span, format!("expected a number, found {}", describe(found))));
            }
        })
    }

    pub(crate) fn scalar(&self, name: &str, arguments: &[Expr]) -> Result<Typed, PipeError> {
        let (mut terms, mut kind) = (Vec::new(), Kind::Number);
        for argument in arguments {
            let (term, of) = match name {
                "lower" | "upper" | "length" | "number" | "share" | "commands" => {
                    (self.text_of(argument)?, Kind::Text)
                }
                _ => self.number(argument)?,
            };
            terms.push(term);
            kind = of;
        }
        let kind = match name {
            "lower" | "upper" | "commands" => Kind::Text,
            "abs" | "round" | "floor" | "ceil" => kind,
            _ => Kind::Number,
        };
        Ok((Term::Scalar(name.to_string(), terms), Type::Kind(kind)))
    }
}

/// One time minus another is a duration.
fn between(left: Term, right: Term) -> Typed {
    let term = Term::Scalar("time_between".into(), vec![left, right]);
    (term, Type::Kind(Kind::Duration { unit_us: 1 }))
}
