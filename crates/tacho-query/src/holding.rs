//! `holds(text, phrase)`: whether a text holds a phrase, in upper or lower case.
//!
//! `text ILIKE '%phrase%'` says the same, but makes a regular expression of the phrase for each column of each batch of rows, which
//! was most of what looking for a rare phrase cost.
//!
//! Invariant: for phrases of ASCII the answers are those of `ILIKE`; for others they are not defined.

use crate::table::text;
use datafusion::arrow::array::{ArrayRef, AsArray, BooleanArray};
use datafusion::arrow::datatypes::DataType;
use datafusion::common::Result;
use datafusion::logical_expr::{Expr, ScalarUDF, Signature, SimpleScalarUDF, Volatility};
use std::sync::{Arc, LazyLock};
use tacho_store::grams::has_odd_letters;

pub(crate) const HOLDS: &str = "holds";

/// The function, to be registered and called.
pub(crate) static FUNCTION: LazyLock<Arc<ScalarUDF>> = LazyLock::new(|| {
    let signature = Signature::exact(vec![DataType::Utf8View; 2], Volatility::Immutable);
    let call = crate::functions::by_arrays(holds);
    Arc::new(SimpleScalarUDF::new_with_signature(HOLDS, signature, DataType::Boolean, call).into())
});

/// Whether a column holds the phrase.
pub(crate) fn holding(column: Expr, phrase: &str) -> Expr {
    FUNCTION.call(vec![column, text(phrase)])
}

fn holds(args: &[ArrayRef]) -> Result<ArrayRef> {
    let (texts, phrases) = (args[0].as_string_view(), args[1].as_string_view());
    let mut finder: Option<Finder<'_>> = None;
    let mut is_in = |text: &str, phrase| {
        let known = finder.take().filter(|finder| finder.phrase == phrase);
        finder.insert(known.unwrap_or_else(|| Finder::of(phrase))).is_in(text)
    };
    let found = texts.iter().zip(phrases).map(|(text, phrase)| Some(is_in(text?, phrase?)));
    Ok(Arc::new(found.collect::<BooleanArray>()))
}

/// Bytes of texts and of JSON, roughly the commonest first. What is not here is rarer than all of them.
const COMMON: &[u8] = b"\" etaoinsr,:0123456789lhdcumfpgwy_-./bvkxjqz";

/// Looks for a phrase by its rarest byte.
struct Finder<'p> {
    phrase: &'p str,
    rarest: usize,
}

impl<'p> Finder<'p> {
    fn of(phrase: &'p str) -> Finder<'p> {
        let rank = |byte: u8| COMMON.iter().position(|common| *common == byte.to_ascii_lowercase());
        let rarest = phrase.bytes().enumerate().max_by_key(|(_, byte)| rank(*byte).unwrap_or(COMMON.len()));
        Finder { phrase, rarest: rarest.map_or(0, |(at, _)| at) }
    }

    fn is_in(&self, text: &str) -> bool {
        self.is_in_ascii(text) || has_odd_letters(text) && self.is_in_ascii(&plain_letters(text))
    }

    fn is_in_ascii(&self, text: &str) -> bool {
        let (text, phrase) = (text.as_bytes(), self.phrase.as_bytes());
        let Some(byte) = phrase.get(self.rarest) else { return true };
        let mut places = memchr::memchr2_iter(byte.to_ascii_lowercase(), byte.to_ascii_uppercase(), text);
        places.any(|place| {
            let start = place.checked_sub(self.rarest);
            let found = start.and_then(|start| text.get(start..start + phrase.len()));
            found.is_some_and(|found| found.eq_ignore_ascii_case(phrase))
        })
    }
}

/// Those that [`has_odd_letters`] finds, as letters of the alphabet.
fn plain_letters(text: &str) -> String {
    text.replace('\u{17f}', "s").replace('\u{212a}', "k")
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafusion::arrow::array::{Scalar, StringViewArray};
    use datafusion::arrow::compute::kernels::comparison::ilike;

    #[test]
    fn the_answers_are_those_of_ilike() {
        let texts: [Option<&str>; 12] = [
            Some("the Zebrafish quarantine"),
            Some("ZEBRAFISH"),
            Some("zebra zebrafis fish"),
            Some(""),
            None,
            Some("{\"a\":\"mi\u{17f}\u{17f}ing\"}"),
            Some("ban\u{212a}rupt \u{e9}"),
            Some("line\nbreak ends in zebrafis"),
            Some("aaaaab"),
            Some("\u{130}stanbul \u{1f600}zebrafish\u{1f600}"),
            Some("100% of a_b"),
            Some("\u{e9}\u{e8}"),
        ];
        let phrases = [
            "zebrafish",
            "ZEBRAFISH",
            "",
            "missing",
            "bankrupt",
            "break ends",
            "aab",
            "istanbul",
            "s",
            "k\"",
            "}",
        ];
        let column = StringViewArray::from_iter(texts);
        for phrase in phrases {
            let pattern = Scalar::new(StringViewArray::from_iter_values([format!("%{phrase}%")]));
            let phrases = StringViewArray::from_iter_values(vec![phrase; texts.len()]);
            let found = holds(&[Arc::new(column.clone()), Arc::new(phrases)]).expect("texts are compared");
            assert_eq!(found.as_boolean(), &ilike(&column, &pattern).expect("patterns match"), "{phrase}");
        }
    }
}
