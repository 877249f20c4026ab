//! Values of Sigma: texts with wildcards, and what the encoding modifiers make of them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A part of a text: itself, any characters, or one character.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Piece {
    Text(String),
    Any,
    One,
}

/// A text with wildcards.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Pattern(pub(super) Vec<Piece>);

/// How a pattern asks, when it needs no regular expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Asked {
    Anything,
    Equals(String),
    StartsWith(String),
    EndsWith(String),
    Contains(String),
    Regex(String),
}

/// Dashes that one value may have replaced, as pySigma.
const DASHES_MAX: usize = 3;

impl Pattern {
    /// Reads a value: `*` and `?` are wildcards, a backslash before them or before another backslash takes that away.
    pub(super) fn read(text: &str) -> Pattern {
        let mut pattern = Pattern::default();
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '*' => pattern.0.push(Piece::Any),
                '?' => pattern.0.push(Piece::One),
                '\\' => match chars.next_if(|next| "*?\\".contains(*next)) {
                    Some(escaped) => pattern.push(escaped),
                    None => pattern.push('\\'),
                },
                c => pattern.push(c),
            }
        }
        pattern
    }

    pub(super) fn plain(text: &str) -> Pattern {
        Pattern(if text.is_empty() { Vec::new() } else { vec![Piece::Text(text.to_string())] })
    }

    fn push(&mut self, c: char) {
        match self.0.last_mut() {
            Some(Piece::Text(text)) => text.push(c),
            _ => self.0.push(Piece::Text(c.to_string())),
        }
    }

    /// The text, where there are no wildcards.
    pub(super) fn literal(&self) -> Option<&str> {
        match self.0.as_slice() {
            [] => Some(""),
            [Piece::Text(text)] => Some(text),
            _ => None,
        }
    }

    pub(super) fn after_anything(mut self) -> Pattern {
        if self.0.first() != Some(&Piece::Any) {
            self.0.insert(0, Piece::Any);
        }
        self
    }

    pub(super) fn before_anything(mut self) -> Pattern {
        if self.0.last() != Some(&Piece::Any) {
            self.0.push(Piece::Any);
        }
        self
    }

    pub(super) fn lowercase(&self) -> Pattern {
        let lower = |piece: &Piece| match piece {
            Piece::Text(text) => Piece::Text(text.to_lowercase()),
            other => other.clone(),
        };
        Pattern(self.0.iter().map(lower).collect())
    }

    /// Whether it matters in which case a text is written.
    pub(super) fn has_case(&self) -> bool {
        let cased = |c: char| c.is_lowercase() || c.is_uppercase();
        self.0.iter().any(|piece| matches!(piece, Piece::Text(text) if text.chars().any(cased)))
    }

    pub(super) fn asked(&self) -> Asked {
        match self.0.as_slice() {
            [] => Asked::Equals(String::new()),
            [Piece::Text(text)] => Asked::Equals(text.clone()),
            [Piece::Any] => Asked::Anything,
            [Piece::Text(text), Piece::Any] => Asked::StartsWith(text.clone()),
            [Piece::Any, Piece::Text(text)] => Asked::EndsWith(text.clone()),
            [Piece::Any, Piece::Text(text), Piece::Any] => Asked::Contains(text.clone()),
            pieces => {
                let part = |piece: &Piece| match piece {
                    Piece::Text(text) => regex::escape(text),
                    Piece::Any => ".*".into(),
                    Piece::One => ".".into(),
                };
                let parts: String = pieces.iter().map(part).collect();
                Asked::Regex(format!("(?s)^{parts}$"))
            }
        }
    }

    /// The forms of a command line whose options begin with `-`, `/` or one of the longer dashes.
    pub(super) fn windash(&self) -> Result<Vec<Pattern>, String> {
        let mut forms = vec![Pattern::default()];
        let (mut dashes, mut before) = (0, None);
        for piece in &self.0 {
            let Piece::Text(text) = piece else {
                forms.iter_mut().for_each(|form| form.0.push(piece.clone()));
                before = None;
                continue;
            };
            let chars: Vec<char> = text.chars().collect();
            for (i, c) in chars.iter().enumerate() {
                let word = |c: Option<&char>| c.is_some_and(|c| c.is_alphanumeric() || *c == '_');
                let option = "-/".contains(*c) && !word(before.as_ref()) && word(chars.get(i + 1));
                before = Some(*c);
                if !option {
                    forms.iter_mut().for_each(|form| form.push(*c));
                    continue;
                }
                dashes += 1;
                if dashes > DASHES_MAX {
                    return Err(format!("windash would replace more than {DASHES_MAX} dashes of one value"));
                }
                let with = |form: &Pattern| {
                    ['-', '/', '\u{2013}', '\u{2014}', '\u{2015}'].map(|dash| {
                        let mut form = form.clone();
                        form.push(dash);
                        form
                    })
                };
                forms = forms.iter().flat_map(with).collect();
            }
        }
        Ok(forms)
    }
}

