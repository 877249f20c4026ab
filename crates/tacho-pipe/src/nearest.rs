//! The name that somebody probably meant.

/// The candidate with the fewest edits, when they are few enough to be a slip.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_lowercase();
    let allowed = (name.chars().count() / 3).clamp(1, 4);
    let edits = |candidate: &str| distance(&name, &candidate.to_lowercase());
    let best = candidates.into_iter().map(|candidate| (edits(candidate), candidate)).min();
    best.filter(|(edits, _)| *edits <= allowed).map(|(_, candidate)| candidate)
}

/// Insertions, deletions, replacements and swaps of neighbours between two short texts.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut rows = vec![vec![0; b.len() + 1]; a.len() + 1];
    for i in 0..=a.len() {
        for j in 0..=b.len() {
            rows[i][j] = if i == 0 || j == 0 {
                i + j
            } else {
                let replaced = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
                let mut best = replaced.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
                if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                    best = best.min(rows[i - 2][j - 2] + 1);
                }
                best
            };
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_understood_and_another_word_is_not() {
        let names = ["agent_id", "outcome_status", "duration_ms"];
        assert_eq!(nearest("agnet_id", names), Some("agent_id"));
        assert_eq!(nearest("outcome_stats", names), Some("outcome_status"));
        assert_eq!(nearest("AGENT_ID", names), Some("agent_id"));
        assert_eq!(nearest("price", names), None);
        assert_eq!(nearest("", []), None);
    }
}
