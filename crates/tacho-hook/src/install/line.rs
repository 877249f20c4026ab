//! Settings that stand on one line stay on one line, with the spaces that they have. Pure.

/// Where a text of one line puts spaces, outside of its strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Spaces {
    after_comma: bool,
    after_colon: bool,
    inside: bool,
}

/// The edited text, written as the text before it was where that stood on one line. What is empty, and what has
/// comments, has no such form.
pub(super) fn as_before(before: &str, edited: String) -> String {
    let line = before.trim();
    let is_line = !line.contains('\n') && line.chars().any(|c| !"{} \t".contains(c));
    match read(line) {
        Some(spaces) if is_line => {
            let end = &before[before.trim_end().len()..];
            join(edited.trim(), spaces) + end
        }
        _ => edited,
    }
}

/// Nothing for a text with comments.
fn read(text: &str) -> Option<Spaces> {
    let mut spaces = Spaces { after_comma: false, after_colon: false, inside: false };
    let mut last = ' ';
    for piece in Pieces(text) {
        let is_space = piece.chars().all(char::is_whitespace);
        match last {
            ',' if is_space => spaces.after_comma = true,
            ':' if is_space => spaces.after_colon = true,
            '{' | '[' if is_space => spaces.inside = true,
            _ => {}
        }
        if piece == "/" {
            return None;
        }
        last = piece.chars().next().unwrap_or(' ');
    }
    Some(spaces)
}

fn join(text: &str, spaces: Spaces) -> String {
    let mut out = String::with_capacity(text.len());
    let mut pieces = Pieces(text).peekable();
    while let Some(piece) = pieces.next() {
        if !piece.chars().all(char::is_whitespace) {
            out.push_str(piece);
            continue;
        }
        let is_wanted = match (out.chars().next_back(), pieces.peek()) {
            (Some('{' | '['), Some(&("}" | "]"))) => false,
            (Some('{' | '['), _) | (_, Some(&("}" | "]"))) => spaces.inside,
            (Some(','), _) => spaces.after_comma,
            (Some(':'), _) => spaces.after_colon,
            _ => false,
        };
        if is_wanted {
            out.push(' ');
        }
    }
    out
}

/// A JSON text in pieces: strings, runs of white space, and everything else character by character.
struct Pieces<'t>(&'t str);

impl<'t> Iterator for Pieces<'t> {
    type Item = &'t str;

    fn next(&mut self) -> Option<&'t str> {
        let first = self.0.chars().next()?;
        let len = if first == '"' {
            let mut is_escaped = false;
            let end = self.0[1..].find(|c| {
                let ends = c == '"' && !is_escaped;
                is_escaped = c == '\\' && !is_escaped;
                ends
            });
            end.map_or(self.0.len(), |at| at + 2)
        } else if first.is_whitespace() {
            self.0.find(|c: char| !c.is_whitespace()).unwrap_or(self.0.len())
        } else {
            first.len_utf8()
        };
        let (piece, rest) = self.0.split_at(len);
        self.0 = rest;
        Some(piece)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_line_is_written_with_its_own_spaces() {
        let edited = "{\n  \"a\": \"x, \\\" {y: \\\\\",\n  \"b\": [\n    1,\n    {}\n  ]\n}\n";
        for (before, after) in [
            (r#"{"a":1,"c":2}"#, r#"{"a":"x, \" {y: \\","b":[1,{}]}"#),
            (r#"{"a": 1, "c": 2}"#, r#"{"a": "x, \" {y: \\", "b": [1, {}]}"#),
            ("{ \"a\": 1, \"c\": 2 }\n", "{ \"a\": \"x, \\\" {y: \\\\\", \"b\": [ 1, {} ] }\n"),
        ] {
            assert_eq!(as_before(before, edited.to_owned()), after);
        }
        for other in ["", "{}", " { } \n", "{\"a\":1 /* mine */}", "{\"a\":1}//\n", "{\n\"a\":1}"] {
            assert_eq!(as_before(other, edited.to_owned()), edited, "{other}");
        }
    }
}
