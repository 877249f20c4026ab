//! What tables of letters rule out, and that they rule out nothing that is there.

use super::*;
use proptest::prelude::*;

fn table(texts: &[&str]) -> Grams {
    let mut gatherer = Gatherer::new();
    texts.iter().for_each(|text| gatherer.take(text));
    gatherer.end_block();
    Grams { tables: gatherer.finished, shape: WRITTEN }
}

#[test]
fn a_phrase_is_ruled_out_where_it_is_not() {
    let grams = table(&["the quick brown fox", "{\"path\":\"/srv/zebra.txt\"}"]);
    assert!(grams.may_hold(0, &Wanted::of(["QUICK brown"])));
    assert!(grams.may_hold(0, &Wanted::of(["ebra.t"])));
    assert!(!grams.may_hold(0, &Wanted::of(["zebrafish quarantine"])));
}

#[test]
fn short_pieces_and_digits_rule_nothing_out() {
    assert!(Wanted::of(["abc", "12345678", "a1b2c3d4", "é"]).is_empty());
    assert!(!Wanted::of(["abc", "abcd"]).is_empty());
}

#[test]
fn a_letter_that_only_looks_otherwise_is_found() {
    assert!(table(&["mi\u{17f}\u{17f}ing"]).may_hold(0, &Wanted::of(["missing"])));
    assert!(table(&["ban\u{212a}rupt"]).may_hold(0, &Wanted::of(["bankrupt"])));
}

#[test]
fn tables_of_earlier_files_are_twice_as_large() {
    let mut tables = vec![0; EARLIER.bytes];
    each(b"the quick brown fox", |number| {
        let bit = EARLIER.bit_of(number);
        tables[bit / 8] |= 1 << (bit % 8);
    });
    let grams = Grams { tables, shape: EARLIER };
    assert_eq!((grams.blocks(), grams.block_rows()), (1, 4096));
    assert!(grams.may_hold(0, &Wanted::of(["Quick brown"])));
    assert!(!grams.may_hold(0, &Wanted::of(["zebrafish quarantine"])));
}

proptest! {
    /// Whatever stands in a text, in whatever case, is never ruled out.
    #[test]
    fn what_is_there_is_never_ruled_out(
        before in "[a-fA-F0-9 /é\"]{0,12}", word in "[a-zA-Z. _-]{0,20}", after in "\\PC{0,12}",
    ) {
        let grams = table(&["something else", &format!("{before}{word}{after}")]);
        prop_assert!(grams.may_hold(0, &Wanted::of([word.to_lowercase().as_str()])));
        prop_assert!(grams.may_hold(0, &Wanted::of([word.to_uppercase().as_str()])));
    }
}
