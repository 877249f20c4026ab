//! What the hook says when it is asked to: nothing, unless `AUDIT_LOG_DEBUG` is set. An agent shows or acts on what
//! its hooks print.

use std::fmt::Display;

/// Writes a line to standard error when debugging.
pub fn say(text: impl Display) {
    if std::env::var_os("AUDIT_LOG_DEBUG").is_some_and(|value| !value.is_empty() && value != "0") {
        eprintln!("agent-audit-log: {text}");
    }
}
