//! Sizes: what is longer than a person can hold in mind is split.

use crate::code::Source;

const FILE_LINES_MAX: usize = 800;
const FILE_LINES_LONG: usize = 300;
const FUNCTION_LINES_MAX: usize = 70;

/// Checks one file and its functions.
pub(crate) fn check(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    let lines = source.text.lines().count();
    if lines > FILE_LINES_MAX {
        found.push(format!(
            "{}: {lines} lines, expected at most {FILE_LINES_MAX}: split it by meaning (one idea, one file), not by \
             construct (never types.rs, utils.rs)",
            source.path
        ));
    }
    for (line, name, length) in functions(&source.code) {
        if length > FUNCTION_LINES_MAX {
            found.push(format!(
                "{}:{line}: fn {name} has {length} lines, expected at most {FUNCTION_LINES_MAX}: give its steps names",
                source.path
            ));
        }
    }
    found
}

/// Checks that there are no more long files than before.
pub(crate) fn ratchet(sources: &[Source], allowed: usize) -> Vec<String> {
    let long: Vec<String> = sources
        .iter()
        .map(|source| (source.text.lines().count(), &source.path))
        .filter(|(lines, _)| *lines > FILE_LINES_LONG)
        .map(|(lines, path)| format!("{path} ({lines})"))
        .collect();
    if long.len() <= allowed {
        return Vec::new();
    }
    vec![format!(
        "{} files have more than {FILE_LINES_LONG} lines, {allowed} had before. Split one, or move its tests to a file \
         beside it. Only when all are a list of equal items raise LONG_FILES, and say why:\n{}",
        long.len(),
        long.join("\n")
    )]
}

/// Line, name and length of each function with a body, by the indentation that rustfmt gives.
fn functions(code: &str) -> Vec<(usize, String, usize)> {
    let lines: Vec<&str> = code.lines().collect();
    let mut found = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else { continue };
        let indent = &line[..line.len() - line.trim_start().len()];
        let end = lines[at..].iter().position(|line| {
            let closes = line.strip_prefix(indent).is_some_and(|rest| rest.starts_with('}'));
            closes || line.trim_end().ends_with('}') && line.contains('{') && function_name(line).is_some()
        });
        let opens = lines[at..].iter().find_map(|line| line.contains(['{', ';']).then(|| line.contains('{')));
        if let Some(length) = end.filter(|_| opens == Some(true)) {
            found.push((at + 1, name.to_owned(), length + 1));
        }
    }
    found
}

/// The name of the function that a line begins.
fn function_name(line: &str) -> Option<&str> {
    let (before, after) = line.split_once("fn ")?;
    let words = ["pub", "async", "const", "unsafe", "extern", "default"];
    let modifiers = before.split_whitespace().all(|word| {
        words.contains(&word) || word.starts_with("pub(") || word.ends_with(')') || word.starts_with('"')
    });
    let name = after.split(['(', '<']).next().unwrap_or_default();
    (modifiers && !name.is_empty()).then_some(name)
}

#[cfg(test)]
fn long_function(lines: usize) -> Source {
    let body = "        let x = 1;\n".repeat(lines - 2);
    Source::new(
        "crates/x/src/a.rs".into(),
        format!("impl A {{\n    pub(crate) fn long() {{\n{body}    }}\n}}\n"),
    )
}

#[test]
fn functions_are_measured() {
    let code = "fn a() {\n    b();\n}\n\nfn c() {}\ntrait T {\n    fn d(&self);\n    fn e(\n        x: u8,\n    ) -> u8 {\n\
                \x20       x\n    }\n}\nlet f = fn_pointer;\n";
    let found = functions(code);
    let found: Vec<_> = found.iter().map(|(line, name, length)| (*line, name.as_str(), *length)).collect();
    assert_eq!(found, [(1, "a", 3), (5, "c", 1), (8, "e", 5)]);
}

#[test]
fn a_long_function_is_named() {
    assert!(check(&long_function(70)).is_empty());
    assert!(check(&long_function(71))[0].starts_with("crates/x/src/a.rs:2: fn long has 71 lines"));
}

#[test]
fn a_long_file_is_named_and_one_more_breaks_the_ratchet() {
    let file = |lines| Source::new("crates/x/src/a.rs".into(), "//! x\n".repeat(lines));
    assert!(check(&file(800)).is_empty());
    assert!(check(&file(801))[0].contains("801 lines"));
    assert!(ratchet(&[file(300), file(301)], 1).is_empty());
    assert!(ratchet(&[file(301), file(301)], 1)[0].contains("2 files"));
}
