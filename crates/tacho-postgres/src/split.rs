//! Several statements in one text: cut at the semicolons that stand outside of quotes and comments.

/// The statements of a text, without the semicolons; what is empty is left out.
pub fn statements(text: &str) -> Vec<&str> {
    let (bytes, mut found, mut start, mut at) = (text.as_bytes(), Vec::new(), 0, 0);
    while at < bytes.len() {
        at = match bytes[at] {
            b';' => {
                found.push(&text[start..at]);
                start = at + 1;
                at + 1
            }
            b'\'' => quoted(bytes, at, is_escaped(bytes, at)),
            b'"' => quoted(bytes, at, false),
            b'-' if bytes[at..].starts_with(b"--") => line(bytes, at),
            b'/' if bytes[at..].starts_with(b"/*") => comment(bytes, at),
            b'$' => dollars(text, at),
            _ => at + 1,
        };
    }
    found.push(&text[start..]);
    found.into_iter().map(str::trim).filter(|statement| !bare(statement).is_empty()).collect()
}

/// A statement without the comments before it.
pub(crate) fn bare(statement: &str) -> &str {
    let mut rest = statement.trim_start();
    loop {
        let end = match rest.as_bytes() {
            [b'-', b'-', ..] => line(rest.as_bytes(), 0),
            [b'/', b'*', ..] => comment(rest.as_bytes(), 0),
            _ => return rest,
        };
        rest = rest[end..].trim_start();
    }
}

/// `E'…'`, where a backslash hides a quote.
fn is_escaped(bytes: &[u8], at: usize) -> bool {
    let before = |back: usize| at.checked_sub(back).map(|at| bytes[at]);
    matches!(before(1), Some(b'e' | b'E'))
        && !before(2).is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Behind the quote that closes; a doubled one opens another piece, which comes to the same.
fn quoted(bytes: &[u8], at: usize, is_escaped: bool) -> usize {
    let (quote, mut at) = (bytes[at], at + 1);
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if is_escaped => at += 1,
            byte if byte == quote => return at + 1,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

fn line(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| at + end + 1)
}

fn comment(bytes: &[u8], at: usize) -> usize {
    let (mut depth, mut at) = (1, at + 2);
    while at < bytes.len() && depth > 0 {
        let step = match &bytes[at..] {
            [b'*', b'/', ..] => -1,
            [b'/', b'*', ..] => 1,
            _ => 0,
        };
        depth += step;
        at += if step == 0 { 1 } else { 2 };
    }
    at.min(bytes.len())
}

/// `$tag$ … $tag$`, or a parameter.
fn dollars(text: &str, at: usize) -> usize {
    let tag = |end: usize| &text[at..=at + 1 + end];
    let Some(end) = text[at + 1..].find('$').filter(|end| {
        let name = &text.as_bytes()[at + 1..at + 1 + end];
        name.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'_')
            && !name.first().is_some_and(u8::is_ascii_digit)
    }) else {
        return at + 1;
    };
    let (tag, body) = (tag(end), at + end + 2);
    text[body..].find(tag).map_or(text.len(), |close| body + close + tag.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_is_cut_at_its_semicolons_only() {
        assert_eq!(statements("BEGIN; SELECT 1 ;;\n-- done;\n"), ["BEGIN", "SELECT 1"]);
        for whole in [
            "SELECT ';', 'it''s;', \"a;b\"",
            "SELECT E'\\';' , $$;$$, $q$ ; $$ ; $q$",
            "/* ; /* ; */ ; */ SELECT $1",
            "SELECT 1 -- ;",
            "SELECT type'\\'",
        ] {
            assert_eq!(statements(&format!("{whole}\n; SELECT 2")).len(), 2, "{whole}");
        }
        assert_eq!(bare(" /* a */ -- b\n SHOW x"), "SHOW x");
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "[a;'\"$/*\\\\E \\n-]{0,30}|.*") {
            for statement in statements(&text) {
                prop_assert!(!statement.is_empty() && text.contains(statement));
            }
        }
    }
}
