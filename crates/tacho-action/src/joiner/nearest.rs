//! Which of some are one with which of others, by how far each is from each: only pairs that are clear.
//!
//! Invariant: a pair is left out where one of both might as well be another's: that of one which has no partner and is about as
//! near, or that of another pair, where the two might as well be swapped.

use std::collections::BTreeMap;

/// The clear pairs: those of the nearest first, and of these such that whatever else could be is further away by more than
/// `clear_us`. `apart` says how far two are apart that can be one at all.
pub(super) fn clear_pairs<'a, T, U>(
    some: &'a [T],
    others: &'a [U],
    clear_us: u64,
    apart: impl Fn(&T, &U) -> Option<u64>,
) -> Vec<(&'a T, &'a U)> {
    let mut edges = Vec::new();
    for (one, left) in some.iter().enumerate() {
        for (other, right) in others.iter().enumerate() {
            edges.extend(apart(left, right).map(|apart| (apart, one, other)));
        }
    }
    edges.sort_unstable();
    let (mut of_some, mut of_others) = (BTreeMap::new(), BTreeMap::new());
    for (apart, one, other) in &edges {
        if !of_some.contains_key(one) && !of_others.contains_key(other) {
            of_some.insert(*one, (*other, *apart));
            of_others.insert(*other, (*one, *apart));
        }
    }
    let mut clear: BTreeMap<usize, usize> = of_some.iter().map(|(one, (other, _))| (*one, *other)).collect();
    for (far, one, other) in &edges {
        let is_clear = match (of_some.get(one), of_others.get(other)) {
            (Some((partner, _)), _) if partner == other => true,
            (Some((partner, own)), Some((rival, theirs))) => {
                let swapped = apart(&some[*rival], &others[*partner]).map(|back| back + far);
                swapped.is_none_or(|swapped| swapped > own + theirs + clear_us)
            }
            (Some((_, own)), None) | (None, Some((_, own))) => *far > own + clear_us,
            (None, None) => true,
        };
        if !is_clear {
            clear.remove(one);
            if let Some((rival, _)) = of_others.get(other) {
                clear.remove(rival);
            }
        }
    }
    clear.into_iter().map(|(one, other)| (&some[one], &others[other])).collect()
}
