//! Secrets assigned to a name in text: `DB_PASSWORD=x`, `"api_key": "x"`, `--token x`, `Cookie: a=b`.
//!
//! A name's kind comes from `keys`; here the value behind it is found, and told from code that merely handles
//! a secret (`password = get_password()`, `token: &str`). Names are at most [`NAME_MAX`] bytes and values
//! [`VALUE_MAX`], so the work per needle is bounded.

use std::ops::Range;

use crate::detectors::checks::random;
use crate::detectors::{high_entropy, lex};
use crate::keys::{KeyKind, Keys, NAME_MAX};
use crate::placeholder;
use crate::work;

const VALUE_MAX: usize = 4096;
const ENCODED_MAX: usize = 1024;
/// A value is judged by so much of its beginning: many names may stand before the same text.
const JUDGED_MAX: usize = 256;
/// A quoted value that a pattern saw only the beginning of is followed so far.
const QUOTED_MAX: usize = 256;

/// So much white space is looked through for the end of a line.
const LINE_END_MAX: usize = 64;

/// A name in text.
pub(crate) struct Name {
    range: Range<usize>,
    pub(crate) kind: KeyKind,
    /// Written as an option of a command: `--name`.
    flag: bool,
}

/// The sensitive name around a needle, if the name as a whole is one.
pub(crate) fn name_at(keys: &Keys, text: &str, at: usize, len: usize) -> Option<Name> {
    let bytes = text.as_bytes();
    let part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    let end = lex::run(text, at + len, NAME_MAX, part);
    let end = at + len + text[at + len..end].trim_end_matches(['.', '-']).len();
    let mut start = lex::run_back(text, at, NAME_MAX, part);
    if start > 0 && bytes[start - 1] == b'\\' && start < at && matches!(bytes[start], b'n' | b'r' | b't') {
        start += 1;
    }
    let encoded = bytes[start..end].get(..2).is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit));
    if start > 0 && bytes[start - 1] == b'%' && encoded && start + 2 <= at {
        start += 2;
    }
    let flag = bytes[start] == b'-';
    let start = end - text[start..end].trim_start_matches(['.', '-']).len();
    let kind = keys.kind(&bytes[start..end])?;
    Some(Name { range: start..end, kind, flag })
}

/// How a value was joined to its name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Join {
    /// `name=value`, `name:value`, `--name value`
    Tight,
    /// `name%3Dvalue`, as in a URL within a URL.
    Encoded,
    /// `name = value`
    Equals,
    /// `name: value`
    Colon,
    /// `<name>value<`
    Tag,
    /// `PASSWORD 'value'`, `setPassword("value")`
    Quote,
    /// `'PASSWORD', 'value'`: perhaps a list of names.
    Comma,
    /// `password value`: perhaps a sentence.
    Space,
}

/// The secret value behind a name.
pub(crate) fn value(text: &str, name: &Name, replacement: &str) -> Option<Range<usize>> {
    let (join, start) = join(text, name)?;
    if text[start..].starts_with(replacement) {
        return None;
    }
    if name.kind == KeyKind::Header {
        return header(text, start);
    }
    if let Some(range) = quoted(text, start) {
        let value = &text[range.clone()];
        let sure = !matches!(join, Join::Comma | Join::Space) || random(value) && !value.contains(' ');
        let assigned = matches!(join, Join::Tight | Join::Equals | Join::Colon);
        let secret = sure && !value.starts_with(replacement) && quoted_is_secret(value, name.kind, assigned);
        return secret.then_some(range);
    }
    if matches!(join, Join::Quote | Join::Comma) {
        return None;
    }
    if let Some(typed) = TYPED.iter().find(|typed| text[start..].starts_with(**typed)) {
        return annotated(text, start + typed.len());
    }
    let stop = |byte: u8| !byte.is_ascii() || byte.is_ascii_graphic() && !b",;&\"'`<>|\\".contains(&byte);
    let run = |limit| match join {
        Join::Encoded => encoded_end(text, start, limit, stop),
        _ => lex_utf8(text, lex::run(text, start, limit, stop)),
    };
    let trimmed = |end| start..start + text[start..end].trim_end_matches([')', ']', '}', '.', ':']).len();
    let judged = run(JUDGED_MAX);
    let range = trimmed(judged);
    let value = &text[range.clone()];
    let goes_on = judged - start > JUDGED_MAX - 4;
    let whole_line = || (goes_on || ends_line(text, range.end)) && starts_line(text, name.range.start);
    let secret =
        !value.is_empty() && !placeholder::is(value) && bare_is_secret(value, name.kind, join, whole_line);
    // Names inside of what goes as a whole are not looked at, so only here the look may be long.
    secret.then(|| if goes_on { trimmed(run(VALUE_MAX)) } else { range })
}

