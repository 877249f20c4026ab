//! An event on its way: one line, redacted when it leaves memory.

use std::sync::LazyLock;
use tacho_redact::{Findings, Policy, Redactor};

/// Made once for all clients of a process, when the first event leaves memory.
static REDACTOR: LazyLock<Redactor> = LazyLock::new(|| {
    Redactor::new(&Policy::default()).expect("the default policy is valid: its own tests compile it")
});

/// An event on its way.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    pub id: String,
    /// The number within the producer; 0 for what another process left.
    pub seq: u64,
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

    /// Takes secrets and personal data out.
    pub(crate) fn clean(&mut self) {
        if self.stamps == 0 {
            return;
        }
        // The comma before the members is read as the brace that opens an object of its own.
        let members = format!("{{{}", &self.line[self.stamps + 1..]);
        let redacted = REDACTOR.json(&members, &mut Findings::default());
        self.line.truncate(self.stamps + 1);
        self.line.push_str(&redacted[1..]);
        self.stamps = 0;
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
    Some(Waiting { id, seq: 0, line, stamps: 0 })
}
