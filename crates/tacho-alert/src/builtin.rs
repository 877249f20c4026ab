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

/// The built-in rules where calls count as hung after so many minutes.
///
/// # Errors
/// As [`rules`].
pub fn rules_where(hung_minutes: u32) -> Result<Vec<Rule>, FileError> {
    let mut rules = rules()?;
    for rule in rules.iter_mut().filter(|rule| rule.id == HUNG_CALL) {
        *rule = read("built-in", &hung_call(hung_minutes))?.remove(0);
    }
    Ok(rules)
}

/// After how many minutes the built-in rule [`HUNG_CALL`] tells of a call.
pub const HUNG_MINUTES: u32 = 10;
pub const HUNG_CALL: &str = "hung_call";

/// The text of [`HUNG_CALL`] for where calls count as hung after another time.
#[must_use]
pub fn hung_call(minutes: u32) -> String {
    let text = text(HUNG_CALL).unwrap_or_default();
    let text = text.replace("10 minutes", &format!("{minutes} minutes"));
    let text = text.replace("age > 10m", &format!("age > {minutes}m"));
    text.replace("at: 11m", &format!("at: {}m", minutes.saturating_add(1)))
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

    #[test]
    fn a_call_is_told_of_as_hung_after_as_many_minutes_as_it_is_shown_so() {
        assert_eq!(Some(hung_call(HUNG_MINUTES).as_str()), text(HUNG_CALL));
        for minutes in [0, u32::MAX] {
            assert_eq!(read("text", &hung_call(minutes)).unwrap().len(), 1, "whatever is set, it is a rule");
        }
        let routing = crate::notify::defaults().unwrap();
        for minutes in [1, 45, 1500] {
            let rules = read("text", &hung_call(minutes)).unwrap();
            assert!(rules[0].title.contains(&format!(" {minutes} minutes")), "{}", rules[0].title);
            let outcomes = crate::trial::test(&rules[0], &rules, &routing);
            assert!(outcomes.len() > 1 && outcomes.iter().all(|one| one.failures.is_empty()), "{outcomes:?}");
            // And no earlier.
            let early =
                hung_call(minutes).replace(&format!("at: {}m", minutes + 1), &format!("at: {minutes}m"));
            let early = read("text", &early).unwrap();
            let fired = |one: &crate::trial::Outcome| one.test == "fires" && one.failures.is_empty();
            assert!(!crate::trial::test(&early[0], &early, &routing).iter().any(fired), "{minutes}");
        }
    }
}
