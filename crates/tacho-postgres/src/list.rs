//! Lists, `{a,"b c",NULL}` as text; of one dimension.

use crate::kind::{Kind, Scalar};
use crate::value::{self, Format};
use arrow::array::{Array, ArrayRef};
use bytes::{BufMut, BytesMut};

pub(crate) fn binary(item: Kind, items: &ArrayRef, out: &mut BytesMut) {
    let count = items.len() as i32;
    out.put_i32(i32::from(count > 0));
    out.put_i32(i32::from(items.null_count() > 0));
    out.put_u32(item.oid());
    if count > 0 {
        out.put_i32(count);
        out.put_i32(1);
        (0..items.len()).for_each(|row| value::value(item, Format::Binary, items, row, out));
    }
}

pub(crate) fn text(item: Kind, items: &ArrayRef) -> String {
    let mut out = String::from("{");
    for row in 0..items.len() {
        if row > 0 {
            out.push(',');
        }
        if items.is_null(row) {
            out.push_str("NULL");
            continue;
        }
        let mut one = String::new();
        value::text(item.scalar, items, row, &mut one);
        if is_plain(&one) && item.scalar != Scalar::Bytea {
            out.push_str(&one);
        } else {
            out.push('"');
            for letter in one.chars() {
                if matches!(letter, '"' | '\\') {
                    out.push('\\');
                }
                out.push(letter);
            }
            out.push('"');
        }
    }
    out.push('}');
    out
}

fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && !text.eq_ignore_ascii_case("null")
        && !text.contains(|letter: char| "{},\"\\".contains(letter) || letter.is_whitespace())
}

/// The items of a list's text.
///
/// # Errors
/// A sentence, when it is none.
pub(crate) fn parse(text: &str) -> Result<Vec<Option<String>>, String> {
    let wrong = || format!("\"{}\" is no list: expected {{a,b,\"c d\"}}", shown(text));
    let inner = text.trim().strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).ok_or_else(wrong)?;
    let mut items = Vec::new();
    let mut letters = inner.chars().peekable();
    if inner.trim().is_empty() {
        return Ok(items);
    }
    loop {
        let (mut item, mut quoted) = (String::new(), false);
        while letters.next_if(|letter| letter.is_whitespace()).is_some() {}
        if letters.next_if_eq(&'"').is_some() {
            quoted = true;
            loop {
                match letters.next().ok_or_else(wrong)? {
                    '"' => break,
                    '\\' => item.push(letters.next().ok_or_else(wrong)?),
                    letter => item.push(letter),
                }
            }
        }
        while let Some(letter) = letters.next_if(|letter| *letter != ',') {
            match letter {
                '{' | '}' | '"' => return Err(wrong()),
                letter if quoted && !letter.is_whitespace() => return Err(wrong()),
                '\\' => item.push(letters.next().ok_or_else(wrong)?),
                letter if !quoted => item.push(letter),
                _ => {}
            }
        }
        let item = if quoted { Some(item) } else { Some(item.trim_end().to_string()) };
        items.push(item.filter(|item| quoted || !item.eq_ignore_ascii_case("null")));
        if letters.next().is_none() {
            return Ok(items);
        }
    }
}

/// So much of a text as an error shows.
pub(crate) fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}
