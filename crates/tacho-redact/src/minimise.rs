//! Minimisation: content shortened by its kind, whether or not it holds a secret.
//!
//! Works on JSON text and leaves it valid. Apply after redaction: a secret cut in half is not recognised.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::json::{self, Chars, Malformed, Token, Tokens};

/// What happens to content of a kind. Written as `keep`, `truncate 500`, `hash` or `drop`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub enum Rule {
    /// Stays as it is.
    Keep,
    /// So many characters stay.
    Truncate(usize),
    /// A SHA-256 takes its place. Hides long content; short or guessable content can be guessed from it.
    Hash,
    /// Only its length stays.
    Drop,
}

/// A rule that cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("minimisation rule {0:?} is unknown, expected keep, truncate N, hash or drop")]
pub struct RuleError(String);

impl std::str::FromStr for Rule {
    type Err = RuleError;

    fn from_str(text: &str) -> Result<Self, RuleError> {
        let unknown = || RuleError(text.to_owned());
        let mut words = text.split_ascii_whitespace();
        let rule = match (words.next(), words.next()) {
            (Some("keep"), None) => Self::Keep,
            (Some("hash"), None) => Self::Hash,
            (Some("drop"), None) => Self::Drop,
            (Some("truncate"), Some(limit)) => Self::Truncate(limit.parse().map_err(|_| unknown())?),
            _ => return Err(unknown()),
        };
        if words.next().is_some() { Err(unknown()) } else { Ok(rule) }
    }
}

impl TryFrom<String> for Rule {
    type Error = RuleError;

    fn try_from(text: String) -> Result<Self, RuleError> {
        text.parse()
    }
}

impl From<Rule> for String {
    fn from(rule: Rule) -> Self {
        rule.to_string()
    }
}

impl std::fmt::Display for Rule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Keep => f.write_str("keep"),
            Self::Truncate(limit) => write!(f, "truncate {limit}"),
            Self::Hash => f.write_str("hash"),
            Self::Drop => f.write_str("drop"),
        }
    }
}

/// The kinds of content that have a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentKind {
    FileContents,
    QueryResults,
    CommandOutput,
}

/// The rule for each kind of content.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Minimisation {
    /// What was read from or written to files; paths stay. Default: drop.
    pub file_contents: Rule,
    /// What a query returned; under any rule but keep and truncate, of rows only their number stays. Default:
    /// drop.
    pub query_results: Rule,
    /// What a command printed. Default: truncate 500.
    pub command_output: Rule,
}

impl Default for Minimisation {
    fn default() -> Self {
        Self { file_contents: Rule::Drop, query_results: Rule::Drop, command_output: Rule::Truncate(500) }
    }
}

impl Minimisation {
    /// The rule for a kind.
    #[must_use]
    pub fn rule(&self, kind: ContentKind) -> Rule {
        match kind {
            ContentKind::FileContents => self.file_contents,
            ContentKind::QueryResults => self.query_results,
            ContentKind::CommandOutput => self.command_output,
        }
    }

    /// Minimises every string value inside a JSON value; keys stay. Of query results every outermost array
    /// becomes `{"rows": n}`, and a number stays only under a key that names a count or a duration.
    ///
    /// Text that is not made of JSON's tokens, or of none at all, is minimised whole, to a JSON string. Under
    /// [`Rule::Keep`] any text stays as it is.
    #[must_use]
    pub fn json<'a>(&self, kind: ContentKind, text: &'a str) -> Cow<'a, str> {
        let rule = self.rule(kind);
        if rule == Rule::Keep {
            return Cow::Borrowed(text);
        }
        rewrite(kind, rule, text).unwrap_or_else(|Malformed| {
            let short = apply(rule, text);
            Cow::Owned(format!("\"{}\"", json::escape(&short)))
        })
    }
}

/// Applies a rule to plain text.
#[must_use]
pub fn apply(rule: Rule, text: &str) -> Cow<'_, str> {
    match rule {
        Rule::Keep => Cow::Borrowed(text),
        Rule::Hash => Cow::Owned(hash(text)),
        Rule::Drop if text.is_empty() => Cow::Borrowed(text),
        Rule::Drop => Cow::Owned(format!("[dropped {} characters]", text.chars().count())),
        // Fewer bytes than the limit are fewer characters, too.
        Rule::Truncate(limit) if text.len() <= limit => Cow::Borrowed(text),
        Rule::Truncate(limit) => match text.char_indices().nth(limit) {
            None => Cow::Borrowed(text),
            Some((cut, _)) => {
                let total = limit + text[cut..].chars().count();
                Cow::Owned(format!("{}[truncated {limit} of {total} characters]", &text[..cut]))
            }
        },
    }
}

