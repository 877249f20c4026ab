//! Which of some are one with which of others, by how far each is from each: only pairs that are clear.
//!
//! Invariant: a pair is left out where one of both might as well be another's: that of one which has no partner and is about as
//! near, or that of another pair, where the two might as well be swapped.

use std::collections::BTreeMap;

/// The clear pairs, of lists whose order does not depend on which came first: those of the nearest first, and of these such that whatever else could be is further away by more than
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

#[cfg(test)]
mod tests {
    use super::clear_pairs;

    /// Pairs of what goes on from when to when, where the second may begin and end later.
    fn pairs(some: &[(u64, u64)], others: &[(u64, u64)]) -> Vec<((u64, u64), (u64, u64))> {
        let apart = |one: &(u64, u64), other: &(u64, u64)| {
            let later = other.0.checked_sub(one.0).zip(other.1.checked_sub(one.1));
            later.map(|(begin, end)| begin + end)
        };
        clear_pairs(some, others, 10, apart).into_iter().map(|(one, other)| (*one, *other)).collect()
    }

    #[test]
    fn what_can_be_one_with_one_alone_is() {
        assert_eq!(pairs(&[(0, 100)], &[(5, 103)]), [((0, 100), (5, 103))]);
        assert_eq!(pairs(&[(0, 100)], &[(5, 99)]), [], "it ends before");
        // The one around the other.
        let (some, others) = ([(0, 100), (20, 80)], [(5, 104), (25, 84)]);
        assert_eq!(pairs(&some, &others), [(some[0], others[0]), (some[1], others[1])]);
        // One after the other: those before and after are far.
        let (some, others) = ([(0, 100), (200, 300)], [(5, 104), (205, 304)]);
        assert_eq!(pairs(&some, &others), [(some[0], others[0]), (some[1], others[1])]);
    }

    #[test]
    fn what_might_be_swapped_or_be_that_of_one_without_a_partner_is_left_out() {
        assert_eq!(pairs(&[(0, 100), (3, 101)], &[(5, 104), (9, 106)]), []);
        assert_eq!(pairs(&[(0, 100), (3, 101)], &[(5, 104)]), []);
        assert_eq!(pairs(&[(0, 100)], &[(5, 104), (9, 106)]), []);
        let far = pairs(&[(0, 100), (50, 101)], &[(55, 104)]);
        assert_eq!(far, [((50, 101), (55, 104))], "the other is further away by more");
    }
}
