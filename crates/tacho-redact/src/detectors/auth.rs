//! Credentials in the places protocols and tools put them: URLs, headers, `curl -u`, SQL.

use std::ops::Range;

use super::checks::{base64, random};
use super::lex;
use crate::placeholder;

const URL_MAX: usize = 512;

/// The password of `scheme://user:password@host`, or a long token in place of the user.
pub(crate) fn url_password(text: &str, at: usize) -> Option<Range<usize>> {
    let info = userinfo(text, at)?;
    let start = match text[info.clone()].find(':') {
        Some(colon) => info.start + colon + 1,
        None if info.len() >= 20 && random(&text[info.clone()]) => info.start,
        None => return None,
    };
    let password = &text[start..at];
    (!password.is_empty() && !placeholder::is(password)).then_some(start..at)
}

/// What stands between `://` and the `@` at `at`, if that is the place for user and password.
pub(crate) fn userinfo(text: &str, at: usize) -> Option<Range<usize>> {
    let host = text.as_bytes().get(at + 1)?;
    if !(host.is_ascii_alphanumeric() || matches!(host, b'[' | b'$' | b'{' | b'<' | b'%' | b'_')) {
        return None;
    }
    // Non-ASCII passwords are percent-encoded in a URL, so stopping there loses none.
    let start =
        lex::run_back(text, at, URL_MAX, |byte| byte.is_ascii_graphic() && !b"/\"'<>`".contains(&byte));
    let before = &text[..start];
    (before.ends_with("://") || before.ends_with(r":\/\/")).then_some(start..at)
}

/// The value after `Bearer`, when it looks like one and not like the next word of a sentence.
pub(crate) fn bearer(text: &str, at: usize) -> Option<Range<usize>> {
    let after = at + "bearer".len();
    let start = lex::skip(text, after, 4, b":=");
    let end = lex::run(text, start, 4096, |byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte));
    let end = lex::run(text, end, 2, |byte| byte == b'=');
    let value = text[start..end].trim_end_matches('.');
    let whole = start > after && lex::starts_word(text, at);
    (whole && value.len() >= 8 && random(value)).then_some(start..start + value.len())
}

/// The value after `Basic`, when it decodes to `user:password`.
pub(crate) fn basic(text: &str, at: usize) -> Option<Range<usize>> {
    let start = lex::skip(text, at + "basic".len(), 4, b"");
    let end = lex::run(text, start, 1024, |byte| byte.is_ascii_alphanumeric() || b"+/=".contains(&byte));
    if end - start < 8 || !lex::starts_word(text, at) {
        return None;
    }
    let decoded = base64(&text[start..end])?;
    let printable = decoded.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ');
    (printable && decoded.contains(&b':')).then_some(start..end)
}

/// The password in `curl -u user:password`.
pub(crate) fn curl_user(text: &str, at: usize) -> Option<Range<usize>> {
    let line = lex::window(text, at, 512).split('\n').next()?;
    let (flag, found) = ["-u ", "--user ", "--proxy-user ", "-u"]
        .iter()
        .find_map(|flag| line.find(&format!(" {flag}")).map(|found| (flag.len() + 1, found)))?;
    let from = lex::skip(text, at + found + flag, 4, b"\"'\\");
    let end = lex::run(text, from, 256, |byte| byte.is_ascii_graphic() && !b"\"'\\".contains(&byte));
    let start = from + text[from..end].find(':')? + 1;
    (start < end && !placeholder::is(&text[start..end])).then_some(start..end)
}

/// The second literal in `auth=('user', 'password')`, as Python's HTTP clients take it.
pub(crate) fn auth_pair(text: &str, at: usize) -> Option<Range<usize>> {
    let from = at + "auth=(".len();
    let line = lex::window(text, from, 256).split('\n').next()?;
    let comma = line.find(',')?;
    let open = lex::skip(text, from + comma + 1, 8, b"\\");
    let quote = *text.as_bytes().get(open).filter(|byte| matches!(byte, b'\'' | b'"'))?;
    let len = lex::window(text, open + 1, 256).find(['\n', char::from(quote)])?;
    let value = text[open + 1..open + 1 + len].trim_end_matches('\\');
    (!value.is_empty() && !placeholder::is(value)).then_some(open + 1..open + 1 + value.len())
}

/// The literal in `IDENTIFIED BY 'password'`.
pub(crate) fn sql_password(text: &str, at: usize) -> Option<Range<usize>> {
    let open = lex::skip(text, at + "identified by".len(), 8, b"\\");
    let quote = *text.as_bytes().get(open).filter(|byte| matches!(byte, b'\'' | b'"'))?;
    let window = lex::window(text, open + 1, 256);
    let len = window.find(['\n', char::from(quote)])?;
    let value = window[..len].trim_end_matches('\\');
    (!value.is_empty() && !placeholder::is(value)).then_some(open + 1..open + 1 + value.len())
}
