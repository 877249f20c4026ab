//! The rules that come with tachograph.

use crate::file::{FileError, read};
use crate::rule::Rule;

/// The rules file as it is built in.
pub const TEXT: &str = include_str!("../rules/builtin.yaml");

/// The built-in rules.
///
/// # Errors
/// Never for the text that is built in: a test reads it.
pub fn rules() -> Result<Vec<Rule>, FileError> {
    read("builtin.yaml", TEXT)
}
