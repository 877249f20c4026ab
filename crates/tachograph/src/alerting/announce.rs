//! Tells receivers of the routing something that is no alert.

use super::tell::digest;
use super::{Alerting, mail};
use tacho_alert::Severity;
use tacho_deliver::{Links, Message, Notice};
use tacho_store::alert_file::AlertChanges;

impl Alerting {
    /// Tells receivers that a report was made. `place` is where it can be read, below the address of the server.
    ///
    /// # Errors
    /// When the messages could not be put where they wait.
    pub(crate) fn announce(
        &self,
        receivers: &[String],
        title: &str,
        text: &str,
        place: &str,
        wants_attention: bool,
        now_us: i64,
    ) -> Result<(), tacho_store::StoreError> {
        let mut inner = self.inner.lock();
        let mut messages = Vec::new();
        for receiver in receivers {
            let Some(channels) = inner.channels.get(receiver).filter(|channels| !channels.is_empty()) else {
                tracing::error!(
                    "reports are for receiver \"{receiver}\", which has no channels in the routing"
                );
                continue;
            };
            let id = digest(&format!("report/{place}/{receiver}/{text}"));
            let told = Message {
                thread: id.clone(),
                id,
                code: String::new(),
                notice: Notice::Digest,
                about: Some("report.made".into()),
                severity: if wants_attention { Severity::Warning } else { Severity::Info },
                title: title.to_string(),
                text: text.to_string(),
                at_us: now_us,
                receiver: receiver.clone(),
                group_labels: Default::default(),
                alerts: Vec::new(),
                truncated: 0,
                links: Links { dashboard: Some(format!("{}/{place}", self.url)), acknowledge: None },
            };
            messages.extend(mail(&told, channels, now_us));
        }
        inner.file.save(&AlertChanges { messages, ..AlertChanges::default() })
    }
}
