//! Minimisation: JSON stays JSON whatever the rule, and a rule is read as it is written.
#![no_main]

use tacho_redact::minimise::{ContentKind, Minimisation, Rule};

libfuzzer_sys::fuzz_target!(|input: (u8, u8, &str)| {
    let (kind, rule, text) = input;
    let kind = match kind % 3 {
        0 => ContentKind::FileContents,
        1 => ContentKind::QueryResults,
        _ => ContentKind::CommandOutput,
    };
    let rule = match rule {
        0 => Rule::Hash,
        1 => Rule::Drop,
        limit => Rule::Truncate(usize::from(limit) - 2),
    };
    let all = Minimisation { file_contents: rule, query_results: rule, command_output: rule };
    let out = all.json(kind, text);
    let before = serde_json::from_str::<serde_json::Value>(text);
    let after = serde_json::from_str::<serde_json::Value>(&out);
    assert!(before.is_err() || after.is_ok(), "{out:?} is not JSON any more");
    let written: Rule = rule.to_string().parse().expect("a rule is read as it is written");
    assert_eq!(written, rule);
});