/// The end of a percent-encoded value: at an encoded `&`, too. Names may follow one another more densely here than
/// elsewhere, so the run is shorter.
fn encoded_end(text: &str, start: usize, limit: usize, has: impl Fn(u8) -> bool) -> usize {
    let run = lex::window(text, start, limit.min(ENCODED_MAX)).as_bytes();
    let ends = |at: &usize| {
        !has(run[*at])
            || run[*at] == b'%' && (run[*at..].starts_with(b"%26") || run[*at..].starts_with(b"%2526"))
    };
    lex_utf8(text, start + (0..run.len()).find(ends).unwrap_or(run.len()))
}

// A run that admits other alphabets may end inside a character where its limit cut it.
fn lex_utf8(text: &str, mut end: usize) -> usize {
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    end
}

/// Skips from the end of a name to its value.
fn join(text: &str, name: &Name) -> Option<(Join, usize)> {
    let bytes = text.as_bytes();
    let mut at = lex::run(text, name.range.end, 8, |byte| matches!(byte, b'\\' | b'"' | b'\'' | b']' | b'`'));
    let closed = at;
    at = lex::skip(text, at, 16, b"");
    let spaced = at > closed;
    let plain = closed == name.range.end;
    let opens_quote = |at: usize| matches!(bytes.get(at), Some(b'"' | b'\'' | b'\\'));
    if let Some(value) = value_attribute(text, closed) {
        return Some((Join::Tight, value));
    }
    match bytes.get(at)? {
        b'=' | b':' => {}
        b'%' if plain && !spaced => {
            let sign = ["%3D", "%3A", "%253D", "%253A"]
                .into_iter()
                .find(|sign| lex::starts_with_ignore_case(&text[at..], sign))?;
            return Some((Join::Encoded, at + sign.len()));
        }
        b'>' if name.range.start > 0 && bytes[name.range.start - 1] == b'<' => {
            return Some((Join::Tag, at + 1));
        }
        b'\'' if spaced && plain && name.kind == KeyKind::Password => return Some((Join::Quote, at)),
        b'(' if plain && opens_quote(at + 1) && sets(&text[name.range.clone()]) => {
            return Some((Join::Quote, at + 1));
        }
        b',' if !plain && opens_quote(lex::skip(text, at + 1, 4, b"")) => {
            return Some((Join::Comma, lex::skip(text, at + 1, 4, b"")));
        }
        b'i' if spaced && text[at..].starts_with("is ") => {
            return Some((Join::Colon, lex::skip(text, at + 3, 4, b":")));
        }
        _ if spaced && name.flag && plain => return Some((Join::Tight, at)),
        _ if spaced && plain => return Some((Join::Space, at)),
        _ => return None,
    }
    let sep = at;
    at = lex::run(text, at, 3, |byte| matches!(byte, b'=' | b':' | b'>'));
    if text[sep..at].starts_with("::") {
        return None;
    }
    let tight = !spaced && at == sep + 1;
    let value = lex::skip(text, at, 16, b"");
    let join = match bytes[sep] {
        _ if tight && value == at => Join::Tight,
        b':' if at == sep + 1 => Join::Colon,
        _ => Join::Equals,
    };
    Some((join, value))
}

/// The name was itself a value, and what it names follows: `key="ApiKey" value="…"`, `--name token --value
/// …`, `name: TOKEN` and `value: …` on the next line.
fn value_attribute(text: &str, closed: usize) -> Option<usize> {
    let at = lex::run(text, closed, 32, |byte| byte.is_ascii_whitespace() || matches!(byte, b'-' | b','));
    let after = at + "value".len();
    let joined = matches!(text.as_bytes().get(after), Some(b'=' | b':' | b' '));
    (at > closed && joined && lex::starts_with_ignore_case(&text[at..], "value"))
        .then(|| lex::skip(text, after, 8, b"=:"))
}

/// Whether a function of this name takes a password, rather than looks one up.
fn sets(name: &str) -> bool {
    ["set", "with", "password"].iter().any(|start| lex::starts_with_ignore_case(name, start))
}

