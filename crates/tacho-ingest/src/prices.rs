//! What a model call costs by the public price lists, for events that do not say.
//!
//! Standard rates in US dollars per million tokens, as published by the vendors on 2026-10-24: no batch or priority
//! rates, no surcharge for long prompts, cache writes at the five-minute rate. A model that is not in the table
//! gets no estimate: none is better than a wrong one. Dates and vendors' prefixes around a name do not matter.
//!
//! What a model thought is charged as output. OpenAI and Anthropic count it within the output, Google beside it, and so do
//! some who tell of Google's models but not all: by what is stated as the total it is told which of the two an event means.

use tacho_event::event::{Event, EventFacts};
use tacho_event::fact::{IntFact, TextFact};
use tacho_event::limits::INTEGER_MAX;
use tacho_event::model;

/// Day of the price lists.
pub const PRICES_OF: &str = "2026-10-24";

/// Prices of one model, millionths of a US dollar for a million tokens, that is dollars per million times 10⁶.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Price {
    model: &'static str,
    input: i64,
    output: i64,
    cache_read: i64,
    cache_write: i64,
    /// Whether the vendor counts cached tokens within the input tokens.
    cache_in_input: bool,
}

/// Anthropic: writing to the cache costs a quarter more than input; cached tokens are counted apart.
const fn anthropic(model: &'static str, input: i64, output: i64, cache_read: i64) -> Price {
    Price { model, input, output, cache_read, cache_write: input + input / 4, cache_in_input: false }
}

/// OpenAI and Google: writing to the cache is free; cached tokens are part of the input.
const fn others(model: &'static str, input: i64, output: i64, cache_read: i64) -> Price {
    Price { model, input, output, cache_read, cache_write: 0, cache_in_input: true }
}

const PRICES: &[Price] = &[
    anthropic("claude-opus-5-5", 4_000_000, 20_000_000, 200_000),
    anthropic("claude-opus-5", 5_000_000, 25_000_000, 500_000),
    anthropic("claude-opus-4-8", 5_000_000, 25_000_000, 500_000),
    anthropic("claude-opus-4-7", 5_000_000, 25_000_000, 500_000),
    anthropic("claude-opus-4-6", 5_000_000, 25_000_000, 500_000),
    anthropic("claude-opus-4-5", 5_000_000, 25_000_000, 500_000),
    anthropic("claude-opus-4-1", 15_000_000, 75_000_000, 1_500_000),
    anthropic("claude-opus-4", 15_000_000, 75_000_000, 1_500_000),
    anthropic("claude-sonnet-5-5", 2_000_000, 10_000_000, 100_000),
    anthropic("claude-sonnet-5", 2_000_000, 10_000_000, 200_000),
    anthropic("claude-sonnet-4-6", 3_000_000, 15_000_000, 300_000),
    anthropic("claude-sonnet-4-5", 3_000_000, 15_000_000, 300_000),
    anthropic("claude-sonnet-4", 3_000_000, 15_000_000, 300_000),
    anthropic("claude-haiku-4-5", 1_000_000, 5_000_000, 100_000),
    anthropic("claude-3-5-haiku", 800_000, 4_000_000, 80_000),
    anthropic("claude-haiku-3-5", 800_000, 4_000_000, 80_000),
    others("gpt-5", 1_250_000, 10_000_000, 125_000),
    others("gpt-5-codex", 1_250_000, 10_000_000, 125_000),
    others("gpt-5-chat", 1_250_000, 10_000_000, 125_000),
    others("gpt-5-mini", 250_000, 2_000_000, 25_000),
    others("gpt-5-nano", 50_000, 400_000, 5_000),
    others("gpt-4.1", 2_000_000, 8_000_000, 500_000),
    others("gpt-4.1-mini", 400_000, 1_600_000, 100_000),
    others("gpt-4.1-nano", 100_000, 400_000, 25_000),
    others("gpt-4o", 2_500_000, 10_000_000, 1_250_000),
    others("gpt-4o-mini", 150_000, 600_000, 75_000),
    others("gemini-2.5-pro", 1_250_000, 10_000_000, 125_000),
    others("gemini-2.5-flash", 300_000, 2_500_000, 30_000),
    others("gemini-2.5-flash-lite", 100_000, 400_000, 10_000),
];

/// Sets the cost, marked as estimated, when it is missing and model and tokens are known.
pub(crate) fn estimate(event: &mut Event<'_>) {
    let facts = &event.facts;
    let known = [IntFact::TokensInput, IntFact::TokensOutput].iter().any(|fact| facts.int(*fact).is_some());
    if !known || facts.int(IntFact::CostMicros).is_some() {
        return;
    }
    let Some(price) = facts.text(TextFact::Model).and_then(price) else { return };
    let tokens = |fact| i128::from(facts.int(fact).unwrap_or(0).max(0));
    let (read, write) = (tokens(IntFact::TokensCacheRead), tokens(IntFact::TokensCacheWrite));
    let (input, output) = (tokens(IntFact::TokensInput), tokens(IntFact::TokensOutput));
    let (cached, thought) =
        if price.cache_in_input { (read, thoughts_beside(facts, input + output)) } else { (0, 0) };
    let parts = (input - cached).max(0) * i128::from(price.input)
        + (output + thought) * i128::from(price.output)
        + read * i128::from(price.cache_read)
        + write * i128::from(price.cache_write);
    let micros = (parts + 500_000) / 1_000_000;
    if let Some(micros) = i64::try_from(micros).ok().filter(|micros| *micros <= INTEGER_MAX) {
        event.facts.set_int(IntFact::CostMicros, micros);
        event.facts.set_int(IntFact::CostEstimated, 1);
    }
}

