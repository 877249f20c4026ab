//! The grammar of searches: words, "phrases", field:value, each with `-` before it for "not".
//!
//! Invariant: what comes out is data; nothing of a search is ever read as SQL.

use crate::error::{Kind, Position, QueryError};

/// One condition of a search; all must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Term {
    pub(crate) negated: bool,
    pub(crate) what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum What {
    /// Text anywhere in the event.
    Text(String),
    /// `name:value`, `name:>value` and so on.
    Field { name: String, compare: Compare, value: String },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compare {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Most conditions of one search.
const TERMS_MAX: usize = 50;

/// Parses the text of a search; an empty one has no conditions.
///
/// # Errors
/// [`Kind::Syntax`] with the place: an open quote, `OR`, too many conditions.
pub(crate) fn parse(text: &str) -> Result<Vec<Term>, QueryError> {
    let mut terms = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let at = text.len() - rest.len();
        let (negated, body) = match rest.strip_prefix('-') {
            Some(body) if body.starts_with(|c: char| !c.is_whitespace()) => (true, body),
            _ => (false, rest),
        };
        let (what, after) = what(body).map_err(|message| error(text, at, message))?;
        match &what {
            What::Text(word) if word == "AND" && !body.starts_with('"') => {}
            What::Text(word) if word == "OR" && !body.starts_with('"') => {
                let refused = error(text, at, "all conditions of a search hold at once: there is no OR");
                return Err(refused.hint("put quotes around it to search for the word"));
            }
            _ => terms.push(Term { negated, what }),
        }
        if terms.len() > TERMS_MAX {
            return Err(error(text, at, "a search has at most 50 conditions"));
        }
        rest = after.trim_start();
    }
    Ok(terms)
}

fn what(body: &str) -> Result<(What, &str), &'static str> {
    if body.starts_with('"') {
        let (phrase, after) = quoted(body)?;
        return Ok((What::Text(phrase), after));
    }
    let name_len = body.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(body.len());
    let (name, tail) = body.split_at(name_len);
    // `12:30`, `http://…` and `Error: …` are words, not fields.
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic());
    let value = tail.strip_prefix(':').filter(|value| {
        is_name && !value.starts_with("//") && value.starts_with(|c: char| !c.is_whitespace())
    });
    let Some(value) = value else {
        let (word, after) = word(body);
        return Ok((What::Text(word.to_string()), after));
    };
    let (compare, value) = comparison(value);
    let (value, after) = if value.starts_with('"') {
        quoted(value)?
    } else {
        let (word, after) = word(value);
        (word.to_string(), after)
    };
    Ok((What::Field { name: name.to_ascii_lowercase(), compare, value }, after))
}

fn comparison(value: &str) -> (Compare, &str) {
    for (sign, compare) in [
        (">=", Compare::GreaterOrEqual),
        ("<=", Compare::LessOrEqual),
        (">", Compare::Greater),
        ("<", Compare::Less),
        ("=", Compare::Equal),
    ] {
        if let Some(rest) = value.strip_prefix(sign) {
            return (compare, rest);
        }
    }
    (Compare::Equal, value)
}

fn word(text: &str) -> (&str, &str) {
    text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()))
}

/// A quoted text, in which `\"` and `\\` stand for themselves.
fn quoted(text: &str) -> Result<(String, &str), &'static str> {
    let mut out = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((i, c)) = chars.next() {
        match c {
            '"' => return Ok((out, &text[i + 1..])),
            '\\' => match chars.next() {
                Some((_, escaped @ ('"' | '\\'))) => out.push(escaped),
                Some((_, other)) => out.extend(['\\', other]),
                None => break,
            },
            other => out.push(other),
        }
    }
    Err("the quote is not closed")
}

fn error(text: &str, at: usize, message: &str) -> QueryError {
    let column = text[..at].chars().count() as u64 + 1;
    QueryError { position: Some(Position { line: 1, column }), ..QueryError::new(Kind::Syntax, message) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> String {
        let show = |term: Term| {
            let what = match term.what {
                What::Text(text) => format!("[{text}]"),
                What::Field { name, compare, value } => format!("{name} {compare:?} [{value}]"),
            };
            if term.negated { format!("not {what}") } else { what }
        };
        parse(text).unwrap().into_iter().map(show).collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn searches_read_as_written() {
        for (text, want) in [
            ("", ""),
            ("  deploy  failed ", "[deploy], [failed]"),
            ("\"to be or\" -not", "[to be or], not [not]"),
            ("agent:ops/x -status:failed", "agent Equal [ops/x], not status Equal [failed]"),
            (
                "name:\"Web Fetch\" tokens_input:>=100",
                "name Equal [Web Fetch], tokens_input GreaterOrEqual [100]",
            ),
            ("12:30 http://x/y Error: late", "[12:30], [http://x/y], [Error:], [late]"),
            ("a AND b", "[a], [b]"),
            ("\"OR\" - \"say \\\"hi\\\"\"", "[OR], [-], [say \"hi\"]"),
            ("'; DROP TABLE events; --", "[';], [DROP], [TABLE], [events;], not [-]"),
        ] {
            assert_eq!(shown(text), want, "{text}");
        }
    }

    #[test]
    fn mistakes_are_shown_with_their_place() {
        let error = parse("one \"two").unwrap_err();
        assert_eq!((error.kind, error.position.unwrap().column), (Kind::Syntax, 5));
        assert!(parse("a OR b").unwrap_err().message.contains("no OR"));
        assert!(parse(&"x ".repeat(60)).is_err());
    }
}
