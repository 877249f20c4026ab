//! An event on its way: one line, redacted when it leaves memory.

use std::sync::OnceLock;
use tacho_redact::{Findings, Policy, Redactor};

/// Takes secrets and personal data out of events. Each client has one, and after a fork the child's client has its own: while one makes
/// its patterns another thread may fork, and in the child nobody would ever end that.
#[derive(Default)]
pub(crate) struct Cleaner(OnceLock<Redactor>);

impl Cleaner {
    pub(crate) fn clean(&self, event: &mut Waiting) {
        if event.stamps == 0 {
            return;
        }
        // Made when the first event leaves memory.
        let redactor = self.0.get_or_init(|| {
            Redactor::new(&Policy::default()).expect("the default policy is valid: its own tests compile it")
        });
        // The comma before the members is read as the brace that opens an object of its own.
        let members = format!("{{{}", &event.line[event.stamps + 1..]);
        let redacted = redactor.json(&members, &mut Findings::default());
        event.line.truncate(event.stamps + 1);
        event.line.push_str(&redacted[1..]);
        event.stamps = 0;
    }
}

/// An event on its way.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    pub id: String,
    /// The place in the order of the calls; 0 for what another process left.
    pub number: u64,
    /// One line of JSON.
    pub line: String,
    /// So much of the line is stamps of ours, up to the comma behind them; 0 when the line is redacted.
    pub stamps: usize,
}

impl Waiting {
    /// With its line end.
    pub(crate) fn bytes(&self) -> usize {
        self.line.len() + 1
    }
}

/// A line of the spool, if it is a whole event.
pub(crate) fn known(line: String) -> Option<Waiting> {
    #[derive(serde::Deserialize)]
    struct Ids {
        event_id: Option<String>,
        communication_id: Option<String>,
    }
    let ids: Ids = serde_json::from_str(&line).ok()?;
    let id = ids.event_id.or(ids.communication_id)?;
    Some(Waiting { id, number: 0, line, stamps: 0 })
}
