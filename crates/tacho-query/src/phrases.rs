//! Which blocks of a segment's rows a search for phrases has to read, told by the segment's tables of letters.
//!
//! Invariant: a block is left out only when no text of it can pass the filters; what is not understood may pass.

use crate::functions::EITHER;
use crate::holding::HOLDS;
use datafusion::common::ScalarValue;
use datafusion::logical_expr::expr::{Cast, Like};
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};
use tacho_store::Grams;
use tacho_store::grams::{Wanted, covers};
use tacho_store::schema::schema;

/// What the texts of a row must hold to pass.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Nothing that the tables could tell.
    Nothing,
    Holds(Wanted),
    All(Vec<Need>),
    OneOf(Vec<Need>),
}

impl Need {
    /// What all the filters together need.
    pub(crate) fn of(filters: &[Expr]) -> Need {
        Need::all(filters.iter().map(Need::of_filter).collect())
    }

    fn of_filter(filter: &Expr) -> Need {
        match filter {
            Expr::Alias(alias) => Need::of_filter(&alias.expr),
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::And, right }) => {
                Need::all(vec![Need::of_filter(left), Need::of_filter(right)])
            }
            Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) => {
                Need::one_of(vec![Need::of_filter(left), Need::of_filter(right)])
            }
            Expr::Like(like) => Need::of_like(like),
            Expr::ScalarFunction(call) if call.func.name() == HOLDS => match call.args.as_slice() {
                [text, phrase] if is_covered(text) => Need::of_pieces(literal(phrase)),
                _ => Need::Nothing,
            },
            _ => Need::Nothing,
        }
    }

    fn of_like(like: &Like) -> Need {
        let Some(pattern) = literal(&like.pattern) else { return Need::Nothing };
        if like.negated || !is_covered(&like.expr) {
            return Need::Nothing;
        }
        let pieces = pieces(pattern, like.escape_char.unwrap_or('\\'));
        Need::of_pieces(pieces.iter().map(String::as_str))
    }

    fn of_pieces<'a>(pieces: impl IntoIterator<Item = &'a str>) -> Need {
        let wanted = Wanted::of(pieces);
        if wanted.is_empty() { Need::Nothing } else { Need::Holds(wanted) }
    }

    fn all(mut needs: Vec<Need>) -> Need {
        needs.retain(|need| *need != Need::Nothing);
        match needs.len() {
            0 => Need::Nothing,
            1 => needs.remove(0),
            _ => Need::All(needs),
        }
    }

    fn one_of(needs: Vec<Need>) -> Need {
        if needs.contains(&Need::Nothing) { Need::Nothing } else { Need::OneOf(needs) }
    }

    /// Whether a row of the block may pass.
    pub(crate) fn may_hold(&self, grams: &Grams, block: usize) -> bool {
        match self {
            Need::Nothing => true,
            Need::Holds(wanted) => grams.may_hold(block, wanted),
            Need::All(needs) => needs.iter().all(|need| need.may_hold(grams, block)),
            Need::OneOf(needs) => needs.iter().any(|need| need.may_hold(grams, block)),
        }
    }
}

fn literal(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Literal(
            ScalarValue::Utf8(text) | ScalarValue::Utf8View(text) | ScalarValue::LargeUtf8(text),
            _,
        ) => text.as_deref(),
        _ => None,
    }
}

/// Whether the tables tell of every text that the expression can be.
fn is_covered(expr: &Expr) -> bool {
    match expr {
        Expr::Column(column) => schema().index_of(&column.name).is_ok_and(covers),
        Expr::Alias(alias) => is_covered(&alias.expr),
        Expr::Cast(Cast { expr, field }) => field.data_type().is_string() && is_covered(expr),
        Expr::ScalarFunction(call) if call.func.name() == EITHER => call.args.iter().all(is_covered),
        _ => false,
    }
}

/// The texts between the wildcards of a pattern.
fn pieces(pattern: &str, escape: char) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        match c {
            '%' | '_' => pieces.push(String::new()),
            c => {
                let c = if c == escape { chars.next().unwrap_or(c) } else { c };
                pieces.last_mut().expect("there is one from the start").push(c);
            }
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::logical_expr::{col, lit};

    fn holds(phrase: &str) -> Need {
        Need::Holds(Wanted::of([phrase]))
    }

    #[test]
    fn a_phrase_in_one_of_two_columns_is_needed() {
        let either = col("output").like(lit("%zebrafish%")).or(col("input").ilike(lit("%Quarantine%")));
        let found = Need::of(&[either, col("index").gt(lit(3))]);
        assert_eq!(found, Need::OneOf(vec![holds("zebrafish"), holds("quarantine")]));
    }

    #[test]
    fn what_the_tables_do_not_hold_is_not_needed() {
        let other = col("output").like(lit("%zebrafish%")).or(col("who_user").eq(lit("ann")));
        assert_eq!(Need::of(&[other]), Need::Nothing);
        assert_eq!(Need::of(&[col("who_user").like(lit("%zebrafish%"))]), Need::Nothing);
        assert_eq!(Need::of(&[col("output").not_like(lit("%zebrafish%"))]), Need::Nothing);
    }

    #[test]
    fn a_search_for_a_phrase_needs_it() {
        let found = Need::of(&[crate::holding::holding(col("output"), "Zebrafish 12")]);
        assert_eq!(found, holds("zebrafish"));
        assert_eq!(Need::of(&[crate::holding::holding(col("who_user"), "zebrafish")]), Need::Nothing);
    }

    #[test]
    fn wildcards_part_a_pattern_unless_they_are_escaped() {
        assert_eq!(pieces(r"%one\_two%three_four\\", '\\'), ["", "one_two", "three", r"four\"]);
    }
}
