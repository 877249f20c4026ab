//! Calls that ran until somebody interrupted them: Escape, or SIGINT without a terminal.

use tacho_event::event::Event;

/// The first version whose lines say `toolDenialBeforeRun` of a call that never ran.
const SAYS_BEFORE_RUN: [u32; 3] = [2, 1, 327];

/// Whether a line is the answer that the program makes up for a call that ran until somebody pressed Escape: it has the words
/// of a refusal. Versions since [`SAYS_BEFORE_RUN`] say of a call that never ran that it did not, or who decided so.
pub(super) fn is_of_one(line: &Event<'_>) -> bool {
    let says = |mark: &str| line.extra.iter().find(|(name, _)| name == mark).map(|(_, value)| value.as_ref());
    line.agent_version.as_deref().is_some_and(|version| is_since(version, SAYS_BEFORE_RUN))
        && says("toolDenialKind") == Some("\"user-rejected\"")
        && says("toolUseResult") == Some("\"User rejected tool use\"")
        && says("toolDenialBeforeRun") != Some("true")
        && says("permissionDecision").is_none()
}

/// Whether a version such as `2.1.329` is this one or a later one.
fn is_since(version: &str, since: [u32; 3]) -> bool {
    let numbers: Result<Vec<u32>, _> = version.split('.').map(str::parse).collect();
    numbers.is_ok_and(|numbers| numbers.as_slice() >= since.as_slice())
}

#[cfg(test)]
mod tests {
    use super::{SAYS_BEFORE_RUN, is_since};

    #[test]
    fn versions_are_compared_by_their_numbers() {
        for (version, is_it) in [
            ("2.1.327", true),
            ("2.1.1000", true),
            ("2.2.0", true),
            ("10.0", true),
            ("2.1.326", false),
            ("2.1", false),
            ("1.9.999", false),
            ("2.1.329-beta", false),
            ("", false),
        ] {
            assert_eq!(is_since(version, SAYS_BEFORE_RUN), is_it, "{version}");
        }
    }
}