/// The same for the raw inside of a JSON string; counts what it means, and cuts between escapes.
fn apply_raw(rule: Rule, raw: &str) -> Cow<'_, str> {
    match rule {
        // Escapes only make fewer characters of as many bytes.
        Rule::Truncate(limit) if raw.len() <= limit => Cow::Borrowed(raw),
        _ if !raw.contains('\\') => apply(rule, raw),
        Rule::Keep => Cow::Borrowed(raw),
        Rule::Hash => Cow::Owned(hash(&json::unescape(raw))),
        Rule::Drop => Cow::Owned(format!("[dropped {} characters]", Chars::new(raw).count())),
        Rule::Truncate(limit) => {
            let mut chars = Chars::new(raw);
            let kept = chars.by_ref().take(limit).count();
            let cut = chars.position();
            match chars.count() {
                0 => Cow::Borrowed(raw),
                rest => {
                    let total = kept + rest;
                    Cow::Owned(format!("{}[truncated {limit} of {total} characters]", &raw[..cut]))
                }
            }
        }
    }
}

fn hash(text: &str) -> String {
    let mut out = String::with_capacity(71);
    out.push_str("sha256:");
    for byte in Sha256::digest(text.as_bytes()) {
        // Writing to a string cannot fail.
        let _ = write!(out, "{byte:02x}");
    }
    out
}

fn rewrite(kind: ContentKind, rule: Rule, text: &str) -> Result<Cow<'_, str>, Malformed> {
    let rows = kind == ContentKind::QueryResults && matches!(rule, Rule::Drop | Rule::Hash);
    let mut out = Output { text, out: String::new(), from: 0 };
    let mut tokens = Tokens::new(text);
    let mut key = "";
    let mut empty = true;
    while let Some(token) = tokens.next().transpose()? {
        empty = false;
        match token {
            Token::Key(range) => {
                key = &text[range];
                continue;
            }
            Token::Text(_) if kind == ContentKind::FileContents && is_path(key) => {}
            Token::Text(range) => {
                let short = apply_raw(rule, &text[range.clone()]);
                if let Cow::Owned(short) = short {
                    out.replace(range, &short);
                }
            }
            Token::Number(range) if rows && !is_count(key) => out.replace(range, "null"),
            Token::Open(at) if rows && text[at..].starts_with('[') => {
                let (count, end) = skip_array(&mut tokens)?;
                let range = at..end + 1;
                let row_set = match rule {
                    Rule::Hash => {
                        format!("{{\"rows\":{count},\"sha256\":\"{}\"}}", &hash(&text[range.clone()])[7..])
                    }
                    _ => format!("{{\"rows\":{count}}}"),
                };
                out.replace(range, &row_set);
            }
            Token::Number(_) | Token::Literal | Token::Open(_) | Token::Close(_) => {}
        }
        key = "";
    }
    if empty { Err(Malformed) } else { Ok(out.finish()) }
}

/// Reads to the end of the array just opened: how many items it has, and where it closes.
fn skip_array(tokens: &mut Tokens<'_>) -> Result<(usize, usize), Malformed> {
    let inside = tokens.depth;
    let mut count = 0;
    while let Some(token) = tokens.next().transpose()? {
        match token {
            Token::Close(at) if tokens.depth < inside => return Ok((count, at)),
            Token::Open(_) if tokens.depth == inside + 1 => count += 1,
            Token::Text(_) | Token::Number(_) | Token::Literal if tokens.depth == inside => count += 1,
            _ => {}
        }
    }
    Err(Malformed)
}

/// The text with parts replaced, built only once the first is.
struct Output<'a> {
    text: &'a str,
    out: String,
    from: usize,
}

impl<'a> Output<'a> {
    fn replace(&mut self, range: Range<usize>, with: &str) {
        if self.from == 0 {
            self.out.reserve(self.text.len());
        }
        self.out.push_str(&self.text[self.from..range.start]);
        self.out.push_str(with);
        self.from = range.end;
    }

    fn finish(mut self) -> Cow<'a, str> {
        if self.from == 0 {
            return Cow::Borrowed(self.text);
        }
        self.out.push_str(&self.text[self.from..]);
        Cow::Owned(self.out)
    }
}

