//! Whether a catalog accounts for every entry below its position, as far as its rows alone tell.
//!
//! Pure: no file is read. A row that was taken out leaves all others as they were, checksums included, so only their sum
//! tells. What the files themselves hold is compared by [`crate::check`].

use crate::catalog::name_of;
use crate::snapshot::SegmentFile;
use std::collections::HashMap;

/// Segments that are named in one message.
const NAMED: usize = 3;

/// Everything about the listed segments that cannot be, given the first index that is in none. `unlisted` are names of
/// segments that lie in the folder all the same: one of them may be what is missing.
pub(crate) fn faults(segments: &[SegmentFile], position: u64, unlisted: &[String]) -> Vec<String> {
    let mut found: Vec<String> =
        segments.iter().filter_map(|segment| impossible(segment, position)).collect();
    found.extend(overlaps(segments));
    let held = segments.iter().fold(0u64, |sum, segment| sum.saturating_add(segment.rows));
    if held != position {
        let mut what = format!(
            "the segments that it lists hold {held} entries, expected {position}: every entry below the position once"
        );
        if let Some((first, last)) = uncovered(segments, position) {
            what += &format!("; none reaches entries {first} to {last}");
        }
        if held < position && !unlisted.is_empty() {
            let more = if unlisted.len() > NAMED { ", …" } else { "" };
            let names = unlisted.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
            what += &format!("; not listed, though in segments/: {names}{more}");
        }
        found.push(what);
    }
    found
}

/// A row that no cut writes.
fn impossible(segment: &SegmentFile, position: u64) -> Option<String> {
    let SegmentFile { first, last, rows, .. } = segment;
    let room = last.checked_sub(*first).map(|room| room.saturating_add(1));
    let is_possible = room.is_some_and(|room| (1..=room).contains(rows)) && *last < position;
    let what = || {
        let name = name_of(segment);
        format!("segment {name} cannot hold {rows} entries of {first} to {last}; the position is {position}")
    };
    (!is_possible).then(what)
}

/// Segments of one class follow on each other.
fn overlaps(segments: &[SegmentFile]) -> Vec<String> {
    let mut classes = HashMap::<&str, Vec<&SegmentFile>>::new();
    segments.iter().for_each(|segment| classes.entry(&segment.class).or_default().push(segment));
    let mut found = Vec::new();
    for of_class in classes.values_mut() {
        of_class.sort_by_key(|segment| (segment.first, segment.last));
        for (a, b) in of_class.iter().zip(of_class.iter().skip(1)).filter(|(a, b)| a.last >= b.first) {
            let (name, other, index) = (name_of(a), name_of(b), b.first);
            found.push(format!("segments {name} and {other} both reach entry {index}"));
        }
    }
    found.sort();
    found
}

/// The first range below the position that no segment of any class reaches.
fn uncovered(segments: &[SegmentFile], position: u64) -> Option<(u64, u64)> {
    let mut ranges: Vec<(u64, u64)> = segments.iter().map(|segment| (segment.first, segment.last)).collect();
    ranges.sort_unstable();
    let mut next = 0u64;
    for (first, last) in ranges {
        if first > next {
            return Some((next, first.min(position) - 1));
        }
        next = next.max(last.saturating_add(1));
    }
    (next < position).then(|| (next, position - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(first: u64, last: u64, rows: u64, class: &str) -> SegmentFile {
        let path = format!("segments/{first}-{class}").into();
        let (bytes, time_min, time_max, digest, doomed) = Default::default();
        let class = class.to_string();
        SegmentFile { path, first, last, rows, bytes, time_min, time_max, class, digest, doomed }
    }

    #[test]
    fn classes_may_share_a_range_and_each_entry_counts_once() {
        let good = [segment(0, 8, 6, "a"), segment(1, 9, 4, "b"), segment(10, 19, 10, "a")];
        assert!(faults(&good, 20, &["left".to_string()]).is_empty());
        assert!(faults(&[], 0, &[]).is_empty(), "a new store");
    }

    #[test]
    fn a_row_that_was_taken_out_is_told_with_what_it_leaves_bare() {
        let rest = [segment(10, 19, 10, "a")];
        let found = faults(&rest, 20, &["0-a".to_string()]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("hold 10 entries, expected 20"), "{found:?}");
        assert!(found[0].contains("none reaches entries 0 to 9"), "{found:?}");
        assert!(found[0].ends_with("not listed, though in segments/: 0-a"), "{found:?}");
        // Another class reaches over the gap: only the sum tells.
        let found = faults(&[segment(0, 19, 10, "b")], 20, &[]);
        assert!(found[0].contains("hold 10 entries") && !found[0].contains("none reaches"), "{found:?}");
        assert!(faults(&[], 5, &[])[0].contains("none reaches entries 0 to 4"));
        let last = faults(&[segment(0, 9, 10, "a")], 20, &[]);
        assert!(last[0].contains("none reaches entries 10 to 19"), "{last:?}");
    }

    #[test]
    fn ranges_that_cannot_be_are_named() {
        for (bad, position) in [
            (segment(9, 0, 10, "a"), 10),
            (segment(0, 9, 11, "a"), 11),
            (segment(0, 9, 0, "a"), 0),
            (segment(0, 10, 10, "a"), 10),
            (segment(0, u64::MAX, u64::MAX, "a"), u64::MAX),
        ] {
            let found = faults(&[bad], position, &[]);
            assert!(found[0].contains("cannot hold"), "{found:?}");
        }
        let found = faults(&[segment(0, 9, 10, "a"), segment(5, 14, 5, "a")], 15, &[]);
        assert_eq!(found, ["segments 0-a and 5-a both reach entry 5"]);
    }
}
