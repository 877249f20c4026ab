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
