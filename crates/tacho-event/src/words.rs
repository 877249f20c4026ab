//! The closed word lists of the canonical event: each has one spelling on disk and in every answer.

use std::borrow::Cow;

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $code:literal $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum $name { $($variant = $code),+ }

        impl $name {
            /// Every word of the list, in the order of its codes.
            pub const ALL: &'static [$name] = &[$($name::$variant),+];

            /// The word as it stands in entries, columns and answers.
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text),+ }
            }

            /// The word's code in the journal.
            pub fn code(self) -> u8 {
                self as u8
            }

            /// The word of a journal code.
            pub fn from_code(code: u8) -> Option<Self> {
                match code { $($code => Some($name::$variant),)+ _ => None }
            }

            /// Finds the exact word.
            pub fn parse(word: &str) -> Option<Self> {
                match word { $($text => Some($name::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// What kind of thing happened (`action_type`).
    ActionType {
        Tool = 1 "tool", Skill = 2 "skill", External = 3 "external", Decision = 4 "decision",
        Error = 5 "error", Communication = 6 "communication", ModelDecision = 7 "model_decision",
        Trade = 8 "trade", Audit = 9 "audit", Auth = 10 "auth", Lifecycle = 11 "lifecycle",
        Settings = 12 "settings", Workflow = 13 "workflow", Memory = 14 "memory", Metric = 15 "metric",
        Log = 16 "log",
    }
}

words! {
    /// How much an event matters; decides its retention.
    Class { Critical = 1 "critical", HighPriority = 2 "high_priority", Standard = 3 "standard" }
}

words! {
    /// Severity of the event as a log line.
    Level { Critical = 1 "CRITICAL", High = 2 "HIGH", Error = 3 "ERROR", Warning = 4 "WARNING", Info = 5 "INFO", Debug = 6 "DEBUG" }
}

words! {
    /// How the action ended, as far as this event tells.
    Outcome { Success = 1 "success", Failure = 2 "failure", Partial = 3 "partial", Running = 4 "running", Unknown = 5 "unknown" }
}

words! {
    /// Where in the life of one call this event stands.
    Phase {
        Proposed = 1 "proposed", Asked = 2 "asked", Decided = 3 "decided", Executed = 4 "executed",
        Result = 5 "result", Message = 6 "message",
    }
}

words! {
    /// How the recorder came to know: set from source and credential, never from the body.
    Known { Observed = 1 "observed", SelfReported = 2 "self_reported", Imported = 3 "imported" }
}

impl Outcome {
    /// Understands the words that senders use for an outcome.
    ///
    /// `failed`, `error`, `rejected` … mean failure; `completed`, `ok`, `filled` … success.
    pub fn understand(word: &str) -> Option<Self> {
        let mut lower = Cow::Borrowed(word.trim());
        if lower.bytes().any(|byte| byte.is_ascii_uppercase()) {
            lower.to_mut().make_ascii_lowercase();
        }
        Some(match lower.as_ref() {
            "success" | "succeeded" | "successful" | "ok" | "completed" | "complete" | "done" | "passed"
            | "approved" | "filled" | "confirmed" | "finished" | "executed" | "delivered" | "true" => {
                Outcome::Success
            }
            "failure" | "failed" | "fail" | "error" | "errored" | "rejected" | "denied" | "refused"
            | "reverted" | "aborted" | "timeout" | "timed_out" | "cancelled" | "canceled" | "expired"
            | "false" => Outcome::Failure,
            "partial" | "partially_filled" | "partial_success" | "degraded" | "approved_with_conditions" => {
                Outcome::Partial
            }
            "running" | "pending" | "in_progress" | "started" | "queued" | "open" | "submitted" => {
                Outcome::Running
            }
            "unknown" => Outcome::Unknown,
            _ => return None,
        })
    }
}

impl Level {
    /// Understands the severities that senders use (`warn`, `low`, `notice` …).
    pub fn understand(word: &str) -> Option<Self> {
        let upper = word.trim().to_ascii_uppercase();
        Some(match upper.as_str() {
            "CRITICAL" | "FATAL" | "EMERGENCY" | "ALERT" => Level::Critical,
            "HIGH" => Level::High,
            "ERROR" | "ERR" => Level::Error,
            "WARNING" | "WARN" | "MEDIUM" => Level::Warning,
            "INFO" | "NOTICE" | "LOW" => Level::Info,
            "DEBUG" | "TRACE" => Level::Debug,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_survives_its_code_and_its_text() {
        for word in ActionType::ALL {
            assert_eq!(ActionType::from_code(word.code()), Some(*word));
            assert_eq!(ActionType::parse(word.as_str()), Some(*word));
        }
        assert_eq!(ActionType::ALL.len(), 16);
        assert_eq!(ActionType::from_code(0), None);
    }

    #[test]
    fn failed_means_failure() {
        assert_eq!(Outcome::understand(" Failed"), Some(Outcome::Failure));
        assert_eq!(Outcome::understand("sideways"), None);
    }
}
