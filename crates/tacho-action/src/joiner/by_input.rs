//! Which hooks and records without an id are of the call that a session's file names, or a span that tells the input: those
//! that say the same, nearest in time first.

use super::at_once::{Pairs, Part, Parts};
use crate::near::{CLEAR_US, WINDOW_US};
use std::collections::BTreeSet;
use tacho_event::time::Micros;

pub(super) fn by_input(parts: &Parts) -> Pairs {
    let mut found = Vec::new();
    for (place, named) in parts.named.iter().enumerate() {
        for (other, loose) in parts.loose.iter().enumerate() {
            let is_same = named.said.is_some() && named.said == loose.said;
            let apart = named.apart_us(loose);
            if is_same && apart <= WINDOW_US {
                found.push((apart, place, other));
            }
        }
    }
    found.sort_unstable();
    let is_whole = |place: usize| parts.named[place].said.is_some_and(|said| said.is_whole());
    // Of inputs that were not kept whole others may have been the same but for what is missing.
    let is_clear = |pair: &(Micros, usize, usize)| {
        let (apart, named, loose) = *pair;
        let mut others =
            found.iter().filter(|other| *other != pair && (other.1 == named || other.2 == loose));
        is_whole(named) || others.next().is_none_or(|other| other.0 >= apart * 2 + CLEAR_US)
    };
    let (mut pairs, mut taken) = (Pairs::new(), BTreeSet::new());
    for pair in found.iter().filter(|pair| is_clear(pair)) {
        if !pairs.contains_key(&pair.1) && taken.insert(pair.2) {
            pairs.insert(pair.1, pair.2);
        }
    }
    keep(parts, &mut pairs);
    pairs
}

/// What was joined though only one of them was kept whole stays together: nothing speaks against it.
fn keep(parts: &Parts, pairs: &mut Pairs) {
    for (place, named) in parts.named.iter().enumerate() {
        let is_kept = |loose: &Part| {
            let both = named.said.zip(loose.said);
            loose.is_with(named) && both.is_some_and(|(one, other)| one != other && !one.differs(other))
        };
        let Some(loose) = parts.loose.iter().position(is_kept) else { continue };
        if !pairs.contains_key(&place) && !pairs.values().any(|taken| *taken == loose) {
            pairs.insert(place, loose);
        }
    }
}
