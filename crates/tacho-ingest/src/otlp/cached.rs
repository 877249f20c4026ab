//! Cached tokens within the input: the conventions (GenAI, OpenInference) state the input of every model with what was read
//! from the cache and written to it. Anthropic, Claude Code and transcripts state it without, and so `tokens_input` of
//! a model of Anthropic's means: spans of libraries are brought to that, or cached tokens would be charged twice.
//!
//! Invariant: what was stated stays in `extra`, under [`STATED`].

use crate::prices::has_cache_apart;
use tacho_event::event::Event;
use tacho_event::fact::{IntFact, TextFact};

/// Where the input is kept as it was stated, with the cached tokens.
const STATED: &str = "tokens_input_with_cache";

/// Takes the cached tokens out of the input of a call of a model that has them apart. An input that is smaller than they
/// are was stated without, and so was one that adds up to the total only together with them.
pub(crate) fn set_apart(event: &mut Event<'_>) {
    let facts = &event.facts;
    if !facts.text(TextFact::Model).is_some_and(has_cache_apart) {
        return;
    }
    let tokens = |fact| facts.int(fact).unwrap_or(0).max(0);
    let cached = tokens(IntFact::TokensCacheRead).saturating_add(tokens(IntFact::TokensCacheWrite));
    let Some(stated) = facts.int(IntFact::TokensInput).filter(|stated| cached > 0 && *stated >= cached)
    else {
        return;
    };
    let whole = stated.saturating_add(cached).saturating_add(tokens(IntFact::TokensOutput));
    if facts.int(IntFact::TokensTotal) == Some(whole) {
        return;
    }
    event.facts.replace_int(IntFact::TokensInput, stated - cached);
    event.extra.push((STATED.into(), stated.to_string().into()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prices;

    /// Input, cost and what is kept of a call with an input, tokens read from the cache and written to it.
    fn told(model: &'static str, tokens: [i64; 3], total: Option<i64>) -> (i64, i64, Option<String>) {
        let mut event = Event::default();
        event.facts.set_text(TextFact::Model, model);
        let [input, read, write] = tokens;
        event.facts.set_int(IntFact::TokensInput, input);
        event.facts.set_int(IntFact::TokensCacheRead, read);
        event.facts.set_int(IntFact::TokensCacheWrite, write);
        if let Some(total) = total {
            event.facts.set_int(IntFact::TokensTotal, total);
        }
        set_apart(&mut event);
        prices::estimate(&mut event);
        let kept = event.extra.first().map(|(_, stated)| stated.to_string());
        (
            event.facts.int(IntFact::TokensInput).unwrap(),
            event.facts.int(IntFact::CostMicros).unwrap_or(0),
            kept,
        )
    }

    #[test]
    fn cached_tokens_are_charged_once_and_what_was_stated_is_kept() {
        let kept = |stated: &str| Some(stated.to_string());
        assert_eq!(told("claude-sonnet-4-5", [1000, 900, 0], None), (100, 570, kept("1000")));
        assert_eq!(told("claude-sonnet-4-5", [182, 57, 120], None).0, 5);
        assert_eq!(told("claude-sonnet-4-5", [90, 90, 0], None), (0, 27, kept("90")), "all of it was cached");
        let bedrock = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
        assert_eq!(told(bedrock, [1000, 900, 0], Some(1000)).0, 100, "the total has the cached ones once");
    }

    #[test]
    fn an_input_without_them_stands() {
        assert_eq!(told("claude-sonnet-4-5", [10, 90, 0], None), (10, 57, None), "smaller than they are");
        assert_eq!(told("claude-sonnet-4-5", [1000, 900, 0], Some(1900)), (1000, 3270, None), "by the total");
        assert_eq!(told("claude-sonnet-4-5", [1000, 0, 0], None), (1000, 3000, None), "nothing was cached");
        assert_eq!(told("gpt-4o", [1000, 900, 0], None), (1000, 1375, None), "its input is meant with them");
    }
}
