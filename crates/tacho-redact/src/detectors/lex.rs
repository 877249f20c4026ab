//! Small steps over bytes shared by the detectors. All are bounded by the limit they are given.

use crate::work;

/// The end of the run of characters that satisfy `has`, at most `limit` long.
///
/// `has` must refuse bytes from 0x80 up, so that the end is a character boundary.
pub(crate) fn run(text: &str, start: usize, limit: usize, has: impl Fn(u8) -> bool) -> usize {
    let bytes = &text.as_bytes()[start..];
    let bytes = &bytes[..bytes.len().min(limit)];
    let len = bytes.iter().position(|&byte| !has(byte)).unwrap_or(bytes.len());
    work::add(len + 1);
    start + len
}

/// The start of the run of such characters that ends at `end`, at most `limit` long.
pub(crate) fn run_back(text: &str, end: usize, limit: usize, has: impl Fn(u8) -> bool) -> usize {
    let from = end.saturating_sub(limit);
    let bytes = &text.as_bytes()[from..end];
    let start = bytes.iter().rposition(|&byte| !has(byte)).map_or(0, |at| at + 1);
    work::add(bytes.len() - start + 1);
    from + start
}

/// No letter, digit or `_` stands before `at`, except the letter of an escape such as `\n`: text is often
/// escaped once more than we can see.
pub(crate) fn starts_word(text: &str, at: usize) -> bool {
    let bytes = text.as_bytes();
    match at.checked_sub(1).map(|i| bytes[i]) {
        Some(b'n' | b'r' | b't' | b'b' | b'f') => at >= 2 && bytes[at - 2] == b'\\',
        Some(byte) => !(byte.is_ascii_alphanumeric() || byte == b'_'),
        None => true,
    }
}

/// No letter, digit or `_` stands at `at`.
pub(crate) fn ends_word(text: &str, at: usize) -> bool {
    text.as_bytes().get(at).is_none_or(|&byte| !(byte.is_ascii_alphanumeric() || byte == b'_'))
}

/// `text[start..]`, at most `limit` bytes, cut at a character boundary; `start` must be one.
pub(crate) fn window(text: &str, start: usize, limit: usize) -> &str {
    let mut end = text.len().min(start + limit);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    work::add(end - start);
    &text[start..end]
}

/// At most `limit` bytes that end at `end`, cut at a character boundary.
pub(crate) fn window_back(text: &str, end: usize, limit: usize) -> &str {
    let mut start = end.saturating_sub(limit);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    work::add(end - start);
    &text[start..end]
}

/// Whether `text` starts with the ASCII `word` in any case.
pub(crate) fn starts_with_ignore_case(text: &str, word: &str) -> bool {
    text.as_bytes().get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word.as_bytes()))
}

/// The position after spaces, tabs and punctuation from `also`, at most `limit` of them.
pub(crate) fn skip(text: &str, start: usize, limit: usize, also: &[u8]) -> usize {
    run(text, start, limit, |byte| matches!(byte, b' ' | b'\t') || also.contains(&byte))
}
