//! `rules format`: the queries of a rule file in their one spelling; everything else stays as it is written.
//!
//! Invariants
//! - The formatted file has the same rules with the same hashes, or there is an error and no text.
//! - A query with remarks, or written on the line of its key, is left as it is: nothing of a file is lost.

use crate::file::{FileError, RuleText, documents, read};
use serde_saphyr::Spanned;

/// Formats a rule file.
///
/// # Errors
/// When the file can't be read as rules.
pub fn format(file: &str, text: &str) -> Result<String, FileError> {
    let before = read(file, text)?;
    let documents = documents(file, text)?;
    let alerts = documents.iter().flat_map(|document| document.value.alerts.iter().flatten());
    let mut queries: Vec<&Spanned<String>> =
        documents.iter().chain(alerts).filter_map(|rule| rule_query(&rule.value)).collect();
    // From the end, so that the lines of those before stay where they are.
    queries.sort_by_key(|query| std::cmp::Reverse(query.referenced.line()));
    let mut lines: Vec<String> = text.split('\n').map(str::to_string).collect();
    for query in queries {
        rewrite(&mut lines, query);
    }
    let out = lines.join("\n");
    let after = read(file, &out)?;
    let same = |(a, b): (&crate::Rule, &crate::Rule)| a.id == b.id && a.hash == b.hash;
    if before.len() == after.len() && before.iter().zip(&after).all(same) {
        return Ok(out);
    }
    Err(FileError::new(file, 1, "formatting would change what a rule means, so nothing was formatted".into()))
}

fn rule_query(rule: &RuleText) -> Option<&Spanned<String>> {
    rule.query.as_ref()
}

/// Writes a query anew when it stands in a block of its own (`query: |`).
fn rewrite(lines: &mut Vec<String>, query: &Spanned<String>) {
    let at = (query.referenced.line() as usize).saturating_sub(1);
    let Some(key) = at.checked_sub(1).and_then(|above| lines.get(above)) else { return };
    let key = key.trim().trim_start_matches("- ").trim_start();
    let is_block = ["query", "condition"].iter().any(|name| {
        let rest = key.strip_prefix(name).and_then(|rest| rest.strip_prefix(':'));
        rest.is_some_and(|rest| matches!(rest.trim(), "|" | "|-" | "|+"))
    });
    if !is_block || query.value.contains('#') {
        return;
    }
    let Ok(parsed) = tacho_pipe::parse(query.value.trim_end()) else { return };
    let indent: String = lines[at].chars().take_while(|c| *c == ' ').collect();
    let ending = if lines[at].ends_with('\r') { "\r" } else { "" };
    let inside = |line: &String| line.trim().is_empty() || line.starts_with(&indent);
    let mut end = at + lines[at..].iter().take_while(|line| inside(line)).count();
    while end > at && lines[end - 1].trim().is_empty() {
        end -= 1;
    }
    let written = parsed.to_string();
    lines.splice(at..end, written.lines().map(|line| format!("{indent}{line}{ending}")));
}
