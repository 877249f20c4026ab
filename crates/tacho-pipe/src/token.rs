//! The lexer: text to tokens, each with its place.

use crate::ast::Span;
use crate::error::PipeError;
use crate::{QUERY_BYTES_MAX, duration};

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Word(String),
    /// A name in double quotes: never a keyword.
    Quoted(String),
    Text(String),
    Number(f64),
    DurationUs(i64),
    Symbol(&'static str),
    End,
}

#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    pub(crate) span: Span,
}

impl Token {
    /// How a message names the token.
    pub(crate) fn describe(&self) -> String {
        match &self.kind {
            Kind::Word(word) => format!("\"{}\"", shorten(word)),
            Kind::Quoted(name) => format!("the name \"{}\"", shorten(name)),
            Kind::Text(text) => format!("the text '{}'", shorten(text)),
            Kind::Number(number) => format!("the number {number}"),
            Kind::DurationUs(us) => format!("the duration {}", duration::format_us(*us)),
            Kind::Symbol(symbol) => format!("\"{symbol}\""),
            Kind::End => "the end".into(),
        }
    }
}

/// The beginning of an offending value.
pub(crate) fn shorten(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_string(),
    }
}

/// Longest first, so that `>=` is not read as `>`.
const SYMBOLS: [&str; 25] = [
    "->", "=~", ">=", "<=", "!=", "<>", "==", "|", ",", "(", ")", "[", "]", "{", "}", ":", ".", "=", "<",
    ">", "+", "-", "*", "/", "%",
];

/// # Errors
/// At the first place that is no token.
pub(crate) fn tokens(text: &str) -> Result<Vec<Token>, PipeError> {
    if text.len() > QUERY_BYTES_MAX {
        let message = format!("the query has {} bytes, expected at most {QUERY_BYTES_MAX}", text.len());
        return Err(PipeError::new(text, Span::default(), message));
    }
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        if c.is_whitespace() {
            at += c.len_utf8();
            continue;
        }
        if c == '#' {
            at += rest.find('\n').unwrap_or(rest.len());
            continue;
        }
        let (kind, len) = if c.is_alphabetic() || c == '_' {
            let len = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            (Kind::Word(rest[..len].to_string()), len)
        } else if c.is_ascii_digit() {
            number(text, at)?
        } else if c == '\'' || c == '"' {
            let (value, len) = quoted(text, at, c)?;
            (if c == '"' { Kind::Quoted(value) } else { Kind::Text(value) }, len)
        } else if let Some(symbol) = SYMBOLS.iter().find(|symbol| rest.starts_with(**symbol)) {
            (Kind::Symbol(symbol), symbol.len())
        } else {
            let span = Span { start: at, end: at + c.len_utf8() };
            return Err(PipeError::new(
                text,
                span,
                format!("\"{}\" is no part of the language", c.escape_debug()),
            ));
        };
        out.push(Token { kind, span: Span { start: at, end: at + len } });
        at += len;
    }
    out.push(Token { kind: Kind::End, span: Span { start: text.len(), end: text.len() } });
    Ok(out)
}

/// A number (`1.5`, `10k`, `3M`) or a duration (`5m`, `1h30m`): letters right behind digits decide.
fn number(text: &str, at: usize) -> Result<(Kind, usize), PipeError> {
    let rest = &text[at..];
    let mut len = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '.').unwrap_or(rest.len());
    // `1.` before anything but a digit is a number and a point.
    while rest[..len].ends_with('.') {
        len -= 1;
    }
    let word = &rest[..len];
    let digits = word.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(word.len());
    let scale = match &word[digits..] {
        "" => Some(1.0),
        "k" => Some(1e3),
        "M" => Some(1e6),
        "G" => Some(1e9),
        _ => None,
    };
    let value = scale.and_then(|scale| Some(word[..digits].parse::<f64>().ok()? * scale));
    if let Some(value) = value.filter(|value| value.is_finite()) {
        return Ok((Kind::Number(value), len));
    }
    if let Some(us) = duration::parse_us(word) {
        return Ok((Kind::DurationUs(us), len));
    }
    let message = format!(
        "\"{}\" is neither a number nor a duration: expected digits with k, M or G, or units such as 300ms, 5m, 1h30m, 7d",
        shorten(word)
    );
    Err(PipeError::new(text, Span { start: at, end: at + len }, message))
}

/// A text between quotes, a doubled quote standing for one.
fn quoted(text: &str, at: usize, quote: char) -> Result<(String, usize), PipeError> {
    let mut value = String::new();
    let mut chars = text[at + 1..].char_indices().peekable();
    while let Some((i, c)) = chars.next() {
        if c != quote {
            value.push(c);
        } else if chars.peek().is_some_and(|(_, next)| *next == quote) {
            value.push(quote);
            chars.next();
        } else {
            return Ok((value, i + 2));
        }
    }
    let message = format!("the text that begins here has no end: expected another {quote}");
    Err(PipeError::new(text, Span { start: at, end: at + 1 }, message))
}
