//! The rows that a report is made of, as [`crate::ask`] asks for them. Times are microseconds since 1970 UTC.

use crate::witness::is_witness;
use serde::Deserialize;
use std::collections::BTreeMap;

/// What one source saw of one call.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct CallRow {
    pub call: String,
    /// What it is put together with: tells calls apart that were given the same id.
    pub action: u64,
    pub session: Option<String>,
    pub agent: String,
    pub source: String,
    pub first_us: i64,
    pub last_us: i64,
    /// When the call was over, as this source tells.
    pub done_us: Option<i64>,
    pub first_index: u64,
    /// The agent was told why the call never ran: refused, or a tool that is not there.
    pub never_ran: bool,
    /// Its result is none but what its agent made up when it found that the session had been broken off.
    pub broken_off: bool,
    /// Its agent runs no hook around it.
    pub unhooked: bool,
    /// A person broke it off, perhaps before it was allowed: its agent's logs tell of none before.
    pub unlogged: bool,
}

/// A session that is a part of another one: what a sub-agent did, in a file of its own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PartRow {
    pub part: String,
    pub whole: String,
}

/// What one source told of one agent in one session.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct SessionRow {
    pub session: String,
    /// The session's id as its sender gave it.
    pub name: Option<String>,
    pub agent: String,
    pub source: String,
    pub events: u64,
    pub first_us: i64,
    pub last_us: i64,
    pub last_index: u64,
    /// Calls that it told of without an id.
    pub unnamed: u64,
    /// The last event that says that the session began; when it says so, and when the last one says that it ended.
    pub began: Option<u64>,
    pub began_us: Option<i64>,
    pub ended_us: Option<i64>,
    /// The agent was started by another one in this session.
    pub sub: bool,
    /// The last change of the agent's settings.
    pub changed: Option<u64>,
    /// The last event that says that the agent has hooks, or ran one.
    pub hooked: Option<u64>,
    /// It says that it is the session of a sub-agent, which another session's agent started, or something that a program does by
    /// itself beside another session.
    pub started: bool,
}

/// Hooks that the agent says it ran without success, or switched off.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TroubleRow {
    pub session: String,
    pub agent: String,
    pub failed: u64,
    pub last_us: i64,
    pub last_index: u64,
    /// The agent runs in a mode without hooks of the user.
    pub safe_mode: bool,
}

/// The running numbers of a session that came from a source, or a producer, within the range.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct NumberedRow {
    pub session: String,
    pub source: String,
    /// How many different ones.
    pub given: u64,
    pub lowest: u64,
    pub highest: u64,
    pub events: u64,
    pub last_us: i64,
    /// Whose it is, where that is told.
    pub user: Option<String>,
    /// The process of a client that numbers all that it sends, whatever the session.
    pub producer: Option<String>,
}

/// A running number that a source gave at one time.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct NumberRow {
    pub session: String,
    pub agent: String,
    pub source: String,
    pub number: u64,
    pub at_us: i64,
    pub index: u64,
    /// How many events have it.
    pub events: u64,
    /// It tells of the agent's program only, as another process of the session may with the same words.
    pub alike: bool,
    pub user: Option<String>,
    /// As in [`NumberedRow`].
    pub producer: Option<String>,
    /// The key that it came under.
    pub writer: String,
}

/// An action of an agent as a source told it, whenever it was.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SeenRow {
    pub agent: String,
    pub source: String,
    pub kind: String,
    pub name: String,
    pub events: u64,
    pub last_us: i64,
    pub last_index: u64,
}

/// What was seen of one part of the log and of the part behind it, as it is of both together: witnesses' and then the newest first.
pub fn seen_together(before: &[SeenRow], behind: Vec<SeenRow>) -> Vec<SeenRow> {
    let mut rows: BTreeMap<(String, String, String, String), SeenRow> = BTreeMap::new();
    for row in before.iter().cloned().chain(behind) {
        let key = (row.agent.clone(), row.source.clone(), row.kind.clone(), row.name.clone());
        match rows.get_mut(&key) {
            None => drop(rows.insert(key, row)),
            Some(known) => {
                known.events += row.events;
                known.last_us = known.last_us.max(row.last_us);
                known.last_index = known.last_index.max(row.last_index);
            }
        }
    }
    let mut rows: Vec<SeenRow> = rows.into_values().collect();
    rows.sort_by_key(|row| (!is_witness(&row.source), std::cmp::Reverse(row.last_us)));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_parts_of_the_log_are_seen_as_one() {
        let row = |name: &str, events, last: u64| SeenRow {
            agent: "a".into(),
            source: "http".into(),
            kind: "tool".into(),
            name: name.into(),
            events,
            last_us: last as i64 * 10,
            last_index: last,
        };
        let before = [row("Read", 5, 7), row("Bash", 2, 4)];
        assert_eq!(
            seen_together(&before, vec![row("Edit", 1, 9), row("Bash", 3, 12)]),
            [row("Bash", 5, 12), row("Edit", 1, 9), row("Read", 5, 7)]
        );
        assert_eq!(seen_together(&before, Vec::new()), before);
    }
}
