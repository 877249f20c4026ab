//! A source file with comments and literals blanked out, and its tests told from the rest.

/// One Rust file.
pub(crate) struct Source {
    /// From the root, such as `crates/tacho-event/src/id.rs`.
    pub(crate) path: String,
    pub(crate) text: String,
    /// The text with comments, strings and characters blanked out; the lines are the same.
    pub(crate) code: String,
    tests_from: Vec<bool>,
}

impl Source {
    pub(crate) fn new(path: String, text: String) -> Source {
        let code = blank(&text);
        let name = path.rsplit('/').next().unwrap_or_default();
        let all = path.contains("/tests/") || name == "tests.rs" || name.ends_with("_tests.rs");
        let tests_from = test_lines(&code, all);
        Source { path, text, code, tests_from }
    }

    /// The name of the crate.
    pub(crate) fn name(&self) -> &str {
        self.path.split('/').nth(1).unwrap_or_default()
    }

    /// A program beside the crate: it has edges of its own.
    pub(crate) fn is_example(&self) -> bool {
        self.path.contains("/examples/") || self.path.contains("/benches/")
    }

    /// Line number, code, and whether it is test code.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str, bool)> {
        let lines = self.code.lines().zip(&self.tests_from).enumerate();
        lines.map(|(at, (line, is_test))| (at + 1, line, *is_test))
    }

    /// Whether a word stands in a line, not as a part of a longer name.
    pub(crate) fn has_word(line: &str, word: &str) -> bool {
        let part = |c: char| c.is_alphanumeric() || c == '_';
        line.match_indices(word).any(|(at, _)| {
            let before = line[..at].chars().next_back().is_some_and(part) && word.starts_with(part);
            let after = line[at + word.len()..].chars().next().is_some_and(part) && word.ends_with(part);
            !before && !after
        })
    }
}

/// Marks what stands under `#[cfg(test)]` or `#[test]`, by the indentation that rustfmt gives.
fn test_lines(code: &str, all: bool) -> Vec<bool> {
    let (mut marks, mut inside) = (Vec::new(), None);
    for line in code.lines() {
        let indent = line.len() - line.trim_start().len();
        let trimmed = line.trim_start();
        if inside.is_none() && (trimmed.starts_with("#[cfg(test)]") || trimmed.starts_with("#[test]")) {
            inside = Some(indent);
        }
        marks.push(all || inside.is_some());
        let ends = trimmed.starts_with('}') || trimmed.ends_with([';', '}']) && !trimmed.starts_with('#');
        if inside == Some(indent) && ends {
            inside = None;
        }
    }
    marks
}

/// Blanks out comments and literals, keeping every newline and so every line's number.
fn blank(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    while at < chars.len() {
        let end = skip(&chars, at);
        if end == at {
            out.push(chars[at]);
            at += 1;
        } else {
            out.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at = end;
        }
    }
    out
}

/// Where the comment or literal that begins at `at` ends; `at` when none does.
fn skip(chars: &[char], at: usize) -> usize {
    let next = chars.get(at + 1);
    let in_name = at > 0 && (chars[at - 1].is_alphanumeric() || chars[at - 1] == '_');
    match chars[at] {
        '/' if next == Some(&'/') => find(chars, at, |c| c == '\n'),
        '/' if next == Some(&'*') => skip_comment(chars, at),
        '"' => skip_string(chars, at + 1),
        'r' if !in_name => skip_raw(chars, at),
        'b' if !in_name && next == Some(&'r') => {
            Some(skip_raw(chars, at + 1)).filter(|end| *end > at + 1).unwrap_or(at)
        }
        '\'' if next == Some(&'\\') => find(chars, at + 3, |c| c == '\'') + 1,
        '\'' if chars.get(at + 2) == Some(&'\'') => at + 3,
        _ => at,
    }
    .min(chars.len())
}

fn find(chars: &[char], from: usize, is: impl Fn(char) -> bool) -> usize {
    (from..chars.len()).find(|at| is(chars[*at])).unwrap_or(chars.len())
}

fn skip_comment(chars: &[char], start: usize) -> usize {
    let (mut depth, mut at) = (1, start + 2);
    while depth > 0 && at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    at
}

fn skip_string(chars: &[char], mut at: usize) -> usize {
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    at
}

/// `r"…"` and `r#"…"#`; `start` when it is only a name that begins with r.
fn skip_raw(chars: &[char], start: usize) -> usize {
    let open = find(chars, start + 1, |c| c != '#');
    if chars.get(open) != Some(&'"') {
        return start;
    }
    let hashes = open - start - 1;
    let closes = |at: usize| chars[at] == '"' && (1..=hashes).all(|n| chars.get(at + n) == Some(&'#'));
    let end = (open + 1..chars.len()).find(|at| closes(*at));
    end.map_or(chars.len(), |at| at + 1 + hashes)
}

#[test]
fn comments_and_literals_are_blank() {
    let text = "let a = \"x\\\"y\"; // z\nlet b = r#\"p\"q\"#; /* m /* n */ o */ let c: &'static str = br\"s\";\n'\"' '\\'' rest";
    let code = blank(text);
    assert_eq!(code.lines().count(), text.lines().count());
    let left: Vec<&str> = code.split_whitespace().collect();
    assert_eq!(left.join(" "), "let a = ; let b = ; let c: &'static str = ; rest");
}

#[test]
fn tests_are_told_from_the_rest() {
    let text = "fn a() {\n    x();\n}\n#[cfg(test)]\n#[path = \"a_tests.rs\"]\nmod tests;\nfn b() {}\n#[cfg(test)]\nmod more {\n    \
                #[test]\n    fn c() {\n    }\n}\nfn d() {}\n";
    let source = Source::new("crates/x/src/a.rs".into(), text.into());
    let tests: Vec<usize> =
        source.lines().filter(|(_, _, is_test)| *is_test).map(|(line, ..)| line).collect();
    assert_eq!(tests, [4, 5, 6, 8, 9, 10, 11, 12, 13]);
    let all = Source::new("crates/x/tests/it/main.rs".into(), text.into());
    assert!(all.lines().all(|(_, _, is_test)| is_test));
}

#[test]
fn words_are_whole() {
    assert!(Source::has_word("std::env::var(x)", "std::env"));
    assert!(!Source::has_word("std::environment", "std::env"));
    assert!(Source::has_word("x.unwrap()", ".unwrap()"));
}
