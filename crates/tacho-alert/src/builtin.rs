//! The rules that come with tachograph: a file for each tier.

use crate::file::{FileError, read};
use crate::rule::Rule;

/// The rule files as they are built in, by name.
pub const FILES: [(&str, &str); 4] = [
    ("operations.yaml", include_str!("../rules/operations.yaml")),
    ("engineering.yaml", include_str!("../rules/engineering.yaml")),
    ("security.yaml", include_str!("../rules/security.yaml")),
    ("management.yaml", include_str!("../rules/management.yaml")),
];

/// The built-in rules.
///
/// # Errors
/// Never for the texts that are built in: a test reads them.
pub fn rules() -> Result<Vec<Rule>, FileError> {
    let files = FILES.iter().map(|(name, text)| read(name, text));
    Ok(files.collect::<Result<Vec<_>, _>>()?.concat())
}

/// A built-in rule as it is written: to read, and to copy under its id.
#[must_use]
pub fn text(id: &str) -> Option<&'static str> {
    let line = format!("id: {id}");
    let documents = FILES.iter().flat_map(|(_, text)| text.split("\n---\n"));
    documents.map(|document| document.trim_start()).find(|document| document.lines().any(|l| l == line))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_each_rule_is_this_rule_alone() {
        for rule in rules().unwrap() {
            let text = text(&rule.id).unwrap_or_else(|| panic!("{} has no text", rule.id));
            let read = read("text", text).unwrap();
            assert_eq!(read.iter().map(|one| &one.id).collect::<Vec<_>>(), [&rule.id]);
            assert_eq!(read[0].hash_text(), rule.hash_text());
        }
        assert_eq!(text("no_such_rule"), None);
    }
}
