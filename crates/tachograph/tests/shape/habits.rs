//! Habits: where the outside world may be asked, and what is not written at all.

use crate::code::Source;
use crate::layers::{TOP, layer};

/// Words that ask the outside world, and what to do instead.
const OUTSIDE: &[(&[&str], &str)] = &[
    (
        &["SystemTime::now", "Instant::now", "Utc::now", "Local::now", "Timestamp::now", "Zoned::now"],
        "the wall clock is read by the programs; take the time as an argument, as `Log::append` takes `now_us`",
    ),
    (
        &["getrandom::", "rand::", "thread_rng", "OsRng"],
        "random bytes are handed in by the programs, as `KeyRing::open` takes a function",
    ),
    (
        &["std::env", "env::var", "env::args"],
        "the environment is read by the programs; take the setting as an argument",
    ),
];

/// Where a lower crate may ask all the same: crate, word, why.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("tacho-query", "getrandom::", "SQL has gen_random_uuid(); nothing that is recorded depends on it"),
    ("tacho-query", "SystemTime::now", "SQL has NOW(); nothing that is recorded depends on it"),
    ("tacho-query", "Instant::now", "the time limit of a query; nothing that is recorded depends on it"),
];

/// Words that no code holds, and what to do instead.
const NEVER: &[(&str, &str)] = &[
    ("todo!", "finish it, or leave it out"),
    ("unimplemented!", "finish it, or return an error that says so"),
    ("dbg!", "remove it; what an operator needs to know is a `tracing` line with fields"),
    ("#[ignore", "a test runs or does not exist; a slow one is made smaller"),
];

/// Words that no test holds.
const NEVER_IN_TESTS: &[(&str, &str)] = &[
    (
        "thread::sleep",
        "wait for what must happen (a channel, a join, a readable answer), or hand in the time",
    ),
    ("time::sleep", "wait for what must happen, or hand in the time"),
];

/// Checks that only programs and tests ask for time, randomness and environment.
pub(crate) fn outside_world(source: &Source) -> Vec<String> {
    if layer(source.name()) == Some(TOP) || source.is_example() {
        return Vec::new();
    }
    let mut found = Vec::new();
    for (line, code, _) in source.lines().filter(|(.., is_test)| !is_test) {
        for (words, instead) in OUTSIDE {
            let asked = words.iter().find(|word| Source::has_word(code, word) && !excepted(source, word));
            found.extend(asked.map(|word| format!("{}:{line}: `{word}`: {instead}", source.path)));
        }
    }
    found
}

fn excepted(source: &Source, word: &str) -> bool {
    EXCEPTIONS.iter().any(|(name, what, _)| *name == source.name() && *what == word)
}

/// Checks what is not written at all.
pub(crate) fn check(source: &Source) -> Vec<String> {
    let mut found = Vec::new();
    for (line, code, is_test) in source.lines() {
        let mut refuse = |word: &str, instead: &str| {
            if Source::has_word(code, word) {
                found.push(format!("{}:{line}: `{word}`: {instead}", source.path));
            }
        };
        NEVER.iter().for_each(|(word, instead)| refuse(word, instead));
        if is_test {
            NEVER_IN_TESTS.iter().for_each(|(word, instead)| refuse(word, instead));
        } else {
            refuse(".unwrap()", "return the error, or `expect` with the reason why it cannot happen");
        }
    }
    found
}

/// Checks that every file begins by saying what it is for; one that another includes by `#[path]` need not.
pub(crate) fn purpose(sources: &[Source]) -> Vec<String> {
    let included = |source: &Source| {
        let name = source.path.rsplit('/').next().unwrap_or_default();
        let attribute = format!("#[path = \"{name}\"]");
        sources.iter().any(|other| other.text.contains(&attribute))
    };
    let silent = sources.iter().filter(|source| !source.text.starts_with("//!") && !included(source));
    let why = "begin it with `//!` and one sentence of purpose; a stateful one adds its invariants";
    silent.map(|source| format!("{}: it does not say what it is for: {why}", source.path)).collect()
}

#[cfg(test)]
fn source(path: &str, text: &str) -> Source {
    Source::new(path.into(), text.into())
}

#[test]
fn the_clock_is_refused_below_the_top_and_named() {
    let clock = "fn f() -> SystemTime {\n    SystemTime::now()\n}\n";
    let found = outside_world(&source("crates/tacho-store/src/a.rs", clock));
    assert!(found[0].starts_with("crates/tacho-store/src/a.rs:2: `SystemTime::now`"), "{found:?}");
    for path in
        ["crates/tachograph/src/a.rs", "crates/tacho-query/src/a.rs", "crates/tacho-store/examples/a.rs"]
    {
        assert!(outside_world(&source(path, clock)).is_empty(), "{path}");
    }
    let test = format!("#[cfg(test)]\nmod tests {{\n    {clock}}}\n// SystemTime::now()\n");
    assert!(outside_world(&source("crates/tacho-store/src/a.rs", &test)).is_empty());
}

#[test]
fn environment_and_randomness_are_refused_below_the_top() {
    for line in ["use std::env;", "let x = std::env::var(name);", "getrandom::fill(&mut out);"] {
        assert_eq!(outside_world(&source("crates/tacho-record/src/a.rs", line)).len(), 1, "{line}");
    }
    assert!(outside_world(&source("crates/tacho-record/src/a.rs", "let x = env!(\"A\");")).is_empty());
}

#[test]
fn unfinished_code_is_refused_in_tests_too() {
    for line in ["todo!()", "unimplemented!()", "dbg!(x)", "#[ignore]", "#[ignore = \"slow\"]"] {
        assert_eq!(check(&source("crates/x/tests/it/main.rs", line)).len(), 1, "{line}");
    }
    assert!(check(&source("crates/x/src/a.rs", "// todo!()\nlet x = \"dbg!\";")).is_empty());
}

#[test]
fn unwrap_is_for_tests_and_sleep_is_not() {
    assert_eq!(check(&source("crates/x/src/a.rs", "x.unwrap();")).len(), 1);
    assert!(check(&source("crates/x/tests/it/main.rs", "x.unwrap();")).is_empty());
    assert_eq!(check(&source("crates/x/tests/it/main.rs", "std::thread::sleep(d);")).len(), 1);
    assert_eq!(check(&source("crates/x/tests/it/main.rs", "tokio::time::sleep(d).await;")).len(), 1);
    assert!(check(&source("crates/x/src/a.rs", "std::thread::sleep(d);")).is_empty());
}

#[test]
fn a_file_without_a_purpose_is_named() {
    let silent = || source("crates/x/src/a_tests.rs", "use super::*;\n");
    assert_eq!(purpose(&[silent()]).len(), 1);
    let includes = source("crates/x/src/a.rs", "//! A.\n#[path = \"a_tests.rs\"]\nmod tests;\n");
    assert!(purpose(&[silent(), includes]).is_empty());
}