fn is_path(key: &str) -> bool {
    const NAMES: &[&str] = &[
        "path",
        "filepath",
        "file_path",
        "filename",
        "file_name",
        "file",
        "uri",
        "notebook_path",
        "directory",
    ];
    NAMES.iter().any(|name| key.eq_ignore_ascii_case(name))
}

fn is_count(key: &str) -> bool {
    const NAMES: &[&str] =
        &["count", "rows", "total", "affected", "duration", "elapsed", "took", "ms", "code"];
    NAMES.iter().any(|name| key.to_ascii_lowercase().contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rule: &str, kind: ContentKind, input: &str, expected: &str) {
        let rule: Rule = rule.parse().unwrap();
        let all = Minimisation { file_contents: rule, query_results: rule, command_output: rule };
        let output = all.json(kind, input);
        assert_eq!(output, expected);
        serde_json::from_str::<serde_json::Value>(&output).unwrap();
    }

    #[test]
    fn file_contents_leave_only_the_path() {
        check(
            "drop",
            ContentKind::FileContents,
            r#"{"file_path":"/src/a.rs","content":"fn main() {}\n","lines":1}"#,
            r#"{"file_path":"/src/a.rs","content":"[dropped 13 characters]","lines":1}"#,
        );
    }

    #[test]
    fn query_results_leave_only_counts() {
        check(
            "drop",
            ContentKind::QueryResults,
            r#"{"rows":[{"id":1,"tags":["a","b"]},{"id":2}],"row_count":2,"salary":100,"note":"ok"}"#,
            r#"{"rows":{"rows":2},"row_count":2,"salary":null,"note":"[dropped 2 characters]"}"#,
        );
        check("drop", ContentKind::QueryResults, "[]", r#"{"rows":0}"#);
        check("drop", ContentKind::QueryResults, "[1,\"a\",null,[2]]", r#"{"rows":4}"#);
        check("truncate 1", ContentKind::QueryResults, "[[1]]", "[[1]]");
    }

    #[test]
    fn truncation_counts_characters_and_keeps_escapes_whole() {
        let kind = ContentKind::CommandOutput;
        check("truncate 3", kind, r#""äöüß""#, r#""äöü[truncated 3 of 4 characters]""#);
        check("truncate 2", kind, r#""a\u00e9\n""#, r#""a\u00e9[truncated 2 of 3 characters]""#);
        check("truncate 1", kind, r#""\ud83d\ude00x""#, r#""\ud83d\ude00[truncated 1 of 2 characters]""#);
        check("truncate 3", kind, r#"{"stdout":"abc","\n":true}"#, r#"{"stdout":"abc","\n":true}"#);
        check("truncate 0", kind, r#""\t""#, r#""[truncated 0 of 1 characters]""#);
    }

    #[test]
    fn hash_is_of_the_meaning_not_the_spelling() {
        let one = Minimisation { command_output: Rule::Hash, ..Minimisation::default() };
        let kind = ContentKind::CommandOutput;
        assert_eq!(one.json(kind, r#""a\u0062c""#), one.json(kind, r#""abc""#));
        assert!(one.json(kind, r#""abc""#).starts_with("\"sha256:ba7816bf"));
    }

    #[test]
    fn text_that_is_no_json_becomes_a_string() {
        check(
            "truncate 4",
            ContentKind::CommandOutput,
            "say \"hi\"",
            r#""say [truncated 4 of 8 characters]""#,
        );
        check("drop", ContentKind::FileContents, "{\"cut", r#""[dropped 5 characters]""#);
        check("drop", ContentKind::FileContents, "", "\"\"");
        check("drop", ContentKind::FileContents, " \n", r#""[dropped 2 characters]""#);
    }

    #[test]
    fn rules_are_read_and_written_as_text() {
        for text in ["keep", "truncate 500", "hash", "drop"] {
            assert_eq!(text.parse::<Rule>().unwrap().to_string(), text);
        }
        for text in ["", "truncate", "truncate x", "drop it", "Truncate 5"] {
            assert!(text.parse::<Rule>().is_err(), "{text}");
        }
        let read: Minimisation = serde_json::from_str(r#"{"query_results":"truncate 7"}"#).unwrap();
        assert_eq!(read, Minimisation { query_results: Rule::Truncate(7), ..Minimisation::default() });
    }
}
