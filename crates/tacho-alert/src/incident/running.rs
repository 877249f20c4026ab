//! Changes that were still going on when they were looked for: how they end is told when they do.

use super::cause::{Change, suggest};
use super::incidents::Incidents;
use super::line::{Entry, Kind, Line};
use std::collections::{BTreeSet, HashMap};

/// What is said of a change whose action goes on.
pub const RUNNING: &str = ", still running";

/// How an action ended, and the event that told it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    pub how: String,
    pub at_us: i64,
    pub entry: Entry,
}

impl Incidents {
    /// The actions behind changes of open incidents that were begun since a moment and have not ended, and when the
    /// earliest was begun.
    pub fn running(&self, since_us: i64) -> Option<(i64, BTreeSet<u64>)> {
        let changes = self.open.values().flat_map(|incident| &incident.changes);
        let changes = changes.filter(|change| change.at_us >= since_us);
        let running: Vec<(i64, u64)> =
            changes.filter_map(|change| Some((change.at_us, change.running?))).collect();
        let (first_us, _) = running.iter().min()?;
        Some((*first_us, running.iter().map(|(_, action)| *action).collect()))
    }

    /// Takes how actions ended: the changes, what is suggested as the cause and the timeline say it from now on.
    pub fn ended(&mut self, ends: &HashMap<u64, Ended>) {
        for (id, incident) in &mut self.open {
            let mut lines = Vec::new();
            for change in &mut incident.changes {
                let Some(end) = change.running.and_then(|action| ends.get(&action)) else { continue };
                change.end(&end.how);
                let text = format!("{} of {}: {}", change.kind.as_str(), change.agent, change.text);
                let line = Line::new(end.at_us, Kind::Change, text);
                lines.push(Line { entry: Some(end.entry.clone()), ..line });
            }
            if !lines.is_empty() {
                lines.into_iter().for_each(|line| incident.write(line));
                // The same change as before: the log was told of it, and has its end.
                incident.cause = suggest(incident);
                self.changed.insert(id.clone());
            }
        }
    }
}

impl Change {
    fn end(&mut self, how: &str) {
        let what = self.text.strip_suffix(RUNNING).unwrap_or(&self.text);
        (self.text, self.running) = (format!("{what}, {how}"), None);
    }
}
