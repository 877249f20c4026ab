//! Spellings that a person reads as ASCII and a comparison does not: full-width and mathematical letters, letters in
//! circles, and characters that show nothing. ASCII costs one look at its bytes.
//!
//! Letters of other alphabets that only look alike (Cyrillic `а`) stay what they are: they are read as another word.

use std::ops::Range;

/// How a character is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Read {
    Itself,
    As(u8),
    /// It shows nothing, or only changes the character before it.
    Nothing,
}

fn read(c: char) -> Read {
    match u32::from(c) {
        // Soft hyphen, combining marks, joiners, fillers, directions, variation selectors, tags.
        0xAD | 0x300..=0x36F | 0x61C | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180B..=0x180F => Read::Nothing,
        0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F => Read::Nothing,
        0xFEFF | 0xFFA0 | 0xFFF9..=0xFFFB | 0xE_0000..=0xE_01EF => Read::Nothing,
        n @ 0xFF01..=0xFF5E => letter(n - 0xFF01 + 0x21),
        n @ 0x24B6..=0x24CF => letter(n - 0x24B6 + 0x41),
        n @ 0x24D0..=0x24E9 => letter(n - 0x24D0 + 0x61),
        // Thirteen alphabets of 52 letters; the few that Unicode left out have older places of their own.
        n @ 0x1_D400..=0x1_D6A3 => match (n - 0x1_D400) % 52 {
            upper @ 0..26 => letter(0x41 + upper),
            lower => letter(0x61 + lower - 26),
        },
        n @ 0x1_D7CE..=0x1_D7FF => letter(0x30 + (n - 0x1_D7CE) % 10),
        0x210A => Read::As(b'g'),
        0x210B..=0x210D => Read::As(b'H'),
        0x210E => Read::As(b'h'),
        0x2110 | 0x2111 => Read::As(b'I'),
        0x2112 => Read::As(b'L'),
        0x2113 => Read::As(b'l'),
        0x2115 => Read::As(b'N'),
        0x2119 => Read::As(b'P'),
        0x211A => Read::As(b'Q'),
        0x211B..=0x211D => Read::As(b'R'),
        0x2124 | 0x2128 => Read::As(b'Z'),
        0x212A => Read::As(b'K'),
        0x212C => Read::As(b'B'),
        0x212D | 0x2102 => Read::As(b'C'),
        0x212F | 0x2147 => Read::As(b'e'),
        0x2130 => Read::As(b'E'),
        0x2131 => Read::As(b'F'),
        0x2133 => Read::As(b'M'),
        0x2134 => Read::As(b'o'),
        0x2145 => Read::As(b'D'),
        0x2146 => Read::As(b'd'),
        0x2148 => Read::As(b'i'),
        0x2149 => Read::As(b'j'),
        0x17F => Read::As(b's'),
        _ => Read::Itself,
    }
}

fn letter(ascii: u32) -> Read {
    u8::try_from(ascii).map_or(Read::Itself, Read::As)
}

/// Places of characters that are read otherwise.
pub(crate) fn places(text: &str) -> impl Iterator<Item = usize> {
    let odd = if text.is_ascii() { "" } else { text };
    odd.char_indices().filter(|(_, c)| !c.is_ascii() && read(*c) != Read::Itself).map(|(at, _)| at)
}

/// What the escapes of such characters begin with in JSON, in lower case.
pub(crate) const ESCAPES: &[&str] = &[
    r"\u00ad", r"\u017f", r"\u03", r"\u061c", r"\u11", r"\u17b", r"\u180", r"\u200", r"\u202", r"\u206",
    r"\u210", r"\u211", r"\u212", r"\u213", r"\u214", r"\u24", r"\u3164", r"\ufe0", r"\ufeff", r"\uff",
    r"\ud835", r"\udb40",
];

