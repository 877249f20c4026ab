//! Spans without an input around hooks without an id: those of Gemini CLI, which ends a call's span behind the hook that
//! tells of its result, and begins it behind the hook that proposes it.
//!
//! Which hooks lie so within a span is not always one call's: calls at once overlap. So a span is joined only when one
//! call alone can be meant, and no other span can mean but that one; what is joined narrows down what is left. In
//! doubt they stay apart.

use super::at_once::{Pairs, Parts};

/// A span, and the call that alone can be meant, among what has no partner yet.
pub(super) fn around(parts: &Parts, pairs: &Pairs) -> Option<(usize, usize)> {
    let is_free = |loose: &usize| !pairs.values().any(|taken| taken == loose);
    let calls: Vec<usize> =
        (0..parts.loose.len()).filter(|call| parts.loose[*call].hooked.is_some() && is_free(call)).collect();
    let spans = (0..parts.named.len()).filter(|span| parts.named[*span].span.is_some());
    let alone: Vec<(usize, usize)> = spans
        .filter(|span| !pairs.contains_key(span))
        .filter_map(|span| {
            let mut meant = calls.iter().filter(|call| parts.loose[**call].may_be_of(&parts.named[span]));
            let call = meant.next().filter(|_| meant.next().is_none())?;
            Some((span, *call))
        })
        .collect();
    let is_clear = |(span, call): &&(usize, usize)| {
        let is_anothers = alone.iter().any(|(other, same)| other != span && same == call);
        matches!(parts.loose[*call].hooked, Some((Some(_), Some(_)))) && !is_anothers
    };
    alone.iter().find(is_clear).copied()
}