/// A value as bytes under way through the encoding modifiers.
pub(super) fn encoded(value: &[u8], modifier: &str) -> Result<Vec<Vec<u8>>, String> {
    let text = || {
        std::str::from_utf8(value).map_err(|_| format!("{modifier} needs a text, found bytes that are none"))
    };
    let utf16 = |unit: fn(u16) -> [u8; 2], mark: &[u8]| {
        text().map(|text| vec![mark.iter().copied().chain(text.encode_utf16().flat_map(unit)).collect()])
    };
    match modifier {
        "base64" => Ok(vec![STANDARD.encode(value).into_bytes()]),
        "base64offset" => Ok((0..3).map(|offset| at_offset(value, offset)).collect()),
        "utf16be" => utf16(u16::to_be_bytes, &[]),
        "utf16" => utf16(u16::to_le_bytes, &[0xff, 0xfe]),
        _ => utf16(u16::to_le_bytes, &[]),
    }
}

/// What of a value is the same in Base64 wherever it stands, when so many bytes stand before it.
fn at_offset(value: &[u8], offset: usize) -> Vec<u8> {
    let shifted: Vec<u8> = std::iter::repeat_n(b' ', offset).chain(value.iter().copied()).collect();
    let encoded = STANDARD.encode(&shifted).into_bytes();
    let start = [0, 2, 3][offset];
    let end = encoded.len() - [0, 3, 2][shifted.len() % 3];
    encoded.get(start..end).unwrap_or_default().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_are_read_and_can_be_escaped() {
        for (text, asked) in [
            ("abc", Asked::Equals("abc".into())),
            ("", Asked::Equals(String::new())),
            ("*", Asked::Anything),
            ("abc*", Asked::StartsWith("abc".into())),
            (r"*\cmd.exe", Asked::EndsWith(r"\cmd.exe".into())),
            (r"*a\*b\?*", Asked::Contains("a*b?".into())),
            (r"a\\*", Asked::StartsWith(r"a\".into())),
            ("a*b?c.", Asked::Regex(r"(?s)^a.*b.c\.$".into())),
        ] {
            assert_eq!(Pattern::read(text).asked(), asked, "{text}");
        }
    }

    #[test]
    fn dashes_of_options_have_five_forms_and_those_of_names_one() {
        let forms = Pattern::read("*rm -rf my-dir*").windash().unwrap();
        assert_eq!(forms.len(), 5);
        assert_eq!(forms[1].asked(), Asked::Contains("rm /rf my-dir".into()));
        assert!(Pattern::read("-a -b -c -d").windash().is_err());
    }

    #[test]
    fn a_value_is_found_in_base64_wherever_it_stands() {
        for before in ["", "x", "xy", "xyz"] {
            for after in ["", "1", "12"] {
                let whole = STANDARD.encode(format!("{before}rm -rf /{after}"));
                let parts = encoded(b"rm -rf /", "base64offset").unwrap();
                let found = |part: &Vec<u8>| whole.contains(std::str::from_utf8(part).unwrap());
                assert!(parts.iter().any(found), "{before}{after}: {whole}");
            }
        }
        assert_eq!(encoded(b"cmd", "wide").unwrap(), [b"c\0m\0d\0".to_vec()]);
    }
}
