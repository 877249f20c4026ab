//! What alerting did, told on the log.

use super::Worker;
use crate::edits::OWN;

/// Events that are put on the log together.
const SAY_AT_ONCE: u32 = 200;

impl Worker {
    /// Puts on the log what is to be said there.
    pub(super) fn say(&self) {
        let sayings = self.alerting.inner.lock().file.sayings(SAY_AT_ONCE);
        let sayings = match sayings {
            Ok(sayings) if sayings.is_empty() => return,
            Ok(sayings) => sayings,
            Err(error) => return tracing::error!(%error, "what alerting did can't be read"),
        };
        let lines: String = sayings.iter().map(|(_, body)| format!("{body}\n")).collect();
        let (tally, batches) =
            self.app.node.ingest(lines.as_bytes(), &OWN, &tacho_ingest::Options::default());
        for refused in &tally.refused {
            tracing::error!(reason = %refused.reason, "what alerting did was refused by the log");
        }
        match self.app.node.record(batches) {
            Ok(_) => {
                let ids: Vec<String> = sayings.into_iter().map(|(id, _)| id).collect();
                if let Err(error) = self.alerting.inner.lock().file.said(&ids) {
                    tracing::error!(%error, "what alerting did is said once more");
                }
            }
            Err(error) => {
                tracing::error!(%error, "what alerting did could not be put on the log; it is tried again")
            }
        }
    }
}