/// A string literal at `start`: what is between the quotes. The quotes may be escaped; a quote with more
/// backslashes before it than the opening one has is part of the value.
fn quoted(text: &str, start: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let prefix = matches!(bytes.get(start), Some(b'b' | b'r' | b'f' | b'u' | b'@')) as usize;
    let open = lex::run(text, start + prefix.min(bytes.len() - start), 8, |byte| byte == b'\\');
    let quote = *bytes.get(open).filter(|byte| matches!(byte, b'"' | b'\'' | b'`'))?;
    let depth = open - start - prefix;
    let from = open + 1;
    let mut at = from;
    while at < bytes.len().min(from + VALUE_MAX) {
        let byte = bytes[at];
        if byte == quote {
            let slashes = at - lex::run_back(text, at, at - from, |byte| byte == b'\\');
            if slashes == depth {
                work::add(at - from);
                return Some(from..at - depth);
            }
        } else if byte == b'\n' {
            break;
        }
        at += 1;
    }
    work::add(at - from);
    // Cut off before the closing quote: the rest of the line is the value.
    let end = lex_utf8(text, at);
    (end == text.len() && !text[from..end].contains([' ', quote as char])).then_some(from..end)
}

/// A match of a pattern, up to the closing quote of the value whose opening quote it holds: `password='a b'`.
pub(crate) fn with_quoted(text: &str, found: Range<usize>) -> Range<usize> {
    let matched = &text.as_bytes()[found.clone()];
    let Some(sign) = matched.iter().position(|byte| matches!(byte, b'=' | b':')) else { return found };
    let open = lex::run(text, found.start + sign + 1, 8, |byte| byte == b'\\');
    let Some(quote) = text.as_bytes()[..found.end].get(open).filter(|byte| matches!(byte, b'"' | b'\''))
    else {
        return found;
    };
    let line = lex::window(text, open + 1, QUOTED_MAX);
    match line.find(['\n', char::from(*quote)]) {
        Some(len) if !line[len..].starts_with('\n') => found.start..found.end.max(open + 1 + len + 1),
        _ => found,
    }
}

/// `assigned`: joined to its name by a sign, so that several plain words are the value as well.
fn quoted_is_secret(value: &str, kind: KeyKind, assigned: bool) -> bool {
    let padded = value.starts_with([' ', ',', ')']) || value.ends_with(' ');
    let wordy = value.contains(' ')
        && !assigned
        && kind != KeyKind::Phrase
        && !value.bytes().any(|byte| byte.is_ascii_digit());
    let letters = value.chars().any(char::is_alphanumeric);
    // "token": "token", label texts and SQL or schema types name the thing, they are not it.
    let names_itself = value.len() <= 12 && value.chars().all(char::is_alphabetic) && is_about(value);
    letters
        && !padded
        && !wordy
        && !names_itself
        && !placeholder::is(value)
        && !word_for_nothing(value)
        && !(kind == KeyKind::Directory && path_like(value))
}

fn is_about(value: &str) -> bool {
    [
        "password",
        "passwd",
        "secret",
        "token",
        "string",
        "varchar",
        "text",
        "required",
        "credentials",
        "cookie",
    ]
    .iter()
    .any(|word| value.eq_ignore_ascii_case(word))
}

fn bare_is_secret(value: &str, kind: KeyKind, join: Join, whole_line: impl Fn() -> bool) -> bool {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let code = value.contains(['(', '[', '{']) || dotted_path(value) || value.starts_with(['&', '=', '/']);
    if code
        && !(join == Join::Tag)
        && !(value.starts_with('/') && random(value) && kind != KeyKind::Directory)
        || word_for_nothing(value)
        || type_name(value)
        || kind == KeyKind::Directory && path_like(value)
    {
        return false;
    }
    let symbol = value.len() >= 6 && value.chars().skip(1).any(|c| "!@#$%^*+/".contains(c));
    let mix = digits > 0 && value.len() >= 5 && digits < value.len();
    match (kind, join) {
        (KeyKind::Code, _) => digits >= 3,
        // `<user>:<password>@host` shows a form.
        (_, Join::Tag) => !value.starts_with('@'),
        (KeyKind::Password, Join::Space) => mix && value.len() >= 6 && value.len() > digits + 1,
        (_, Join::Space) => value.len() >= 8 && high_entropy(value),
        (_, Join::Tight | Join::Encoded) => value.len() >= 3,
        (KeyKind::Password | KeyKind::Directory, _) => {
            mix || symbol || digits >= 4 || value.len() >= 6 && whole_line() && !is_about(value)
        }
        (_, Join::Equals) => (mix || symbol) && whole_line(),
        _ => mix && value.len() >= 6 || symbol,
    }
}

