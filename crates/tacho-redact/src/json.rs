//! JSON text without a tree: its tokens with their places, and the mapping between a string's raw bytes and
//! what they mean. One pass, no allocation.

use std::ops::Range;

use memchr::{memchr, memchr2};

/// A token and its place. For strings the place is what lies between the quotes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Token {
    Key(Range<usize>),
    Text(Range<usize>),
    Number(Range<usize>),
    Literal,
    Open(usize),
    Close(usize),
}

/// The text is no JSON; the walk cannot go on.
#[derive(Debug)]
pub(crate) struct Malformed;

/// The tokens of one or more JSON values. Brackets are counted, not matched: enough to tell JSON from other
/// text, and callers only promise sound output for valid input.
pub(crate) struct Tokens<'a> {
    text: &'a str,
    at: usize,
    pub(crate) depth: usize,
}

impl<'a> Tokens<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    fn string(&mut self) -> Result<Token, Malformed> {
        let bytes = self.text.as_bytes();
        let start = self.at + 1;
        let mut at = start;
        loop {
            at += memchr2(b'"', b'\\', bytes.get(at..).unwrap_or_default()).ok_or(Malformed)?;
            if bytes[at] == b'"' {
                break;
            }
            at += 2;
        }
        self.at = at + 1;
        self.skip_space();
        let key = bytes.get(self.at) == Some(&b':');
        Ok(if key { Token::Key(start..at) } else { Token::Text(start..at) })
    }

    fn skip_space(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        self.at +=
            rest.iter().position(|byte| !matches!(byte, b' ' | b'\n' | b'\t' | b'\r')).unwrap_or(rest.len());
    }
}

impl Iterator for Tokens<'_> {
    type Item = Result<Token, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let bytes = self.text.as_bytes();
        loop {
            let at = self.at;
            let Some(&byte) = bytes.get(at) else {
                return (self.depth > 0).then_some(Err(Malformed));
            };
            match byte {
                b' ' | b'\n' | b'\t' | b'\r' | b',' | b':' => self.at += 1,
                b'"' => return Some(self.string()),
                b'{' | b'[' => {
                    self.at += 1;
                    self.depth += 1;
                    return Some(Ok(Token::Open(at)));
                }
                b'}' | b']' => {
                    self.at += 1;
                    let Some(depth) = self.depth.checked_sub(1) else { return Some(Err(Malformed)) };
                    self.depth = depth;
                    return Some(Ok(Token::Close(at)));
                }
                b'-' | b'0'..=b'9' => {
                    let number = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
                    self.at += bytes[at..].iter().take_while(|byte| number(byte)).count();
                    return Some(Ok(Token::Number(at..self.at)));
                }
                _ => {
                    let rest = &bytes[at..];
                    let word =
                        [&b"true"[..], b"false", b"null"].into_iter().find(|word| rest.starts_with(word));
                    self.at += word.map_or(0, <[u8]>::len);
                    return Some(word.map(|_| Token::Literal).ok_or(Malformed));
                }
            }
        }
    }
}

/// Steps through the raw inside of a JSON string: each character meant, and the raw bytes it took.
pub(crate) struct Chars<'a> {
    raw: &'a str,
    at: usize,
}

impl<'a> Chars<'a> {
    pub(crate) fn new(raw: &'a str) -> Self {
        Self { raw, at: 0 }
    }

    /// The raw position after the last character.
    pub(crate) fn position(&self) -> usize {
        self.at
    }

    fn hex(&self, at: usize) -> Option<u32> {
        let digits = self.raw.as_bytes().get(at..at + 4)?;
        digits.iter().try_fold(0, |value, &byte| Some(value << 4 | char::from(byte).to_digit(16)?))
    }

    /// A `\u` escape at the position, with its second half where it is a surrogate. A lone surrogate, which
    /// JSON permits and UTF-8 does not, reads as U+FFFD.
    fn unicode(&mut self) -> char {
        let first = self.hex(self.at + 2).unwrap_or(0xFFFD);
        self.at = self.raw.len().min(self.at + 6);
        while !self.raw.is_char_boundary(self.at) {
            self.at -= 1;
        }
        if (0xD800..0xDC00).contains(&first)
            && self.raw[self.at..].starts_with("\\u")
            && let Some(second @ 0xDC00..=0xDFFF) = self.hex(self.at + 2)
        {
            self.at += 6;
            let scalar = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
            return char::from_u32(scalar).unwrap_or(char::REPLACEMENT_CHARACTER);
        }
        char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER)
    }
}

impl Iterator for Chars<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let c = self.raw[self.at..].chars().next()?;
        if c != '\\' {
            self.at += c.len_utf8();
            return Some(c);
        }
        let escaped = match self.raw.as_bytes().get(self.at + 1) {
            Some(b'u') => return Some(self.unicode()),
            Some(b'n') => '\n',
            Some(b't') => '\t',
            Some(b'r') => '\r',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(&byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            // Not JSON; taken as it stands.
            _ => {
                self.at += 1;
                return Some('\\');
            }
        };
        self.at += 2;
        Some(escaped)
    }

    fn count(mut self) -> usize {
        let mut count = 0;
        while let Some(plain) = memchr(b'\\', &self.raw.as_bytes()[self.at..]) {
            count += self.raw[self.at..self.at + plain].chars().count();
            self.at += plain;
            count += usize::from(self.next().is_some());
        }
        count + self.raw[self.at..].chars().count()
    }
}

/// What the raw inside of a JSON string means.
pub(crate) fn unescape(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut chars = Chars::new(raw);
    while let Some(plain) = memchr(b'\\', &raw.as_bytes()[chars.at..]) {
        out.push_str(&raw[chars.at..chars.at + plain]);
        chars.at += plain;
        out.extend(chars.next());
    }
    out.push_str(&raw[chars.at..]);
    out
}

/// `text` as the inside of a JSON string.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c < ' ' => out.push_str(&format!("\\u{:04x}", c as u32)),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_tell_keys_from_values() {
        let text = r#"{"a" : ["b\"", -1.5e3, null], "c":{}}"#;
        let kinds: Vec<String> = Tokens::new(text)
            .map(|token| match token.unwrap() {
                Token::Key(range) => format!("key {}", &text[range]),
                Token::Text(range) => format!("text {}", &text[range]),
                Token::Number(range) => format!("number {}", &text[range]),
                Token::Literal => "literal".to_owned(),
                Token::Open(_) => "open".to_owned(),
                Token::Close(_) => "close".to_owned(),
            })
            .collect();
        let expected = ["open", "key a", "open", "text b\\\"", "number -1.5e3", "literal", "close", "key c"];
        assert_eq!(kinds[..8], expected);
    }

    #[test]
    fn text_that_is_no_json_is_malformed() {
        for text in ["[INFO] x", "{\"a\":1", "\"open", "}", "\"\\"] {
            assert!(Tokens::new(text).any(|token| token.is_err()), "{text}");
        }
    }

    #[test]
    fn unescape_reads_every_escape_and_escape_writes_it_back() {
        assert_eq!(unescape(r#"\u0041\n\"\\\/\ud83d\ude00\ud800x"#), "A\n\"\\/😀\u{fffd}x");
        assert_eq!(escape("a\"\\\n\u{1}"), "a\\\"\\\\\\n\\u0001");
        assert_eq!(unescape("\\u00é\\"), "\u{fffd}\\");
        for raw in [r#"é\u0041\n\"\\ü\/\ud83d\ude00\ud800x"#, "\\u00é\\", "", "é"] {
            assert_eq!(Chars::new(raw).count(), unescape(raw).chars().count(), "{raw}");
        }
    }
}
