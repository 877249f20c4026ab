//! Edits: what to replace in a text, merged where they overlap and applied in one go.

use crate::detectors::Class;
use crate::findings::Findings;

/// One replacement. Positions are bytes, on character boundaries of the text they belong to.
#[derive(Debug, Clone)]
pub(crate) struct Edit {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// What takes the place, already escaped for the text it goes into.
    pub(crate) with: String,
    pub(crate) name: &'static str,
    pub(crate) class: Class,
}

/// Sorts the edits and joins those that overlap: the union is replaced once, so that no detector's
/// part survives because another saw less of it.
pub(crate) fn merge(edits: &mut Vec<Edit>) {
    edits.sort_by_key(|edit| (edit.start, std::cmp::Reverse(edit.end)));
    edits.dedup_by(|next, kept| {
        let overlap = next.start < kept.end;
        if overlap {
            kept.end = kept.end.max(next.end);
            if next.class == Class::Credential {
                kept.class = Class::Credential;
            }
        }
        overlap
    });
}

/// The text with the edits made; they must be sorted and disjoint (see [`merge`]).
pub(crate) fn apply(text: &str, edits: &[Edit], found: &mut Findings) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for edit in edits {
        out.push_str(&text[from..edit.start]);
        out.push_str(&edit.with);
        found.add(edit.name, edit.class);
        from = edit.end;
    }
    out.push_str(&text[from..]);
    out
}