/// `self.token`, `settings.API_KEY`: two names or more joined by points.
fn dotted_path(value: &str) -> bool {
    let name = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part.bytes().all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
    };
    value.contains('.') && value.split('.').all(name)
}

fn path_like(value: &str) -> bool {
    value.starts_with(['/', '~', '.', '$'])
        || matches!(value.as_bytes(), [drive, b':', b'\\' | b'/', ..] if drive.is_ascii_alphabetic())
}

/// Whether a value says that there is none.
pub(crate) fn word_for_nothing(value: &str) -> bool {
    const WORDS: &[&str] = &[
        "",
        "true",
        "false",
        "null",
        "none",
        "nil",
        "undefined",
        "yes",
        "no",
        "required",
        "optional",
        "redacted",
        "hidden",
        "unset",
        "empty",
        "n/a",
        "missing",
        "invalid",
        "expired",
        "0",
        "1",
    ];
    WORDS.iter().any(|word| value.eq_ignore_ascii_case(word))
}

fn type_name(value: &str) -> bool {
    const TYPES: &[&str] = &[
        "str",
        "string",
        "bytes",
        "int",
        "bool",
        "number",
        "any",
        "text",
        "u8",
        "u16",
        "u32",
        "u64",
        "u128",
        "i32",
        "i64",
        "f64",
        "int32",
        "int64",
        "uint64",
        "byte",
        "varchar",
        "SecretStr",
        "Uint8Array",
        "Buffer",
    ];
    let generic = value.contains('<') || value.contains('|');
    generic || TYPES.iter().any(|name| value.trim_end_matches('?').eq_ignore_ascii_case(name))
}

const TYPED: &[&str] = &["&str ", "&'static str ", "str ", "String ", "string "];

/// `key: &str = "value"`, `key: String = "value"`: the literal after the type.
fn annotated(text: &str, end: usize) -> Option<Range<usize>> {
    let at = lex::skip(text, end, 8, b"");
    if text.as_bytes().get(at) != Some(&b'=') {
        return None;
    }
    let range = quoted(text, lex::skip(text, at + 1, 8, b""))?;
    quoted_is_secret(&text[range.clone()], KeyKind::Secret, true).then_some(range)
}

/// `Authorization: Scheme value` or `Cookie: name=value; …`: all up to the end of line or literal.
fn header(text: &str, start: usize) -> Option<Range<usize>> {
    let open = lex::run(text, start, 8, |byte| matches!(byte, b'\\' | b'"' | b'\'' | b'`'));
    let has =
        |byte: u8| !byte.is_ascii_control() && !matches!(byte, b'"' | b'\'' | b'`' | b'\\' | b'<' | b'>');
    let run =
        |limit| open..open + text[open..lex_utf8(text, lex::run(text, open, limit, has))].trim_end().len();
    let value = &text[run(JUDGED_MAX)];
    let secret = value.split([' ', ';']).any(|part| {
        let (name, value) = part.split_once('=').unwrap_or(("", part));
        !placeholder::is(value)
            && !value.starts_with(['$', '{', '<'])
            && (random(value) || !name.is_empty() && value.len() >= 6)
    });
    let scheme = ["bearer ", "basic ", "token ", "apikey ", "digest ", "bot "];
    let named = scheme.iter().find(|scheme| lex::starts_with_ignore_case(value, scheme));
    let after = named.map(|scheme| value[scheme.len()..].trim());
    let single = after.is_some_and(|rest| {
        !rest.is_empty()
            && !rest.contains(' ')
            && !placeholder::is(rest)
            && !rest.starts_with(['$', '{', '<'])
    });
    (secret || single).then(|| run(VALUE_MAX))
}

fn starts_line(text: &str, at: usize) -> bool {
    let before = lex::window_back(text, at, 64).trim_end_matches([' ', '\t', '-']);
    let before = before.strip_suffix("export").unwrap_or(before).trim_end_matches([' ', '\t']);
    before.is_empty() || before.ends_with(['\n', '{', ',', '"', '\'']) || before.ends_with("\\n")
}

fn ends_line(text: &str, at: usize) -> bool {
    let rest = lex::window(text, at, LINE_END_MAX).trim_start_matches([' ', '\t', '\r']);
    rest.is_empty() || rest.starts_with(['\n', '"', '\'']) || rest.starts_with("\\n")
}
