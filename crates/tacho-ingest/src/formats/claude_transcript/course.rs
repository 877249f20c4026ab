//! What a line says of the call whose result it holds, beside the result: as the program itself reads its lines.

use super::super::notifications::is_launch;
use crate::fields::Fields;
use tacho_event::event::Event;

/// The first version whose lines say `toolDenialBeforeRun` of a call that never ran.
const SAYS_BEFORE_RUN: [u32; 3] = [2, 1, 327];

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Course {
    /// Nothing: the text that the model was given may.
    Untold,
    /// A person, a rule, a hook or a classifier did not let it run.
    Refused,
    /// It ran, and the answer says that its result was withheld.
    Ran,
    /// It ran until somebody interrupted it, by Escape or SIGINT: the text is a refusal's.
    Stopped,
    /// The session ended before its result was recorded: nobody knows how it went.
    Lost,
    /// It was sent on its way, and goes on in the background.
    Launched,
}

impl Course {
    pub(super) fn of(line: &Event<'_>) -> Course {
        let says =
            |name: &str| line.extra.iter().find(|(told, _)| told == name).map(|(_, value)| value.as_ref());
        let result = says("toolUseResult");
        let is = |name: &str| says(name) == Some("true");
        let is_rejected = || {
            let decision = Fields::object(says("permissionDecision")?).ok()?;
            Some(decision.get_text("decision")? == "reject")
        };
        match says("toolDenialKind") {
            None if result.is_some_and(is_launch) => Course::Launched,
            Some(_) if is("toolDenialAfterRun") => Course::Ran,
            Some("\"permission-rule\"") => Course::Refused,
            Some(kind) if kind.starts_with("\"automode-") => Course::Refused,
            Some("\"interrupted\"")
                if result.is_some_and(|result| result.starts_with("\"[Tool call interrupted:")) =>
            {
                Course::Lost
            }
            Some("\"user-rejected\"") if is("toolDenialBeforeRun") || is_rejected() == Some(true) => {
                Course::Refused
            }
            // The answer that the program makes up. Before, it said the same of what never ran.
            Some("\"user-rejected\"")
                if result == Some("\"User rejected tool use\"")
                    && says("permissionDecision").is_none()
                    && line.agent_version.as_deref().is_some_and(says_before_run) =>
            {
                Course::Stopped
            }
            _ => Course::Untold,
        }
    }
}

/// Whether a version such as `2.1.329` is [`SAYS_BEFORE_RUN`] or a later one.
fn says_before_run(version: &str) -> bool {
    let numbers: Result<Vec<u32>, _> = version.split('.').map(str::parse).collect();
    numbers.is_ok_and(|numbers| numbers.as_slice() >= SAYS_BEFORE_RUN.as_slice())
}

#[cfg(test)]
mod tests {
    use super::says_before_run;

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
            assert_eq!(says_before_run(version), is_it, "{version}");
        }
    }
}