/// Tokens of thoughts that the output is stated without: what the total has beside input and output, and no more than the
/// thoughts that are stated, since Google's total also has what its own tools read. Gemini CLI's hook states none.
fn thoughts_beside(facts: &EventFacts<'_>, told: i128) -> i128 {
    let total = facts.int(IntFact::TokensTotal).map_or(0, i128::from);
    let stated = facts.int(IntFact::TokensReasoning).map_or(total, i128::from);
    (total - told).min(stated).max(0)
}

/// Whether the vendor of a model, also of one without a price, counts cached tokens apart from the input: Anthropic does.
pub(crate) fn has_cache_apart(model: &str) -> bool {
    model::plain(model).starts_with("claude-")
}

/// The price of a model by its name, with or without vendor (`us.anthropic.`, `models/`) and date.
fn price(model: &str) -> Option<&'static Price> {
    let name = model::plain(model);
    PRICES.iter().find(|price| name.strip_prefix(price.model).is_some_and(is_version))
}

/// Whether what follows a model's name only dates it: `-20250929`, `-2024-08-06`, `@20250929`, `-latest`.
fn is_version(rest: &str) -> bool {
    let digits = rest.strip_prefix(['-', '@']).is_some_and(|date| {
        date.len() >= 8 && date.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-')
    });
    digits || matches!(rest, "" | "-latest" | "[1m]")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_with_vendor_and_date_and_near_misses_are_not() {
        for (model, want) in [
            ("claude-opus-4-5-20251101", Some("claude-opus-4-5")),
            ("claude-opus-4-20250514", Some("claude-opus-4")),
            ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", Some("claude-sonnet-4-5")),
            ("claude-haiku-4-5@20251001", Some("claude-haiku-4-5")),
            ("openai/gpt-4o-2024-08-06", Some("gpt-4o")),
            ("OpenAI/GPT-4o", Some("gpt-4o")),
            ("gpt-5-mini", Some("gpt-5-mini")),
            ("models/gemini-2.5-flash-lite", Some("gemini-2.5-flash-lite")),
            ("gpt-5-pro", None),
            ("gpt-5.2-codex", None),
            ("claude-opus-4-99", None),
            ("<synthetic>", None),
        ] {
            assert_eq!(price(model).map(|price| price.model), want, "{model}");
        }
    }

    #[test]
    fn cached_tokens_are_counted_once() {
        let cost = |model: &'static str| {
            let mut event = Event::default();
            event.facts.set_text(TextFact::Model, model);
            event.facts.set_int(IntFact::TokensInput, 1_000_000);
            event.facts.set_int(IntFact::TokensOutput, 100_000);
            event.facts.set_int(IntFact::TokensCacheRead, 400_000);
            event.facts.set_int(IntFact::TokensCacheWrite, 10_000);
            estimate(&mut event);
            assert_eq!(event.facts.int(IntFact::CostEstimated), Some(1));
            event.facts.int(IntFact::CostMicros)
        };
        assert_eq!(cost("claude-sonnet-4-5"), Some(3_000_000 + 1_500_000 + 120_000 + 37_500));
        assert_eq!(cost("gpt-4.1"), Some(1_200_000 + 800_000 + 200_000));
    }

    #[test]
    fn thoughts_are_charged_as_output_once() {
        let cost = |model: &'static str, total: Option<i64>, thoughts: Option<i64>| {
            let mut event = Event::default();
            event.facts.set_text(TextFact::Model, model);
            event.facts.set_int(IntFact::TokensInput, 800_000);
            event.facts.set_int(IntFact::TokensOutput, 50_000);
            event.facts.set_int(IntFact::TokensCacheRead, 256_000);
            for (fact, told) in [(IntFact::TokensTotal, total), (IntFact::TokensReasoning, thoughts)] {
                if let Some(told) = told {
                    event.facts.set_int(fact, told);
                }
            }
            estimate(&mut event);
            event.facts.int(IntFact::CostMicros).unwrap()
        };
        let (within, beside) = (295_880, 345_880);
        for (total, thoughts, want) in [
            (None, None, within),
            (None, Some(20_000), within),
            (Some(850_000), Some(20_000), within),
            (Some(870_000), Some(20_000), beside),
            (Some(870_000), None, beside),
            (Some(900_000), Some(20_000), beside),
            (Some(870_000), Some(0), within),
            (Some(7), Some(20_000), within),
        ] {
            assert_eq!(cost("gemini-2.5-flash", total, thoughts), want, "{total:?} {thoughts:?}");
        }
        // Anthropic's total has the cached tokens beside the input, and thoughts are within the output.
        let apart = cost("claude-sonnet-4-5", None, None);
        assert_eq!(cost("claude-sonnet-4-5", Some(1_106_000), Some(20_000)), apart);
    }

    #[test]
    fn whose_cached_tokens_are_apart_is_told_by_the_name_as_by_the_price() {
        for price in PRICES {
            assert_eq!(has_cache_apart(price.model), !price.cache_in_input, "{}", price.model);
        }
        assert!(has_cache_apart("bedrock/eu.anthropic.claude-of-tomorrow"));
    }

    #[test]
    fn a_stated_cost_stands() {
        let mut event = Event::default();
        event.facts.set_text(TextFact::Model, "gpt-4o");
        event.facts.set_int(IntFact::TokensInput, 10);
        event.facts.set_int(IntFact::CostMicros, 7);
        estimate(&mut event);
        assert_eq!(
            (event.facts.int(IntFact::CostMicros), event.facts.int(IntFact::CostEstimated)),
            (Some(7), None)
        );
    }
}
