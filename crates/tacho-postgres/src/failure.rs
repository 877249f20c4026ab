//! What went wrong, as PostgreSQL tells it.

/// Codes of PostgreSQL that clients act on (`SQLSTATE`).
pub mod code {
    pub const SYNTAX: &str = "42601";
    pub const UNDEFINED: &str = "42P01";
    pub const READ_ONLY: &str = "25006";
    pub const VALUE: &str = "22023";
    pub const MEMORY: &str = "53200";
    pub const CANCELED: &str = "57014";
    pub const LIMIT: &str = "54000";
    pub const BUSY: &str = "53000";
    pub const TOO_MANY_CONNECTIONS: &str = "53300";
    pub const INTERNAL: &str = "XX000";
    pub const PASSWORD: &str = "28P01";
    pub const NOT_ALLOWED: &str = "28000";
    pub const PRIVILEGE: &str = "42501";
    pub const PROTOCOL: &str = "08P01";
    pub const NO_STATEMENT: &str = "26000";
    pub const NO_PORTAL: &str = "34000";
    pub const FAILED_TRANSACTION: &str = "25P02";
    pub const UNKNOWN_SETTING: &str = "42704";
    pub const UNSUPPORTED: &str = "0A000";
    pub const SHUTDOWN: &str = "57P01";
    pub const IDLE: &str = "57P05";
}

/// An error with what a client may make of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// One of [`code`].
    pub code: &'static str,
    pub message: String,
    pub hint: Option<String>,
    /// Where in the statement, in characters from one.
    pub position: Option<usize>,
}

impl Failure {
    pub fn new(code: &'static str, message: impl Into<String>) -> Failure {
        Failure { code, message: message.into(), hint: None, position: None }
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hint = Some(hint.into());
        self
    }
}