/// A text as it is read, and where each part of it came from.
pub(crate) struct Plain {
    pub(crate) text: String,
    /// For each character that was read otherwise: where it ends in `text` and in the original, and whether it left
    /// a character.
    turns: Vec<(usize, usize, bool)>,
}

impl Plain {
    /// `None` when the text is read as it is written.
    pub(crate) fn of(text: &str) -> Option<Plain> {
        places(text).next()?;
        let mut plain = Plain { text: String::with_capacity(text.len()), turns: Vec::new() };
        for (at, c) in text.char_indices() {
            let shown = match read(c) {
                Read::Itself => {
                    plain.text.push(c);
                    continue;
                }
                Read::As(ascii) => Some(char::from(ascii)),
                Read::Nothing => None,
            };
            plain.text.extend(shown);
            plain.turns.push((plain.text.len(), at + c.len_utf8(), shown.is_some()));
        }
        Some(plain)
    }

    /// Where a range of `text` lies in the original: what shows nothing belongs to it inside, not at its ends.
    pub(crate) fn origin(&self, range: Range<usize>) -> Range<usize> {
        let from = |turns: &[(usize, usize, bool)], at: usize| {
            turns.last().map_or(at, |(plain, original, _)| original + (at - plain))
        };
        let before = self.turns.partition_point(|(plain, ..)| *plain <= range.start);
        let start = from(&self.turns[..before], range.start);
        let within = self.turns.partition_point(|(plain, ..)| *plain < range.end);
        let end = match self.turns.get(within) {
            Some((plain, original, true)) if *plain == range.end => *original,
            _ => from(&self.turns[..within], range.end),
        };
        start..end
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn odd_spellings_are_read_as_ascii() {
        for odd in [
            "ｐａｓｓｗｏｒｄ",
            "pass\u{200b}word",
            "\u{feff}pa\u{ad}ss\u{2060}word",
            "𝐩𝐚𝐬𝐬𝐰𝐨𝐫𝐝",
            "ⓟⓐⓢⓢⓦⓞⓡⓓ",
            "pa\u{301}ssword",
            "𝓹𝓪𝓼𝓼𝔀ℴ𝓻𝓭",
        ] {
            assert_eq!(Plain::of(odd).unwrap().text, "password", "{odd}");
        }
        for same in ["password", "contraseña", "пароль", "密码", "naïve — “quoted”…", ""] {
            assert!(Plain::of(same).is_none(), "{same}");
        }
    }

    #[test]
    fn a_range_is_found_again_where_it_came_from() {
        let text = "a\u{200b}ｂ\u{200b}c\u{200b}";
        let plain = Plain::of(text).unwrap();
        assert_eq!(plain.text, "abc");
        let origin = |range| &text[plain.origin(range)];
        assert_eq!((origin(0..1), origin(1..2), origin(2..3)), ("a", "ｂ", "c"));
        assert_eq!(origin(0..3), "a\u{200b}ｂ\u{200b}c");
    }

    #[test]
    fn each_has_an_escape_that_is_looked_for() {
        for n in (0..=0x10_FFFF).filter_map(char::from_u32).filter(|c| read(*c) != Read::Itself) {
            let mut units = [0; 2];
            let escape = format!(r"\u{:04x}", n.encode_utf16(&mut units)[0]);
            assert!(ESCAPES.iter().any(|known| escape.starts_with(known)), "{escape}");
        }
    }

    proptest! {
        #[test]
        fn ranges_of_any_text_map_back(text in "[a-zａ-ｚ\u{200b}é😀]{0,30}") {
            if let Some(plain) = Plain::of(&text) {
                for (at, c) in plain.text.char_indices() {
                    let origin = plain.origin(at..at + c.len_utf8());
                    let shown = text.get(origin.clone()).and_then(|part| part.chars().next());
                    let same = shown == Some(c) || shown.is_some_and(|s| u8::try_from(c).is_ok_and(|c| read(s) == Read::As(c)));
                    prop_assert!(same, "{text:?} {at} {origin:?}");
                }
            }
        }
    }
}
