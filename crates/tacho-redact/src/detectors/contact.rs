//! E-mail addresses and telephone numbers.

use std::ops::Range;

use super::auth::userinfo;
use super::lex;

/// `local@domain.tld`, but not the user part of a URL, an SSH remote, a package version or a file name.
pub(crate) fn email(text: &str, at: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    if bytes.get(at) != Some(&b'@') || userinfo(text, at).is_some() {
        return None;
    }
    let start = lex::run_back(text, at, 64, |byte| byte.is_ascii_alphanumeric() || b"._%+-".contains(&byte));
    let start = skip_escape_letter(text, start, at);
    let local = text[start..at].trim_start_matches(['.', '-', '+', '%']);
    let start = at - local.len();
    let end = lex::run(text, at + 1, 253, |byte| byte.is_ascii_alphanumeric() || b".-".contains(&byte));
    let domain = text[at + 1..end].trim_end_matches(['.', '-']);
    let end = at + 1 + domain.len();
    if local.is_empty() || text[..start].ends_with("://") || !lex::ends_word(text, end) {
        return None;
    }
    let (name, tld) = domain.rsplit_once('.')?;
    let tld_fits = (2..=18).contains(&tld.len()) && tld.bytes().all(|byte| byte.is_ascii_alphabetic());
    let named = name.bytes().any(|byte| byte.is_ascii_alphabetic()) && !name.starts_with(['.', '-']);
    if !tld_fits || !named || FILE_ENDINGS.contains(&tld) {
        return None;
    }
    // `git@host:path` is a remote; `user@host:` otherwise ends a clause.
    let remote = bytes.get(end) == Some(&b':') && bytes.get(end + 1).is_some_and(|b| b.is_ascii_graphic());
    (!(remote || local == "git")).then_some(start..end)
}

const FILE_ENDINGS: &[&str] = &[
    "png", "jpg", "jpeg", "gif", "svg", "webp", "ico", "js", "mjs", "cjs", "ts", "tsx", "jsx", "css", "scss",
    "json", "yaml", "yml", "py", "rs", "go", "rb", "java", "tgz", "gz", "zip", "whl", "md", "txt", "html",
    "lock", "toml", "service", "timer", "socket", "target",
];

// In `\nbob@…` the `n` belongs to the escape.
fn skip_escape_letter(text: &str, start: usize, end: usize) -> usize {
    let escape = start > 0 && start < end && text.as_bytes()[start - 1] == b'\\';
    if escape && matches!(text.as_bytes()[start], b'n' | b'r' | b't' | b'b' | b'f') {
        start + 1
    } else {
        start
    }
}

/// A telephone number: international with `+`, North American with its usual punctuation, or any after a word
/// that announces one. Bare digits without such a word are ids and stay.
pub(crate) fn phone(text: &str, at: usize) -> Option<Range<usize>> {
    match text.as_bytes()[at] {
        b'+' => international(text, at),
        b'0'..=b'9' => north_american(text, at),
        _ => announced(text, at),
    }
}

const SEPARATORS: &[u8] = b" -.()/";

fn international(text: &str, at: usize) -> Option<Range<usize>> {
    let plain =
        at == 0 || !(text.as_bytes()[at - 1].is_ascii_graphic() && lex_glued(text.as_bytes()[at - 1]));
    let end = number_end(text, at + 1);
    let number = &text[at + 1..end];
    let digits = digit_count(number);
    let leading = matches!(number.as_bytes().first(), Some(b'1'..=b'9')) || number.starts_with("(1)");
    if !plain && !lex::starts_word(text, at) || !leading || !lex::ends_word(text, end) {
        return None;
    }
    let separated = digits != number.len();
    let groups = number.split(|c: char| !c.is_ascii_digit()).map(str::len);
    // "+1.23456789" is a decimal number, "+12345678" an amount of change.
    let fits = if separated {
        (8..=15).contains(&digits)
            && groups.clone().count() >= 2
            && !(number.contains('.') && groups.max() > Some(4))
    } else {
        (10..=15).contains(&digits)
    };
    fits.then_some(at..end)
}

fn lex_glued(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'+' | b'/' | b')' | b'.')
}

/// `(415) 555-0132`, `415-555-0132`, `415.555.0132`, `1-415-555-0132`; `at` is the first of the last four
/// digits.
fn north_american(text: &str, at: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let end = lex::run(text, at, 5, |byte| byte.is_ascii_digit());
    if end - at != 4 || !lex::ends_word(text, end) || at < 8 || matches!(bytes.get(end), Some(b'-' | b'/')) {
        return None;
    }
    let sep = bytes[at - 1];
    let exchange = at - 4;
    let digits = |range: Range<usize>| bytes[range].iter().all(u8::is_ascii_digit);
    if !matches!(sep, b'-' | b'.') || !digits(exchange..at - 1) || !matches!(bytes[exchange], b'2'..=b'9') {
        return None;
    }
    let (area, open) = match (bytes[exchange - 1], bytes[exchange.saturating_sub(2)]) {
        (b')', _) if exchange >= 5 => (exchange - 4, true),
        (b' ', b')') if exchange >= 6 => (exchange - 5, true),
        (same, _) if same == sep && exchange >= 4 => (exchange - 4, false),
        _ => return None,
    };
    if !digits(area..area + 3) || !matches!(bytes[area], b'2'..=b'9') {
        return None;
    }
    let mut start = if open && area > 0 && bytes[area - 1] == b'(' { area - 1 } else { area };
    if start >= 2 && bytes[start - 2] == b'1' && (bytes[start - 1] == sep || open && bytes[start - 1] == b' ')
    {
        start -= 2;
    }
    if start > 0 && bytes[start - 1] == b'+' {
        start -= 1;
    }
    let joined = start > 0 && matches!(bytes[start - 1], b'-' | b'.' | b'/' | b'#' | b'@');
    (lex::starts_word(text, start) && !joined).then_some(start..end)
}

/// "phone: 020 7946 0958", "tel. 06 12 34 56 78".
fn announced(text: &str, at: usize) -> Option<Range<usize>> {
    if !lex::starts_word(text, at) {
        return None;
    }
    let word_end = lex::run(text, at, 16, |byte| byte.is_ascii_alphabetic() || byte == b'_');
    let mut from = lex::skip(text, word_end, 6, b":.=#\"'\\");
    for filler in ["number", "no.", "is", "nr."] {
        if lex::starts_with_ignore_case(&text[from..], filler) {
            from = lex::skip(text, from + filler.len(), 6, b":.=#\"'\\");
        }
    }
    let start = lex::run(text, from, 2, |byte| matches!(byte, b'+' | b'('));
    let end = number_end(text, start);
    let number = &text[start..end];
    let fits = from > word_end && (7..=15).contains(&digit_count(number)) && lex::ends_word(text, end);
    // A date is no number to call.
    let date = number.len() >= 10 && number.as_bytes()[4] == b'-' && number.as_bytes()[7] == b'-';
    (fits && !date).then_some(from..end)
}

/// The end of digits with single separators (or ") ") between them.
fn number_end(text: &str, start: usize) -> usize {
    let run = lex::run(text, start, 26, |byte| byte.is_ascii_digit() || SEPARATORS.contains(&byte));
    let candidate = &text[start..run];
    let cut = candidate.find("  ").unwrap_or(candidate.len());
    start + candidate[..cut].trim_end_matches(|c: char| !c.is_ascii_digit()).len()
}

fn digit_count(text: &str) -> usize {
    text.bytes().filter(u8::is_ascii_digit).count()
}
