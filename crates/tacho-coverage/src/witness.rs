//! Who bears witness. Hooks, telemetry and transcripts tell what an agent did; what it says of itself, with a client, over
//! MCP or under a key of role `agent`, is its own word. Whom a session or a call belongs to and whether it ran is what
//! witnesses told. The own word counts only where no witness tells: it removes and moves no finding about what one told.

/// Sources of an agent's doings that are no word of the agent. What tells of a session at all must tell of its calls.
pub(crate) const WATCHING: [&str; 4] = ["hook", "otel_log", "otel_span", "transcript"];

/// The name under which an audit point asks for any witness.
pub(crate) const ANY: &str = "witness";

/// Whether a source tells of calls as a witness.
pub(crate) fn is_watching(source: &str) -> bool {
    WATCHING.contains(&source)
}

/// Whether a source is a witness of anything: telemetry also tells of what is no call (metrics).
pub(crate) fn is_witness(source: &str) -> bool {
    is_watching(source) || source == "otlp"
}

/// The rows that count: those of witnesses, and those of the agent's own word where there are no others.
pub(crate) fn standing<'r, R>(rows: &[&'r R], source: impl Fn(&R) -> &str) -> Vec<&'r R> {
    let told: Vec<&R> = rows.iter().copied().filter(|row| is_witness(source(row))).collect();
    if told.is_empty() { rows.to_vec() } else { told }
}

#[cfg(test)]
#[path = "witness_tests.rs"]
mod tests;
